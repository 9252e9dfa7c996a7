import { describe, expect, it } from 'vitest';
import {
  AUTH_TOKEN,
  ask,
  closeWorldsAfterEach,
  eventually,
  media,
  newSid,
  openWorld,
  PUBLIC_URL,
  sign,
  streamOf,
} from './server-world.ts';

closeWorldsAfterEach();

const FALLBACK = '+12025550199';
const APOLOGY =
  '<Response><Say>We are sorry, we cannot take your call right now. Please try again later.</Say><Hangup/></Response>';
/** A person is dialled; `more` are the attributes beyond the usual. */
const dialTo = (more: string) =>
  `<Response><Say>Let me connect you to a person.</Say><Dial answerOnBridge="true" timeout="20"${more}><Number>${FALLBACK}</Number></Dial><Hangup/></Response>`;
const DIAL = dialTo(` action="${PUBLIC_URL}/webhook/twilio/after-dial" method="POST"`);
const HANG_UP = '<Response><Hangup/></Response>';
const XML = '<?xml version="1.0" encoding="UTF-8"?>';

const withoutHeader = (twiml: string) => twiml.replace(XML, '');
const form = (callSid: string) => ({ CallSid: callSid });

describe('POST /webhook/twilio', () => {
  it('greets, connects a two-way stream with a ticket and a nonce, and has a safe tail', async () => {
    const world = await openWorld({ publicUrl: PUBLIC_URL });
    const { status, headers, text } = await world.webhook(newSid('CA'));
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^text\/xml/);
    const { ticket, nonce } = streamOf(text);
    expect(ticket).toMatch(/^[\w-]+\.[\w-]{43}$/);
    expect(nonce).toMatch(/^[\w-]{22}$/);
    expect(text).toBe(
      `${XML}<Response><Say>Connecting you</Say>` +
        `<Connect action="${PUBLIC_URL}/webhook/twilio/after" method="POST">` +
        `<Stream url="wss://bridge.example.com/media/${ticket}" statusCallback="${PUBLIC_URL}/webhook/twilio/stream" statusCallbackMethod="POST">` +
        `<Parameter name="nonce" value="${nonce}"/></Stream></Connect>` +
        '<Say>We are sorry, we cannot take your call right now. Please try again later.</Say><Hangup/></Response>',
    );
  });

  it('speaks no greeting where none is set', async () => {
    const world = await openWorld({ greeting: '' });
    expect((await world.webhook(newSid('CA'))).text).toMatch(/^<\?xml[^>]*><Response><Connect/);
  });

  it('asks for the agent at once, for this caller', async () => {
    const world = await openWorld();
    const callSid = newSid('CA');
    await world.webhook(callSid);
    await eventually(() => expect(world.vapi.service.calls).toHaveLength(1));
    expect(JSON.stringify(world.vapi.service.calls[0]?.request)).toContain(callSid);
    expect(world.calls.find(callSid)?.state).toBe('connecting');
  });

  it('answers the same when it is asked again for the same call, and calls one agent', async () => {
    const world = await openWorld();
    const callSid = newSid('CA');
    const first = await world.webhook(callSid);
    const again = await Promise.all([world.webhook(callSid), world.webhook(callSid), world.webhook(callSid)]);
    expect(again.map(({ text }) => text)).toEqual(Array(3).fill(first.text));
    await eventually(() => expect(world.vapi.service.calls).toHaveLength(1));
    expect(world.calls.list()).toHaveLength(1);
  });

  it('gives one ticket and calls one agent when it is asked fifty times at once', async () => {
    const world = await openWorld();
    const callSid = newSid('CA');
    const answers = await Promise.all(Array.from({ length: 50 }, () => world.webhook(callSid)));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(world.calls.list()).toHaveLength(1);
    await eventually(() => expect(world.vapi.service.calls).toHaveLength(1));
  });

  it('gives no other ticket and calls no other agent once the stream has started', async () => {
    const world = await openWorld();
    const { callSid } = await world.connect();
    expect(withoutHeader((await world.webhook(callSid)).text)).toBe(APOLOGY);
    expect(world.calls.list()).toHaveLength(1);
    expect(world.vapi.service.calls).toHaveLength(1);
  });

  it('gives no other ticket and calls no other agent once the call is over', async () => {
    const world = await openWorld();
    const { callSid, line } = await world.connect();
    line.send({ event: 'stop' });
    await eventually(() => expect(world.calls.live).toBe(0));
    expect(withoutHeader((await world.webhook(callSid)).text)).toBe(HANG_UP);
    expect(world.vapi.service.calls).toHaveLength(1);
  });

  it('knows an old request again when its call is long forgotten', async () => {
    const world = await openWorld({ maxCalls: 200, vapi: { answer: () => ({ as: 'invalid-key' }) } });
    const callSid = newSid('CA');
    await world.webhook(callSid);
    await eventually(() => expect(world.calls.live).toBe(0));
    // As many ended calls are kept as can be alive.
    for (let batch = 0; batch < 2; batch += 1) {
      await Promise.all(Array.from({ length: 101 }, () => world.webhook(newSid('CA'))));
      await eventually(() => expect(world.calls.live).toBe(0));
    }
    expect(world.calls.find(callSid)).toBeUndefined();
    expect(withoutHeader((await world.webhook(callSid)).text)).toBe(APOLOGY);
    expect(world.calls.find(callSid)).toBeUndefined();
  });

  it('says that all lines are busy when the house is full', async () => {
    const world = await openWorld({ maxCalls: 1 });
    await world.connect();
    const { status, text } = await world.webhook(newSid('CA'));
    expect(status).toBe(200);
    expect(withoutHeader(text)).toBe(
      '<Response><Say>All our lines are busy right now. Please try again later.</Say><Hangup/></Response>',
    );
    expect(world.calls.list()).toHaveLength(1);
  });

  it('dials a person when the house is full and there is one', async () => {
    const world = await openWorld({ maxCalls: 1, fallbackNumber: FALLBACK });
    await world.connect();
    const { text } = await world.webhook(newSid('CA'));
    expect(text).toContain('<Say>All our lines are busy right now. Let me connect you to a person.</Say>');
    expect(text).toContain(`<Number>${FALLBACK}</Number>`);
    expect(text).not.toContain('<Stream');
  });

  it('has room again once a call is over', async () => {
    const world = await openWorld({ maxCalls: 1 });
    const { line } = await world.connect();
    line.send({ event: 'stop' });
    await eventually(() => expect(world.calls.live).toBe(0));
    expect((await world.webhook(newSid('CA'))).text).toContain('<Stream');
  });

  it.each([
    ['apologises', undefined, APOLOGY],
    ['dials a person', FALLBACK, dialTo(' callerId="+12025550187"')],
  ])(
    '%s while the server drains, and still connects a call that it had promised to',
    async (_, number, twiml) => {
      const world = await openWorld({ fallbackNumber: number });
      const promised = newSid('CA');
      const { text } = await world.webhook(promised);
      world.server.drain();
      expect(withoutHeader((await world.webhook(newSid('CA'))).text)).toBe(twiml);
      expect((await world.webhook(promised)).text).toBe(text);
      const line = world.knock(streamOf(text).path);
      expect(await line.opened).toBe('open');
    },
  );

  it.each([
    ['without a CallSid', { From: '+12025550143' }],
    ['whose CallSid is a path', { CallSid: '../../Accounts' }],
    ['whose CallSid is empty', { CallSid: '' }],
  ])('refuses a form %s, in words', async (_, fields) => {
    const world = await openWorld();
    const { status, text } = await world.post('/webhook/twilio', fields);
    expect(status).toBe(400);
    expect(text).toBe('This is no voice webhook: webhook without a usable CallSid.\n');
    expect(world.refusals).toEqual(['webhook without a usable CallSid']);
    expect(world.calls.list()).toEqual([]);
  });

  it.each([
    ['two CallSids', 'application/x-www-form-urlencoded', 'CallSid=CA1&CallSid=CA2'],
    ['JSON', 'application/json', '{"CallSid":"CA1"}'],
    ['no type', '', 'CallSid=CA1'],
    ['nothing', 'application/x-www-form-urlencoded', ''],
    ['nonsense', 'application/x-www-form-urlencoded', '%%%=\u0000&[]=&__proto__=x'],
  ])('refuses a body of %s', async (_, type, body) => {
    const world = await openWorld();
    const headers = type ? { 'content-type': type } : {};
    const answer = await ask(world.port, '/webhook/twilio', { method: 'POST', headers, body });
    expect(answer.status).toBe(400);
    expect(answer.text).toMatch(/^This is no voice webhook/);
    expect(world.calls.list()).toEqual([]);
  });

  it('refuses a body of more than 64 KiB, and one of a thousand and one fields', async () => {
    const world = await openWorld();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    for (const body of [`CallSid=CA1&x=${'x'.repeat(64 * 1024)}`, `CallSid=CA1${'&x=1'.repeat(1_001)}`]) {
      const answer = await ask(world.port, '/webhook/twilio', { method: 'POST', headers, body });
      expect(answer).toMatchObject({
        status: 413,
        text: 'The request was not handled: Payload Too Large.\n',
      });
    }
    expect(world.calls.list()).toEqual([]);
    expect(world.failures).toEqual([]);
  });

  it('escapes the name by which it was asked, which a stranger may choose', async () => {
    const world = await openWorld();
    const headers = { 'x-forwarded-host': 'evil"/><Dial>+19005550100</Dial><x y="' };
    const { status, text } = await world.post('/webhook/twilio', { CallSid: newSid('CA') }, headers);
    expect(status).toBe(200);
    expect(text).not.toContain('<Dial>');
  });

  it('takes its address from the tunnel when no other is set', async () => {
    const world = await openWorld();
    const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'abc.ngrok.app' };
    const { text } = await world.post('/webhook/twilio', { CallSid: newSid('CA') }, headers);
    expect(text).toContain('<Connect action="https://abc.ngrok.app/webhook/twilio/after"');
    expect(streamOf(text).url).toMatch(/^wss:\/\/abc\.ngrok\.app\/media\//);
  });
});

