import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/inspector/feed.ts';
import { createLogLines } from '../../src/inspector/log-lines.ts';
import type { ActorName } from '../../src/inspector/messages.ts';
import { stepOf } from './steps.ts';

const FLUSHED = { live: { bargeIn: 'flushed' } };
const IDS = { callId: 'call-1', callSid: 'CA456', streamSid: 'MZ123' };

function linesOf(...steps: Step[]) {
  const lines: Array<[level: string, line: string, fields: Record<string, unknown>]> = [];
  const write = createLogLines({
    info: (fields, line) => void lines.push(['info', line, fields]),
    warn: (fields, line) => void lines.push(['warn', line, fields]),
  });
  for (const step of steps) write(step);
  return lines;
}

const known = (responseMs: number | null) => ({ ...stepOf('').context, responseMs });

describe('the lines that people look for', () => {
  it.each<[string, Step]>([
    ['[Session Start] MZ123 → CA456', stepOf('twilio.started')],
    [
      '[Audio Buffer] 20 chunks buffered (400ms)',
      stepOf({ type: 'caller.forwarded', at: 5, frames: 20, ms: 400.2 }),
    ],
    ['[VAPI Response] Received in 287ms', stepOf('agent.began', { context: known(286.7) })],
    [
      '[Barge-in] Flushed buffer for MZ123 (42 chunks dropped)',
      stepOf({ type: 'agent.flushed', chunks: 42 }, { to: FLUSHED }),
    ],
  ])('say "%s", with the call’s names', (line, step) => {
    expect(linesOf(step)).toEqual([['info', line, IDS]]);
  });

  it.each<[string, string, string]>([
    ['vapi.gone', 'ended', 'info'],
    ['vapi.gone', 'lost', 'warn'],
    ['vapi.gone', 'unavailable', 'warn'],
    ['twilio.gone', 'stopped', 'info'],
    ['twilio.gone', 'lost', 'warn'],
    ['twilio.gone', 'refused', 'warn'],
  ])('tell of %s because it %s at the level %s', (type, cause, level) => {
    const who = type === 'vapi.gone' ? '[VAPI]' : '[Twilio]';
    expect(linesOf(stepOf({ type, cause, words: 'What happened.' }))).toEqual([
      [level, `${who} What happened.`, IDS],
    ]);
  });

  it('tell of an agent that goes on: how long nothing was heard, and how much is said again', () => {
    const from = { live: { bargeIn: { paused: 'resuming' } } };
    const figures = { bargeIns: [{ outcome: 'resumed', gapMs: 620.4, repeatedMs: 140 }] };
    const context = { ...known(null), figures };
    expect(linesOf(stepOf('agent.began', { from, to: { live: 'agentSpeaking' }, context }))).toEqual([
      ['info', `[Barge-in] Resumed for ${IDS.streamSid} (620ms of silence, 140ms said again)`, IDS],
    ]);
  });

  it('tell of an agent that is being replaced, and which time that is', () => {
    const to = { live: { connecting: { caller: 'here', agent: 'called' } } };
    const context = { ...known(null), figures: { bargeIns: [], replacements: 1 } };
    const lines = linesOf(stepOf({ type: 'vapi.gone', cause: 'lost', words: 'It broke.' }, { to, context }));
    expect(lines).toEqual([
      ['warn', '[VAPI] It broke.', IDS],
      ['warn', `[Agent Lost] Asking for another for ${IDS.streamSid} (replacement 1)`, IDS],
    ]);
  });

  it('warn once that the caller’s audio overflows, and not of the agent’s', () => {
    const overflowed = (actor: ActorName) => stepOf('pipe.overflowed', { actor, context: {} });
    const lines = linesOf(overflowed('callerBuffer'), overflowed('agentBuffer'));
    expect(lines.map(([level, line]) => [level, line])).toEqual([
      ['warn', "[Audio Buffer] The caller's audio no longer fits its buffer: the oldest is being dropped."],
    ]);
  });
});

describe('no line', () => {
  it.each<[string, Step]>([
    ['is written for an answer that nobody waited for', stepOf('agent.began', { context: known(null) })],
    ['is written for a flush that was no interruption', stepOf({ type: 'agent.flushed', chunks: 3 })],
    ['is written for what a child was told first', stepOf('twilio.started', { actor: 'twilioSocket' })],
    ['is written for everything else', stepOf('vapi.transcribed')],
  ])('%s', (_, step) => {
    expect(linesOf(step)).toEqual([]);
  });
});
