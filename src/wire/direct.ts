import { bytesFromBase64 } from './base64.ts';
import { type Fields, fieldsFrom, unreadable, wordFrom } from './fields.ts';
import { type VapiMessage, vapiMessageFrom } from './vapi.ts';

/**
 * What the far end of `VAPI_DIALECT=direct` says in text: the tutorial's two events and, from an agent that speaks
 * both, Vapi's documented messages. In the other direction audio is raw binary and there is nothing to write: closing
 * the socket ends the call.
 */
export type DirectMessage = { kind: 'audio'; bytes: Buffer } | VapiMessage;

/** Both as for Vapi's own socket, whose frames may not exceed 1 MiB. */
const longestMessage = 1_048_576;
const mostAudioBytes = 786_432;

/** Reads one text frame in the tutorial's dialect. Never throws. */
export function readDirectMessage(text: string): DirectMessage {
  const fields = fieldsFrom(text, longestMessage);
  if (typeof fields === 'string') return unreadable(fields);
  const { event } = fields;
  if (event === 'audio') return readAudio(fields.audio);
  if (event === 'transcript') return readTranscript(fields);
  if (event === undefined) return vapiMessageFrom(fields);
  return typeof event === 'string' ? { kind: 'other', type: wordFrom(event) } : unreadable('no event');
}

function readAudio(audio: unknown): DirectMessage {
  const bytes = typeof audio === 'string' ? bytesFromBase64(audio, mostAudioBytes) : undefined;
  return bytes === undefined ? unreadable('audio that is not base64') : { kind: 'audio', bytes };
}

/** The tutorial never says who spoke; it means the caller. */
function readTranscript({ isFinal, role, text, transcript }: Fields): DirectMessage {
  const words = text ?? transcript ?? '';
  if (typeof words !== 'string') return unreadable('transcript without its text');
  return {
    kind: 'transcript',
    role: role === 'assistant' ? 'assistant' : 'user',
    final: isFinal === true,
    text: words,
  };
}
