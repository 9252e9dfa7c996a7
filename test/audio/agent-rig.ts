import { createActor, fromCallback } from 'xstate';
import { jitterBufferMachine, type PipeOrder } from '../../machines/jitter-buffer.ts';
import { type AudioFormat, createAgentDecoder } from '../../src/audio/agent-format.ts';
import { createPlayout, type PlayoutEdge, type PlayoutOptions } from '../../src/audio/playout.ts';
import { createPlayback } from '../../src/simulation/playback.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';
import { withoutSilence } from './voice.ts';

export const LEAD_MS = 200;

type Edge<T extends PlayoutEdge['type']> = Extract<PlayoutEdge, { type: T }>;

/**
 * The agent's audio on its way to an ear that plays as Twilio does, ruled by the jitter buffer of the call, on a
 * virtual clock that has run for a minute.
 */
export function createAgentRig(
  over: Partial<PlayoutOptions> & { echoDelayMs?: number; marksReturn?: boolean; format?: AudioFormat } = {},
) {
  const { echoDelayMs = 0, marksReturn = true, format = 'mulaw', ...options } = over;
  const clock = createVirtualClock();
  clock.advance(60_000);
  const media: { atMs: number; bytes: Buffer }[] = [];
  const marks: { atMs: number; name: string; afterBytes: number; playedAtMs: number }[] = [];
  const edges: { atMs: number; edge: PlayoutEdge }[] = [];
  const holds: boolean[] = [];
  let clears = 0;
  let clearedMs = 0;
  let sentBytes = 0;
  let mostLeadMs = 0;
  let mostTimers = 0;

  const playback = createPlayback({
    clock,
    echoDelayMs,
    echo(name) {
      if (marksReturn) playout.marked(name);
    },
  });
  const now = () => clock.now() - 60_000;

  const playout = createPlayout({
    clock,
    decoder: createAgentDecoder(format),
    ear: {
      media(mulaw) {
        media.push({ atMs: now(), bytes: Buffer.from(mulaw) });
        sentBytes += mulaw.length;
        playback.play(mulaw);
        mostLeadMs = Math.max(mostLeadMs, playback.queuedMs);
      },
      mark(name) {
        const playedAtMs = now() + playback.queuedMs;
        marks.push({ atMs: now(), name, afterBytes: sentBytes, playedAtMs });
        playback.mark(name);
      },
      clear() {
        clears += 1;
        clearedMs += playback.clear();
      },
    },
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