describe('a signed webhook', () => {
  it('is let in, behind a proxy that calls the server by another name', async () => {
    const world = await openWorld({ signed: true });
    const fields = { ...form(newSid('CA')), Caller: 'Ann & Bob', Empty: '', Umlaut: 'äöü +%' };
    const { status, text } = await world.post('/webhook/twilio', fields);
    expect(status).toBe(200);
    expect(streamOf(text).url).toMatch(/^wss:\/\/bridge\.example\.com\/media\//);
  });

  it('is let in with a query and with a slash at the end, signed as they stand', async () => {
    const world = await openWorld({ signed: true });
    for (const path of ['/webhook/twilio?tenant=1', '/webhook/twilio/']) {
      expect((await world.post(path, form(newSid('CA')))).status).toBe(200);
    }
  });

  const path = '/webhook/twilio';
  const callSid = newSid('CA');
  const fields = { CallSid: callSid, From: '+12025550143' };

  it.each<[string, string | undefined]>([
    ['no signature', undefined],
    ['an empty one', ''],
    ['nonsense', 'nonsense'],
    ['one made with another token', sign(PUBLIC_URL + path, fields, `${AUTH_TOKEN.slice(1)}0`)],
    ['one made with an empty token', sign(PUBLIC_URL + path, fields, '')],
    ['one of another call', sign(PUBLIC_URL + path, { ...fields, CallSid: newSid('CA') })],
    ['one of no fields', sign(PUBLIC_URL + path, {})],
    ['one of another path', sign(`${PUBLIC_URL}/webhook/twilio/after`, fields)],
    ['one of another host', sign(`https://evil.example${path}`, fields)],
    ['one of the address as the server sees it', sign(`http://127.0.0.1${path}`, fields)],
    ['one of the socket', sign(`${PUBLIC_URL.replace('https', 'wss')}${path}`, fields)],
  ])('is refused with %s, and calls no agent', async (_, signature) => {
    const world = await openWorld({ signed: true });
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'x-forwarded-host': 'evil.example',
      ...(signature === undefined ? {} : { 'x-twilio-signature': signature }),
    };
    const body = new URLSearchParams(fields).toString();
    const answer = await ask(world.port, path, { method: 'POST', headers, body });
    expect(answer).toMatchObject({ status: 403, text: '' });
    expect(world.refusals).toEqual(["a request to /webhook/twilio without Twilio's signature"]);
    expect(world.calls.list()).toEqual([]);
  });

  it.each([
    '/webhook/twilio/after',
    '/webhook/twilio/after?stream=2',
    '/webhook/twilio/after-dial',
    '/webhook/twilio/after-voicemail',
    '/webhook/twilio/recording',
    '/webhook/twilio/stream',
    '/webhook/twilio/call',
    '/webhook/twilio/more',
  ])('is asked for at %s as well', async (other) => {
    const world = await openWorld({ signed: true });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await ask(world.port, other, { method: 'POST', headers, body: 'CallSid=CA1' })).status).toBe(403);
  });

  it('cannot be taken for one with other fields by sending them in another form', async () => {
    const world = await openWorld({ signed: true });
    const headers = { 'content-type': 'application/json', 'x-twilio-signature': sign(PUBLIC_URL + path, {}) };
    const body = JSON.stringify(fields);
    const answer = await ask(world.port, path, { method: 'POST', headers, body });
    expect(answer.status).toBe(400);
    expect(world.calls.list()).toEqual([]);
  });
});

