import { describe, expect, it } from 'vitest';
import {
  AUTH_TOKEN,
  closeWorldsAfterEach,
  eventually,
  media,
  newSid,
  openWorld,
  PUBLIC_URL,
  sign,
  start,
  streamOf,
} from './server-world.ts';

closeWorldsAfterEach();

const FALLBACK = '+12025550199';
const SAID = 'A table for two, please.';

type World = Awaited<ReturnType<typeof openWorld>>;

/** Twilio asks what follows stream `number` of the phone call. */
function askAfter(world: World, callSid: string, number = 1, more: Record<string, string> = {}) {
  const path = `/webhook/twilio/after${number === 1 ? '' : `?stream=${number}`}`;
  return world.webhook(callSid, { CallStatus: 'in-progress', ...more }, path);
}

const reasons = (world: World) => world.calls.list().map(({ ending }) => ending?.reason ?? 'alive');

/** A signed call whose stream broke while its caller was on the line. */
async function broken(options: Parameters<typeof openWorld>[0] = {}) {
  const world = await openWorld({ signed: true, fallbackNumber: FALLBACK, ...options });
  const first = await world.connect();
  first.mind.transcript(SAID, 'final');
  await eventually(() => expect(first.call?.handover().said).toEqual([{ who: 'caller', text: SAID }]));
  first.line.ws.terminate();
  await eventually(() => expect(world.calls.find(first.callSid)?.outcome?.reason).toBe('callerLost'));
  return { world, first, callSid: first.callSid };
}

/** The stream of a TwiML comes and begins. */
async function begin(world: World, callSid: string, twiml: string, streamSid = newSid('MZ')) {
  const { path, nonce } = streamOf(twiml);
  const line = world.knock(path);
  expect(await line.opened).toBe('open');
  line.send(start(callSid, streamSid, { customParameters: { nonce } }));
  await eventually(() => expect(world.calls.find(callSid)?.streamSid).toBe(streamSid));
  return { line, streamSid };
}

