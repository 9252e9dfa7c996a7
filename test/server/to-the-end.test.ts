import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { httpFetch } from '../../src/http-fetch.ts';
import { type PhoneCallOptions, type PhoneEvent, placePhoneCall } from '../../src/simulation/phone-call.ts';
import { openWebSocket } from '../../src/web-sockets.ts';
import {
  ACCOUNT_SID,
  closeWorldsAfterEach,
  newSid,
  openWorld,
  PUBLIC_URL,
  sign,
  type WorldOptions,
} from './server-world.ts';

closeWorldsAfterEach();

const FALLBACK = '+12025550199';
const VOICEMAIL = 'Nobody is free. Please leave a message.';
const APOLOGY = 'We are sorry, we cannot take your call right now. Please try again later.';
const LOUD = 0x10;

type World = Awaited<ReturnType<typeof openWorld>>;

/** One turn of the real network for every 20 ms that are told. */
const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 2));

/**
 * A whole phone call as Twilio carries it, over real sockets and signed; the time of both sides is told, with `act` at
 * each of its moments.
 */
async function call(options: WorldOptions, phone: Partial<PhoneCallOptions>, act: (world: World) => void) {
  const world = await openWorld({ signed: true, ...options });
  const { clock } = world;
  const callSid = newSid('CA');
  const said: string[] = [];
  let isOver = false;
  const ports = { clock, openSocket: openWebSocket, fetch: httpFetch, randomBytes };
  const placed = placePhoneCall(ports, {
    to: `http://127.0.0.1:${world.port}/webhook/twilio`,
    publicUrl: PUBLIC_URL,
    sign,
    callSid,
    accountSid: ACCOUNT_SID,
    speech: Buffer.alloc(8 * 4_000, LOUD),
    tailMs: 3_000,
    onEvent: ({ type, words }: PhoneEvent) => void (type === 'twilio' && said.push(words)),
    ...phone,
  }).finally(() => {
    isOver = true;
  });
  for (let told = 0; !isOver; told += 20) {
    if (told > 60_000) throw new Error(`The caller is left on the line, having heard: ${said.join(' ')}`);
    act(world);
    clock.advance(20);
    await turn();
  }
  // What Twilio tells last, and what calls still have to put away.
  for (let told = 0; told < 6_000; told += 100) {
    clock.advance(100);
    await turn();
  }
  return { world, callSid, said, result: await placed };
}

/** The agent breaks off in the middle of the call, and there is no other. */
const LOST_FOR_GOOD: WorldOptions = {
  vapi: { answer: (n) => (n === 0 ? undefined : { as: 'invalid-key' }) },
};

/** Kills every agent that hears the caller. */
function killAgents({ vapi }: World): void {
  for (const agent of vapi.service.calls)
    if (agent.state !== 'ended' && agent.heardBytes > 0) agent.end('crashed', 'cut');
}

const DIALS = 'Twilio says: "Let me connect you to a person."';

it.each<[string, Partial<PhoneCallOptions>, WorldOptions, string, string[]]>([
  [
    'is put through to a person, and hangs up when they have spoken',
    { person: 'completed' },
    { fallbackNumber: FALLBACK, voicemail: VOICEMAIL },
    'dialled',
    [DIALS, 'Twilio dials a person: completed'],
  ],
  [
    'leaves a message when the person is busy, and is thanked',
    { person: 'busy' },
    { fallbackNumber: FALLBACK, voicemail: VOICEMAIL },
    'voicemail',
    [
      DIALS,
      'Twilio dials a person: busy',
      `Twilio says: "${VOICEMAIL}"`,
      'Twilio takes a message',
      'Twilio says: "Thank you for your message. Goodbye."',
    ],
  ],
  [
    'says nothing after the tone, and is told so',
    { person: 'no-answer', leavesMessage: false },
    { fallbackNumber: FALLBACK, voicemail: VOICEMAIL },
    'bridge',
    [
      DIALS,
      'Twilio dials a person: no-answer',
      `Twilio says: "${VOICEMAIL}"`,
      'Twilio says: "We have not heard a message. Goodbye."',
    ],
  ],
  [
    'hears an apology when nobody answers and no message is taken',
    { person: 'failed' },
    { fallbackNumber: FALLBACK },
    'bridge',
    [DIALS, 'Twilio dials a person: failed', `Twilio says: "${APOLOGY}"`],
  ],
  ['hears an apology where there is nobody at all', {}, {}, 'bridge', [`Twilio says: "${APOLOGY}"`]],
])('a caller whose agent is lost for good %s', async (_, phone, options, endedBy, heard) => {
  const { world, callSid, said, result } = await call({ ...LOST_FOR_GOOD, ...options }, phone, killAgents);
  expect(said.slice(1)).toEqual(heard);
  expect(result).toMatchObject({ endedBy, streams: 1, violations: [] });
  expect(world.calls.find(callSid)?.ending?.reason).toMatch(/^agent(Lost|Unavailable)$/);
  expect(world.lines.some((line) => line.includes('[Voicemail]'))).toBe(endedBy === 'voicemail');
  expect(world.vapi.service.live()).toBe(0);
  expect(world.calls.live).toBe(0);
  expect(world.refusals).toEqual([]);
  expect(world.failures).toEqual([]);
});

it('F36 a caller whose stream breaks goes on with another agent, which knows what was said', async () => {
  const WORDS = 'I would like a table for two';
  let told = false;
  const { world, said, result } = await call({}, { breaksAfterMs: [1_500] }, ({ minds }) => {
    const [first] = minds;
    if (told || !first) return;
    told = true;
    first.transcript(WORDS, 'final');
  });
  expect(told).toBe(true);
  // The greeting is not repeated.
  expect(said).toEqual(['Twilio says: "Connecting you"']);
  expect(result).toMatchObject({ endedBy: 'caller', streams: 2, violations: [] });
  const [first, second, ...more] = world.vapi.service.calls;
  expect(more).toEqual([]);
  expect(JSON.stringify(first?.messages)).not.toContain(WORDS);
  expect(JSON.stringify(second?.messages)).toContain(WORDS);
  expect(second?.heardBytes).toBeGreaterThan(8 * 1_500);
  // What fell between the two streams, at 20 ms a frame.
  expect(result.framesLost).toBeLessThan(25);
  expect(world.calls.list().map(({ ending }) => ending?.reason)).toEqual(['callerHungUp', 'callerLost']);
  expect(world.hungUp).toEqual([]);
  expect(world.vapi.service.live()).toBe(0);
  // Nobody who looks on reads what was said.
  expect(world.lines.join('')).not.toContain(WORDS);
  expect(JSON.stringify(world.steps.map(({ context, event }) => [context, event]))).not.toContain(WORDS);
});

it('F36 a caller whose streams break again and again is put through to a person', async () => {
  const options = { fallbackNumber: FALLBACK };
  const { world, said, result } = await call(options, { breaksAfterMs: [500, 500, 500, 500] }, () => {});
  expect(result).toMatchObject({ endedBy: 'dialled', streams: 3, violations: [] });
  expect(said.slice(1)).toEqual([DIALS, 'Twilio dials a person: completed']);
  expect(world.vapi.service.calls).toHaveLength(3);
  expect(world.vapi.service.live()).toBe(0);
});