describe('POST /webhook/twilio/after', () => {
  const whatFollows = async (world: Awaited<ReturnType<typeof openWorld>>, callSid: string) =>
    withoutHeader((await world.post('/webhook/twilio/after', form(callSid))).text);

  it('hangs up when the caller had hung up', async () => {
    const world = await openWorld({ fallbackNumber: FALLBACK });
    const { callSid, line } = await world.connect();
    line.send({ event: 'stop' });
    await eventually(() => expect(world.calls.live).toBe(0));
    expect(await whatFollows(world, callSid)).toBe(HANG_UP);
  });

  it('hangs up when the agent has ended the call, while that is still being played', async () => {
    const world = await openWorld({ fallbackNumber: FALLBACK });
    const { callSid, mind } = await world.connect();
    mind.line.end('assistant-ended-call');
    await eventually(() => expect(world.calls.find(callSid)?.outcome?.reason).toBe('agentEnded'));
    expect(await whatFollows(world, callSid)).toBe(HANG_UP);
    await eventually(() => expect(world.hungUp).toEqual([callSid]));
  });

  it('hangs up when the call has reached its longest time', async () => {
    const world = await openWorld({ fallbackNumber: FALLBACK });
    const { callSid, streamSid, line } = await world.connect();
    for (let chunk = 1; chunk <= 5; chunk += 1) line.send(media(streamSid, chunk));
    world.calls.find(callSid)?.tell({ type: 'call.hangUp', reason: 'hungUp', words: 'Enough.' });
    expect(await whatFollows(world, callSid)).toBe(HANG_UP);
  });

  it.each([
    ['apologises', undefined, APOLOGY],
    ['dials a person', FALLBACK, DIAL],
  ])('%s when the agent was lost', async (_, fallbackNumber, twiml) => {
    // Nor is there another.
    const answer = (n: number) => (n === 0 ? undefined : { as: 'invalid-key' as const });
    const world = await openWorld({ publicUrl: PUBLIC_URL, fallbackNumber, vapi: { answer } });
    const { callSid, mind, line } = await world.connect();
    world.vapi.service.calls.find(({ id }) => id === mind.line.id)?.end('crashed', 'cut');
    await eventually(() => {
      world.clock.advance(500);
      expect(world.calls.find(callSid)?.outcome?.reason).toMatch(/^agent(Lost|Unavailable)$/);
    });
    await eventually(() => {
      world.clock.advance(500);
      expect(line.ws.readyState).toBe(line.ws.CLOSED);
    });
    expect(await whatFollows(world, callSid)).toBe(twiml);
    expect(world.hungUp).toEqual([]);
  });

  it.each([
    ['apologises', undefined, APOLOGY],
    ['dials a person', FALLBACK, DIAL],
  ])('%s when no agent could be had', async (_, fallbackNumber, twiml) => {
    const vapi = { answer: () => ({ as: 'invalid-key' as const }) };
    const world = await openWorld({ publicUrl: PUBLIC_URL, fallbackNumber, vapi });
    const callSid = newSid('CA');
    await world.webhook(callSid);
    await eventually(() => expect(world.calls.find(callSid)?.ending?.reason).toBe('agentUnavailable'));
    expect(await whatFollows(world, callSid)).toBe(twiml);
  });

  it.each([
    ['apologises', undefined, APOLOGY],
    ['dials a person', FALLBACK, DIAL],
  ])('%s for a call that it does not know, as after a restart', async (_, fallbackNumber, twiml) => {
    const world = await openWorld({ publicUrl: PUBLIC_URL, fallbackNumber });
    expect(await whatFollows(world, newSid('CA'))).toBe(twiml);
  });

  it('answers with TwiML even what it cannot read: the caller is on the line', async () => {
    const world = await openWorld();
    const { status, headers, text } = await world.post('/webhook/twilio/after', { Nothing: 'known' });
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^text\/xml/);
    expect(withoutHeader(text)).toBe(APOLOGY);
  });
});

