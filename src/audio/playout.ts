import type { Clock } from '../ports.ts';
import type { AgentDecoder } from './agent-format.ts';
import { createFramer } from './framer.ts';
import { isQuiet } from './mulaw.ts';
import { createPlayoutLedger } from './playout-ledger.ts';

const BYTES_PER_MS = 8;
const FRAME_BYTES = 160;
const FRAME_MS = 20;

/** A mark follows at least every so much audio, in bytes: 100 ms. */
const MARK_BYTES = 800;
/** Nothing more came for this long: the turn may be over, so its end is marked. */
const PAUSE_MS = 100;
/** A mark that is not back this long after its audio must have been played is taken as played. */
const OVERDUE_MS = 2_000;
/** A hole shorter than this was a stutter in a turn, not the pause between two. */
const STUTTER_MS = 250;
/** A hole this long in the agent's audible audio separates two turns. */
const HOLE_MS = 300;
/** Audio that waits here before the agent's socket is no longer read, and until it is read again. */
const HIGH_WATER_MS = 30_000;
const LOW_WATER_MS = 10_000;

/** The edges that the agent's jitter buffer and the call want to know. */
export type PlayoutEdge =
  | {
      type:
        | 'pipe.started'
        | 'pipe.primed'
        | 'pipe.emptied'
        | 'pipe.stalled'
        | 'pipe.overflowed'
        | 'pipe.relieved'
        | 'pipe.renewed';
    }
  | { type: 'agent.began'; receivedAt: number }
  | { type: 'agent.finished' }
  | { type: 'agent.flushed'; chunks: number; flushedMs: number; heardMs: number }
  | { type: 'agent.paused'; keptMs: number; heardMs: number }
  | { type: 'agent.finishing'; leftMs: number };

/** The caller's ear, as Twilio lets us reach it. */
export interface CallerEar {
  /** Queues audio: a multiple of 160 bytes of µ-law. */
  media(mulaw: Uint8Array): void;
  /** Asks to be told when everything queued so far was played. */
  mark(name: string): void;
  /** Empties the queue at once. */
  clear(): void;
}

export interface PlayoutOptions {
  clock: Clock;
  decoder: AgentDecoder;
  ear: CallerEar;
  /** Stops and starts the reading of the agent's socket. */
  hold(held: boolean): void;
  tell(edge: PlayoutEdge): void;
  /** The most unplayed audio that Twilio is given, in ms. */
  leadMs: number;
  /** Audio gathered before a turn is first heard, in ms, so that its first syllable does not stutter. */
  fillMs: number;
  /** The most that is gathered on a call whose agent has let the ear run dry in the middle of a turn. */
  mostFillMs: number;
}

/** What became of the agent's audio so far. */
export interface PlayoutReadings {
  /** Waiting here. */
  queuedMs: number;
  /** At Twilio and not played yet, by the clock. */
  leadMs: number;
  sentMs: number;
  flushedMs: number;
  refusedMs: number;
}

/** The agent's audio on its way to the caller's ear. */
export interface Playout {
  /** Takes what the agent brings: bytes of any length in the agent's format. */
  take(bytes: Buffer): void;
  /** Hears a mark that Twilio sends back. */
  marked(name: string): void;
  /** Lets what is held flow, never more than the lead ahead of the caller's ear. */
  release(): void;
  /** Silences the caller's ear and keeps what was not heard. */
  pause(): void;
  /** Goes on from where the caller heard it last. */
  resume(): void;
  /** Silences the caller's ear and drops what was not heard; with `refuse`, also what still comes of that turn. */
  flush(refuse: boolean): void;
  /** Takes what the agent brings again. */
  accept(): void;
  /** Nothing more will come: lets everything out, and tells how long that takes. */
  finish(): void;
  readonly readings: PlayoutReadings;
}

