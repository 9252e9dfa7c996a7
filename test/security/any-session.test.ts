import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMemoryWorld } from '../bridge/memory-world.ts';
import { createTurn, expectHeard, liveCall } from '../bridge/turns.ts';
import type { BridgeWorld } from '../bridge/world.ts';
import { openRawCall, type RawCall } from '../faults/raw-call.ts';

/** Sessions of each kind, and the most that is said in one. */
const SESSIONS = 20;
const MOST_SAID = 60;

const names = fc.constantFrom(
  ...['event', 'type', 'start', 'media', 'dtmf', 'mark', 'payload', 'track', 'timestamp', 'name', 'digit'],
  ...['streamSid', 'callSid', 'mediaFormat', 'customParameters', 'status', 'role', 'transcript', 'message'],
  ...['transcriptType', 'endedReason', 'input', '__proto__', 'constructor', 'toString'],
);
const values = fc.oneof(
  fc.constantFrom('media', 'start', 'stop', 'user', 'assistant', 'started', 'stopped', 'final', 'AAAA', '-1'),
  fc.jsonValue({ maxDepth: 2 }),
  fc.integer(),
);
const anyFields = fc.dictionary(names, fc.oneof(values, fc.dictionary(names, values, { maxKeys: 4 })), {
  maxKeys: 6,
});
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  anyFields.map((fields) => JSON.stringify(fields)),
);

/** One thing that the far end does. */
type Said = { text: string } | { bytes: Uint8Array } | { waitMs: number };

const sessionOf = (sensible: fc.Arbitrary<unknown>): fc.Arbitrary<Said[]> =>
  fc.array(
    fc.oneof(
      { weight: 6, arbitrary: sensible.map((message) => ({ text: JSON.stringify(message) })) },
      { weight: 3, arbitrary: anyText.map((text) => ({ text })) },
      { weight: 2, arbitrary: fc.uint8Array({ maxLength: 2_000 }).map((bytes) => ({ bytes })) },
      { weight: 2, arbitrary: fc.integer({ min: 0, max: 400 }).map((waitMs) => ({ waitMs })) },
    ),
    { minLength: 15, maxLength: MOST_SAID },
  );

const sound = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 800 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  fc.constantFrom('', '%%%'),
);
const time = fc.oneof(fc.integer({ min: -1_000, max: 20_000 }), fc.constantFrom(1e15, 0)).map(String);
const ofTwilio = fc.oneof(
  fc.record({
    event: fc.constant('start'),
    start: fc.record({ streamSid: fc.constantFrom('MZ1', 'MZ2'), callSid: fc.constantFrom('CA1', 'CA2') }),
  }),
  fc.record({
    event: fc.constant('media'),
    media: fc.record({ track: fc.constantFrom('inbound', 'outbound'), timestamp: time, payload: sound }),
  }),
  fc.record({
    event: fc.constant('mark'),
    mark: fc.record({ name: fc.constantFrom('g0:800', 'g1:800', 'g999999999:999999999999', 'x') }),
  }),
  fc.record({ event: fc.constant('dtmf'), dtmf: fc.record({ digit: fc.constantFrom('1', '#', 'A', 'x') }) }),
  fc.constantFrom({ event: 'connected' }, { event: 'stop' }),
);

const role = fc.constantFrom('user', 'assistant');
const ofVapi = fc.oneof(
  fc.record({ type: fc.constant('speech-update'), role, status: fc.constantFrom('started', 'stopped') }),
  fc.record({
    type: fc.constant('transcript'),
    role,
    transcriptType: fc.constantFrom('partial', 'final'),
    transcript: fc.constantFrom('', 'mm-hm', 'stop', 'I would like a table for two', 'x'.repeat(5_000)),
  }),
  fc.record({ type: fc.constant('status-update'), status: fc.constantFrom('in-progress', 'forwarding') }),
  fc.record({ type: fc.constantFrom('user-interrupted', 'hang', 'tool-calls', 'assistant.started') }),
  fc.record({ type: fc.constant('voice-input'), input: fc.string({ maxLength: 50 }) }),
);

/**
 * A call on which `session` is said, by `say`, beside one that talks and is talked to: the process has made no mistake,
 * the call beside was told nothing of it, and once both are over nothing is held.
 */
async function tellBesideALiveCall(
  session: readonly Said[],
  say: (victim: RawCall, what: { text: string } | { bytes: Uint8Array }) => void,
  begin: (world: BridgeWorld, victim: RawCall) => Promise<void>,
) {
  const world = createMemoryWorld({});
  const bystander = await liveCall(world);
  const victim = openRawCall(world, 7);
  await begin(world, victim);
  const turn = createTurn(world, 1, 500);
  bystander.agent.mind.say(turn.spoken);
  for (const what of session) {
    if ('waitMs' in what) await world.run(what.waitMs);
    else say(victim, what);
  }
  await world.until('the turn was heard', () => bystander.call.state === 'streaming', 2_000);
  await world.run(700);
  bystander.phone.hush();
  await world.run(40);

  expect(world.failures).toEqual([]);
  expectHeard(world, bystander.phone, turn);
  expect(bystander.agent.heard().equals(Buffer.concat(bystander.phone.said))).toBe(true);
  expect(bystander.call.outcome).toBeNull();
  expect(bystander.call.figures).toMatchObject({ unreadableMessages: 0, gapFilledMs: 0, bargeIns: [] });

  bystander.phone.hangUp();
  victim.socket.terminate();
  await world.run(45_000);
  expect(world.leaks()).toEqual({ sessions: 0, benched: 0, timers: 0, sockets: 0, vapiCalls: 0 });
  expect(world.failures).toEqual([]);
}

describe('whatever is said on a socket, in any order', () => {
  it('S27 by Twilio’s end, ends at most its own call', { timeout: 30_000 }, async () => {
    const say = ({ socket }: RawCall, what: { text: string } | { bytes: Uint8Array }) =>
      'text' in what ? socket.sendText(what.text) : socket.sendBinary(what.bytes);
    await fc.assert(
      fc.asyncProperty(sessionOf(ofTwilio), (session) =>
        tellBesideALiveCall(session, say, () => Promise.resolve()),
      ),
      { numRuns: SESSIONS },
    );
  });

  it('S27 by Vapi’s end, ends at most its own call', { timeout: 30_000 }, async () => {
    const say = (victim: RawCall, what: { text: string } | { bytes: Uint8Array }) => {
      const agent = victim.agent();
      if ('text' in what) agent.sendText(what.text);
      else agent.sendAudio(what.bytes);
    };
    const begin = async (world: BridgeWorld, { phone, call }: RawCall) => {
      phone.stream.begin();
      phone.talk();
      await world.until('the call is live', () => call.state === 'streaming');
    };
    await fc.assert(
      fc.asyncProperty(sessionOf(ofVapi), (session) => tellBesideALiveCall(session, say, begin)),
      { numRuns: SESSIONS },
    );
  });
});
