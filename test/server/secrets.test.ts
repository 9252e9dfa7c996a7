import { expect, it } from 'vitest';
import { ADMIN_TOKEN, meanwhile, viewCall } from './inspector-world.ts';
import {
  AUTH_TOKEN,
  ask,
  closeWorldsAfterEach,
  dial,
  eventually,
  media,
  newSid,
  openWorld,
  start,
  VAPI_KEY,
} from './server-world.ts';

closeWorldsAfterEach();

const VAPI_SECRET = 'vapi-secret-canary-90b1';
const CALLER = '+12025550143';
const CALLED = '+12025550187';
const FALLBACK = '+12025550199';
const SAID = 'my card is 4111 1111 1111 1111 canary';
const DIGIT = '7';
const SPOKEN = 'Please hold the line, canary';

/** One call in which everything happens that could let a secret out, and everything that anybody can see of it. */
async function seen() {
  const world = await openWorld({
    signed: true,
    adminToken: ADMIN_TOKEN,
    vapiSecret: VAPI_SECRET,
    fallbackNumber: FALLBACK,
    maxCalls: 2,
  });
  const { clock, port } = world;
  const admin = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const answers: string[] = [];
  const note = async (answer: Promise<{ status: number; headers: object; text: string }>) => {
    const { status, headers, text } = await answer;
    answers.push(`${status} ${JSON.stringify(headers)} ${text}`);
  };

  // A whole conversation.
  const caller = { From: CALLER, To: CALLED, Caller: CALLER, Called: CALLED, CallerName: 'Ann Canary' };
  const callSid = newSid('CA');
  await world.webhook(callSid, caller);
  const { line, mind, streamSid, ticket, nonce, path, call } = await world.connect(callSid);
  const viewer = await viewCall(world, call?.callId ?? '');
  for (let chunk = 1; chunk <= 5; chunk += 1) line.send(media(streamSid, chunk));
  mind.say(Buffer.alloc(16_000, 0x10), 'at-once');
  await eventually(() => expect(world.calls.find(callSid)?.state).toBe('agentSpeaking'));
  mind.callerSpeech('started');
  mind.transcript(SAID, 'partial');
  mind.transcript(SAID, 'final');
  mind.transcript(`So your number is ${CALLER}`, 'final', 'assistant');
  line.send({ event: 'dtmf', dtmf: { digit: DIGIT }, streamSid });
  mind.interrupt();
  const events = () => world.steps.map(({ event }) => event.type);
  await eventually(() => expect(events()).toContain('caller.pressed'));
  await eventually(() => expect(events()).toContain('vapi.interrupted'));
  await note(world.get('/calls', admin));
  await note(world.get(`/calls/${callSid}`, admin));
  await note(world.get(`/calls/${callSid}/recording`, admin));
  const spoken = { action: 'say', text: SPOKEN };
  await note(
    ask(port, `/calls/${callSid}/act`, {
      method: 'POST',
      headers: { ...admin, 'content-type': 'application/json' },
      body: JSON.stringify(spoken),
    }),
  );

  // Strangers, and mistakes.
  await note(
    ask(port, '/webhook/twilio', {
      method: 'POST',
      headers: form,
      body: `From=${CALLER}&token=${AUTH_TOKEN}`,
    }),
  );
  await note(
    ask(port, `/webhook/twilio/${ticket}?nonce=${nonce}`, { method: 'POST', headers: form, body: 'x=1' }),
  );
  await note(ask(port, `/calls?token=${ADMIN_TOKEN}`));
  await note(ask(port, `/calls/${VAPI_KEY}`, { headers: admin }));
  await note(ask(port, '/webhook/vapi', { method: 'POST', headers: { 'x-vapi-secret': `${VAPI_SECRET}x` } }));
  await note(world.post('/webhook/twilio', { From: CALLER, AuthToken: AUTH_TOKEN }));
  expect(await world.knock(path).opened).toBe(403);
  expect(await dial(`ws://127.0.0.1:${port}${path}`).opened).toBe(403);
  const other = newSid('CA');
  const twiml = (await world.webhook(other, caller)).text;
  const [, otherPath = '', otherNonce = ''] =
    /example\.com(\/media\/[^"]+)".*value="([^"]+)"/.exec(twiml) ?? [];
  const liar = world.knock(otherPath);
  await liar.opened;
  liar.send(start(other, 'MZ1', { customParameters: { nonce: `${otherNonce}x`, from: CALLER } }));
  await liar.closed;
  world.calls.find(other)?.tell({ type: 'call.hangUp', reason: 'hungUp', words: 'Enough.' });

  // The end, with words of Twilio's and of Vapi's that hold a secret.
  const { websocketCallUrl, controlUrl } = JSON.parse(
    JSON.stringify({
      websocketCallUrl: `${world.vapi.wsUrl}/${mind.line.id}/transport`,
      controlUrl: `${world.vapi.httpUrl}/${mind.line.id}/control`,
    }),
  );
  mind.line.end(`error at ${websocketCallUrl} and ${controlUrl}, tell ${CALLER}`);
  await eventually(() => {
    clock.advance(500);
    expect(world.calls.live).toBe(0);
  });
  await note(world.get('/calls', admin));
  await note(world.get(`/calls/${callSid}`, admin));
  await note(world.get(`/calls/${callSid}/recording`, admin));
  await note(world.get('/metrics', admin));
  await note(world.get('/health'));
  await note(world.get('/ready'));
  expect(world.failures).toEqual([]);

  const secrets = {
    VAPI_KEY,
    AUTH_TOKEN,
    ADMIN_TOKEN,
    VAPI_SECRET,
    websocketCallUrl,
    controlUrl,
    ticket,
    nonce,
    otherTicket: otherPath.replace('/media/', ''),
    otherNonce,
    CALLER: CALLER.slice(1),
    CALLED: CALLED.slice(1),
    FALLBACK: FALLBACK.slice(1),
    callerName: 'Ann Canary',
    words: 'canary',
    card: '4111 1111',
  };
  const ended = () =>
    viewer
      .messages()
      .some((message) => message.type === 'rows' && message.rows.some(({ endedAt }) => endedAt !== null));
  await meanwhile(world, () => expect(ended()).toBe(true));
  return { world, secrets, answers, callSid, viewer };
}