describe('POST /webhook/twilio/stream', () => {
  it('ends a call whose stream failed while its socket still looks open', async () => {
    const world = await openWorld();
    const { callSid, streamSid } = await world.connect();
    const { status } = await world.post('/webhook/twilio/stream', {
      CallSid: callSid,
      StreamSid: streamSid,
      StreamEvent: 'stream-error',
      StreamError: '31903 - Stream - Connection Broken Pipe',
    });
    expect(status).toBe(204);
    await eventually(() => expect(world.calls.find(callSid)?.ending?.reason).toBe('callerLost'));
    expect(world.calls.find(callSid)?.ending?.words).toContain('31903');
  });

  it('ends a call whose socket never came', async () => {
    const world = await openWorld();
    const callSid = newSid('CA');
    await world.webhook(callSid);
    const told = {
      CallSid: callSid,
      StreamSid: newSid('MZ'),
      StreamEvent: 'stream-error',
      StreamError: '31920',
    };
    await world.post('/webhook/twilio/stream', told);
    await eventually(() => expect(world.calls.find(callSid)?.ending).not.toBeNull());
    await eventually(() => expect(world.vapi.service.live()).toBe(0));
  });

  it.each([
    ['that the stream began', { StreamEvent: 'stream-started' }],
    ['that the stream stopped', { StreamEvent: 'stream-stopped' }],
    ['what Twilio may say one day', { StreamEvent: 'stream-paused' }],
    ['nothing', {}],
  ])('takes note of %s and leaves the call alone', async (_, fields) => {
    const world = await openWorld();
    const { callSid, streamSid } = await world.connect();
    const told = { CallSid: callSid, StreamSid: streamSid, ...fields };
    expect((await world.post('/webhook/twilio/stream', told)).status).toBe(204);
    expect(world.calls.find(callSid)?.outcome).toBeNull();
  });

  it('takes note of a call that it does not know', async () => {
    const world = await openWorld();
    const told = { CallSid: newSid('CA'), StreamSid: newSid('MZ'), StreamEvent: 'stream-error' };
    expect((await world.post('/webhook/twilio/stream', told)).status).toBe(204);
  });
});

