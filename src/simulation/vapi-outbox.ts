import type { Socket } from '../ports.ts';
import type { VapiDialect, VapiMessage } from './vapi-line.ts';
import { type Fields, fields } from './vapi-requests.ts';

/** Puts what a call says into the form that its socket takes. */
export interface VapiOutbox {
  audio(bytes: Uint8Array): void;
  message(message: VapiMessage): void;
}

/** What Vapi sends where a call does not choose: the defaults of its OpenAPI schema. */
const DEFAULT_CLIENT_MESSAGES =
  `conversation-update function-call hang model-output speech-update status-update
  transfer-update transcript tool-calls user-interrupted voice-input workflow.node.started assistant.started`.split(
    /\s+/,
  );

/** Makes the outbox of one call; `socket` tells its socket, while there is one. */
export function createVapiOutbox(options: {
  socket: () => Socket | undefined;
  dialect: VapiDialect;
  request: Fields;
  wrapMessages: boolean;
  directAudio: 'binary' | 'json';
}): VapiOutbox {
  const { socket, dialect, request, wrapMessages, directAudio } = options;
  const chosen =
    fields(request.assistantOverrides)?.clientMessages ?? fields(request.assistant)?.clientMessages;
  const clientMessages = new Set<unknown>(Array.isArray(chosen) ? chosen : DEFAULT_CLIENT_MESSAGES);

  function send(value: unknown): void {
    socket()?.sendText(JSON.stringify(value));
  }

  if (dialect === 'transport') {
    return {
      audio: (bytes) => socket()?.sendBinary(bytes),
      message(message) {
        if (clientMessages.has(message.type)) send(wrapMessages ? { message } : message);
      },
    };
  }
  return {
    audio(bytes) {
      if (directAudio === 'binary') socket()?.sendBinary(bytes);
      else send({ event: 'audio', audio: Buffer.from(bytes).toString('base64') });
    },
    // The direct dialect has transcripts only, and knows no roles: they are always the caller's.
    message({ type, role, transcript, transcriptType }) {
      if (type !== 'transcript' || role !== 'user') return;
      send({ event: 'transcript', isFinal: transcriptType === 'final', text: transcript });
    },
  };
}
