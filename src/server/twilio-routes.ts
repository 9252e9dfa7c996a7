import express, { type Request, type RequestHandler, type Response, type Router } from 'express';
import type { Calls } from '../call/calls.ts';
import type { Call } from '../call/open-call.ts';
import type { SignatureChecker } from '../telephony/signatures.ts';
import type { TicketOffice } from '../telephony/tickets.ts';
import { apologyTwiml, busyTwiml, connectTwiml, dialTwiml, hangUpTwiml } from '../telephony/twiml.ts';
import { readCallStatus, readStreamStatus, readVoiceWebhook } from '../wire/status-callbacks.ts';
import { addressesFor, seenUrl } from './addresses.ts';

export interface TwilioRoutesOptions {
  calls: Calls;
  tickets: TicketOffice;
  /** None: unsigned requests are let in, as in development without Twilio's credentials. */
  signatures: SignatureChecker | undefined;
  publicUrl: string | undefined;
  greeting: string;
  fallbackNumber: string | undefined;
  /** Whether the server takes no new calls any more. */
  draining(): boolean;
  /** Something was refused, for the log. */
  refused(what: string): void;
}

/** Twilio's forms have some 30 short fields. */
const MAX_FORM = '64kb';

/** CallSids that are remembered beyond their calls. */
const KEPT_CALL_SIDS = 10_000;

/** Endings after which nobody is left to speak to, or nothing is left to say. */
const NOTHING_TO_SAY = new Set(['agentEnded', 'timeToLive', 'hungUp', 'drained', 'callerHungUp']);

/** `POST /webhook/twilio…`: what Twilio asks and tells over HTTP. */
export function createTwilioRoutes(options: TwilioRoutesOptions): Router {
  const { calls, tickets, signatures, fallbackNumber } = options;
  const routes = express.Router();
  /** Signatures stay valid for ever: an old request that was overheard must not call an agent once more. */
  const takenCallSids = new Set<string>();

  const signed: RequestHandler = (request, response, next) => {
    if (!signatures) return next();
    const { originalUrl: path, headers, body } = request;
    if (signatures.webhook({ path, headers, params: body ?? {}, seenUrl: seenUrl(request) })) return next();
    options.refused(`a request to ${path.split('?', 1)[0]} without Twilio's signature`);
    response.status(403).end();
  };

  function say(response: Response, twiml: string): void {
    response.type('text/xml').send(twiml);
  }

  function connect(request: Request, response: Response, callSid: string): void {
    const { ticket, nonce } = tickets.issue(callSid);
    const addresses = addressesFor(request, options.publicUrl);
    say(
      response,
      connectTwiml({
        greeting: options.greeting,
        streamUrl: `${addresses.ws}/media/${ticket}`,
        actionUrl: `${addresses.http}/webhook/twilio/after`,
        streamStatusUrl: `${addresses.http}/webhook/twilio/stream`,
        nonce,
      }),
    );
  }

  /** What follows a call whose agent could not be had, or was lost: a person, or else an apology. */
  const instead = () => (fallbackNumber ? dialTwiml(fallbackNumber) : apologyTwiml());

  function afterwards(call: Call | undefined): string {
    const reason = call?.outcome?.reason;
    return reason !== undefined && NOTHING_TO_SAY.has(reason) ? hangUpTwiml() : instead();
  }

  function noteTaken(callSid: string): void {
    takenCallSids.add(callSid);
    const [oldest = ''] = takenCallSids;
    if (takenCallSids.size > KEPT_CALL_SIDS) takenCallSids.delete(oldest);
  }

  routes.use('/webhook/twilio', express.urlencoded({ extended: false, limit: MAX_FORM }), signed);

  routes.post('/webhook/twilio', (request, response) => {
    const asked = readVoiceWebhook(request.body ?? {});
    if (asked.kind === 'unreadable') {
      options.refused(asked.why);
      response.status(400).type('text/plain').send(`This is no voice webhook: ${asked.why}.\n`);
      return;
    }
    const known = calls.find(asked.callSid);
    // Twilio asks again when an answer is lost on the way: it gets the same answer, and no second agent is called.
    if (known && known.outcome === null && known.streamSid === null)
      return connect(request, response, asked.callSid);
    if (known || takenCallSids.has(asked.callSid)) return say(response, afterwards(known));
    if (options.draining()) return say(response, instead());
    const call = calls.open({ callSid: asked.callSid, callerNumber: asked.from, calledNumber: asked.to });
    if (!call) return say(response, busyTwiml(fallbackNumber));
    noteTaken(asked.callSid);
    connect(request, response, asked.callSid);
  });

  routes.post('/webhook/twilio/after', (request, response) => {
    const asked = readVoiceWebhook(request.body ?? {});
    say(response, afterwards(asked.kind === 'unreadable' ? undefined : calls.find(asked.callSid)));
  });

  routes.post('/webhook/twilio/stream', (request, response) => {
    const told = readStreamStatus(request.body ?? {});
    if (told.kind === 'streamStatus' && told.event === 'stream-error') {
      const words = `Twilio reports a failure of the stream${told.error ? `: ${told.error}` : ''}.`;
      calls.find(told.callSid)?.tell({ type: 'stream.failed', words });
    }
    response.status(204).end();
  });

  routes.post('/webhook/twilio/call', (request, response) => {
    const told = readCallStatus(request.body ?? {});
    if (told.kind === 'callStatus' && told.terminal) {
      calls.find(told.callSid)?.tell({
        type: 'caller.hungUp',
        words: `Twilio reports the call ${told.status}.`,
        status: told.status,
      });
    }
    response.status(204).end();
  });

  return routes;
}
