import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type AudioFormat, createCallerEncoder } from '../../src/audio/agent-format.ts';
import { readSpeech } from '../../src/audio/wav.ts';
import { loadAgentClips } from '../../src/simulation/agent-clips.ts';
import { createLineNoise } from '../../src/simulation/line-noise.ts';
import { createSimulatedAgent } from '../../src/simulation/simulated-agent.ts';
import { callBody, createVapiWorld, KEY, MULAW } from './vapi-world.ts';

const PCM = { format: 'pcm_s16le', container: 'raw', sampleRate: 16_000 };
const INTERRUPTIBLE = { assistantOverrides: { firstMessageInterruptionsEnabled: true } };

function recording(name: string): Buffer {
  const url = new URL(`../../src/simulation/speech/caller/${name}.wav`, import.meta.url);
  const speech = readSpeech(readFileSync(url), `${name}.wav`);
  if (!speech.ok) throw new Error(speech.words);
  return speech.mulaw;
}

/** A call to the simulated agent whose caller says things and is otherwise a quiet line. */
async function callAgent(options: { body?: Record<string, unknown>; direct?: AudioFormat } = {}) {
  const { direct, body = INTERRUPTIBLE } = options;
  const world = createVapiWorld(direct ? { directFormat: direct } : {}, createSimulatedAgent);
  const opened = direct ? undefined : await world.openCall({ ...callBody(), ...body });
  const client = opened?.client ?? world.join('/ws', { authorization: `Bearer ${KEY}` });
  const call = world.service.calls[0];
  if (!client || !call) throw new Error('no call');
  const { clock } = world;
  const encoder = createCallerEncoder(call.format);
  const noise = createLineNoise(1);

  function say(mulaw: Buffer): void {
    for (let at = 0; at < mulaw.length; at += 160) {
      const frame = Buffer.concat([mulaw.subarray(at, at + 160)], 160);
      client?.socket.sendBinary(encoder.encode(frame));
      clock.advance(20);
    }
  }

  return {
    ...world,
    client,
    call,
    say,
    listen: (ms: number) => say(noise(8 * ms)),
    /** What was said about the talk, in order: `user started`, `assistant: Hello`, `user-interrupted`, … */
    story: () =>
      client.messages().flatMap(({ type, role, status, transcript, transcriptType }) => {
        if (type === 'speech-update') return [`${role} ${status}`];
        if (type === 'transcript') return transcriptType === 'final' ? [`${role}: ${transcript}`] : [];
        return type === 'status-update' ? [] : [String(type)];
      }),
    /** When, ms since the call was opened, the first message that has all of `fields` was heard. */
    when(fields: Record<string, unknown>): number {
      const found = client.heard.find(({ text }) => {
        const message = text === undefined ? {} : JSON.parse(text);
        return Object.entries(fields).every(([name, value]) => message[name] === value);
      });
      return found?.at ?? Number.NaN;
    },
  };
}

const clips = loadAgentClips('mulaw');
const [times, morning, booked] = clips.answers.map(({ text }) => text);

test('greets at once, at the speed of speech', async () => {
  const { client, listen } = await callAgent();
  expect(client.audio().length).toBeGreaterThan(0);
  listen(1_000);
  expect(client.audio().length / 8).toBeGreaterThan(950);
  expect(client.audio().length / 8).toBeLessThan(1_070);
  listen(4_000);
  expect(client.audio().equals(clips.greeting.audio)).toBe(true);
});

test.each([
  ['mulaw', MULAW],
  ['pcm_s16le', PCM],
])('holds the whole conversation of the demonstration, in %s', async (_format, audioFormat) => {
  const body = { transport: { provider: 'vapi.websocket', audioFormat } };
  const { story, say, listen, call, client, when } = await callAgent({ body: { ...INTERRUPTIBLE, ...body } });
  say(recording('appointment'));
  listen(4_000);
  const seconds = expect.stringMatching(/^user: \(\d\.\d seconds of speech\)$/);
  expect(story()).toEqual([
    'assistant started',
    'assistant stopped',
    `assistant: ${clips.greeting.text}`,
    'user started',
    seconds,
    'user stopped',
    'assistant started',
    'user started',
    'user-interrupted',
    'assistant stopped',
    expect.stringMatching(/^assistant: Of course\. This week I have Tuesday/),
    seconds,
    'user stopped',
    'assistant started',
    'assistant stopped',
    `assistant: ${morning}`,
    'user started',
    seconds,
    'user stopped',
    'assistant started',
    'assistant stopped',
    `assistant: ${booked}`,
    'user started',
    seconds,
    'user stopped',
    'assistant started',
    'assistant stopped',
    `assistant: ${clips.goodbye.text}`,
  ]);
  expect(call.endedReason).toBe('assistant-ended-call');
  expect(client.closedWith).toBe(1000);
  // The caller's "Wait" begins at 12.8 s.
  expect(when({ type: 'user-interrupted' })).toBeGreaterThan(13_000);
  expect(when({ type: 'user-interrupted' })).toBeLessThan(13_500);
});

