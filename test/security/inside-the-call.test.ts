import { expect, it } from 'vitest';
import { sameSecret } from '../../src/server/access.ts';
import { closeWorldsAfterEach, eventually, newSid, openWorld } from '../server/server-world.ts';

closeWorldsAfterEach();

const FALLBACK = '+12025550199';
const STRANGER = '+19005550100';

it('S29 dials nobody for an agent: a transfer to a number that is not in the settings stays undone', async () => {
  // Once this agent is gone there is no other.
  const answer = (n: number) => (n === 0 ? undefined : { as: 'invalid-key' as const });
  const world = await openWorld({ fallbackNumber: FALLBACK, vapi: { answer } });
  const { callSid, mind, line } = await world.connect();
  const agent = world.vapi.service.calls.find(({ id }) => id === mind.line.id);
  const destination = { type: 'number', number: STRANGER };
  const asks = [
    { type: 'transfer-update', destination },
    {
      type: 'tool-calls',
      toolCallList: [{ function: { name: 'transferCall', arguments: { destination } } }],
    },
    { type: 'transfer-destination-request', destination },
    { type: 'phone-call-control', request: 'forward', destination },
  ];
  for (const ask of asks) agent?.sendText(JSON.stringify(ask));
  agent?.end('assistant-forwarded-call', 'cut');
  await eventually(() => {
    world.clock.advance(500);
    expect(world.calls.find(callSid)?.outcome?.reason).toMatch(/^agent(Lost|Unavailable)$/);
    expect(line.ws.readyState).toBe(line.ws.CLOSED);
  });
  const { text } = await world.post('/webhook/twilio/after', {
    CallSid: callSid,
    To: STRANGER,
    ForwardedFrom: STRANGER,
  });
  expect([...text.matchAll(/<(?:Number|Sip|Client)>([^<]*)/g)].map(([, dialled]) => dialled)).toEqual([
    FALLBACK,
  ]);
  expect(line.messages.filter((message) => JSON.stringify(message).includes(STRANGER))).toEqual([]);
});

it('S21 takes no word of Vapi’s webhook for a fact of a call: neither forged, nor twice, nor of another', async () => {
  const world = await openWorld();
  const { call, callSid, mind } = await world.connect();
  const { id } = mind.line;
  const reports = [
    { type: 'end-of-call-report', endedReason: 'customer-ended-call', call: { id } },
    { type: 'status-update', status: 'ended', call: { id } },
    { type: 'user-interrupted', call: { id } },
    { type: 'end-of-call-report', call: { id: newSid('CA') } },
  ];
  const headers = { 'content-type': 'application/json' };
  for (const message of [...reports, ...reports]) {
    const body = JSON.stringify({ message: { ...message, callSid } });
    const answer = await fetch(`http://127.0.0.1:${world.port}/webhook/vapi`, {
      method: 'POST',
      headers,
      body,
    });
    expect(answer.status).toBe(200);
  }
  expect(call).toMatchObject({ outcome: null, state: 'buffering' });
  expect(world.calls.list()).toHaveLength(1);
});

it('S31 compares secrets in a time that does not tell how much of a guess is right', () => {
  // So long that a comparison which stops at the first difference takes a thousandth of the time.
  const rest = 'b'.repeat(2 ** 18);
  const secret = `b${rest}b`;
  const guesses = { first: `a${rest}b`, last: `b${rest}a` };
  const times: Record<keyof typeof guesses, number[]> = { first: [], last: [] };
  for (let round = 0; round < 100; round += 1) {
    for (const place of ['first', 'last'] as const) {
      const began = performance.now();
      sameSecret(guesses[place], secret);
      times[place].push(performance.now() - began);
    }
  }
  const median = (all: number[]) => all.sort((a, b) => a - b)[all.length >> 1] ?? 0;
  const ratio = median(times.first) / median(times.last);
  expect(ratio).toBeGreaterThan(0.7);
  expect(ratio).toBeLessThan(1.4);
});
