import { describe, expect, it } from 'vitest';
import { heardOfTurnMs, heardOn } from '../../bench/barge-in/heard.ts';
import { judge } from '../../bench/barge-in/judge.ts';
import { createLine } from '../../bench/barge-in/line.ts';
import { createMonologue } from '../../bench/barge-in/monologue.ts';
import type { CallRecord } from '../../bench/barge-in/performance.ts';
import type { Moment } from '../../bench/barge-in/plan.ts';
import { createCallerMix, createLineEcho } from '../corpus/mix.ts';
import { createMemoryNetwork } from '../support/memory-network.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';
import { corpus } from './rig.ts';

const FRAME = 160;
const monologue = createMonologue(corpus, 60_000);
const said = (frame: number) => monologue.track.subarray(frame * FRAME, (frame + 1) * FRAME);

/** A call on which these frames of the monologue were played one after the other; `null` is silence. */
function callThatPlayed(
  order: readonly (number | null)[],
  how: { moments?: Moment[]; clears?: number[]; fadedIn?: number[]; bargeIns?: CallRecord['bargeIns'] } = {},
): CallRecord {
  const audio = Buffer.alloc(order.length * FRAME, 0xff);
  order.forEach((frame, n) => {
    if (frame === null) return;
    said(frame).copy(audio, n * FRAME);
    if (how.fadedIn?.includes(n)) audio.fill(0xf0, n * FRAME, n * FRAME + FRAME / 2);
  });
  const moments = how.moments ?? [];
  return {
    script: { name: '', noise: null, echo: null, seed: 1, moments, durationMs: order.length * 20 },
    played: {
      audio,
      filled: Uint8Array.from(order, (frame) => (frame === null ? 0 : FRAME)),
      frames: order.length,
      clears: how.clears ?? [],
    },
    turns: [{ fromByte: 0, saidAtMs: 0, endedAtMs: order.length * 20 }],
    bargeIns: how.bargeIns ?? [],
    violations: [],
    lateMs: [],
    lost: false,
  };
}

function run(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}

const silence = (count: number): null[] => Array.from({ length: count }, () => null);

function moment(kind: Moment['kind'], onsetMs: number): Moment {
  return { kind, item: { kind: 'utt', id: 'u01' }, gainDb: 0, onsetMs, offsetMs: onsetMs + 400, text: '' };
}

describe('what was heard', () => {
  it('is known by its content, every frame of the monologue, faded in or not', () => {
    const order = run(0, 2_000);
    const { frames, foreign } = heardOn(callThatPlayed(order, { fadedIn: [1, 700] }), monologue);
    expect(foreign).toBe(0);
    expect(frames.map(({ position }) => position / FRAME)).toEqual(order);
  });

  it('has lost what was left out and repeats what was heard before', () => {
    const { frames } = heardOn(callThatPlayed([...run(0, 50), ...run(45, 20), ...run(70, 10)]), monologue);
    expect(frames.reduce((sum, { repeatedMs }) => sum + repeatedMs, 0)).toBe(100);
    expect(frames.reduce((sum, { lostMs }) => sum + lostMs, 0)).toBe(100);
  });

  it('is none of the agent’s where it is something else', () => {
    const call = callThatPlayed(run(0, 10));
    call.played.audio.fill(0x55, 3 * FRAME, 4 * FRAME);
    expect(heardOn(call, monologue).foreign).toBe(1);
  });

  it('is measured within its turn to the moment of a clear, and counts what was repeated once', () => {
    const heard = heardOn(callThatPlayed([...run(0, 50), ...silence(10), ...run(45, 20)]), monologue);
    expect(heardOfTurnMs(heard, 507, [])).toBe(507);
    expect(heardOfTurnMs(heard, 1_205, [])).toBe(1_000);
    expect(heardOfTurnMs(heard, 1_400, [])).toBe(1_100);
  });
});

describe('a verdict', () => {
  it('tells how long the agent was heard after the onset of an interruption', () => {
    const record = callThatPlayed([...run(0, 50), ...silence(50)], {
      moments: [moment('interruption', 873)],
      clears: [991],
    });
    const [takeover] = judge(record, monologue).takeovers;
    expect(takeover).toMatchObject({ silenceMs: 127, cleared: true, spokeAgainMs: 0, answerWaitMs: null });
  });

  it('tells that the agent went on over the caller', () => {
    const record = callThatPlayed([...run(0, 50), ...silence(10), ...run(50, 5), ...silence(35)], {
      moments: [moment('interruption', 873)],
      clears: [991],
    });
    expect(judge(record, monologue).takeovers[0]).toMatchObject({ silenceMs: 127, spokeAgainMs: 100 });
  });

  it('tells that the agent was silent before the caller said anything', () => {
    const record = callThatPlayed([...run(0, 30), ...silence(70)], {
      moments: [moment('interruption', 873)],
      clears: [600],
    });
    const verdict = judge(record, monologue);
    expect(verdict.takeovers[0]?.silenceMs).toBeNull();
    expect(verdict.falsePauses).toBe(1);
  });

  it('tells what a backchannel cost', () => {
    const record = callThatPlayed([...run(0, 50), ...silence(30), ...run(47, 20)], {
      moments: [moment('backchannel', 880)],
      clears: [1_000],
    });
    const [disturbance] = judge(record, monologue).disturbances;
    expect(disturbance).toMatchObject({ pauses: 1, flushes: 0, lostMs: 0, repeatedMs: 60, gapsMs: [600] });
  });

  it('compares what the bridge told with what was played', () => {
    const bargeIn = { atMs: 990, clearAfterMs: 2, flushedMs: 0, heardMs: 960, outcome: 'flushed' as const };
    const record = callThatPlayed([...run(0, 50), ...silence(50)], {
      moments: [moment('interruption', 873)],
      clears: [993],
      bargeIns: [bargeIn],
    });
    const verdict = judge(record, monologue);
    expect(verdict.positions).toEqual([{ atMs: 993, toldMs: 960, heardMs: 993 }]);
    expect(verdict.unmatched).toBe(0);
  });
});

