/**
 * The yardstick: the least that a program between Twilio and an agent can do. It keeps no audio back, has no timeouts,
 * no states and no marks; what it costs is what Node and `ws` cost. With FORMAT=pcm_s16le it converts for an agent that
 * speaks 16-bit samples at 16 kHz, in the cheapest way there is: two tables, and the mean of two neighbours between them.
 */
import { createServer } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import { MULAW_TO_PCM, PCM_TO_MULAW } from '../src/audio/mulaw.ts';

const { PORT = '0', AGENT_URL = '', FORMAT = 'mulaw' } = process.env;
let sessions = 0;

/** How the caller's audio becomes the agent's, and the agent's the caller's, in one call. */
interface Conversion {
  toAgent(mulaw: Buffer): Buffer;
  toCaller(bytes: Buffer): Buffer;
}

const none: Conversion = { toAgent: (mulaw) => mulaw, toCaller: (bytes) => bytes };

function createConversion(): Conversion {
  let last = 0;
  return {
    toAgent(mulaw) {
      const wide = Buffer.allocUnsafe(4 * mulaw.length);
      for (let i = 0; i < mulaw.length; i += 1) {
        const sample = MULAW_TO_PCM[mulaw[i] as number] as number;
        wide.writeInt16LE((last + sample) >> 1, 4 * i);
        wide.writeInt16LE(sample, 4 * i + 2);
        last = sample;
      }
      return wide;
    },
    toCaller(bytes) {
      const mulaw = Buffer.allocUnsafe(bytes.length >> 2);
      for (let i = 0; i < mulaw.length; i += 1) {
        const mean = (bytes.readInt16LE(4 * i) + bytes.readInt16LE(4 * i + 2)) >> 1;
        mulaw[i] = PCM_TO_MULAW[mean & 0xffff] as number;
      }
      return mulaw;
    },
  };
}

const server = createServer((request, response) => {
  if (request.url === '/health') {
    response.end(JSON.stringify({ status: 'ok', sessions }));
    return;
  }
  const { user, system } = process.cpuUsage();
  response.end(
    `process_cpu_seconds_total ${(user + system) / 1e6}\nprocess_resident_memory_bytes ${process.memoryUsage.rss()}\n`,
  );
});

new WebSocketServer({ server, perMessageDeflate: false, clientTracking: false }).on(
  'connection',
  (caller) => {
    const { toAgent, toCaller } = FORMAT === 'mulaw' ? none : createConversion();
    const waiting: Buffer[] = [];
    let agent: WebSocket | undefined;
    let streamSid = '';
    sessions += 1;

    function start(sid: string): void {
      streamSid = sid;
      const opened = new WebSocket(AGENT_URL, { perMessageDeflate: false });
      agent = opened;
      opened.on('open', () => {
        for (const audio of waiting.splice(0)) opened.send(audio);
      });
      opened.on('message', (data, isBinary) => {
        const bytes = data as Buffer;
        if (isBinary) {
          const payload = toCaller(bytes).toString('base64');
          caller.send(JSON.stringify({ event: 'media', streamSid, media: { payload } }));
        } else if (JSON.parse(bytes.toString()).type === 'user-interrupted') {
          caller.send(JSON.stringify({ event: 'clear', streamSid }));
        }
      });
      opened.on('close', () => caller.close());
      opened.on('error', () => caller.close());
    }

    caller.on('message', (text) => {
      const message = JSON.parse((text as Buffer).toString());
      if (message.event === 'start') start(message.start.streamSid);
      if (message.event !== 'media') return;
      const audio = toAgent(Buffer.from(message.media.payload, 'base64'));
      if (agent?.readyState === WebSocket.OPEN) agent.send(audio);
      else waiting.push(audio);
    });
    caller.on('close', () => {
      sessions -= 1;
      agent?.close();
    });
  },
);

process.on('SIGTERM', () => process.exit(0));
server.listen(Number(PORT), '127.0.0.1');
