/** Writes what Twilio says on one Media Stream; the counters are strings, as Twilio's are. */
export interface TwilioMessages {
  connected(): string;
  start(parameters: Record<string, string>): string;
  /** The `start` of a bare client: two ids and nothing else. */
  bareStart(): string;
  media(mulaw: Uint8Array, timestampMs: number): string;
  dtmf(digit: string): string;
  mark(name: string): string;
  stop(): string;
}

export interface StreamIds {
  /** `MZ` and 32 hex digits. */
  streamSid: string;
  /** `CA` and 32 hex digits. */
  callSid: string;
  /** `AC` and 32 hex digits. */
  accountSid: string;
}

/** Twilio's messages (https://www.twilio.com/docs/voice/media-streams/websocket-messages), fields in its order. */
export function createTwilioMessages({ streamSid, callSid, accountSid }: StreamIds): TwilioMessages {
  const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 };
  let sequence = 0;
  let chunks = 0;

  function sequenceNumber(): string {
    sequence += 1;
    return String(sequence);
  }

  function chunk(): string {
    chunks += 1;
    return String(chunks);
  }

  const write = (message: Record<string, unknown>) => JSON.stringify(message);

  return {
    connected: () => write({ event: 'connected', protocol: 'Call', version: '1.0.0' }),
    start(customParameters) {
      const start = { accountSid, streamSid, callSid, tracks: ['inbound'], mediaFormat, customParameters };
      return write({ event: 'start', sequenceNumber: sequenceNumber(), start, streamSid });
    },
    bareStart: () => write({ event: 'start', start: { streamSid, callSid } }),
    media(mulaw, timestampMs) {
      const payload = Buffer.from(mulaw).toString('base64');
      const timestamp = String(Math.round(timestampMs));
      const media = { track: 'inbound', chunk: chunk(), timestamp, payload };
      return write({ event: 'media', sequenceNumber: sequenceNumber(), media, streamSid });
    },
    dtmf(digit) {
      // The track has another name here than in `media`.
      const dtmf = { track: 'inbound_track', digit };
      return write({ event: 'dtmf', streamSid, sequenceNumber: sequenceNumber(), dtmf });
    },
    mark: (name) => write({ event: 'mark', sequenceNumber: sequenceNumber(), streamSid, mark: { name } }),
    stop: () =>
      write({ event: 'stop', sequenceNumber: sequenceNumber(), streamSid, stop: { accountSid, callSid } }),
  };
}
