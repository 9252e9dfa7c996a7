import { createActor, fromCallback } from 'xstate';
import { jitterBufferMachine, type PipeOrder } from '../../machines/jitter-buffer.ts';
import { type AudioFormat, createAgentDecoder } from '../../src/audio/agent-format.ts';
import { createPlayout, type PlayoutOptions } from '../../src/audio/playout.ts';
import type { PlayoutEdge } from '../../src/audio/playout-edges.ts';
import { createPlayback } from '../../src/simulation/playback.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';
import { withoutSilence } from './voice.ts';

export const LEAD_MS = 200;

/** The way to Twilio and back: so long each, and up to so much longer. Nothing overtakes what went before it. */
export interface Way {
  oneWayMs: number;
  jitterMs: number;
  /** 0…1, by which each message is that much longer under way. */
  random(): number;
}

type Edge<T extends PlayoutEdge['type']> = Extract<PlayoutEdge, { type: T }>;

/**
 * The agent's audio on its way to an ear that plays as Twilio does, ruled by the jitter buffer of the call, on a
 * virtual clock that has run for a minute.
 */
export function createAgentRig(
  over: Partial<PlayoutOptions> & {
    echoDelayMs?: number;
    marksReturn?: boolean;
    format?: AudioFormat;
    way?: Way;
  } = {},
) {
  const { echoDelayMs = 0, marksReturn = true, format = 'mulaw', way, ...options } = over;
  const clock = createVirtualClock();
  clock.advance(60_000);
  const media: { atMs: number; bytes: Buffer }[] = [];
  const marks: { atMs: number; name: string; afterBytes: number; playedAtMs: number }[] = [];
  const edges: { atMs: number; edge: PlayoutEdge }[] = [];
  const holds: boolean[] = [];
  const attended: { atMs: number; outstanding: boolean }[] = [];
  const played: { atMs: number; bytes: Buffer }[] = [];
  const cuts: number[] = [];
  /** What each `clear` kept from being heard, in ms, in the order in which they came to Twilio. */
  const cleared: number[] = [];
  let clears = 0;
  let clearedMs = 0;
  let sentBytes = 0;
  let mostLeadMs = 0;
  let mostTimers = 0;

  const playback = createPlayback({
    clock,
    echoDelayMs,
    echo(name) {
      if (marksReturn) back(() => playout.marked(name));
    },
  });
  const now = () => clock.now() - 60_000;

  function createWay() {
    let lastAt = 0;
    return (arrive: () => void) => {
      if (!way) return arrive();
      lastAt = Math.max(lastAt, clock.now() + way.oneWayMs + way.random() * way.jitterMs + stalledMs);
      clock.setTimeout(arrive, lastAt - clock.now());
    };
  }
  let stalledMs = 0;
  const out = createWay();
  const back = createWay();

  const playout = createPlayout({
    clock,
    decoder: createAgentDecoder(format),
    ear: {
      media(mulaw) {
        const bytes = Buffer.from(mulaw);
        media.push({ atMs: now(), bytes });
        sentBytes += mulaw.length;
        out(() => {
          playback.play(bytes);
          mostLeadMs = Math.max(mostLeadMs, playback.queuedMs);
        });
      },
      mark(name) {
        const playedAtMs = now() + playback.queuedMs;
        marks.push({ atMs: now(), name, afterBytes: sentBytes, playedAtMs });
        out(() => playback.mark(name));
      },
      clear() {
        clears += 1;
        out(() => {
          const ms = playback.clear();
          cleared.push(ms);
          clearedMs += ms;
        });
      },
    },
    far: {
      playing: (mulaw, fromMs) => played.push({ atMs: fromMs - 60_000, bytes: Buffer.from(mulaw) }),
      cut: (atMs) => cuts.push(atMs - 60_000),
    },
    attend: (outstanding) => attended.push({ atMs: now(), outstanding }),
    hold: (held) => holds.push(held),
    tell(edge) {
      edges.push({ atMs: now(), edge });
      toBuffer(edge);
    },
    leadMs: LEAD_MS,
    fillMs: 80,
    mostFillMs: 160,
    ...options,
  });

  let toBuffer: (edge: PlayoutEdge) => void = () => {};
  const pipe = fromCallback<PipeOrder, { callId: string; direction: 'caller' | 'agent' }>(
    ({ receive, sendBack }) => {
      // What the call is told goes by the buffer unchanged; here `edges` has it.
      toBuffer = (edge) => {
        if (edge.type.startsWith('pipe.')) sendBack(edge);
      };
      receive((order) => {
        if (order.type === 'pipe.release') playout.release();
        if (order.type === 'pipe.pause') playout.pause();
        if (order.type === 'pipe.resume') playout.resume();
        if (order.type === 'pipe.flush') playout.flush(order.refuse);
        if (order.type === 'pipe.accept') playout.accept();
        if (order.type === 'pipe.finish') playout.finish();
      });
    },
  );
  const buffer = createActor(jitterBufferMachine.provide({ actors: { pipe } }), {
    clock,
    input: { callId: 'CA1', direction: 'agent', fillTimeoutMs: 160, refuseTimeoutMs: 5_000 },
  });
  buffer.start();
  playback.begin();

  return {
    clock,
    playout,
    playback,
    media,
    marks,
    edges,
    holds,
    attended,
    /** What the far track is told. */
    played,
    cuts,
    cleared,
    /** Both ways take so much longer from now on. */
    stall(ms: number) {
      stalledMs = ms;
    },
    /** Orders of the call to the agent's jitter buffer. */
    open: () => buffer.send({ type: 'buffer.open' }),
    pause: () => buffer.send({ type: 'buffer.pause' }),
    resume: () => buffer.send({ type: 'buffer.resume' }),
    flush: (refuse = false) => buffer.send({ type: 'buffer.flush', refuse }),
    accept: () => buffer.send({ type: 'buffer.accept' }),
    finish: () => buffer.send({ type: 'buffer.finish' }),
    now,
    advance(ms: number) {
      for (let left = ms; left > 0; left -= 5) {
        clock.advance(Math.min(5, left));
        mostTimers = Math.max(mostTimers, clock.armed);
      }
    },
    /** The agent sends `audio`, `[ms, bytes]` at a time: so much later, so many bytes. */
    say(audio: Buffer, clumps: readonly (readonly [waitMs: number, bytes: number])[] = [[0, audio.length]]) {
      for (let at = 0, i = 0; at < audio.length; i += 1) {
        const [waitMs, bytes] = clumps[i % clumps.length] ?? [0, audio.length];
        this.advance(waitMs);
        playout.take(audio.subarray(at, at + bytes));
        at += bytes;
      }
    },
    /** When each edge of this kind was told, in ms. */
    timesOf: (type: PlayoutEdge['type']) =>
      edges.filter(({ edge }) => edge.type === type).map(({ atMs }) => atMs),
    told: <T extends PlayoutEdge['type']>(type: T) =>
      edges.map(({ edge }) => edge).filter((edge): edge is Edge<T> => edge.type === type),
    sent: () => Buffer.concat(media.map(({ bytes }) => bytes)),
    /** What the caller has heard so far, without silence. */
    heard: () => withoutSilence(playback.heardFrom(0)),
    /** How much of what was sent the ear has played. */
    playedMs: () => sentBytes / 8 - clearedMs - playback.queuedMs,
    get clears() {
      return clears;
    },
    get mostLeadMs() {
      return mostLeadMs;
    },
    get mostTimers() {
      return mostTimers;
    },
  };
}