describe('POST /webhook/twilio/call', () => {
  it.each(['completed', 'failed', 'busy', 'no-answer', 'canceled'])(
    'ends a call that is %s',
    async (CallStatus) => {
      const world = await openWorld();
      const { callSid } = await world.connect();
      expect((await world.post('/webhook/twilio/call', { CallSid: callSid, CallStatus })).status).toBe(204);
      await eventually(() =>
        expect(world.calls.find(callSid)?.ending).toEqual({
          reason: 'callerHungUp',
          words: `Twilio reports the call ${CallStatus}.`,
        }),
      );
      await eventually(() => expect(world.vapi.service.live()).toBe(0));
      expect(world.hungUp).toEqual([]);
    },
  );

  it.each(['ringing', 'in-progress', 'unheard-of', ''])(
    'leaves a call alone that is "%s"',
    async (CallStatus) => {
      const world = await openWorld();
      const { callSid } = await world.connect();
      expect((await world.post('/webhook/twilio/call', { CallSid: callSid, CallStatus })).status).toBe(204);
      expect(world.calls.find(callSid)?.outcome).toBeNull();
    },
  );

  it('ends a call that was hung up while the phone still rang, and closes the socket that comes for it', async () => {
    const world = await openWorld();
    const callSid = newSid('CA');
    const { path } = streamOf((await world.webhook(callSid)).text);
    await world.post('/webhook/twilio/call', { CallSid: callSid, CallStatus: 'canceled' });
    await eventually(() => expect(world.calls.live).toBe(0));
    await eventually(() => expect(world.vapi.service.live()).toBe(0));
    const line = world.knock(path);
    expect(await line.closed).toEqual({ code: 1000, words: 'this call is over' });
  });
});
