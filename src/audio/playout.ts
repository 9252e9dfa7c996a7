import type { Clock } from '../ports.ts';
import type { AgentDecoder } from './agent-format.ts';
import { createFramer } from './framer.ts';
import { fadedIn, quietTail } from './mulaw.ts';
import type { CallerEar, PlayedEar, PlayoutEdge } from './playout-edges.ts';
import { createPlayoutLedger, type TakenBack } from './playout-ledger.ts';
import { createPlayoutQueue } from './playout-queue.ts';
import { saidAgain } from './playout-resume.ts';
import { createPlayoutTurn } from './playout-turn.ts';

const BYTES_PER_MS = 8;
const FRAME_BYTES = 160;
const FRAME_MS = 20;

/** A message has no more audio than this, in bytes: 100 ms. */
const MOST_BYTES = 800;
/** Nothing more came for this long: the turn may be over, so its end is marked. */
const PAUSE_MS = 100;
/** A mark that is not back this long after its audio must have been played is taken as played. */
const OVERDUE_MS = 2_000;
/** A hole shorter than this was a stutter in a turn, not the pause between two. */
const STUTTER_MS = 250;
/** A hole this long in the agent's audible audio separates two turns. */
const HOLE_MS = 300;
/** So much of every pause in the agent's speech is played, however late it is. */
const BREATH_MS = 200;
/** So much of the silence before the next word is left when the agent goes on. */
const ONSET_MS = 100;
/** What is cut into rises from silence in so many samples: 10 ms. */
const FADE_SAMPLES = 80;
/** Audio that waits here before the agent's socket is no longer read, and until it is read again. */
const HIGH_WATER_MS = 30_000;
const LOW_WATER_MS = 10_000;

const NOTHING: Buffer = Buffer.alloc(0);

export interface PlayoutOptions {
  clock: Clock;
  decoder: AgentDecoder;
  ear: CallerEar;
  far: PlayedEar;
  /** Stops and starts the reading of the agent's socket. */
  hold(held: boolean): void;
  /**
   * Whether anything audible of the agent is outstanding from now on: at Twilio and not known to be played, or kept while
   * it is paused; a turn that was paused is, until it goes on or is dropped. Told on changes only.
   */
  attend(outstanding: boolean): void;
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
  /** At Twilio and not played yet. */
  leadMs: number;
  sentMs: number;
  flushedMs: number;
  refusedMs: number;
  /** Silence that was left out, so that what follows it is not late. */
  skippedMs: number;
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
  /** Goes on from the last gap before where the caller heard it last: at most 240 ms are said again. */
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
  const { clock, decoder, ear, far, tell, leadMs } = options;
  const framer = createFramer(FRAME_BYTES);
  const queue = createPlayoutQueue();
  const ledger = createPlayoutLedger(clock);
  const turn = createPlayoutTurn({ ledger, tell, attend: options.attend });

  let fillMs = options.fillMs;
  let mode: 'held' | 'flowing' | 'paused' | 'refusing' = 'held';
  let primed = false;
  let finishing = false;
  let holding = false;
  let receivedAt = 0;
  /** Whether what waits in the framer is audible. */
  let restAudible = false;
  let audibleAt = Number.NEGATIVE_INFINITY;
  /** Taken since the agent's last audible sample. */
  let quietBytes = 0;
  /** While paused: what is said again before what waits, once the agent goes on. */
  let again = NOTHING;
  /** Whether the next to be sent was cut into. */
  let fades = false;
  let flushedBytes = 0;
  let refusedBytes = 0;
  let skippedBytes = 0;

  let timer: unknown = null;
  let timerDue = Number.POSITIVE_INFINITY;