describe('the line', () => {
  function openLine(echo: ReturnType<typeof createLineEcho> | null = null) {
    const clock = createVirtualClock();
    const [near, far] = createMemoryNetwork({ clock }).pair();
    const messages: { event: string; mark?: { name: string }; media?: { payload: string } }[] = [];
    const server = { answer() {} };
    far.listen({
      text(text) {
        const message = JSON.parse(text);
        messages.push(message);
        if (message.event === 'media') server.answer();
      },
      binary() {},
      ponged() {},
      closed() {},
    });
    const line = createLine({
      clock,
      socket: near,
      mix: createCallerMix(corpus, { comfortDbfs: -200 }),
      echo,
      markEchoDelayMs: 0,
      longestMs: 5_000,
      streamSid: 'MZ1',
      callSid: 'CA1',
      accountSid: 'AC1',
    });
    line.begin();
    const send = (message: object) => far.sendText(JSON.stringify({ streamSid: 'MZ1', ...message }));
    return {
      clock,
      line,
      far: server,
      messages,
      media: (frames: Buffer) => send({ event: 'media', media: { payload: frames.toString('base64') } }),
      mark: (name: string) => send({ event: 'mark', mark: { name } }),
      clear: () => send({ event: 'clear' }),
      marks: () => messages.flatMap(({ mark }) => mark?.name ?? []),
    };
  }

  it('plays on a clock of 20 ms, a frame that has begun to its end, and nothing that was cleared', () => {
    const { clock, line, media, clear } = openLine();
    clock.advance(7);
    media(monologue.track.subarray(0, 10 * FRAME));
    clock.advance(60);
    clear();
    clock.advance(100);
    expect([...line.played.filled.subarray(0, 7)]).toEqual([0, FRAME, FRAME, FRAME, 0, 0, 0]);
    expect(line.played.audio.subarray(FRAME, 4 * FRAME).equals(monologue.track.subarray(0, 3 * FRAME))).toBe(
      true,
    );
    expect(line.played.clears).toEqual([67]);
  });

  it('sends a mark back when what was before it is played, and all of them on a clear', () => {
    const { clock, media, mark, clear, marks } = openLine();
    mark('at once');
    expect(marks()).toEqual(['at once']);
    media(monologue.track.subarray(0, FRAME));
    mark('one');
    media(monologue.track.subarray(FRAME, 5 * FRAME));
    mark('five');
    clock.advance(39);
    expect(marks()).toEqual(['at once']);
    clock.advance(1);
    expect(marks()).toEqual(['at once', 'one']);
    clear();
    expect(marks()).toEqual(['at once', 'one', 'five']);
  });

  it('is not confused by what comes in answer to a frame while that is being sent', () => {
    const { clock, line, far, media, clear, messages } = openLine();
    media(monologue.track.subarray(0, 10 * FRAME));
    far.answer = () => clear();
    clock.advance(60);
    far.answer = () => {};
    clock.advance(40);
    expect(messages.filter(({ event }) => event === 'media')).toHaveLength(5);
    expect([...line.played.filled.subarray(0, 5)]).toEqual([0, FRAME, 0, 0, 0]);
    expect(line.played.clears).toEqual([20, 40, 60]);
  });

  it('lets the caller be heard every 20 ms, with the echo of what was really played', () => {
    const { clock, messages, media } = openLine(createLineEcho({ lossDb: 20, delayMs: 40 }));
    media(monologue.track.subarray(0, 5 * FRAME));
    clock.advance(400);
    const sent = messages.flatMap(({ media: heard }) => (heard ? Buffer.from(heard.payload, 'base64') : []));
    expect(sent).toHaveLength(20);
    const isSilent = sent.map((frame) => frame.every((code) => code === 0xff || code === 0x7f));
    // Played from the second frame to the sixth; 40 ms later it is back, and its reflections last into a ninth.
    expect(isSilent.map((silent) => (silent ? '.' : 'x')).join('')).toBe('...xxxxxx...........');
  });
});