/** Makes the agent's path of one call. Its jitter buffer tells it when to hold, to flow, to pause and to flush. */
export function createPlayout(options: PlayoutOptions): Playout {
  const { clock, decoder, ear, tell, leadMs } = options;
  const framer = createFramer(FRAME_BYTES);
  const ledger = createPlayoutLedger(clock);

  let fillMs = options.fillMs;
  let mode: 'held' | 'flowing' | 'paused' | 'refusing' = 'held';
  let queue: Buffer[] = [];
  let queuedBytes = 0;
  let primed = false;
  /** Whether the caller hears the agent: audible audio is at Twilio and not known to be played. */
  let heard = false;
  let finishing = false;
  let holding = false;
  let receivedAt = 0;
  /** When the first audible audio of this turn came from the agent. */
  let turnReceivedAt: number | null = null;
  /** Whether what waits in the framer is audible. */
  let restAudible = false;
  let audibleAt = Number.NEGATIVE_INFINITY;
  /** What was heard of this turn before it was paused. */
  let heardBeforeMs = 0;
  let flushedBytes = 0;
  let refusedBytes = 0;

  let timer: unknown = null;
  let timerDue = Number.POSITIVE_INFINITY;

  function enqueue(frames: Buffer): void {
    if (queuedBytes === 0) {
      if (mode === 'flowing' && !finishing && ledger.unplayedMs() <= 0) {
        if (ledger.dryMs() < STUTTER_MS) fillMs = Math.min(fillMs + FRAME_MS, options.mostFillMs);
        mode = 'held';
        primed = false;
        tell({ type: 'pipe.emptied' });
      }
      if (mode === 'held') tell({ type: 'pipe.started' });
    }
    queue.push(frames);
    queuedBytes += frames.length;
    if (mode === 'held' && !primed && queuedBytes >= fillMs * BYTES_PER_MS) {
      primed = true;
      tell({ type: 'pipe.primed' });
    }
    if (!holding && queuedBytes > HIGH_WATER_MS * BYTES_PER_MS) {
      holding = true;
      options.hold(true);
      tell({ type: mode === 'flowing' ? 'pipe.stalled' : 'pipe.overflowed' });
    }
  }

  /** The next audio to send: at most `bytes` of it, without copying where one buffer has it. */
  function dequeue(bytes: number): Buffer {
    const first = queue[0];
    if (first && first.length > bytes) {
      queue[0] = first.subarray(bytes);
      queuedBytes -= bytes;
      return first.subarray(0, bytes);
    }
    const parts: Buffer[] = [];
    let gathered = 0;
    for (let next = queue[0]; next && gathered + next.length <= bytes; next = queue[0]) {
      parts.push(next);
      gathered += next.length;
      queue.shift();
    }
    queuedBytes -= gathered;
    return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts, gathered);
  }

  function pump(): void {
    if (mode !== 'flowing') return;
    while (queuedBytes > 0) {
      const roomMs = leadMs - ledger.unplayedMs();
      if (roomMs < FRAME_MS) break;
      const roomBytes = Math.floor(roomMs / FRAME_MS) * FRAME_BYTES;
      sendOut(dequeue(Math.min(roomBytes, MARK_BYTES - (ledger.unmarkedBytes % MARK_BYTES))));
    }
    if (holding && queuedBytes < LOW_WATER_MS * BYTES_PER_MS) {
      holding = false;
      options.hold(false);
      tell({ type: 'pipe.relieved' });
    }
    schedule();
  }

  function sendOut(frames: Buffer): void {
    const audible = !isQuiet(frames);
    ear.media(frames);
    ledger.sent(frames, audible);
    if (audible && !heard) begin(frames);
    if (ledger.unmarkedBytes >= MARK_BYTES && ledger.audibleUnmarked) ear.mark(ledger.mark());
  }

  function begin(frames: Buffer): void {
    let quietBytes = 0;
    while (isQuiet(frames, quietBytes, quietBytes + FRAME_BYTES)) quietBytes += FRAME_BYTES;
    ledger.beginTurn(frames.length - quietBytes);
    heard = true;
    tell({ type: 'agent.began', receivedAt: turnReceivedAt ?? receivedAt });
  }

  function wake(): void {
    timer = null;
    timerDue = Number.POSITIVE_INFINITY;
    pump();
    if (mode === 'flowing' && queuedBytes === 0 && clock.now() >= closesOffAt()) closeOff();
    if (heard && ledger.overdueMs() >= OVERDUE_MS) {
      ledger.assumePlayed();
      settle();
    }
    schedule();
  }

  /** Bytes that are no frame yet are only filled up to one when the ear would run dry without them. */
  function closesOffAt(): number {
    const pausedAt = receivedAt + PAUSE_MS;
    if (framer.remainder === 0) return pausedAt;
    return Math.max(pausedAt, clock.now() + ledger.unplayedMs() - FRAME_MS);
  }

  /** The turn may be over: its last bytes are filled up to a frame, and its end is marked. */
  function closeOff(): void {
    const rest = framer.finish();
    restAudible = false;
    if (rest) sendOut(rest);
    if (ledger.audibleUnmarked) ear.mark(ledger.mark());
  }

  const heardOfTurnMs = () => heardBeforeMs + (heard ? ledger.heardOfTurnMs() : 0);
  const audibleWaits = () => restAudible || queue.some((frames) => !isQuiet(frames));

  /** The turn is over once nothing audible waits, neither here nor at Twilio. */
  function settle(): void {
    if (!ledger.audiblePlayed || audibleWaits()) return;
    if (heard || finishing) endTurn();
  }

  function endTurn(): void {
    heard = false;
    heardBeforeMs = 0;
    turnReceivedAt = null;
    tell({ type: 'agent.finished' });
  }

  function schedule(): void {
    const due = nextDue();
    if (due === null || due >= timerDue) return;
    clock.clearTimeout(timer);
    timerDue = due;
    timer = clock.setTimeout(wake, Math.max(0, due - clock.now()));
  }

  function nextDue(): number | null {
    const now = clock.now();
    if (mode === 'flowing' && queuedBytes > 0)
      return now + Math.max(FRAME_MS, ledger.unplayedMs() - leadMs / 2);
    if (mode === 'flowing' && (framer.remainder > 0 || ledger.audibleUnmarked)) return closesOffAt();
    if (heard) return now + Math.max(FRAME_MS, OVERDUE_MS - ledger.overdueMs());
    return null;
  }

  function drop(): number {
    const dropped = queuedBytes + framer.remainder;
    queue = [];
    queuedBytes = 0;
    framer.reset();
    restAudible = false;
    decoder.reset();
    primed = false;
    heardBeforeMs = 0;
    turnReceivedAt = null;
    return dropped;
  }

  return {
    take(bytes) {
      const mulaw = decoder.decode(bytes);
      if (mulaw.length === 0) return;
      const now = clock.now();
      const audible = !isQuiet(mulaw);
      if (mode === 'refusing' && audible && now - audibleAt >= HOLE_MS) tell({ type: 'pipe.renewed' });
      if (audible) audibleAt = now;
      if (mode === 'refusing') {
        refusedBytes += mulaw.length;
        // Else the end of what is refused would be heard in what is taken next.
        decoder.reset();
        return;
      }
      receivedAt = now;
      if (audible) turnReceivedAt ??= now;
      const frames = framer.push(mulaw);
      const restBytes = framer.remainder;
      restAudible =
        (restAudible && restBytes > mulaw.length) || !isQuiet(mulaw, Math.max(0, mulaw.length - restBytes));
      if (frames.length > 0) enqueue(frames);
      pump();
    },
    marked(name) {
      if (ledger.marked(name)) settle();
    },
    release() {
      if (mode === 'refusing') return;
      mode = 'flowing';
      pump();
    },
    pause() {
      const heardMs = heardOfTurnMs();
      const unheard = ledger.cut();
      if (unheard.length > 0 || heard) ear.clear();
      queue = [...unheard, ...queue];
      queuedBytes = queue.reduce((sum, frames) => sum + frames.length, 0);
      mode = 'paused';
      heard = false;
      heardBeforeMs = heardMs;
      tell({ type: 'agent.paused', keptMs: (queuedBytes + framer.remainder) / BYTES_PER_MS, heardMs });
    },
    resume() {
      mode = 'flowing';
      if (!audibleWaits()) endTurn();
      pump();
    },
    flush(refuse) {
      const heardMs = heardOfTurnMs();
      const unheard = ledger.cut();
      const atTwilio = unheard.reduce((sum, frames) => sum + frames.length, 0);
      if (atTwilio > 0 || heard) ear.clear();
      const dropped = atTwilio + drop();
      flushedBytes += dropped;
      heard = false;
      mode = refuse ? 'refusing' : 'held';
      if (holding) {
        holding = false;
        options.hold(false);
      }
      tell({
        type: 'agent.flushed',
        chunks: Math.ceil(dropped / FRAME_BYTES),
        flushedMs: dropped / BYTES_PER_MS,
        heardMs,
      });
    },
    accept() {
      if (mode === 'refusing') mode = 'held';
    },
    finish() {
      finishing = true;
      mode = 'flowing';
      const rest = framer.finish();
      restAudible = false;
      if (rest) enqueue(rest);
      const leftMs = queuedBytes / BYTES_PER_MS + ledger.unplayedMs();
      tell({ type: 'agent.finishing', leftMs });
      pump();
      if (queuedBytes === 0) closeOff();
      settle();
    },
    get readings() {
      return {
        queuedMs: queuedBytes / BYTES_PER_MS,
        leadMs: ledger.unplayedMs(),
        sentMs: ledger.sentBytes / BYTES_PER_MS,
        flushedMs: flushedBytes / BYTES_PER_MS,
        refusedMs: refusedBytes / BYTES_PER_MS,
      };
    },
  };
}
