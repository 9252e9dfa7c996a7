import express, { type RequestHandler, type Router } from 'express';
import { bearerTokenOf, sameSecret } from './access.ts';

export interface VapiRoutesOptions {
  /** What Vapi is told when it asks which assistant is to answer. */
  assistant: Record<string, unknown>;
  /** The secret that Vapi sends along, as `X-Vapi-Secret` or as a bearer token. None: whoever asks may be anybody. */
  vapiSecret: string | undefined;
  /** Whether anybody may be told the assistant: its prompt, and the addresses of its tools. */
  openAssistant: boolean;
  /** Something was refused, for the log. */
  refused(what: string): void;
}

/** An end-of-call report carries the whole conversation. */
const MAX_REPORT = '2mb';

/**
 * `POST /webhook/vapi`: Vapi's server messages. The conversation itself comes over its socket; of these only the
 * question which assistant is to answer wants an answer, and the others an acknowledgement.
 */
export function createVapiRoutes(options: VapiRoutesOptions): Router {
  const { assistant, vapiSecret } = options;
  const routes = express.Router();

  const fromVapi: RequestHandler = ({ headers }, response, next) => {
    if (vapiSecret === undefined) return next();
    const given = headers['x-vapi-secret'] ?? bearerTokenOf(headers);
    if (typeof given === 'string' && sameSecret(given, vapiSecret)) return next();
    options.refused("a request to /webhook/vapi without Vapi's secret");
    response.status(401).end();
  };

  routes.post('/webhook/vapi', fromVapi, express.json({ limit: MAX_REPORT }), (request, response) => {
    if (request.body?.message?.type !== 'assistant-request') {
      response.json({});
      return;
    }
    if (vapiSecret === undefined && !options.openAssistant) {
      options.refused('a question for the assistant: set VAPI_WEBHOOK_SECRET to have it answered to Vapi');
      response.status(401).end();
      return;
    }
    response.json(assistant);
  });
  return routes;
}