describe('a stream that breaks while the caller is on the line', () => {
  it('F36 is followed by another one without a greeting, which has a ticket of its own and a number', async () => {
    const { world, first, callSid } = await broken();
    const { status, text } = await askAfter(world, callSid);
    const second = streamOf(text);
    expect(status).toBe(200);
    expect(second.ticket).not.toBe(first.ticket);
    expect(second.nonce).not.toBe(first.nonce);
    expect(text).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><Response>' +
        `<Connect action="${PUBLIC_URL}/webhook/twilio/after?stream=2" method="POST">` +
        `<Stream url="wss://bridge.example.com/media/${second.ticket}" statusCallback="${PUBLIC_URL}/webhook/twilio/stream" statusCallbackMethod="POST">` +
        `<Parameter name="nonce" value="${second.nonce}"/></Stream></Connect>` +
        '<Say>We are sorry, we cannot take your call right now. Please try again later.</Say><Hangup/></Response>',
    );
    const { line, streamSid } = await begin(world, callSid, text);
    await eventually(() => {
      world.clock.advance(0);
      expect(world.minds).toHaveLength(2);
    });
    for (let chunk = 1; chunk <= 10; chunk += 1) line.send(media(streamSid, chunk));
    const agent = () => world.vapi.service.calls.at(-1);
    await eventually(() => expect(agent()?.heard.length).toBeGreaterThan(0));
    expect(agent()?.request.name).toBe(`${callSid}-2`);
    expect(world.calls.find(callSid)?.outcome).toBeNull();
    expect(world.hungUp).toEqual([]);
  });

  it('F36 hands what was said to the call that goes on with it, and shows it to nobody', async () => {
    const { world, callSid } = await broken();
    await askAfter(world, callSid);
    expect(world.calls.list()).toHaveLength(2);
    expect(world.calls.find(callSid)?.handover().said).toEqual([{ who: 'caller', text: SAID }]);
    expect(world.lines.join('')).toContain('[Handed On] Its stream broke');
    expect(world.lines.join('')).not.toContain(SAID);
    for (const path of ['/calls', `/calls/${callSid}`, '/metrics'])
      expect((await world.get(path)).text).not.toContain(SAID);
  });

  it('F36 is asked for once: the same answer and the same ticket until the stream begins, however often', async () => {
    const { world, callSid } = await broken();
    const answers = await Promise.all(Array.from({ length: 50 }, () => askAfter(world, callSid)));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(world.calls.list()).toHaveLength(2);
    await begin(world, callSid, answers[0]?.text ?? '');

    const replayed = await askAfter(world, callSid);
    expect(replayed.text).not.toContain('<Stream');
    expect(world.calls.list()).toHaveLength(2);
    expect(world.calls.find(callSid)?.outcome).toBeNull();
  });

  it('F36 gives the ticket of the new stream to nobody who replays the first webhook', async () => {
    const { world, callSid } = await broken();
    await askAfter(world, callSid);
    expect((await world.webhook(callSid)).text).not.toContain('<Stream');
  });

  it('F36 comes to an end: a third stream is the last', async () => {
    const { world, callSid } = await broken();
    for (const number of [1, 2]) {
      const { text } = await askAfter(world, callSid, number);
      const { line } = await begin(world, callSid, text);
      line.ws.terminate();
      await eventually(() => expect(world.calls.find(callSid)?.outcome?.reason).toBe('callerLost'));
    }
    const { text } = await askAfter(world, callSid, 3);
    expect(text).toContain(`<Number>${FALLBACK}</Number>`);
    expect(text).not.toContain('<Stream');
    // Nor does it begin anew for whoever asks about an earlier one.
    for (const number of [1, 2, 3, 4, 99]) {
      expect((await askAfter(world, callSid, number)).text).not.toContain('<Stream');
    }
    expect(reasons(world)).toEqual(['callerLost', 'callerLost', 'callerLost']);
  });

  it('F36 is known broken by Twilio’s question, though its socket still looks open; the newest wins', async () => {
    const world = await openWorld({ signed: true });
    const { callSid, line: old, call: firstCall } = await world.connect();
    expect(firstCall?.outcome).toBeNull();
    const { text } = await askAfter(world, callSid);
    const { line } = await begin(world, callSid, text);
    expect((await old.closed).code).toBe(1000);
    await eventually(() => {
      world.clock.advance(100);
      expect(reasons(world)).toEqual(['alive', 'callerLost']);
    });
    expect(line.ws.readyState).toBe(line.ws.OPEN);
    // The phone call itself was never hung up.
    expect(world.hungUp).toEqual([]);
    await eventually(() => {
      world.clock.advance(100);
      expect(world.vapi.service.live()).toBe(1);
    });
  });

  it('F36 is not mixed up with what Twilio tells late of the old stream', async () => {
    const { world, first, callSid } = await broken();
    const error = { CallSid: callSid, StreamSid: first.streamSid, StreamEvent: 'stream-error' };
    const { text } = await askAfter(world, callSid);
    await world.post('/webhook/twilio/stream', error);
    expect(world.calls.find(callSid)?.outcome).toBeNull();
    const { streamSid } = await begin(world, callSid, text);
    await world.post('/webhook/twilio/stream', error);
    expect(world.calls.find(callSid)?.outcome).toBeNull();
    await world.post('/webhook/twilio/stream', { ...error, StreamSid: streamSid });
    expect(world.calls.find(callSid)?.outcome?.reason).toBe('callerLost');
  });

  it('F36 ends a second stream that could not be set up, and hands the caller on', async () => {
    const { world, callSid } = await broken();
    await askAfter(world, callSid);
    const error = { CallSid: callSid, StreamSid: newSid('MZ'), StreamEvent: 'stream-error' };
    await world.post('/webhook/twilio/stream', error);
    expect(world.calls.find(callSid)?.outcome?.reason).toBe('callerLost');
    expect((await askAfter(world, callSid, 2)).text).toContain(FALLBACK);
  });

  it('F36 goes on in a full house, in the place of the broken one', async () => {
    const world = await openWorld({ maxCalls: 1 });
    const { callSid } = await world.connect();
    const { text } = await askAfter(world, callSid);
    expect(text).toContain('<Stream');
    await begin(world, callSid, text);
  });

  it('F36 goes on while the server drains', async () => {
    const { world, callSid } = await broken();
    world.server.drain();
    expect((await askAfter(world, callSid)).text).toContain('<Stream');
  });

  it.each(['completed', 'canceled', 'failed'])(
    'is followed by nothing when the phone call itself is %s',
    async (CallStatus) => {
      const { world, callSid } = await broken();
      const { text } = await askAfter(world, callSid, 1, { CallStatus });
      expect(text).toMatch(/<Response><Hangup\/><\/Response>$/);
      expect(world.calls.list()).toHaveLength(1);
    },
  );

  it('is asked for with a signature over its number, too', async () => {
    const { world, callSid } = await broken();
    const form = { CallSid: callSid };
    const path = '/webhook/twilio/after';
    const headers = { 'x-twilio-signature': sign(`${PUBLIC_URL}${path}`, form, AUTH_TOKEN) };
    expect((await world.post(`${path}?stream=2`, form, headers)).status).toBe(403);
    expect((await world.post(path, form, headers)).status).toBe(200);
  });
});
