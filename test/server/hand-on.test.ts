import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parametersOf, readTwiml } from '../../src/simulation/twiml.ts';
import { closeWorldsAfterEach, newSid, openWorld, PUBLIC_URL, type WorldOptions } from './server-world.ts';

closeWorldsAfterEach();

const FALLBACK = '+12025550199';
const VOICEMAIL = 'Nobody is free. Please leave a message after the tone.';
const BOTH = { publicUrl: PUBLIC_URL, fallbackNumber: FALLBACK, voicemail: VOICEMAIL };
const APOLOGY = 'We are sorry, we cannot take your call right now. Please try again later.';

type World = Awaited<ReturnType<typeof openWorld>>;

/** The verbs of what the server answers. */
async function verbsOf(world: World, path: string, form: Record<string, string> = {}) {
  const { status, headers, text } = await world.post(path, { CallSid: newSid('CA'), ...form });
  expect(status).toBe(200);
  expect(headers['content-type']).toMatch(/^text\/xml/);
  const verbs = readTwiml(text);
  if (!verbs) throw new Error(`This is no TwiML: ${text}`);
  return verbs.map(({ name, text, attributes, children }) => ({ name, text, attributes, children }));
}

const said = (verbs: Awaited<ReturnType<typeof verbsOf>>) =>
  verbs.filter(({ name }) => name === 'Say').map(({ text }) => text);
const names = (verbs: Awaited<ReturnType<typeof verbsOf>>) => verbs.map(({ name }) => name);

const afterDial = '/webhook/twilio/after-dial';

describe('a caller without an agent', () => {
  it('reaches a person, who sees the number that was called', async () => {
    const world = await openWorld(BOTH);
    const [words, dial, tail] = await verbsOf(world, '/webhook/twilio/after', {
      From: '+12025550143',
      To: '+12025550187',
      Direction: 'inbound',
    });
    expect(words?.text).toBe('Let me connect you to a person.');
    expect(dial?.attributes).toEqual({
      answerOnBridge: 'true',
      timeout: '20',
      callerId: '+12025550187',
      action: `${PUBLIC_URL}/webhook/twilio/after-dial`,
      method: 'POST',
    });
    expect(dial?.children.map(({ text }) => text)).toEqual([FALLBACK]);
    expect(tail?.name).toBe('Hangup');
  });

  it.each([
    ['our number of an outbound call', { Direction: 'outbound-api', From: '+12025550187' }, '+12025550187'],
    ['no address of SIP', { Direction: 'inbound', To: 'sip:bridge@example.com' }, undefined],
    ['nothing that is no number', { Direction: 'inbound', To: '+1" timeout="9' }, undefined],
    ['nothing that is not told', {}, undefined],
  ])('shows that person %s', async (_, form, callerId) => {
    const world = await openWorld(BOTH);
    const dial = (await verbsOf(world, '/webhook/twilio/after', form)).find(({ name }) => name === 'Dial');
    expect(dial?.attributes.callerId).toBe(callerId);
  });

  it('leaves a message where there is no person, and hears an apology where there is no voicemail', async () => {
    const voicemail = await openWorld({ publicUrl: PUBLIC_URL, voicemail: VOICEMAIL });
    expect(said(await verbsOf(voicemail, '/webhook/twilio/after'))[0]).toBe(VOICEMAIL);
    const neither = await openWorld();
    expect(said(await verbsOf(neither, '/webhook/twilio/after'))).toEqual([APOLOGY]);
  });

  it.each<[string, Partial<WorldOptions>, string[], string]>([
    ['a person', { fallbackNumber: FALLBACK }, ['Say', 'Dial', 'Hangup'], 'Let me connect you to a person.'],
    ['a voicemail', { voicemail: VOICEMAIL }, ['Say', 'Record', 'Say', 'Hangup'], VOICEMAIL],
    ['nothing', {}, ['Say', 'Hangup'], 'Please try again later.'],
  ])('of a full house is told so, and gets %s', async (_, options, verbs, words) => {
    const world = await openWorld({ maxCalls: 1, ...options });
    await world.connect();
    const answer = await verbsOf(world, '/webhook/twilio');
    expect(names(answer)).toEqual(verbs);
    expect(said(answer)[0]).toBe(`All our lines are busy right now. ${words}`);
  });

  it('is not sent where nobody will answer any more: a server that drains is not asked again', async () => {
    const world = await openWorld(BOTH);
    world.server.drain();
    const dial = (await verbsOf(world, '/webhook/twilio')).find(({ name }) => name === 'Dial');
    expect(dial?.attributes.action).toBeUndefined();
    expect(said(await verbsOf(world, afterDial, { DialCallStatus: 'busy' }))).toEqual([APOLOGY]);
  });

  it('S29 is put through to the number in the settings alone, whatever the request holds', async () => {
    const world = await openWorld(BOTH);
    const STRANGER = '+19005550100';
    const field = fc.constantFrom(
      ...['To', 'From', 'Called', 'ForwardedFrom', 'DialCallStatus', 'CallStatus', 'Direction', 'Number'],
      ...['FALLBACK_NUMBER', 'fallbackNumber', 'Digits', 'RecordingUrl', 'SipHeader_X', '__proto__'],
    );
    const value = fc.oneof(
      fc.constantFrom(STRANGER, `</Number><Number>${STRANGER}`, 'busy', 'completed', 'outbound-dial', ''),
      fc.string({ maxLength: 20 }),
    );
    const paths = fc.constantFrom('/webhook/twilio/after', '/webhook/twilio/after?stream=2', afterDial);
    await fc.assert(
      fc.asyncProperty(paths, fc.array(fc.tuple(field, value), { maxLength: 6 }), async (path, fields) => {
        const verbs = await verbsOf(world, path, Object.fromEntries(fields));
        const dialled = verbs.flatMap(({ name, children }) => (name === 'Dial' ? children : []));
        for (const { name, text } of dialled) expect([name, text]).toEqual(['Number', FALLBACK]);
        expect(verbs.at(-1)?.name).toBe('Hangup');
      }),
      { numRuns: 200 },
    );
  });
});

