import { FEED_VERSION, type FeedMessage, type ViewerMessage } from '../../messages.ts';
import type { FeedEar, FeedSocket, Time } from '../ports.ts';
import { backOffMs } from './back-off.ts';
import type { Connection } from './connection.ts';

/** A feed that says nothing for this long is gone, in ms: the server says something every five seconds. */
const SILENCE_MS = 16_000;
/** How long a socket may take to open and to say hello, in ms. */
const OPENING_MS = 10_000;

export interface FeedClientOptions {
  openSocket(ear: FeedEar): FeedSocket;
  time: Time;
  /** 0 to 1. */
  random(): number;
  /** Whether the server asks for a sign-in: a browser does not say why a socket was refused. */
  isRefused(): Promise<boolean>;
  changed(connection: Connection): void;
  heard(messages: readonly FeedMessage[]): void;
}

export interface FeedClient {
  start(): void;
  /** Tries at once instead of waiting on. */
  retry(): void;
  stop(): void;
  /** Asked for again by itself after a reconnection. */
  watch(callId: string | null): void;
  meter(callIds: readonly string[]): void;
}

/** The page's end of the feed: connects, notices silence, comes back, and asks again for what was watched. */
export function createFeedClient(options: FeedClientOptions): FeedClient {
  const { time } = options;
  let socket: FeedSocket | undefined;
  let live = false;
  let failures = 0;
  let watched: string | null = null;
  let metered: readonly string[] = [];
  let cancel = () => {};

  function say(message: ViewerMessage): void {
    if (live) socket?.send(JSON.stringify(message));
  }

  function within(ms: number, fn: () => void): void {
    cancel();
    cancel = time.after(ms, fn);
  }

  function open(): void {
    options.changed({ phase: 'connecting' });
    const mine = options.openSocket({
      opened() {},
      text: (text) => {
        if (mine === socket) hear(text);
      },
      closed: () => {
        if (mine === socket) void lost();
      },
    });
    socket = mine;
    within(OPENING_MS, lost);
  }

  function hear(text: string): void {
    const messages = messagesOf(text);
    const hello = messages.find((message) => message.type === 'hello');
    if (hello && hello.version !== FEED_VERSION) {
      end();
      options.changed({ phase: 'otherVersion', version: hello.version });
      return;
    }
    if (hello) {
      live = true;
      failures = 0;
      if (watched !== null) say({ type: 'watch', callId: watched });
      if (metered.length > 0) say({ type: 'meter', callIds: metered });
      options.changed({ phase: 'live' });
    }
    if (!live) return;
    within(SILENCE_MS, lost);
    options.heard(messages);
  }

  async function lost(): Promise<void> {
    end();
    failures += 1;
    const tries = failures;
    const waitMs = backOffMs(failures, options.random());
    const until = time.now() + waitMs;
    options.changed({ phase: 'waiting', until, failures });
    within(waitMs, open);
    if ((await options.isRefused()) && tries === failures && !live) {
      end();
      options.changed({ phase: 'refused' });
    }
  }

  /** Also closes what is still open: whoever is not listened to any more keeps no viewer's place at the server. */
  function end(): void {
    const gone = socket;
    live = false;
    socket = undefined;
    cancel();
    gone?.close();
  }

  return {
    start: open,
    retry() {
      if (socket) return;
      cancel();
      open();
    },
    stop: end,
    watch(callId) {
      watched = callId;
      say({ type: 'watch', callId });
    },
    meter(callIds) {
      metered = callIds;
      say({ type: 'meter', callIds });
    },
  };
}

function messagesOf(text: string): readonly FeedMessage[] {
  try {
    const messages: unknown = JSON.parse(text);
    return Array.isArray(messages) ? (messages as FeedMessage[]) : [];
  } catch {
    return [];
  }
}
