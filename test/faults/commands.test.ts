import { expect } from 'vitest';
import { stories } from '../bridge/stories.ts';
import { liveCall } from '../bridge/turns.ts';

stories('Orders that cross', (story) => {
  story.virtualOnly(
    'F59 hang up once, whoever else orders the same at once',
    { hangUp: 'silent' },
    async (world) => {
      const placed = await liveCall(world);
      const { call } = placed;
      expect(call.act({ action: 'hangUp' })).toEqual({ ok: true });
      expect(call.act({ action: 'hangUp' })).toEqual({ ok: false, words: 'The call is ending already.' });
      expect(call.act({ action: 'say', text: 'Wait' })).toMatchObject({ ok: false });
      call.tell({ type: 'call.hangUp', reason: 'drained', words: 'The server is being stopped.' });
      call.tell({ type: 'caller.hungUp', words: 'Twilio reports the call completed.' });
      await world.until('the call is over', () => call.ending !== null, 5_000);
      expect(call.ending).toEqual({ reason: 'hungUp', words: 'An operator hung up.' });
      expect(world.hangUps.length).toBe(1);
      for (const action of ['hangUp', 'mute', 'flush'] as const)
        expect(call.act({ action })).toEqual({ ok: false, words: 'The call is over.' });
      expect(world.hangUps.length).toBe(1);
      expect(
        placed.agent.vapi.messages.filter(({ message }) => JSON.stringify(message).includes('Wait')),
      ).toEqual([]);
    },
  );
});