test('sends nothing more of what it said once it says that it was interrupted', async () => {
  const { client, say } = await callAgent();
  say(recording('appointment').subarray(0, 8 * 15_000));
  const from = client.heard.findIndex(({ text }) => text?.includes('user-interrupted'));
  expect(from).toBeGreaterThan(0);
  expect(client.heard.slice(from).filter(({ bytes }) => bytes)).toEqual([]);
});

test('says that the caller speaks 0.3 s after the onset, and answers 1.2 s after the end', async () => {
  const { when, say, listen } = await callAgent();
  say(recording('hello'));
  listen(2_000);
  // The words are from 5.2 to 6.56 s.
  expect(when({ role: 'user', status: 'started' })).toBeGreaterThanOrEqual(5_460);
  expect(when({ role: 'user', status: 'started' })).toBeLessThanOrEqual(5_560);
  const answeredMs = when({ role: 'assistant', transcriptType: 'partial', transcript: 'Of course.' });
  expect(answeredMs - 6_560).toBeGreaterThan(1_100);
  expect(answeredMs - 6_560).toBeLessThan(1_260);
});

test('is not stopped by an mm-hm, and does not answer it', async () => {
  const { story, say, listen } = await callAgent();
  say(recording('backchannel'));
  listen(7_000);
  expect(story().slice(6)).toEqual([
    'assistant started',
    'user started',
    'user: mm-hm',
    'user stopped',
    'assistant stopped',
    `assistant: ${times}`,
  ]);
});

test('answers a short word that it was not talking over', async () => {
  const { story, say, listen } = await callAgent();
  listen(5_000);
  say(recording('backchannel').subarray(8 * 14_400, 8 * 14_900));
  listen(1_500);
  expect(story().slice(-3)).toEqual(['user: mm-hm', 'user stopped', 'assistant started']);
});

test('does not let its greeting be interrupted unless the call asks for that', async () => {
  const { client, story, say, listen } = await callAgent({ body: {} });
  say(recording('hello').subarray(8 * 5_200));
  expect(story()).not.toContain('user-interrupted');
  listen(3_000);
  expect(client.audio().subarray(0, clips.greeting.audio.length).equals(clips.greeting.audio)).toBe(true);
  expect(story().at(-1)).toBe('assistant started');
});

test('lets its greeting be interrupted if the call asks for that', async () => {
  const { story, say } = await callAgent();
  say(recording('hello').subarray(8 * 5_200));
  expect(story()).toContain('user-interrupted');
});

test('waits for the caller where the call has it so', async () => {
  const { client, listen } = await callAgent({
    body: { assistantOverrides: { firstMessageMode: 'assistant-waits-for-user' } },
  });
  listen(5_000);
  expect(client.audio()).toHaveLength(0);
});

test('asks a silent caller whether they are there, and ends the call if nothing comes', async () => {
  const { story, listen, call } = await callAgent();
  listen(25_000);
  expect(story().filter((line) => line.startsWith('assistant:'))).toEqual([
    `assistant: ${clips.greeting.text}`,
    `assistant: ${clips.stillThere.text}`,
    `assistant: ${clips.goodbye.text}`,
  ]);
  expect(call.endedReason).toBe('silence-timed-out');
});

test('says something for words that it is told to say, after its own', async () => {
  const { client, story, listen } = await callAgent();
  client.socket.sendText('{"type":"say","content":"Goodbye.","endCallAfterSpoken":true}');
  client.socket.sendText('{"type":"add-message","message":{"role":"system","content":"x"}}');
  listen(6_000);
  expect(story().filter((line) => line.startsWith('assistant:'))).toEqual([
    `assistant: ${clips.greeting.text}`,
    `assistant: ${clips.moment.text}`,
  ]);
  expect(client.messages().at(-1)).toMatchObject({
    endedReason: 'assistant-ended-call-after-message-spoken',
  });
});

test.each(['mulaw', 'pcm_s16le'] as const)('talks in the direct dialect, in %s', async (direct) => {
  const { client, say } = await callAgent({ direct });
  say(recording('appointment').subarray(0, 8 * 16_000));
  const bytesPerMs = direct === 'mulaw' ? 8 : 32;
  // The greeting, 3.7 s, and of the answer what was said until the caller cut in.
  expect(client.audio().length / bytesPerMs).toBeGreaterThan(6_500);
  expect(client.audio().length / bytesPerMs).toBeLessThan(8_200);
  expect(client.messages()[0]).toEqual({ event: 'transcript', isFinal: false, text: expect.any(String) });
  expect(client.messages().filter(({ isFinal }) => isFinal === true)).toHaveLength(2);
});

test('has no timer for audio while it says nothing', async () => {
  const { clock, listen } = await callAgent();
  listen(4_500);
  let fired = 0;
  const { setTimeout } = clock;
  clock.setTimeout = (fn, ms) => {
    fired += 1;
    return setTimeout(fn, ms);
  };
  listen(3_000);
  expect(fired).toBe(0);
});
