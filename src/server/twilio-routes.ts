import express, { type Request, type RequestHandler, type Response, type Router } from 'express';
import type { Calls } from '../call/calls.ts';
import type { SignatureChecker } from '../telephony/signatures.ts';
import type { TicketOffice } from '../telephony/tickets.ts';
import { connectTwiml, hangUpTwiml } from '../telephony/twiml.ts';
import {
  isOver,
  readCallStatus,
  readRecordingStatus,
  readStreamStatus,
  readVoiceWebhook,
  wasAnswered,
} from '../wire/status-callbacks.ts';
import { addressesFor, seenUrl } from './addresses.ts';
import { type Asker, createHandOn, type HandedTo } from './hand-on.ts';
import { createPhoneCalls, type NextStep } from './phone-calls.ts';
import { createShortMemory } from './short-memory.ts';

export interface TwilioRoutesOptions {
  calls: Calls;
  tickets: TicketOffice;
  /** None: unsigned requests are let in, as in development without Twilio's credentials. */
  signatures: SignatureChecker | undefined;
  publicUrl: string | undefined;
  greeting: string;
  fallbackNumber: string | undefined;
  /** What is said before a message is taken; none is without it. */
  voicemail?: string | undefined;
  /** Whether the server takes no new calls any more. */
  draining(): boolean;
  /** Whether it has enough to do with those that it has. */
  strained(): boolean;
  /** Something was refused, for the log. */
  refused(what: string): void;
  /** Brings what is about a call of another process there. */
  toOwner?: RequestHandler | undefined;
  /** A caller is handed on, for the log and the figures; as often as Twilio asks for that. */
  handedOn(callSid: string, to: HandedTo | 'agent'): void;
  /** A caller has left a message; told once. */
  leftMessage(message: { callSid: string; recordingSid: string; seconds?: number }): void;
}

/** Twilio's forms have some 30 short fields. */
const MAX_FORM = '64kb';

/** Recordings that are remembered, because Twilio may tell of one more than once. */
const KEPT_RECORDINGS = 1_000;

/** `POST /webhook/twilio…`: what Twilio asks and tells over HTTP. Each answer is decided at once, and waits for nothing. */
export function createTwilioRoutes(options: TwilioRoutesOptions): Router {
  const { calls, tickets, signatures, voicemail, handedOn } = options;
  const routes = express.Router();
  const phoneCalls = createPhoneCalls(options);
  const handOn = createHandOn({ ...options, voicemail, leaving: options.draining });
  const toldRecordings = createShortMemory<true>(KEPT_RECORDINGS);

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

  function askerOf(request: Request): Asker {
    const asked = readVoiceWebhook(request.body ?? {});
    return {
      asked: asked.kind === 'unreadable' ? undefined : asked,
      address: addressesFor(request, options.publicUrl).http,
    };
  }

  /** The TwiML of a phone call's stream. Its action says which one it follows. */
  function connect(request: Request, callSid: string, stream: number): string {
    const { ticket, nonce } = tickets.issue(callSid);
    const addresses = addressesFor(request, options.publicUrl);
    const isFirst = stream === 1;
    if (!isFirst) handedOn(callSid, 'agent');
    return connectTwiml({
      greeting: isFirst ? options.greeting : '',
      streamUrl: `${addresses.ws}/media/${ticket}`,
      actionUrl: `${addresses.http}/webhook/twilio/after${isFirst ? '' : `?stream=${stream}`}`,
      streamStatusUrl: `${addresses.http}/webhook/twilio/stream`,
      nonce,
    });
  }

  function twimlOf(step: NextStep, request: Request, callSid: string): string {
    switch (step.do) {
      case 'connect':
        return connect(request, callSid, step.stream);
      case 'handOn':
        return handOn.first(askerOf(request), step.busy);
      case 'hangUp':
        return hangUpTwiml();
    }
  }

  routes.use('/webhook/twilio', express.urlencoded({ extended: false, limit: MAX_FORM }), signed);
  if (options.toOwner) routes.use('/webhook/twilio', options.toOwner);

  routes.post('/webhook/twilio', (request, response) => {
    const asked = readVoiceWebhook(request.body ?? {});
    if (asked.kind === 'unreadable') {
      options.refused(asked.why);
      response.status(400).type('text/plain').send(`This is no voice webhook: ${asked.why}.\n`);
      return;
    }
    say(response, twimlOf(phoneCalls.ring(asked), request, asked.callSid));
  });

  // From here on the caller is on the line: whatever Twilio asks, and however it does, the answer is TwiML.
  routes.post('/webhook/twilio/after', (request, response) => {
    const asker = askerOf(request);
    const { asked } = asker;
    if (!asked) return say(response, handOn.first(asker));
    const stream = request.query.stream === undefined ? 1 : Number(request.query.stream) || 1;
    say(response, twimlOf(phoneCalls.streamOver(asked, stream), request, asked.callSid));
  });

  routes.post('/webhook/twilio/after-dial', (request, response) => {
    const asker = askerOf(request);
    const isDone = wasAnswered(request.body ?? {}) || (asker.asked && isOver(asker.asked.callStatus));
    say(response, handOn.afterDial(asker, isDone === true));
  });

  routes.post('/webhook/twilio/after-voicemail', (_, response) => {
    say(response, handOn.afterVoicemail());
  });

  routes.post('/webhook/twilio/recording', (request, response) => {
    const told = readRecordingStatus(request.body ?? {});
    if (told.kind === 'recordingStatus' && told.completed && !toldRecordings.get(told.recordingSid)) {
      toldRecordings.set(told.recordingSid, true);
      const { callSid, recordingSid, seconds } = told;
      options.leftMessage({ callSid, recordingSid, ...(seconds !== undefined && { seconds }) });
    }
    response.status(204).end();
  });

  routes.post('/webhook/twilio/stream', (request, response) => {
    const told = readStreamStatus(request.body ?? {});
    if (told.kind === 'streamStatus' && told.event === 'stream-error') phoneCalls.streamFailed(told);
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