it('tells no secret and no number to the log, to those who look in, or to strangers', async () => {
  const { world, secrets, answers, callSid, viewer } = await seen();
  const steps = world.steps.map((step) => JSON.stringify(step));
  expect(steps.length).toBeGreaterThan(40);
  expect(world.lines.join('')).toContain(`"callSid":"${callSid}"`);
  expect(world.lines.length).toBeGreaterThan(10);
  expect(answers).toHaveLength(16);
  expect(viewer.records().length).toBeGreaterThan(40);

  const places = { log: world.lines, answers, steps, feed: viewer.texts };
  for (const [place, texts] of Object.entries(places)) {
    for (const [name, secret] of Object.entries(secrets)) {
      expect(secret.length).toBeGreaterThan(5);
      expect(
        texts.filter((text) => text.includes(secret)),
        `${name} in ${place}`,
      ).toEqual([]);
    }
  }
});

it('shows phone numbers where the operator asked for them: in the rows, and nowhere else', async () => {
  const shows = { numbers: true, transcripts: false };
  const world = await openWorld({ signed: true, adminToken: ADMIN_TOKEN, shows });
  const callSid = newSid('CA');
  await world.webhook(callSid, { From: CALLER, To: CALLED });
  const { call } = await world.connect(callSid);
  const viewer = await viewCall(world, call?.callId ?? '');
  const [told, others] = [
    viewer.messages().filter(({ type }) => type === 'rows'),
    viewer.messages().filter(({ type }) => type !== 'rows'),
  ];
  expect(JSON.stringify(told)).toContain(`"caller":"${CALLER}","called":"${CALLED}"`);
  expect(JSON.stringify(others)).not.toContain(CALLER.slice(1));
});

it('keeps the keys that a caller presses out of what is watched', async () => {
  const { world } = await seen();
  const pressed = world.steps.filter(({ event }) => event.type === 'caller.pressed');
  expect(pressed.length).toBeGreaterThan(0);
  for (const { event } of pressed) expect(Object.keys(event).sort()).toEqual(['at', 'type']);
});
