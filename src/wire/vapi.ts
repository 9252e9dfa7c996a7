import type { Fields, Unreadable } from './fields.ts';
import { fieldsFrom, isFields, unreadable, wordFrom } from './fields.ts';
import { vendorWords } from './vendor-words.ts';

export type { CreateCallSpec } from './vapi-create-call.ts';
export { buildCreateCall } from './vapi-create-call.ts';
export type {
  CallCreated,
  CallRefused,
  CreateCallOutcome,
  RefusalKind,
} from './vapi-create-call-response.ts';
export { readCreateCallResponse } from './vapi-create-call-response.ts';

/** Who spoke: `user` is the caller, `assistant` the agent. */
export type VapiRole = 'user' | 'assistant';

/** The messages of Vapi's socket that matter to a call (docs/wire.md, "Vapi to us"). */
export type VapiMessage =
  /** `status` is an open word; `ended` is the one that ends a call, and then `endedReason` may say why. */
  | { kind: 'statusUpdate'; status: string; endedReason?: string }
  /** The agent may start before the caller is said to have stopped: never rely on strict alternation. */
  | { kind: 'speechUpdate'; status: 'started' | 'stopped'; role: VapiRole }
  | { kind: 'transcript'; role: VapiRole; final: boolean; text: string }
  /** What the agent is about to say, as its voice is given it. */
  | { kind: 'voiceInput'; text: string }
  /** The caller broke in, and Vapi has stopped its own side. Audio that it sent before is ours to discard. */
  | { kind: 'userInterrupted' }
  /** The assistant is hanging: a model, voice or tool is slow. Not a hang-up. */
  | { kind: 'hang' }
  | { kind: 'toolCalls' }
  | { kind: 'assistantStarted' }
  | { kind: 'other'; type: string }
  | Unreadable;

/** `conversation-update` repeats the whole conversation, so messages grow with the call. */
const longestMessage = 1_048_576;

/** Reads one text frame of Vapi's socket, or the body of a server message. Never throws. */
export function readVapiMessage(text: string): VapiMessage {
  const fields = fieldsFrom(text, longestMessage);
  return typeof fields === 'string' ? unreadable(fields) : vapiMessageFrom(fields);
}

/** As `readVapiMessage`, for JSON that is parsed already: bare as on the socket, or wrapped in `message`. */
export function vapiMessageFrom(fields: Fields): VapiMessage {
  const message = typeof fields.type !== 'string' && isFields(fields.message) ? fields.message : fields;
  const { type } = message;
  if (typeof type !== 'string') return unreadable('no type');
  switch (type) {
    case 'status-update':
      return readStatus(message);
    case 'speech-update':
      return readSpeech(message);
    case 'transcript':
      return readTranscript(message, message.transcriptType);
    case 'user-interrupted':
      return { kind: 'userInterrupted' };
    case 'voice-input':
      return typeof message.input === 'string'
        ? { kind: 'voiceInput', text: message.input }
        : unreadable('voice-input without its text');
    case 'hang':
      return { kind: 'hang' };
    case 'tool-calls':
      return { kind: 'toolCalls' };
    case 'assistant.started':
      return { kind: 'assistantStarted' };
  }
  const subscribed = /^transcript\[transcriptType=["']?(partial|final)["']?\]$/.exec(type);
  return subscribed ? readTranscript(message, subscribed[1]) : { kind: 'other', type: wordFrom(type) };
}

function readStatus({ status, endedReason }: Fields): VapiMessage {
  if (typeof status !== 'string') return unreadable('status-update without a status');
  const read = { kind: 'statusUpdate', status: wordFrom(status) } as const;
  if (typeof endedReason !== 'string') return read;
  return { ...read, endedReason: vendorWords(endedReason) };
}

function readSpeech({ status, role }: Fields): VapiMessage {
  if (status !== 'started' && status !== 'stopped') return unreadable('speech-update without a status');
  return isRole(role) ? { kind: 'speechUpdate', status, role } : unreadable('speech-update without a role');
}

function readTranscript({ role, transcript }: Fields, transcriptType: unknown): VapiMessage {
  if (!isRole(role)) return unreadable('transcript without a role');
  if (typeof transcript !== 'string') return unreadable('transcript without its text');
  return { kind: 'transcript', role, final: transcriptType === 'final', text: transcript };
}

function isRole(role: unknown): role is VapiRole {
  return role === 'user' || role === 'assistant';
}

/** Ends the call. The documentation also shows `hangup`, but only this one is in the schema. */
export function writeEndCall(): string {
  return '{"type":"end-call"}';
}

/** How something is said. The defaults are Vapi's. */
export interface SayOptions {
  /** End the call once it has been said. False. */
  endCallAfterSpoken?: boolean | undefined;
  /** The caller may break in. True. */
  interruptionsEnabled?: boolean | undefined;
  /** Cut short what the agent is saying now, instead of waiting for its end. False. */
  interruptAssistantEnabled?: boolean | undefined;
}

/** Has the agent say `content` in its own voice. An answer may take seconds, and some are never spoken. */
export function writeSay(content: string, options: SayOptions = {}): string {
  const {
    endCallAfterSpoken = false,
    interruptionsEnabled = true,
    interruptAssistantEnabled = false,
  } = options;
  return JSON.stringify({
    type: 'say',
    content,
    endCallAfterSpoken,
    interruptionsEnabled,
    interruptAssistantEnabled,
  });
}

/** Adds to the conversation; with `triggerResponse` the agent answers it. The only way to tell Vapi of a keypress. */
export function writeAddMessage(
  role: 'system' | 'user' | 'assistant' | 'tool' | 'function',
  content: string,
  triggerResponse: boolean,
): string {
  return JSON.stringify({
    type: 'add-message',
    message: { role, content },
    triggerResponseEnabled: triggerResponse,
  });
}

/** What a control message can ask for. */
export type VapiControl =
  | 'mute-assistant'
  | 'unmute-assistant'
  | 'mute-customer'
  | 'unmute-customer'
  | 'say-first-message';

/** Mutes one side or the other, or has the first message spoken. */
export function writeControl(control: VapiControl): string {
  return JSON.stringify({ type: 'control', control });
}
