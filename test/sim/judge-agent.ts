import type { BargeIn } from '../../machines/call-facts.ts';
import { codedAudio, placeOf } from './coded-audio.ts';
import type { Report } from './invariants.ts';
import type { Piece } from './sim-agent.ts';

const SILENCE = 0xff;
const BYTES_PER_MS = 8;
/** A hole this long in the agent's sound lets a refused agent in again, and so does this long a wait. */
const HOLE_MS = 300;
const REFUSE_MS = 5_000;
/** After a pause so much of what was heard may be said again, and its first 10 ms rise from silence. */
const AGAIN_MS = 240;
const FADE_BYTES = 80;
/** The bridge keeps half a minute, then no longer reads; what its reading already brought may come on top. */
const MOST_QUEUED_MS = 30_000 + 5_000;

export interface AgentJudgeOptions {
  call: number;
  now(): number;
  report: Report;
  /** How far what the bridge thinks was heard may lie from what was, in ms. */
  toleranceMs(): number;
  /** Not where silence of the agent is counted with its sound. */
  judgesFigures: boolean;
}

interface Run extends Piece {
  /** Where it begins in all that was accepted since the last flush. */
  start: number;
}

interface Clearing {
  atMs: number;
  /** Of what was accepted since the last flush, so much had been sent. */
  sent: number;
  turnStart: number;
  /** The pause before it, if nothing was flushed since. */
  before: Clearing | undefined;
  /** And so much had been heard, as Twilio knows; undefined until `clear` got there. */
  heard?: number;
  /** Where the agent was taken up again, after a pause. */
  resumedAt?: number;
  /** What was accepted when the rest was dropped. */
  flushedAt?: number;
  figures?: { flushedMs: number; heardMs: number };
}

/** Holds the agent's audio, as the bridge sends it to Twilio, against what the agent said. */
export interface AgentJudge {
  delivered(piece: Piece): void;
  /** The agent says, in order with its audio, that what follows is new. */
  renewed(): void;
  sentMedia(payload: Buffer): void;
  sentClear(): void;
  clearedAtTwilio(droppedMs: number): void;
  finished(): void;
  paused(): void;
  flushed(): void;
  refuses(): void;
  readonly clears: readonly Clearing[];
  /** The call is over: is everything out that had to be? */
  ended(bargeIns: readonly BargeIn[], everythingWasDue: boolean): void;
}

