import type { AudioFormat } from '../audio/agent-format.ts';
import type { Clock, Socket } from '../ports.ts';
import {
  NO_CODE,
  type VapiCall,
  type VapiCallLine,
  type VapiDialect,
  type VapiEnding,
  type VapiMind,
} from './vapi-line.ts';
import { createVapiOutbox } from './vapi-outbox.ts';
import { type Fields, fields, readObject } from './vapi-requests.ts';

/** The call as the service holds it. */
export interface HeldVapiCall extends VapiCall {
  /** In ms since 1970. */
  readonly createdAt: number;
  join(socket: Socket): void;
  /** Takes a message that came by the control URL. False for one of no known type. */
  tell(message: Fields): boolean;
}

/** What is the same for every call of a service. */
export interface VapiCallSettings {
  clock: Clock;
  mind: (line: VapiCallLine) => VapiMind;
  ending: VapiEnding;
  /** From the open socket to `status-update` in-progress. */
  statusDelayMs: number;
  /** How long a call may wait for its socket. */
  joinTimeoutMs: number;
  /** How long a call may go without audio from the caller. */
  silenceTimeoutMs: number;
  /** How much of a call's audio is kept in `heard`. */
  keepHeardBytes: number;
  /** Messages go as `{message:{…}}`, in the envelope of webhooks. */
  wrapMessages: boolean;
  /** How the `direct` dialect sends audio: in binary, or as `{event:"audio",audio}` with base64. */
  directAudio: 'binary' | 'json';
}

const KNOWN_TYPES = new Set(
  'say add-message control transfer handoff send-transport-message end-call hangup'.split(' '),
);

const DEFAULT_MAX_DURATION_SECONDS = 600;

/** Makes one call, which waits for its socket. */
export function createVapiCall(
  settings: VapiCallSettings,
  facts: { id: string; dialect: VapiDialect; format: AudioFormat; request: Fields },
): HeldVapiCall {
  const { clock } = settings;
  const { id, dialect, format, request } = facts;
  const overrides = fields(request.assistantOverrides) ?? {};
  const assistant = fields(request.assistant) ?? {};
  const maxDurationSeconds = overrides.maxDurationSeconds ?? assistant.maxDurationSeconds;

  const heard: { at: number; bytes: Buffer }[] = [];
  const messages: { at: number; message: Fields | string }[] = [];
  const timers = new Set<unknown>();
  let state: VapiCall['state'] = 'queued';
  let endedReason: string | null = null;
  let joined = false;
  let closeCode: number | null = null;
  let unknownMessages = 0;
  let heardBytes = 0;
  let keptBytes = 0;
  let lastAudioAt = 0;
  let socket: Socket | undefined;
  let mind: VapiMind | undefined;

  const outbox = createVapiOutbox({ ...settings, socket: () => socket, dialect, request });

  after(settings.joinTimeoutMs, () => {
    if (state === 'queued') end('call.in-progress.error-vapifault-transport-never-connected');
  });

  function after(ms: number, fn: () => void): void {
    const timer = clock.setTimeout(() => {
      timers.delete(timer);
      fn();
    }, ms);
    timers.add(timer);
  }

  // A socket that is being accepted takes nothing yet, so the mind begins in a turn of its own, unless
  // something of the caller is there before that.
  function begin(): void {
    if (mind) return;
    mind = settings.mind(call);
    mind.opened();
  }

  function hear(bytes: Buffer): void {
    begin();
    lastAudioAt = clock.now();
    heardBytes += bytes.length;
    if (settings.keepHeardBytes > 0) {
      heard.push({ at: lastAudioAt, bytes: Buffer.from(bytes) });
      keptBytes += bytes.length;
      while (keptBytes > settings.keepHeardBytes) keptBytes -= heard.shift()?.bytes.length ?? keptBytes;
    }
    mind?.audio(bytes);
  }

  function watchSilence(): void {
    const silentMs = clock.now() - lastAudioAt;
    if (silentMs >= settings.silenceTimeoutMs) end('silence-timed-out');
    else after(settings.silenceTimeoutMs - silentMs, watchSilence);
  }

  function hearText(text: string): void {
    begin();
    const message = readObject(text);
    if (dialect === 'direct' && message?.event === 'audio' && typeof message.audio === 'string') {
      hear(Buffer.from(message.audio, 'base64'));
      return;
    }
    if (message) tell(message);
    else record(text);
  }

  function record(message: Fields | string): boolean {
    messages.push({ at: clock.now(), message });
    const known = typeof message === 'object' && KNOWN_TYPES.has(message.type as string);
    if (!known) unknownMessages += 1;
    return known;
  }

  function tell(message: Fields): boolean {
    if (!record(message)) return false;
    if (message.type === 'end-call') end('manually-canceled');
    else if (message.type === 'hangup') end('customer-ended-call');
    else mind?.message(message);
    return true;
  }

  function leave(leaving: Socket, ending: VapiEnding): void {
    if (ending === 'cut') leaving.terminate();
    else if (ending === 'failed') leaving.close(1011, 'Internal error');
    else if (ending === 'unwelcome') leaving.close(1008, 'Policy violation');
    else leaving.close(ending === 'no-code' ? NO_CODE : 1000, '');
  }

  function end(reason: string, ending: VapiEnding = settings.ending): void {
    if (state === 'ended') return;
    state = 'ended';
    endedReason = reason;
    for (const timer of timers) clock.clearTimeout(timer);
    if (ending === 'said') outbox.message({ type: 'status-update', status: 'ended', endedReason: reason });
    const leaving = socket;
    socket = undefined;
    if (leaving) leave(leaving, ending);
    mind?.closed();
  }

  function closed(code: number): void {
    closeCode = code;
    socket = undefined;
    end('customer-ended-call');
  }

  const call: HeldVapiCall = {
    id,
    dialect,
    format,
    clock,
    createdAt: clock.epochMs(),
    request,
    heard,
    messages,
    get state() {
      return state;
    },
    get endedReason() {
      return endedReason;
    },
    get heardBytes() {
      return heardBytes;
    },
    get unknownMessages() {
      return unknownMessages;
    },
    get joined() {
      return joined;
    },
    get closeCode() {
      return closeCode;
    },
    sendAudio: outbox.audio,
    sendMessage: outbox.message,
    sendText: (text) => socket?.sendText(text),
    end,
    tell,
    join(joining) {
      joined = true;
      socket = joining;
      state = 'in-progress';
      lastAudioAt = clock.now();
      socket.listen({
        text: (text) => state === 'in-progress' && hearText(text),
        binary: (bytes) => state === 'in-progress' && hear(bytes),
        ponged() {},
        closed,
      });
      after(settings.statusDelayMs, () => outbox.message({ type: 'status-update', status: 'in-progress' }));
      after(
        1_000 * (typeof maxDurationSeconds === 'number' ? maxDurationSeconds : DEFAULT_MAX_DURATION_SECONDS),
        () => end('exceeded-max-duration'),
      );
      watchSilence();
      after(0, begin);
    },
  };
  return call;
}
