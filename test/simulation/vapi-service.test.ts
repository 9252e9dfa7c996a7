import { expect, test } from 'vitest';
import type { CreateAnswer } from '../../src/simulation/vapi-answers.ts';
import type { VapiEnding } from '../../src/simulation/vapi-line.ts';
import { callBody, createVapiWorld, KEY } from './vapi-world.ts';

test('answers POST /call with the call and its addresses', async () => {
  const { service, ask } = createVapiWorld();
  const { status, text } = await ask('POST', '/call', callBody({ assistantId: 'front-desk' }));
  expect(status).toBe(201);
  const id = service.calls[0]?.id;
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(JSON.parse(text)).toMatchObject({
    id,
    assistantId: 'front-desk',
    type: 'vapi.websocketCall',
    status: 'queued',
    transport: { provider: 'vapi.websocket', websocketCallUrl: `ws://vapi/${id}/transport` },
    monitor: { controlUrl: `http://vapi/${id}/control` },
    subscriptionLimits: { concurrencyBlocked: false, concurrencyLimit: 10, remainingConcurrentCalls: 9 },
  });
  expect(service.live()).toBe(1);
});

test('takes no call without the private key', async () => {
  const { service, ask } = createVapiWorld();
  const { status, text } = await ask('POST', '/call', callBody(), 'public-key');
  expect(status).toBe(401);
  expect(JSON.parse(text)).toMatchObject({ error: 'Unauthorized', statusCode: 401 });
  expect(service.calls).toEqual([]);
});

test.each([
  ['another transport', { transport: { provider: 'daily' } }, 'Need Either `phoneNumberId`'],
  ['a phone number beside the transport', callBody({ phoneNumberId: 'p' }), 'mutually exclusive'],
  ['pcm16', callBody({}, { format: 'pcm16', container: 'raw', sampleRate: 16_000 }), 'audioFormat.format'],
  ['a container', callBody({}, { format: 'mulaw', container: 'wav', sampleRate: 8_000 }), 'container'],
  ['no sample rate', callBody({}, { format: 'mulaw', container: 'raw' }), 'sampleRate'],
  ['top-level metadata', callBody({ metadata: {} }), 'property metadata should not exist'],
  ['an override that is none', callBody({ assistantOverrides: { silenceTimeoutSeconds: 9 } }), 'should not'],
  ['a name of 41 characters', callBody({ name: 'n'.repeat(41) }), '40 characters'],
  ['text that is no JSON', '{', 'JSON'],
])('refuses %s with 400', async (_what, body, words) => {
  const { service, ask } = createVapiWorld();
  const { status, text } = await ask('POST', '/call', body);
  expect(status).toBe(400);
  expect(String(JSON.parse(text).message)).toContain(words);
  expect(service.live()).toBe(0);
});

test('speaks 16 kHz PCM where no audio format is asked for', async () => {
  const { service, ask } = createVapiWorld();
  await ask('POST', '/call', { transport: { provider: 'vapi.websocket' } });
  expect(service.calls[0]?.format).toBe('pcm_s16le');
});

