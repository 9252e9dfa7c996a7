import express, { type Router } from 'express';

/** An end-of-call report carries the whole conversation. */
const MAX_REPORT = '2mb';

/**
 * `POST /webhook/vapi`: Vapi's server messages. The conversation itself comes over its socket; of these only the
 * question which assistant is to answer wants an answer, and the others an acknowledgement.
 */
export function createVapiRoutes(assistant: Record<string, unknown>): Router {
  const routes = express.Router();
  routes.post('/webhook/vapi', express.json({ limit: MAX_REPORT }), (request, response) => {
    response.json(request.body?.message?.type === 'assistant-request' ? assistant : {});
  });
  return routes;
}
