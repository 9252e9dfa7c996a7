import type { Step } from '../../src/inspector/feed.ts';

/** A step of a call's own chart, 100 ms after its start, that stays in `streaming`, otherwise as told. */
export function stepOf(event: Step['event'] | string, more: Partial<Step> = {}): Step {
  return {
    callId: 'call-1',
    at: 100,
    beganAt: 100,
    actor: 'call',
    event: typeof event === 'string' ? { type: event } : event,
    from: { live: 'streaming' },
    to: { live: 'streaming' },
    context: { callSid: 'CA456', streamSid: 'MZ123', responseMs: null, figures: { bargeIns: [] } },
    edges: [],
    timers: [],
    status: 'active',
    order: 1,
    settled: true,
    ...more,
  };
}
