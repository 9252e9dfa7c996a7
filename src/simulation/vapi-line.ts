import type { AudioFormat } from '../audio/agent-format.ts';
import type { Clock } from '../ports.ts';
import type { Fields } from './vapi-requests.ts';

/**
 * The language of a call's socket: `transport` is Vapi's documented one; `direct` is one fixed socket that takes binary
 * audio and says transcripts as `{event:"transcript",isFinal,text}`.
 */
export type VapiDialect = 'transport' | 'direct';

/**
 * How a call's socket goes when the call ends: `said` sends `status-update` ended and closes with 1000; the others send
 * nothing and close with 1000 (`unsaid`), with no code (`no-code`, heard as 1005), by cutting the line (`cut`, heard
 * as 1006), or with 1011 (`failed`) or 1008 (`unwelcome`).
 */
export type VapiEnding = 'said' | 'unsaid' | 'no-code' | 'cut' | 'failed' | 'unwelcome';

/** The code to give `Socket.close` for a close frame without a body, which the far end hears under the same number. */
export const NO_CODE = 1005;

/** A message of Vapi's, such as `{type:"user-interrupted"}`. */
export type VapiMessage = Fields & { readonly type: string };

/** How the agent behaves on one call. */
export interface VapiMind {
  /** The call's socket is open. Told once, first. */
  opened(): void;
  /** Audio of the caller, in the call's format, of any length. */
  audio(bytes: Buffer): void;
  /** A message that came by the socket or the control URL and does not itself end the call. */
  message(message: Fields): void;
  /** The call is over: what is sent from now on goes nowhere. Told once, only after `opened`. */
  closed(): void;
}

/** What a mind has of its call. */
export interface VapiCallLine {
  readonly id: string;
  readonly dialect: VapiDialect;
  readonly format: AudioFormat;
  readonly clock: Clock;
  /** The body that the call was created with; empty in the `direct` dialect. */
  readonly request: Fields;
  sendAudio(bytes: Uint8Array): void;
  /** Sends `message` if the call's `clientMessages` include its type; in the `direct` dialect, if it has a form there. */
  sendMessage(message: VapiMessage): void;
  end(reason: string): void;
}

/** One call as the outside sees it. */
export interface VapiCall extends VapiCallLine {
  readonly state: 'queued' | 'in-progress' | 'ended';
  readonly endedReason: string | null;
  /** The caller's audio, as it came: `at` is the clock's time. The oldest is forgotten beyond the limit set. */
  readonly heard: readonly { at: number; bytes: Buffer }[];
  /** Bytes of audio that ever came. */
  readonly heardBytes: number;
  /** The messages that came, by the socket or the control URL; one that is no JSON object is there as its text. */
  readonly messages: readonly { at: number; message: Fields | string }[];
  /** How many of them were of no known type. */
  readonly unknownMessages: number;
  /** Whether its socket has come. */
  readonly joined: boolean;
  /** The code with which the socket closed, as heard here. */
  readonly closeCode: number | null;
  end(reason: string, ending?: VapiEnding): void;
  /** Sends `text` as it stands, whatever it is. */
  sendText(text: string): void;
}
