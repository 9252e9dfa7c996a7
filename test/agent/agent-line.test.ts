import { describe, expect, it } from 'vitest';
import { createAgentLine } from '../../src/agent/agent-line.ts';
import { createConversation } from '../../src/agent/conversation.ts';
import { createDirect } from '../../src/agent/direct.ts';
import { createPhraseBook, ENGLISH } from '../../src/agent/phrases.ts';
import { createTransport } from '../../src/agent/transport.ts';
import { createVapiDesk } from '../../src/agent/vapi-desk.ts';
import type { Socket, SocketEar } from '../../src/ports.ts';
import { createMemoryNetwork, type MemorySocket } from '../support/memory-network.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

const WORDS = 'my card number is twelve';

interface Answer {
  status: number;
  body: string;
}

const CREATED: Answer = {
  status: 201,
  body: JSON.stringify({
    id: 'the-id',
    transport: { websocketCallUrl: 'ws://vapi/secret-path/transport' },
    monitor: { controlUrl: 'http://vapi/secret-control' },
  }),
};

/** An agent's line that is listened at, and what it was told, with the agent's end of the socket once there is one. */
function listenedAt({ answer = CREATED, overhearsWords = false } = {}) {
  const clock = createVirtualClock();
  const network = createMemoryNetwork({ clock, latencyMs: 10 });
  const told: string[] = [];
  const ends: MemorySocket[] = [];
  network.serve('ws://vapi', (_path, _headers, socket) => {
    socket.listen({ text() {}, binary() {}, ponged() {}, closed() {} });
    ends.push(socket);
    return true;
  });
  network.serveHttp('http://vapi', ({ method, path }) =>
    method === 'POST' && path === '/call' ? answer : { status: 200, body: '{}' },
  );
  const line = createAgentLine({
    clock,
    dialect: createTransport({
      ports: network,
      desk: createVapiDesk({ clock, fetch: network.fetch, apiKey: 'the-key', baseUrl: 'http://vapi' }),
      handshakeTimeoutMs: 1_000,
      spec: { name: 'CA1', assistant: { id: 'a' }, format: 'mulaw', maxDurationSeconds: 600 },
    }),
    sinceStart: clock.now,
    spoke() {},
    phrases: createPhraseBook(ENGLISH),
    conversation: createConversation(),
    overhear: (from, to, message, facts) =>
      told.push(`${from} → ${to} ${message}${facts ? ` ${JSON.stringify(facts)}` : ''}`),
    overhearsWords,
  });
  const signal = new AbortController().signal;

  async function create() {
    const outcome = line.create(signal);
    await clock.run(100);
    return outcome;
  }

  async function connect() {
    await create();
    line.open();
    await clock.run(100);
    const far = ends[0] as MemorySocket;
    return async (message: object) => {
      far.sendText(JSON.stringify(message));
      await clock.run(20);
    };
  }

  return { clock, line, told, signal, create, connect, ends };
}

describe('what is overheard of the agent', () => {
  it('is the request for a call and what came of it, the socket, and how both ends leave it', async () => {
    const { clock, line, told, connect } = listenedAt();
    await connect();
    line.send(Buffer.alloc(160));
    line.press('5');
    line.close();
    await clock.run(100);
    expect(told).toEqual([
      'bridge → vapi POST /call',
      'vapi → bridge 201 {"outcome":"created"}',
      'bridge → vapi dial',
      'vapi → bridge open {"afterMs":20}',
      'bridge → vapi add-message {}',
      'bridge → vapi end-call {}',
      'bridge → vapi close {"code":1000}',
      'vapi → bridge close {"code":1000}',
    ]);
  });

  it('is what Vapi says about who speaks and what it understood, without the words', async () => {
    const { told, connect } = listenedAt();
    const say = await connect();
    const before = told.length;
    await say({ type: 'speech-update', role: 'user', status: 'started' });
    await say({ type: 'transcript', role: 'user', transcriptType: 'partial', transcript: WORDS });
    await say({ type: 'transcript', role: 'user', transcriptType: 'final', transcript: 'mm-hm' });
    await say({ type: 'user-interrupted' });
    await say({ type: 'hang' });
    await say({ type: 'conversation-update', conversation: [{ role: 'user', content: WORDS }] });
    await say({ type: 'model-output', output: WORDS });
    await say({ type: WORDS });
    await say({ type: 'status-update', status: WORDS });
    await say({ type: 'status-update', status: 'ended', endedReason: WORDS });
    expect(told.slice(before)).toEqual(
      [
        'speech-update {"role":"user","status":"started"}',
        `transcript {"role":"user","final":false,"letters":${WORDS.length},"acknowledgement":false,"interruption":false}`,
        'transcript {"role":"user","final":true,"letters":5,"acknowledgement":true,"interruption":false}',
        'user-interrupted',
        'hang',
        'conversation-update',
        'other',
        'status-update {"status":"other"}',
        'status-update {"status":"ended"}',
      ].map((message) => `vapi → bridge ${message}`),
    );
  });

  it('holds the words where the operator asked for them', async () => {
    const { told, connect } = listenedAt({ overhearsWords: true });
    const say = await connect();
    await say({ type: 'transcript', role: 'assistant', transcriptType: 'final', transcript: WORDS });
    expect(told.at(-1)).toContain(`"text":"${WORDS}"`);
  });

  it('is how a call was refused, and how one is ended without its socket', async () => {
    const refused = listenedAt({ answer: { status: 401, body: '{"message":"Invalid Key the-key"}' } });
    await refused.create();
    expect(refused.told).toEqual(['bridge → vapi POST /call', 'vapi → bridge 401 {"outcome":"keyRefused"}']);

    const { clock, line, told, create, signal } = listenedAt();
    await create();
    void line.end(signal);
    await clock.run(200);
    expect(told.slice(2)).toEqual([
      'bridge → vapi POST end-call',
      'vapi → bridge 200',
      'bridge → vapi DELETE /call',
      'vapi → bridge 200',
    ]);
  });

  it('never holds a key, an id or an address', async () => {
    const { clock, line, told, connect, signal } = listenedAt({ overhearsWords: true });
    await connect();
    line.cut();
    void line.end(signal);
    await clock.run(200);
    expect(told.slice(-5)[0]).toBe('bridge → vapi cut');
    expect(told.join()).not.toMatch(/the-key|the-id|secret|vapi\/|CA1|press/);
  });
});

describe('a socket that was given up', () => {
  it('is not taken for the next one when it opens all the same', () => {
    const clock = createVirtualClock();
    const ears: SocketEar[] = [];
    const nothing = () => {};
    const dial = (): Socket => ({
      listen: (ear) => ears.push(ear),
      sendText: nothing,
      sendBinary: nothing,
      ping: nothing,
      close: nothing,
      terminate: nothing,
      pause: nothing,
      resume: nothing,
      unsentBytes: 0,
    });
    const line = createAgentLine({
      clock,
      dialect: createDirect({ ports: { openSocket: dial }, apiKey: '', endpoint: '', handshakeTimeoutMs: 1 }),
      sinceStart: clock.now,
      spoke() {},
      phrases: createPhraseBook(ENGLISH),
      conversation: createConversation(),
    });
    const facts: string[] = [];
    line.open();
    line.cut();
    line.connect(({ type }) => facts.push(type));
    line.open();
    ears[0]?.opened?.();
    expect([facts, clock.armed]).toEqual([[], 0]);
    ears[1]?.opened?.();
    expect([facts, clock.armed]).toEqual([['socket.opened'], 1]);
  });
});