test.each<[CreateAnswer, number, RegExp]>([
  ['bad-request', 400, /"message":"/],
  ['bad-request-list', 400, /"message":\["/],
  ['invalid-key', 401, /Invalid Key/],
  ['payment-required', 402, /402/],
  ['blocked', 403, /^error code: 1010$/],
  ['rate-limited', 429, /429/],
  ['server-error', 500, /500/],
  ['bad-gateway', 502, /^<html>/],
])('can be made to answer as %s, for one request', async (as, expected, body) => {
  const { ask } = createVapiWorld({ answer: (n) => (n === 0 ? { as } : undefined) });
  const first = await ask('POST', '/call', callBody());
  expect(first.status).toBe(expected);
  expect(first.text).toMatch(body);
  expect((await ask('POST', '/call', callBody())).status).toBe(201);
});

test('can leave out the address of the socket', async () => {
  const { ask } = createVapiWorld({ answer: () => ({ as: 'created-without-url' }) });
  const { status, text } = await ask('POST', '/call', callBody());
  expect(status).toBe(201);
  expect(JSON.parse(text).transport).toEqual({ provider: 'vapi.websocket' });
});

test('starts no call when it is blocked by concurrency', async () => {
  const { service, ask, join } = createVapiWorld({ answer: () => ({ as: 'concurrency-blocked' }) });
  const { status, text } = await ask('POST', '/call', callBody());
  expect(status).toBe(201);
  expect(JSON.parse(text).subscriptionLimits.concurrencyBlocked).toBe(true);
  expect(service.live()).toBe(0);
  expect(join(`/${service.calls[0]?.id}/transport`)).toBeUndefined();
});

test('takes its time', async () => {
  const { clock, ask } = createVapiWorld({ createDelayMs: 500 });
  let answered = false;
  void ask('POST', '/call', callBody()).then(() => {
    answered = true;
  });
  await clock.run(499);
  expect(answered).toBe(false);
  await clock.run(1);
  expect(answered).toBe(true);
});

test('lets the socket of a call in once, and no other', async () => {
  const { service, ask, join } = createVapiWorld();
  await ask('POST', '/call', callBody());
  const path = `/${service.calls[0]?.id}/transport`;
  expect(join('/00000000-0000-4000-8000-000000000000/transport')).toBeUndefined();
  expect(join(path.replace('transport', 'listen'))).toBeUndefined();
  expect(join(path)).toBeDefined();
  expect(join(path)).toBeUndefined();
});

test('says that the call is in progress 140 ms after the socket opened', async () => {
  const { clock, openCall } = createVapiWorld();
  const { client, call } = await openCall();
  clock.advance(139);
  expect(client.messages()).toEqual([]);
  clock.advance(1);
  expect(client.messages()).toEqual([{ type: 'status-update', status: 'in-progress' }]);
  expect(call.state).toBe('in-progress');
});

test('keeps what the caller sends, with the time at which it came', async () => {
  const { clock, openCall } = createVapiWorld();
  const { client, call } = await openCall();
  client.socket.sendBinary(Buffer.alloc(160, 1));
  clock.advance(20);
  client.socket.sendBinary(Buffer.alloc(320, 2));
  expect(call.heard.map(({ at, bytes }) => [at, bytes.length])).toEqual([
    [0, 160],
    [20, 320],
  ]);
  expect(call.heardBytes).toBe(480);
});

test('keeps no more of it than it may', async () => {
  const { openCall } = createVapiWorld({ keepHeardBytes: 400 });
  const { client, call } = await openCall();
  for (const value of [1, 2, 3, 4]) client.socket.sendBinary(Buffer.alloc(160, value));
  expect(call.heard.map(({ bytes }) => bytes[0])).toEqual([3, 4]);
  expect(call.heardBytes).toBe(640);
});

test('counts messages that it does not know, and lives on', async () => {
  const { openCall } = createVapiWorld();
  const { client, call } = await openCall();
  for (const text of ['not json', '[]', '{"type":"ping"}', '{}']) client.socket.sendText(text);
  client.socket.sendText('{"type":"add-message","message":{"role":"system","content":"x"}}');
  expect(call.unknownMessages).toBe(4);
  expect(call.messages).toHaveLength(5);
  expect(call.state).toBe('in-progress');
});

test.each([
  ['end-call', 'manually-canceled'],
  ['hangup', 'customer-ended-call'],
])('ends the call on %s: says so, then closes', async (type, endedReason) => {
  const { service, openCall } = createVapiWorld();
  const { client, call } = await openCall();
  client.socket.sendText(JSON.stringify({ type }));
  expect(client.messages()).toEqual([{ type: 'status-update', status: 'ended', endedReason }]);
  expect(client.closedWith).toBe(1000);
  expect(call).toMatchObject({ state: 'ended', endedReason });
  expect(service.live()).toBe(0);
});

test.each<[VapiEnding, number, number]>([
  ['said', 1000, 1],
  ['unsaid', 1000, 0],
  ['cut', 1006, 0],
  ['failed', 1011, 0],
])('can end a call as %s', async (ending, code, messages) => {
  const { clock, openCall } = createVapiWorld({ ending });
  const { client, call } = await openCall();
  call.end('assistant-ended-call');
  expect(client.closedWith).toBe(code);
  expect(client.messages()).toHaveLength(messages);
  clock.advance(60_000);
  expect(clock.armed).toBe(0);
});

test('ends a call that sends no audio for 30 s', async () => {
  const { clock, openCall } = createVapiWorld();
  const { client, call } = await openCall();
  clock.advance(10_000);
  client.socket.sendBinary(Buffer.alloc(160));
  clock.advance(29_999);
  expect(call.state).toBe('in-progress');
  clock.advance(1);
  expect(call.endedReason).toBe('silence-timed-out');
  expect(client.messages().at(-1)).toMatchObject({ status: 'ended', endedReason: 'silence-timed-out' });
});

test('ends a call whose socket never comes', async () => {
  const { clock, service, ask } = createVapiWorld();
  await ask('POST', '/call', callBody());
  clock.advance(20_000);
  expect(service.calls[0]?.endedReason).toContain('transport-never-connected');
});

test('ends a call at its maximum duration', async () => {
  const { clock, openCall } = createVapiWorld({ silenceTimeoutMs: 1e6 });
  const { call } = await openCall(callBody({ assistantOverrides: { maxDurationSeconds: 60 } }));
  clock.advance(59_999);
  expect(call.state).toBe('in-progress');
  clock.advance(1);
  expect(call.endedReason).toBe('exceeded-max-duration');
});

test('takes the close of the socket for the end of the call', async () => {
  const { service, openCall } = createVapiWorld();
  const { client, call } = await openCall();
  client.socket.close(1000, 'done');
  expect(call).toMatchObject({ state: 'ended', endedReason: 'customer-ended-call', closeCode: 1000 });
  expect(service.live()).toBe(0);
});

test('ends a call by its control address, without a key', async () => {
  const { ask, openCall } = createVapiWorld();
  const { call, client } = await openCall();
  expect((await ask('POST', `/${call.id}/control`, { type: 'nonsense' }, '')).status).toBe(400);
  expect((await ask('POST', `/${call.id}/control`, { type: 'say', content: 'Hello' }, '')).status).toBe(200);
  expect((await ask('POST', `/${call.id}/control`, { type: 'end-call' }, '')).status).toBe(200);
  expect(client.closedWith).toBe(1000);
  expect((await ask('POST', `/${call.id}/control`, { type: 'end-call' }, '')).status).toBe(404);
});

test('shows and deletes a call to who has the key', async () => {
  const { ask, openCall } = createVapiWorld();
  const { call } = await openCall();
  expect((await ask('GET', `/call/${call.id}`, '', 'other')).status).toBe(401);
  expect(JSON.parse((await ask('GET', `/call/${call.id}`)).text).status).toBe('in-progress');
  expect((await ask('DELETE', `/call/${call.id}`)).status).toBe(200);
  expect(JSON.parse((await ask('GET', `/call/${call.id}`)).text)).toMatchObject({
    status: 'ended',
    endedReason: 'manually-canceled',
  });
  expect((await ask('GET', '/call/other')).status).toBe(404);
});

test('sends only the messages that the call asks for', async () => {
  const { minds, openCall } = createVapiWorld();
  const { client } = await openCall(callBody({ assistantOverrides: { clientMessages: ['transcript'] } }));
  minds[0]?.interrupt();
  minds[0]?.transcript('Wait', 'partial');
  expect(client.messages()).toEqual([
    { type: 'transcript', role: 'user', transcriptType: 'partial', transcript: 'Wait' },
  ]);
});

test('can wrap its messages as webhooks are, and say nonsense', async () => {
  const { clock, openCall } = createVapiWorld({ wrapMessages: true });
  const { client, call } = await openCall();
  clock.advance(140);
  call.sendText('{"type":');
  expect(client.heard.map(({ text }) => text)).toEqual([
    '{"message":{"type":"status-update","status":"in-progress"}}',
    '{"type":',
  ]);
});

test('refuses the handshakes that it is told to refuse', async () => {
  const { service, ask, join } = createVapiWorld({ refusesSocket: (n) => n === 0 });
  await ask('POST', '/call', callBody());
  const path = `/${service.calls[0]?.id}/transport`;
  expect(join(path)).toBeUndefined();
  expect(join(path)).toBeDefined();
});

test('forgets calls that have ended beyond the number that it keeps', async () => {
  const { service, openCall } = createVapiWorld({ keepEndedCalls: 2 });
  for (let n = 0; n < 5; n += 1) (await openCall()).call.end('assistant-ended-call');
  const live = await openCall();
  expect(service.calls).toHaveLength(3);
  expect(service.calls.at(-1)).toBe(live.call);
});

test('plays a script: speech, an interruption, and silence until there is something new', async () => {
  const { clock, minds, openCall } = createVapiWorld();
  const { client } = await openCall();
  const mind = minds[0];
  mind?.say(Buffer.alloc(8_000, 1));
  clock.advance(500);
  mind?.callerSpeech('started');
  mind?.interrupt();
  const before = client.audio().length;
  expect(before).toBeGreaterThan(3_000);
  clock.advance(2_000);
  expect(client.audio().length).toBe(before);
  expect(client.messages().map(({ type, status = '' }) => `${type} ${status}`)).toEqual([
    'speech-update started',
    'status-update in-progress',
    'speech-update started',
    'user-interrupted ',
    'speech-update stopped',
  ]);
});

test('wants the key on the socket of the direct dialect, each of which is a call', () => {
  const { service, join } = createVapiWorld();
  expect(join('/ws')).toBeUndefined();
  expect(join('/ws', { authorization: 'Bearer wrong' })).toBeUndefined();
  expect(join('/ws', { authorization: `Bearer ${KEY}` })).toBeDefined();
  expect(join('/ws', { authorization: `Bearer ${KEY}` })).toBeDefined();
  expect(service.live()).toBe(2);
  expect(service.calls[0]).toMatchObject({ dialect: 'direct', format: 'pcm_s16le', state: 'in-progress' });
});

test('says the transcripts of the caller, and nothing else, in the direct dialect', () => {
  const { clock, minds, join } = createVapiWorld();
  const client = join('/ws', { authorization: `Bearer ${KEY}` });
  clock.advance(1_000);
  minds[0]?.transcript('Wait', 'partial');
  minds[0]?.transcript('Hello', 'final', 'assistant');
  minds[0]?.transcript('Wait.', 'final');
  minds[0]?.interrupt();
  expect(client?.messages()).toEqual([
    { event: 'transcript', isFinal: false, text: 'Wait' },
    { event: 'transcript', isFinal: true, text: 'Wait.' },
  ]);
});

test.each(['binary', 'json'] as const)('sends audio as %s in the direct dialect', (directAudio) => {
  const { clock, minds, join } = createVapiWorld({ directAudio });
  const client = join('/ws', { authorization: `Bearer ${KEY}` });
  clock.advance(0);
  const audio = Buffer.from('agent audio');
  minds[0]?.say(audio, 'at-once');
  if (directAudio === 'binary') expect(client?.audio().equals(audio)).toBe(true);
  else expect(client?.messages()).toEqual([{ event: 'audio', audio: audio.toString('base64') }]);
});

test('begins with its mind before it tells it of audio, however early that comes', async () => {
  const told: string[] = [];
  const { clock, service, ask, join } = createVapiWorld({}, () => ({
    opened: () => told.push('opened'),
    audio: (bytes) => told.push(`audio ${bytes.length}`),
    message: ({ type }) => told.push(String(type)),
    closed: () => told.push('closed'),
  }));
  await ask('POST', '/call', callBody());
  const client = join(`/${service.calls[0]?.id}/transport`);
  client?.socket.sendBinary(Buffer.alloc(3_200));
  client?.socket.sendText('{"type":"say","content":"x"}');
  clock.advance(100);
  client?.socket.close(1000, '');
  expect(told).toEqual(['opened', 'audio 3200', 'say', 'closed']);
});

test('lists the calls made since a moment, the newest first, for the bearer of the key', async () => {
  const { clock, service, ask } = createVapiWorld();
  for (const name of ['one', 'two', 'three']) {
    await ask('POST', '/call', callBody({ name }));
    await clock.run(1_000);
  }
  service.calls[1]?.end('silence-timed-out');
  const since = encodeURIComponent(new Date(clock.epochMs() - 2_000).toISOString());
  const { status, text } = await ask('GET', `/call?limit=2&createdAtGe=${since}`, undefined);
  expect(status).toBe(200);
  expect(JSON.parse(text)).toMatchObject([
    { name: 'three', status: 'queued', id: service.calls[2]?.id },
    { name: 'two', status: 'ended', endedReason: 'silence-timed-out' },
  ]);
  expect((await ask('GET', '/call', undefined, 'public-key')).status).toBe(401);
  for (const query of ['name=one', 'limit=-1', 'createdAtGe=today', 'createdAtLe=2026-01-01T00:00:00Z'])
    expect((await ask('GET', `/call?${query}`, undefined)).status).toBe(400);
});

test('starts no call beyond its concurrency limit', async () => {
  const { service, ask } = createVapiWorld({ concurrencyLimit: 1 });
  await ask('POST', '/call', callBody());
  const { text } = await ask('POST', '/call', callBody());
  expect(JSON.parse(text).subscriptionLimits).toEqual({
    concurrencyBlocked: true,
    concurrencyLimit: 1,
    remainingConcurrentCalls: 0,
  });
  expect(service.live()).toBe(1);
});

test('can make a call and leave the request unanswered for a while', async () => {
  const { clock, service, ask } = createVapiWorld({ answer: () => ({ answerDelayMs: 5_000 }) });
  let answered = false;
  void ask('POST', '/call', callBody()).then(() => {
    answered = true;
  });
  await clock.run(4_999);
  expect([service.live(), answered]).toEqual([1, false]);
  await clock.run(1);
  expect(answered).toBe(true);
});