describe('POST /webhook/twilio/after-dial', () => {
  it.each(['completed', 'answered'])('hangs up when the person has %s', async (DialCallStatus) => {
    const world = await openWorld(BOTH);
    expect(names(await verbsOf(world, afterDial, { DialCallStatus }))).toEqual(['Hangup']);
  });

  it.each(['busy', 'no-answer', 'failed', 'canceled', 'unheard-of', ''])(
    'takes a message when the dialling ended with "%s"',
    async (DialCallStatus) => {
      const world = await openWorld(BOTH);
      const verbs = await verbsOf(world, afterDial, { DialCallStatus });
      expect(names(verbs)).toEqual(['Say', 'Record', 'Say', 'Hangup']);
      expect(said(verbs)).toEqual([VOICEMAIL, 'We have not heard a message. Goodbye.']);
      expect(verbs[1]?.attributes).toMatchObject({
        maxLength: '120',
        playBeep: 'true',
        action: `${PUBLIC_URL}/webhook/twilio/after-voicemail`,
        recordingStatusCallback: `${PUBLIC_URL}/webhook/twilio/recording`,
      });
    },
  );

  it('apologises where there is no voicemail', async () => {
    const world = await openWorld({ fallbackNumber: FALLBACK });
    expect(said(await verbsOf(world, afterDial, { DialCallStatus: 'no-answer' }))).toEqual([APOLOGY]);
  });

  it('says nothing to a caller who has hung up', async () => {
    const world = await openWorld(BOTH);
    const form = { DialCallStatus: 'no-answer', CallStatus: 'completed' };
    expect(names(await verbsOf(world, afterDial, form))).toEqual(['Hangup']);
  });

  it('answers a form that it cannot read, and the same again when it is asked again', async () => {
    const world = await openWorld(BOTH);
    const form = { CallSid: '../..', DialCallStatus: 'busy' };
    const answers = await Promise.all([1, 2, 3].map(() => world.post(afterDial, form)));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers[0]?.text).toContain('<Record');
  });

  it('never leads back to an agent or to the dialling', async () => {
    const world = await openWorld(BOTH);
    for (const DialCallStatus of ['completed', 'busy', 'failed', '']) {
      for (const verb of await verbsOf(world, afterDial, { DialCallStatus })) {
        expect(['Say', 'Record', 'Hangup']).toContain(verb.name);
        expect(parametersOf(verb)).toEqual({});
      }
    }
  });
});

describe('a message', () => {
  const recording = (more: Record<string, string> = {}) => ({
    CallSid: newSid('CA'),
    RecordingSid: `RE${'a'.repeat(32)}`,
    RecordingUrl: `https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE${'a'.repeat(32)}?canary=secret`,
    RecordingStatus: 'completed',
    RecordingDuration: '12',
    ...more,
  });
  const told = (world: World) => world.lines.filter((line) => line.includes('[Voicemail]'));

  it('is thanked for, and the call ends', async () => {
    const world = await openWorld(BOTH);
    const verbs = await verbsOf(world, '/webhook/twilio/after-voicemail', recording());
    expect(names(verbs)).toEqual(['Say', 'Hangup']);
    expect(said(verbs)).toEqual(['Thank you for your message. Goodbye.']);
  });

  it('is told of once in the log and the figures, by its id and never by its address', async () => {
    const world = await openWorld(BOTH);
    const form = recording();
    for (let times = 0; times < 3; times += 1)
      expect((await world.post('/webhook/twilio/recording', form)).status).toBe(204);
    await world.post('/webhook/twilio/after-voicemail', form);
    // The log is written in both of its forms.
    expect(told(world)).toHaveLength(2);
    expect(JSON.parse(told(world)[0] ?? '')).toMatchObject({
      msg: `[Voicemail] Recording ${form.RecordingSid} of 12 s is at Twilio`,
      callSid: form.CallSid,
      recordingSid: form.RecordingSid,
    });
    expect(world.lines.join('')).not.toContain('canary');
    expect((await world.get('/metrics')).text).toMatch(/^bridge_voicemails_total 1$/m);
  });

  it.each([
    ['that is not there yet', { RecordingStatus: 'in-progress' }],
    ['that nobody spoke', { RecordingStatus: 'absent' }],
    ['without a usable id', { RecordingSid: '../x' }],
    ['of nobody’s', { CallSid: '' }],
  ])('is not told of one %s', async (_, more) => {
    const world = await openWorld(BOTH);
    expect((await world.post('/webhook/twilio/recording', recording(more))).status).toBe(204);
    expect(told(world)).toEqual([]);
  });

  it('is counted beside those who were handed on, by where to', async () => {
    const world = await openWorld(BOTH);
    await verbsOf(world, '/webhook/twilio/after');
    await verbsOf(world, afterDial, { DialCallStatus: 'busy' });
    const { text } = await world.get('/metrics');
    expect(text).toMatch(/^bridge_handed_on_total\{to="person"\} 1$/m);
    expect(text).toMatch(/^bridge_handed_on_total\{to="voicemail"\} 1$/m);
    expect(text).toMatch(/^bridge_handed_on_total\{to="apology"\} 0$/m);
  });
});