  function enqueue(frames: Buffer): void {
    if (queue.bytes === 0) {
      if (mode === 'flowing' && !finishing && ledger.unplayedMs() <= 0) {
        if (ledger.dryMs() < STUTTER_MS) fillMs = Math.min(fillMs + FRAME_MS, options.mostFillMs);
        mode = 'held';
        primed = false;
        tell({ type: 'pipe.emptied' });
      }
      if (mode === 'held') tell({ type: 'pipe.started' });
    }
    queue.push(frames);
    if (mode === 'held' && !primed && queue.bytes >= fillMs * BYTES_PER_MS) {
      primed = true;
      tell({ type: 'pipe.primed' });
    }
    if (!holding && queue.bytes > HIGH_WATER_MS * BYTES_PER_MS) {
      holding = true;
      options.hold(true);
      tell({ type: mode === 'flowing' ? 'pipe.stalled' : 'pipe.overflowed' });
    }
  }

  function pump(): void {
    if (mode !== 'flowing') return;
    // What is sent may be answered at once, by words that pause or flush.
    while (mode === 'flowing' && queue.bytes > 0) {
      const roomMs = leadMs - ledger.unplayedMs();
      if (roomMs < FRAME_MS) break;
      const roomBytes = Math.floor(roomMs / FRAME_MS) * FRAME_BYTES;
      sendOut(queue.take(Math.min(roomBytes, MOST_BYTES, ledger.unmarkedRoom || MOST_BYTES)));
    }
    if (holding && queue.bytes < LOW_WATER_MS * BYTES_PER_MS) {
      holding = false;
      options.hold(false);
      tell({ type: 'pipe.relieved' });
    }
    schedule();
  }

  function sendOut(frames: Buffer): void {
    const audibleBytes = frames.length - quietTail(frames);
    // What may be given back stays as the agent said it.
    const played = fades ? fadedIn(frames, FADE_SAMPLES) : frames;
    fades = false;
    ear.media(played);
    far.playing(played, ledger.sent(frames, audibleBytes));
    if (audibleBytes > 0) turn.sent(frames, receivedAt);
    if (ledger.unmarkedRoom === 0 && ledger.audibleUnmarked) ear.mark(ledger.mark());
  }

