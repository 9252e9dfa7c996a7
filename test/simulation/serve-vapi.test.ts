import { randomBytes } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { realClock } from '../../src/real-clock.ts';
import { createScriptedMind } from '../../src/simulation/scripted-mind.ts';
import { serveVapi, startSimulatedAgent } from '../../src/simulation/serve-vapi.ts';
import type { VapiScript } from '../../src/simulation/vapi-service.ts';
import { openWebSocket } from '../../src/web-sockets.ts';
import { callBody, KEY } from './vapi-world.ts';

const closers: Array<() => Promise<void>> = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function serve(script: VapiScript = {}) {
  const served = await serveVapi({
    clock: realClock,
    randomBytes,
    apiKey: KEY,
    mind: (line) => createScriptedMind(line),
    script,
  });
  closers.push(served.close);
  return served;
}

async function createCall(baseUrl: string, apiKey: string, body: string = JSON.stringify(callBody())) {
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  const response = await fetch(`${baseUrl}/call`, { method: 'POST', headers, body });
  const call = (await response.json()) as { transport: { websocketCallUrl: string } };
  return { status: response.status, call };
}

/** Opens a socket and tells what it came to: the first of its audio, or its end. */
function open(url: string, headers: Record<string, string> = {}) {
  const socket = openWebSocket(url, { headers, handshakeTimeoutMs: 2_000 });
  let heardAudio: (bytes: Buffer) => void;
  let heardClose: (end: { code: number; words: string }) => void;
  const audio = new Promise<Buffer>((resolve) => {
    heardAudio = resolve;
  });
  const closed = new Promise<{ code: number; words: string }>((resolve) => {
    heardClose = resolve;
  });
  const opened = new Promise<void>((resolve) => {
    socket.listen({
      opened: resolve,
      text() {},
      binary: (bytes) => heardAudio(bytes),
      ponged() {},
      closed: (code, words) => heardClose({ code, words }),
    });
  });
  return { socket, opened, audio, closed };
}

test('is called over HTTP and talked to over a WebSocket', async () => {
  const agent = await startSimulatedAgent({ clock: realClock, randomBytes });
  closers.push(agent.close);
  expect((await createCall(agent.baseUrl, 'another key')).status).toBe(401);
  const { status, call } = await createCall(agent.baseUrl, agent.apiKey);
  expect(status).toBe(201);
  const { socket, audio, closed } = open(call.transport.websocketCallUrl);
  expect(await audio).toHaveLength(160);
  socket.sendText('{"type":"end-call"}');
  expect((await closed).code).toBe(1000);
});

test('answers on the one socket of the direct dialect', async () => {
  const agent = await startSimulatedAgent({ clock: realClock, randomBytes }, 'mulaw');
  closers.push(agent.close);
  const { audio } = open(agent.directUrl, { Authorization: `Bearer ${agent.apiKey}` });
  expect(await audio).toHaveLength(160);
});

test('refuses the handshake of a call that there is not', async () => {
  const { wsUrl } = await serve();
  const { closed } = open(`${wsUrl}/00000000-0000-4000-8000-000000000000/transport`);
  expect(await closed).toEqual({ code: 1006, words: 'refused with HTTP 404' });
});

test('closes without a code where it is told to', async () => {
  const { httpUrl, service } = await serve({ ending: 'no-code' });
  const { call } = await createCall(httpUrl, KEY);
  const { opened, closed } = open(call.transport.websocketCallUrl);
  await opened;
  service.calls[0]?.end('assistant-ended-call');
  expect((await closed).code).toBe(1005);
});

test('takes a body of 256 KiB and no more', async () => {
  const { httpUrl, service } = await serve();
  const padded = (bytes: number) => JSON.stringify(callBody()).padEnd(bytes, ' ');
  expect((await createCall(httpUrl, KEY, padded(256 * 1024))).status).toBe(201);
  expect((await createCall(httpUrl, KEY, padded(256 * 1024 + 1))).status).toBe(413);
  expect(service.calls).toHaveLength(1);
});

test('cuts every call when it is closed', async () => {
  const served = await serve();
  const { call } = await createCall(served.httpUrl, KEY);
  const { opened, closed } = open(call.transport.websocketCallUrl);
  await opened;
  await served.close();
  expect((await closed).code).toBe(1006);
  expect(served.service.live()).toBe(0);
  closers.length = 0;
});
