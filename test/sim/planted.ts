import type { Dialect } from '../../src/agent/dialect.ts';
import type { Clock, Socket } from '../../src/ports.ts';
import type { WorldOptions } from './plan.ts';
import { tapped } from './tap.ts';

/** A mistake put into one part that the bridge is handed, to see whether the simulation finds it. */
export interface Planted {
  /** What the mistake would be, were it the bridge's. */
  words: string;
  clock?(clock: Clock): Clock;
  dialect?(dialect: Dialect): Dialect;
  options?(options: WorldOptions): WorldOptions;
  /** The bridge's end of the caller's socket. */
  twilio?(socket: Socket): Socket;
  /** The bridge's end of the agent's socket. */
  vapi?(socket: Socket): Socket;
}

const isClear = (text: string) => text.startsWith('{"event":"clear"');
const isMark = (text: string) => text.startsWith('{"event":"mark"');
const isMedia = (text: string) => text.startsWith('{"event":"media"');
const isVerdict = (text: string) => text.includes('"user-interrupted"');

/** `socket`, with other ways to send or to be heard. */
function altered(socket: Socket, changes: Partial<Socket>): Socket {
  return Object.assign(tapped(socket, {}), changes);
}

/** Each is a wrapper around one thing that the bridge is handed; the bridge itself is as it is. */
export const PLANTED = {
  missingClear: {
    words: 'an interruption does not clear what Twilio holds',
    twilio: (socket) => altered(socket, { sendText: (text) => isClear(text) || socket.sendText(text) }),
  },
  clearTwice: {
    words: 'clear is sent twice for one interruption',
    twilio: (socket) =>
      altered(socket, {
        sendText(text) {
          socket.sendText(text);
          if (isClear(text)) socket.sendText(text);
        },
      }),
  },
  marksNotSent: {
    words: 'marks are not sent, so that nothing tells when the agent was heard',
    twilio: (socket) => altered(socket, { sendText: (text) => isMark(text) || socket.sendText(text) }),
  },
  marksAnsweredAtOnce: {
    words: 'a mark counts as played when it is sent',
    twilio(socket) {
      let tell: (text: string) => void = () => {};
      return altered(socket, {
        listen(ear) {
          tell = (text) => ear.text(text);
          socket.listen(ear);
        },
        sendText(text) {
          socket.sendText(text);
          if (isMark(text)) tell(text);
        },
      });
    },
  },
  turnSentAgain: {
    words: 'the queue is not dropped on a flush: its last audio is sent after the clear',
    twilio(socket) {
      let last = '';
      return altered(socket, {
        sendText(text) {
          if (isMedia(text)) last = text;
          socket.sendText(text);
          if (isClear(text) && last !== '') socket.sendText(last);
        },
      });
    },
  },
  remainderLeaks: {
    words: 'what waited in the framer is heard in front of the next turn',
    vapi(socket) {
      let rest = Buffer.alloc(0);
      return altered(socket, {
        listen: (ear) =>
          socket.listen({
            ...ear,
            binary(bytes) {
              rest = Buffer.from(bytes.subarray(bytes.length - (bytes.length % 160)));
              ear.binary(bytes);
            },
            text(text) {
              ear.text(text);
              if (isVerdict(text) && rest.length > 0) ear.binary(rest);
            },
          }),
      });
    },
  },
  greetingDropped: {
    words: "the agent's audio is dropped until the caller's stream has started",
    vapi(socket) {
      let texts = 0;
      return altered(socket, {
        listen: (ear) =>
          socket.listen({
            ...ear,
            text(text) {
              texts += 1;
              ear.text(text);
            },
            binary: (bytes) => (texts < 2 ? undefined : ear.binary(bytes)),
          }),
      });
    },
  },
  firstFrameDropped: {
    words: 'the first frame is lost when the pre-roll goes out',
    vapi(socket) {
      let sent = 0;
      return altered(socket, {
        sendBinary(bytes) {
          sent += 1;
          if (sent > 1) socket.sendBinary(bytes);
        },
      });
    },
  },
  frameTwice: {
    words: 'now and then a frame of the caller goes out twice',
    vapi(socket) {
      let sent = 0;
      return altered(socket, {
        sendBinary(bytes) {
          sent += 1;
          socket.sendBinary(bytes);
          if (sent % 97 === 0) socket.sendBinary(bytes);
        },
      });
    },
  },
  socketLeftOpen: {
    words: "the agent's socket is not closed when a call ends",
    vapi: (socket) => altered(socket, { close() {}, terminate() {} }),
  },
  callerSocketLeftOpen: {
    words: "the caller's socket is not closed when a call ends",
    twilio: (socket) => altered(socket, { close() {}, terminate() {} }),
  },
  vapiCallForgotten: {
    words: 'a call at Vapi is not ended when the caller leaves while it is being created',
    dialect: (dialect) => ({ ...dialect, end: () => Promise.resolve() }),
  },
  blindSecondCreate: {
    words: 'an answer that is late, or none, is followed by a second request for a call',
    dialect: (dialect) => ({
      ...dialect,
      async create(signal) {
        const outcome = await dialect.create(signal);
        if (outcome.created || outcome.refusal !== 'unreachable') return outcome;
        return dialect.create(new AbortController().signal);
      },
    }),
  },
  timeToLiveOffByOne: {
    words: 'a call lives a millisecond longer than it may',
    options: (options) => ({ ...options, sessionTtlMs: options.sessionTtlMs + 1 }),
  },
  timerForgotten: {
    words: 'the timer of a heartbeat is not disarmed when its call ends',
    clock: (clock) => {
      const kept = new Set<unknown>();
      return {
        ...clock,
        setTimeout(fn, ms) {
          const id = clock.setTimeout(fn, ms);
          if (ms === 10_000 || ms === 3_000) kept.add(id);
          return id;
        },
        clearTimeout(id) {
          if (!kept.has(id)) clock.clearTimeout(id);
        },
      };
    },
  },
  secretInWords: {
    words: 'the words of a refusal hold the key',
    dialect: (dialect) => ({
      ...dialect,
      async create(signal) {
        const outcome = await dialect.create(signal);
        return outcome.created
          ? outcome
          : { ...outcome, words: `${outcome.words} private-key-of-the-vapi-account` };
      },
    }),
  },
} as const satisfies Record<string, Planted>;

export type PlantedName = keyof typeof PLANTED;
