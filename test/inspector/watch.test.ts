import { expect, it } from 'vitest';
import { createWatch } from '../../src/inspector/watch.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';
import { usualWatch } from '../support/watching.ts';

function createWatched() {
  const lines: Array<{ level: string; line: string; fields: Record<string, unknown> }> = [];
  const at = (level: string) => (fields: Record<string, unknown>, line: string) =>
    void lines.push({ level, line, fields });
  const watch = createWatch({
    ...usualWatch,
    clock: createVirtualClock(),
    log: { info: at('info'), warn: at('warn'), error: at('error') },
    stateName: String,
    liveCalls: () => 0,
    callOf: () => undefined,
  });
  return { watch, lines };
}

const closed = { callId: 'call-1', callSid: 'CA456', streamSid: 'MZ123', ending: { reason: 'agentEnded' } };

it('says that a session was removed, and counts how it ended', async () => {
  const { watch, lines } = createWatched();
  watch.closed(closed);
  expect(lines).toEqual([
    {
      level: 'info',
      line: '[Cleanup] Session MZ123 removed',
      fields: { callId: 'call-1', callSid: 'CA456', streamSid: 'MZ123', ending: 'agentEnded' },
    },
  ]);
  expect((await watch.metrics()).text).toContain('bridge_calls_total{ending="agentEnded"} 1');
});

it('names a call that had no stream, or not even a CallSid, by what it has', () => {
  const { watch, lines } = createWatched();
  watch.closed({ ...closed, streamSid: null });
  watch.closed({ ...closed, streamSid: null, callSid: null });
  expect(lines.map(({ line }) => line)).toEqual([
    '[Cleanup] Session CA456 removed',
    '[Cleanup] Session call-1 removed',
  ]);
});

it('tells the log of a mistake that ended a call', () => {
  const { watch, lines } = createWatched();
  const err = new Error('a mistake');
  watch.failed({ callId: 'call-1', callSid: 'CA456' }, err);
  expect(lines).toEqual([
    {
      level: 'error',
      line: '[Bug] A call ended by a mistake of the bridge',
      fields: { callId: 'call-1', callSid: 'CA456', err },
    },
  ]);
});