  function wake(): void {
    timer = null;
    timerDue = Number.POSITIVE_INFINITY;
    pump();
    if (mode === 'flowing' && queue.bytes === 0 && clock.now() >= closesOffAt()) closeOff();
    if (turn.heard && ledger.overdueMs() >= OVERDUE_MS) {
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

  const audibleWaits = () => restAudible || queue.audible;

  /** The turn is over once nothing audible waits, neither here nor at Twilio. */
  function settle(): void {
    if (!ledger.audiblePlayed || audibleWaits()) return;
    if (turn.heard || finishing) turn.ended();
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
    if (mode === 'flowing' && queue.bytes > 0)
      return now + Math.max(FRAME_MS, ledger.unplayedMs() - leadMs / 2);
    if (mode === 'flowing' && (framer.remainder > 0 || ledger.audibleUnmarked)) return closesOffAt();
    if (turn.heard) return now + Math.max(FRAME_MS, OVERDUE_MS - ledger.overdueMs());
    return null;
  }

  /** Silence need not wait behind more than is ever gathered: on a late path it is where time is made up. */
  function isSurplus(now: number): boolean {
    return (
      !finishing &&
      quietBytes >= BREATH_MS * BYTES_PER_MS &&
      now - audibleAt >= BREATH_MS &&
      queue.bytes / BYTES_PER_MS + ledger.unplayedMs() > options.mostFillMs
    );
  }

  /** Takes back what was not heard. What is said from here on is of the next generation, the marks in the queue are not. */
  function silenceEar(): TakenBack {
    const sounding = ledger.unheardMs() > 0 || turn.heard;
    turn.silenced();
    const takenBack = ledger.cut();
    if (sounding) {
      ear.clear();
      far.cut(clock.now());
    }
    return takenBack;
  }

  /** Everything of the turn that the caller has not heard, sent or not, in bytes. */
  const unheardBytes = () =>
    (ledger.unheardMs() - turn.repeatsMs()) * BYTES_PER_MS + queue.bytes + framer.remainder;

  /** Goes back to what is said again, if anything is left to be said, and from there on to where it is audible. */
  function rewind(): void {
    const audible = audibleWaits();
    if (audible) {
      queue.putBack([again]);
      turn.rewound(again.length / BYTES_PER_MS);
    }
    const repeated = turn.repeatsMs() * BYTES_PER_MS;
    const skipped = queue.skipQuiet(audible ? ONSET_MS * BYTES_PER_MS : 0);
    turn.rewound(-skipped / BYTES_PER_MS);
    skippedBytes += Math.max(0, skipped - repeated);
    again = NOTHING;
    fades = true;
    tell({
      type: 'agent.resumed',
      repeatedMs: audible ? turn.repeatsMs() : 0,
      leftMs: (queue.bytes + framer.remainder) / BYTES_PER_MS,
    });
  }

  return {
    take(bytes) {
      const mulaw = decoder.decode(bytes);
      if (mulaw.length === 0) return;
      const now = clock.now();
      const quiet = quietTail(mulaw);
      const audible = quiet < mulaw.length;
      if (mode === 'refusing' && audible && now - audibleAt >= HOLE_MS) tell({ type: 'pipe.renewed' });
      if (mode === 'refusing') {
        if (audible) audibleAt = now;
        refusedBytes += mulaw.length;
        // Else the end of what is refused would be heard in what is taken next.
        decoder.reset();
        return;
      }
      if (audible) {
        audibleAt = now;
        quietBytes = quiet;
        turn.arrived(now);
        if (mode === 'paused') turn.attend(true);
      } else if (isSurplus(now)) {
        skippedBytes += quiet;
        return;
      } else {
        quietBytes += quiet;
      }
      receivedAt = now;
      const frames = framer.push(mulaw);
      const restBytes = framer.remainder;
      restAudible = (restAudible && restBytes > mulaw.length) || restBytes > quiet;
      if (frames.length > 0) enqueue(frames);
      pump();
    },
    marked(name) {
      if (!ledger.marked(name)) return;
      settle();
      pump();
    },
    release() {
      if (mode === 'refusing') return;
      mode = 'flowing';
      pump();
    },
    pause() {
      const keptMs = unheardBytes() / BYTES_PER_MS;
      const heardMs = turn.heardMs();
      const inTurn = turn.heard;
      const takenBack = silenceEar();
      again = inTurn ? saidAgain(takenBack) : NOTHING;
      queue.putBack(takenBack.unheard);
      mode = 'paused';
      if (inTurn) turn.rewound(takenBack.overlap / BYTES_PER_MS);
      // Whoever paused it in its last word is listened to all the same: it is told when they cease.
      turn.attend(inTurn || audibleWaits());
      tell({ type: 'agent.paused', keptMs, heardMs });
    },
    resume() {
      mode = 'flowing';
      rewind();
      if (!audibleWaits()) turn.ended();
      pump();
    },
    flush(refuse) {
      const heardMs = turn.heardMs();
      const dropped = unheardBytes();
      silenceEar();
      flushedBytes += dropped;
      queue.clear();
      framer.reset();
      restAudible = false;
      decoder.reset();
      turn.dropped();
      again = NOTHING;
      fades = false;
      primed = false;
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
      const wasPaused = mode === 'paused';
      finishing = true;
      mode = 'flowing';
      const rest = framer.finish();
      if (rest) enqueue(rest);
      restAudible = false;
      if (wasPaused) rewind();
      const leftMs = queue.bytes / BYTES_PER_MS + ledger.unplayedMs();
      tell({ type: 'agent.finishing', leftMs });
      pump();
      if (queue.bytes === 0) closeOff();
      settle();
    },
    get readings() {
      return {
        queuedMs: queue.bytes / BYTES_PER_MS,
        leadMs: ledger.unplayedMs(),
        sentMs: ledger.sentBytes / BYTES_PER_MS,
        flushedMs: flushedBytes / BYTES_PER_MS,
        refusedMs: refusedBytes / BYTES_PER_MS,
        skippedMs: skippedBytes / BYTES_PER_MS,
      };
    },
  };
}