export function createAgentJudge({
  call,
  now,
  report,
  toleranceMs,
  judgesFigures,
}: AgentJudgeOptions): AgentJudge {
  let runs: Run[] = [];
  let accepted = 0;
  let sent = 0;
  let at = 0;
  let refusingSince: number | null = null;
  let audibleAt = Number.NEGATIVE_INFINITY;
  let rewinding = false;
  /** Where the turn that the caller hears began; null while the agent is silent there. */
  let turnStart: number | null = null;
  const clears: Clearing[] = [];
  const unheard: Clearing[] = [];
  let lastClear: Clearing | undefined;

  const sounds = new Map<number, Buffer>();
  function soundOf(turn: number, bytes: number): Buffer {
    const made = sounds.get(turn);
    if (made && made.length >= bytes) return made;
    const longer = codedAudio(call, turn, 0, Math.ceil(bytes / BYTES_PER_MS));
    sounds.set(turn, longer);
    return longer;
  }

  /** The whole bytes of sound before the first of `payload`, in all that was accepted since the last flush. */
  function find(payload: Buffer, from: number): number | undefined {
    const place = placeOf(payload, from);
    const run =
      place &&
      runs.find(
        ({ turn, from: first, to }) => turn === place.turn && first <= place.offset && place.offset < to,
      );
    return place && run ? run.start + place.offset - run.from : undefined;
  }

  /** Where the bridge goes on after a pause. Returns from where on in `payload` it can be held against what was said. */
  function takeUp(payload: Buffer, from: number): number {
    const whole = Math.max(from, FADE_BYTES);
    const silence = payload.indexOf(SILENCE, from);
    // The sound ends before it has risen: what follows tells.
    if (silence >= 0 && silence < whole) return silence;
    rewinding = false;
    const position = find(payload, whole);
    const fadedBytes = whole - from;
    if (position === undefined || position - fadedBytes > sent) return from;
    if (lastClear) {
      lastClear.resumedAt = position - fadedBytes;
      compareResumed(lastClear);
    }
    sent = position;
    at = Math.max(
      0,
      runs.findIndex((run) => run.start + run.to - run.from > position),
    );
    return whole;
  }

  function compareResumed({ heard, resumedAt }: Clearing): void {
    if (heard === undefined || resumedAt === undefined) return;
    const ms = Math.round((resumedAt - heard) / BYTES_PER_MS);
    if (ms > toleranceMs()) report('interruption', `${ms} ms of the agent were lost by a pause`);
    if (-ms > AGAIN_MS + toleranceMs())
      report('interruption', `${-ms} ms of the agent were repeated after a pause`);
  }

  function compareFlushed({ heard, flushedAt, turnStart: start, figures }: Clearing): void {
    if (heard === undefined || flushedAt === undefined || !figures) return;
    const flushedMs = (flushedAt - heard) / BYTES_PER_MS;
    if (Math.abs(flushedMs - figures.flushedMs) > toleranceMs())
      report(
        'figures',
        `flushedMs is ${figures.flushedMs}, but ${Math.round(flushedMs)} ms were dropped unheard`,
      );
    const heardMs = Math.max(0, heard - start) / BYTES_PER_MS;
    if (Math.abs(heardMs - figures.heardMs) > toleranceMs())
      report('figures', `heardMs is ${figures.heardMs}, but ${Math.round(heardMs)} ms were heard`);
  }

  function takeSpan(span: Buffer): void {
    let done = 0;
    while (done < span.length) {
      const run = runs[at];
      const place = placeOf(span, done);
      if (!run || sent >= accepted) {
        const what = place
          ? `turn ${place.turn} from ${Math.round(place.offset / BYTES_PER_MS)} ms`
          : 'audio';
        report('interruption', `${what} was sent although it was dropped, or never came`);
        return;
      }
      const offset = run.from + sent - run.start;
      const count = Math.min(span.length - done, run.to - offset);
      if (
        !soundOf(run.turn, run.to)
          .subarray(offset, offset + count)
          .equals(span.subarray(done, done + count))
      ) {
        const got = place ? `turn ${place.turn} from ${place.offset / BYTES_PER_MS} ms` : 'something else';
        report('interruption', `turn ${run.turn} from ${offset / BYTES_PER_MS} ms was due, ${got} was sent`);
        return;
      }
      done += count;
      sent += count;
      if (offset + count === run.to) at += 1;
    }
  }

  return {
    delivered(piece) {
      if (piece.turn === 0) return;
      const moment = now();
      if (refusingSince !== null && (moment - audibleAt >= HOLE_MS || moment - refusingSince >= REFUSE_MS))
        refusingSince = null;
      audibleAt = moment;
      if (refusingSince !== null) return;
      runs.push({ ...piece, start: accepted });
      accepted += piece.to - piece.from;
      if (accepted - sent > (MOST_QUEUED_MS + toleranceMs()) * BYTES_PER_MS)
        report('memory', `${(accepted - sent) / BYTES_PER_MS} ms of the agent wait in the bridge`);
    },
    renewed() {
      refusingSince = null;
    },
    sentMedia(payload) {
      let from = 0;
      while (from < payload.length) {
        while (payload[from] === SILENCE) from += 1;
        if (from >= payload.length) return;
        if (rewinding) from = takeUp(payload, from);
        if (rewinding) continue;
        const silence = payload.indexOf(SILENCE, from);
        const to = silence < 0 ? payload.length : silence;
        turnStart ??= sent;
        takeSpan(payload.subarray(from, to));
        from = to;
      }
    },
    sentClear() {
      lastClear = { atMs: now(), sent, turnStart: turnStart ?? sent, before: lastClear };
      clears.push(lastClear);
      unheard.push(lastClear);
    },
    clearedAtTwilio(droppedMs) {
      const clearing = unheard.shift();
      if (!clearing) return;
      const { before, sent: sentUntil } = clearing;
      // What is said again after a pause was heard before it.
      clearing.heard = Math.max(before?.heard ?? 0, sentUntil - droppedMs * BYTES_PER_MS);
      compareResumed(clearing);
      compareFlushed(clearing);
    },
    finished() {
      turnStart = null;
    },
    paused() {
      rewinding = true;
    },
    flushed() {
      if (lastClear && lastClear.resumedAt === undefined && lastClear.flushedAt === undefined)
        lastClear.flushedAt = accepted;
      runs = [];
      accepted = 0;
      sent = 0;
      at = 0;
      rewinding = false;
      turnStart = null;
      lastClear = undefined;
    },
    refuses() {
      refusingSince ??= now();
    },
    clears,
    ended(bargeIns, everythingWasDue) {
      for (const [index, { flushedMs, heardMs, outcome }] of bargeIns.entries()) {
        const clearing = clears[index];
        if (!judgesFigures || !clearing || clears.length !== bargeIns.length) break;
        if (outcome === 'flushed') clearing.figures = { flushedMs, heardMs };
        compareFlushed(clearing);
      }
      if (everythingWasDue && sent < accepted)
        report(
          'interruption',
          `${(accepted - sent) / BYTES_PER_MS} ms of the agent's last words were never sent`,
        );
    },
  };
}
