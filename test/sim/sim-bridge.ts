import type { Dialect } from '../../src/agent/dialect.ts';
import { createDialects } from '../../src/agent/dialects.ts';
import { createCalls } from '../../src/call/calls.ts';
import type { Call } from '../../src/call/open-call.ts';
import { createFeed, type Step } from '../../src/inspector/feed.ts';
import type { Clock, Overheard, Ports, Socket } from '../../src/ports.ts';
import type { Admission } from '../../src/telephony/caller-line.ts';
import { createTicketOffice } from '../../src/telephony/tickets.ts';
import { NONCE_PARAMETER } from '../../src/telephony/twiml.ts';
import type { WorldOptions } from './plan.ts';
import type { Planted } from './planted.ts';
import type { Random } from './random.ts';

export const API_KEY = 'private-key-of-the-vapi-account';
export const CALLER_NUMBER = '+12025550143';
export const CALLED_NUMBER = '+12025550187';

export interface SimBridgeOptions {
  clock: Clock;
  /** A promise of the bridge has something to say. */
  stir(): void;
  random: Random;
  options: WorldOptions;
  planted: Planted;
  /** What a call may ask of the network. */
  portsOf(callSid: string): Pick<Ports, 'fetch' | 'openSocket' | 'clock'>;
  hangUp(callSid: string): Promise<void>;
  step(step: Step): void;
  overheard(callId: string, record: Overheard): void;
  closed(call: Call): void;
  failed(callSid: string | null, error: unknown): void;
}

/** The bridge without its HTTP server, put together as `main.ts` and the server's routes do it. */
export function createSimBridge(around: SimBridgeOptions) {
  const { random, planted, stir } = around;
  const clock = planted.clock?.(around.clock) ?? around.clock;
  const options = planted.options?.(around.options) ?? around.options;
  const randomBytes = random.bytes;
  const feed = createFeed(clock.now, (error) => {
    throw error;
  });
  feed.listen(around.step);
  const tickets = createTicketOffice({ clock, randomBytes, key: randomBytes(32) });

  const calls = createCalls({
    clock,
    randomBytes,
    maxCalls: 100,
    options: {
      format: options.format,
      bargeIn: options.bargeIn,
      prerollFrames: options.prerollFrames,
      maxFrames: 50,
      connectFrames: options.connectFrames,
      framesPerSend: options.framesPerSend,
      sessionTtlMs: options.sessionTtlMs,
      heartbeatIntervalMs: options.heartbeatIntervalMs,
      mediaTimeoutMs: 2_000,
    },
    dialectFor(asked) {
      const dialects = createDialects({
        ports: around.portsOf(asked.callSid ?? ''),
        agent: {
          apiKey: API_KEY,
          baseUrl: 'http://vapi',
          wsEndpoint: 'ws://vapi/ws',
          dialect: options.dialect,
          format: options.format,
          assistant: { id: 'the-assistant' },
        },
        sessionTtlMs: options.sessionTtlMs,
      });
      return stirring(dialects.dialectFor(asked));
    },
    hangUp: around.hangUp,
    watch: {
      opened: feed.observe,
      overheard: around.overheard,
      isWatched: () => true,
      closed(call) {
        around.closed(call);
      },
      forgotten() {},
      failed: ({ callSid }, error) => around.failed(callSid, error),
    },
  });

  function stirring(made: Dialect): Dialect {
    const dialect = planted.dialect?.(made) ?? made;
    return {
      ...dialect,
      create(...asked) {
        stir();
        return dialect.create(...asked);
      },
      end(signal) {
        stir();
        return dialect.end(signal);
      },
    };
  }

  return {
    calls,
    /** As `POST /webhook/twilio` does: the ticket and nonce of the TwiML, or nothing when the caller is turned away. */
    webhook(callSid: string): { ticket: string; nonce: string } | undefined {
      const known = calls.find(callSid);
      if (known)
        return known.outcome === null && known.streamSid === null ? tickets.issue(callSid) : undefined;
      const call = calls.open({ callSid, callerNumber: CALLER_NUMBER, calledNumber: CALLED_NUMBER });
      return call && tickets.issue(callSid);
    },
    /** As the door for `WS /media/<ticket>` does. False where the handshake is refused. */
    media(ticket: string, socket: Socket): boolean {
      const checked = tickets.check(ticket);
      const call = checked.ok ? calls.find(checked.callSid) : undefined;
      if (!call) return false;
      if (call.outcome !== null) {
        socket.listen({ text() {}, binary() {}, ponged() {}, closed() {} });
        socket.close(1000, 'this call is over');
        return true;
      }
      call.attach(socket, ({ callSid, parameters }): Admission => {
        const redeemed = tickets.redeem(ticket, { callSid, nonce: parameters.get(NONCE_PARAMETER) });
        return redeemed.ok ? redeemed : { ok: false, words: `the ticket was refused: ${redeemed.why}` };
      });
      return true;
    },
    /** As `POST /webhook/twilio/call` and `/stream` do. */
    callStatus(callSid: string, status: string) {
      calls.find(callSid)?.tell({ type: 'caller.hungUp', words: `Twilio reports the call ${status}.` });
    },
    streamError(callSid: string) {
      calls.find(callSid)?.tell({ type: 'stream.failed', words: 'Twilio reports a failure of the stream.' });
    },
  };
}

export type SimBridge = ReturnType<typeof createSimBridge>;
