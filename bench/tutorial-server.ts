/**
 * The design from which this project grew, as a tutorial describes it: an Express app and a `ws` server on one port, a
 * map of sessions, the caller's audio decoded to PCM and gathered for 400 ms before it is sent as one message, a lock so
 * that chunks are never handled at once, and a `clear` when a partial transcript comes while the agent speaks. The
 * agent's audio is passed on as it comes. Samples are 16-bit at 8 kHz, so that every frame can be told on either side.
 */
import { createServer } from 'node:http';
import express from 'express';
import { WebSocket, WebSocketServer } from 'ws';

const { PORT = '0', AGENT_URL = '' } = process.env;

const BUFFER_SIZE = 20;
const MAX_BUFFER_SIZE = 50;
const SESSION_TTL_MS = 25 * 60_000;
const HEARTBEAT_MS = 10_000;
const SPEAKING_MS = 500;

interface Session {
  streamSid: string;
  twilio: WebSocket;
  vapi: WebSocket;
  chunks: Buffer[];
  isProcessing: boolean;
  lastSpokeAt: number;
  timer: NodeJS.Timeout;
  heartbeat: NodeJS.Timeout;
}

const sessions = new Map<string, Session>();

function decode(mulaw: Buffer): Buffer {
  const pcm = Buffer.alloc(mulaw.length * 2);
  for (let i = 0; i < mulaw.length; i += 1) {
    const bits = ~(mulaw[i] as number) & 0xff;
    const magnitude = ((((bits & 0x0f) << 3) + 0x84) << ((bits >> 4) & 7)) - 0x84;
    pcm.writeInt16LE(bits & 0x80 ? -magnitude : magnitude, i * 2);
  }
  return pcm;
}

function encode(pcm: Buffer): Buffer {
  const mulaw = Buffer.alloc(pcm.length / 2);
  for (let i = 0; i < mulaw.length; i += 1) {
    const sample = pcm.readInt16LE(i * 2);
    const magnitude = Math.min(Math.abs(sample), 32_635) + 0x84;
    let exponent = 7;
    for (let mask = 0x4000; (magnitude & mask) === 0 && exponent > 0; mask >>= 1) exponent -= 1;
    const mantissa = (magnitude >> (exponent + 3)) & 0x0f;
    mulaw[i] = ~((sample < 0 ? 0x80 : 0) | (exponent << 4) | mantissa) & 0xff;
  }
  return mulaw;
}

async function processAudio(session: Session): Promise<void> {
  if (session.isProcessing || session.chunks.length < BUFFER_SIZE) return;
  session.isProcessing = true;
  try {
    const audio = decode(Buffer.concat(session.chunks.splice(0)));
    if (session.vapi.readyState === WebSocket.OPEN) session.vapi.send(audio);
  } finally {
    session.isProcessing = false;
  }
}

function cleanup(streamSid: string): void {
  const session = sessions.get(streamSid);
  if (!session) return;
  sessions.delete(streamSid);
  clearTimeout(session.timer);
  clearInterval(session.heartbeat);
  session.vapi.close();
  session.twilio.close();
}

function openSession(streamSid: string, twilio: WebSocket): Session {
  const vapi = new WebSocket(AGENT_URL, {
    headers: { Authorization: 'Bearer bench-key' },
    perMessageDeflate: false,
  });
  const session: Session = {
    streamSid,
    twilio,
    vapi,
    chunks: [],
    isProcessing: false,
    lastSpokeAt: 0,
    timer: setTimeout(() => cleanup(streamSid), SESSION_TTL_MS),
    heartbeat: setInterval(() => twilio.ping(), HEARTBEAT_MS),
  };
  vapi.on('message', (data, isBinary) => {
    if (isBinary) {
      session.lastSpokeAt = Date.now();
      const payload = encode(data as Buffer).toString('base64');
      twilio.send(JSON.stringify({ event: 'media', streamSid, media: { payload } }));
      return;
    }
    const message = JSON.parse(data.toString());
    const isPartial = message.type === 'transcript' && message.transcriptType === 'partial';
    if (!isPartial || Date.now() - session.lastSpokeAt > SPEAKING_MS) return;
    twilio.send(JSON.stringify({ event: 'clear', streamSid }));
  });
  vapi.on('close', () => cleanup(streamSid));
  vapi.on('error', () => cleanup(streamSid));
  return session;
}

const app = express();
app.get('/health', (_request, response) => {
  response.json({ status: 'ok', sessions: sessions.size, uptime: process.uptime() });
});
app.get('/metrics', (_request, response) => {
  const { user, system } = process.cpuUsage();
  response.send(
    `process_cpu_seconds_total ${(user + system) / 1e6}\nprocess_resident_memory_bytes ${process.memoryUsage.rss()}\n`,
  );
});
const server = createServer(app);

new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (twilio) => {
  let streamSid = '';
  twilio.on('message', async (data) => {
    const message = JSON.parse(data.toString());
    if (message.event === 'start') {
      streamSid = message.start.streamSid;
      sessions.set(streamSid, openSession(streamSid, twilio));
    } else if (message.event === 'media') {
      const session = sessions.get(streamSid);
      if (!session) return;
      session.chunks.push(Buffer.from(message.media.payload, 'base64'));
      if (session.chunks.length > MAX_BUFFER_SIZE) session.chunks.shift();
      await processAudio(session);
    } else if (message.event === 'stop') cleanup(streamSid);
  });
  twilio.on('close', () => cleanup(streamSid));
  twilio.on('error', () => cleanup(streamSid));
});

process.on('SIGTERM', () => process.exit(0));
server.listen(Number(PORT), '127.0.0.1');
