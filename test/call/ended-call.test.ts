import { expect, it } from 'vitest';
import { createMemoryWorld } from '../bridge/memory-world.ts';
import { liveCall } from '../bridge/turns.ts';

it('is remembered by what it told: the same to look at, deaf to what it is told', async () => {
  const world = createMemoryWorld({});
  const placed = await liveCall(world);
  const { call } = placed;
  const { callId } = call;
  expect(world.calls.get(callId)).toBe(call);
  placed.phone.hangUp();
  await world.until('the call is over', () => world.calls.live === 0);

  const ended = world.calls.get(callId);
  if (!ended) throw new Error('The call is forgotten.');
  expect(ended).not.toBe(call);
  const { callSid, streamSid, state, startedAt, ending, outcome, figures } = call;
  expect(ended).toMatchObject({ callId, callSid, streamSid, state, startedAt, ending, outcome, figures });
  expect(ended.ending?.reason).toBe('callerHungUp');
  // Read once, when it ended: whatever it was read from is let go.
  for (const { get } of Object.values(Object.getOwnPropertyDescriptors(ended))) expect(get).toBeUndefined();

  ended.tell({ type: 'caller.hungUp', words: 'Late.' });
  expect(ended.act({ action: 'hangUp' })).toEqual({ ok: false, words: 'The call is over.' });
  expect(ended.ending).toEqual(ending);
});
