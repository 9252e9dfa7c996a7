import type { Clock } from '../ports.ts';
import type { CallerEncoder } from './agent-format.ts';
import { lastWords } from './last-words.ts';
import { MULAW_SILENCE } from './mulaw.ts';

/** 8 bytes of µ-law are one millisecond; 160 are one frame. */
const BYTES_PER_MS = 8;
const FRAME_BYTES = 160;
const FRAME_MS = 20;

/**
 * Bytes that wait in the agent's socket before it counts as pushing back, and before it counts as free again. Vapi's
 * own guidance for its socket is to hold back above 32 KB.
 */
const HIGH_WATER_BYTES = 32_768;
const LOW_WATER_BYTES = 8_192;

/** Of what waits for a line that is late, only so many frames are kept: speech older than 2 s answers nothing any more. */
const FRESH_FRAMES = 100;

/**
 * How long Twilio may be quiet before silence is sent in its place. Some calls carry no frames while the caller is
 * silent, and Vapi needs to hear silence to know that a sentence is over. The silence then starts where the audio
 * stopped, so waiting this long delays no end of a sentence; acting sooner would cut holes into words whenever the
 * network holds frames back for a moment.
 */
const QUIET_MS = 300;
const QUIET_STEP_MS = 100;

/** Of a longer gap in Twilio's timestamps, only so much is filled. */
const LONGEST_GAP_MS = 10_000;
/** Timestamps that differ by less than this, and not by whole frames, differ by the sender's clock. */
const CLOCK_PLAY_MS = 60;

const SILENT_FRAME = Buffer.alloc(FRAME_BYTES, MULAW_SILENCE);

/** The edges that the caller's jitter buffer wants to know. */
export type CallerPathEdge =
  | { type: 'pipe.started' | 'pipe.primed' | 'pipe.stalled' | 'pipe.relieved' | 'pipe.overflowed' }
  | { type: 'caller.forwarded'; frames: number; ms: number };

export interface CallerPathOptions {
  clock: Clock;
  encoder: CallerEncoder;
  /** Takes bytes for the agent, in the agent's format. */
  send(bytes: Buffer): void;
  /** Bytes that wait in the agent's socket. */
  unsentBytes(): number;
  tell(edge: CallerPathEdge): void;
  /** Frames gathered before audio first goes to the agent. */
  prerollFrames: number;
  /** Frames kept while the agent is not there yet; beyond them the oldest are dropped. */
  connectFrames: number;
  /** Frames kept while the agent's socket pushes back. */
  backlogFrames: number;
  /** Frames per message to the agent. */
  framesPerSend: number;
}

/** What became of the caller's audio so far. */
export interface CallerPathReadings {
  heldFrames: number;
  droppedFrames: number;
  gapFilledMs: number;
  sentFrames: number;
}

/** The caller's audio on its way to the agent. */
export interface CallerPath {
  /**
   * Takes what Twilio brings: µ-law bytes, 160 a frame, and the time in ms at which Twilio says they were spoken.
   * Once live, they leave before this returns.
   */
  take(mulaw: Buffer, timestampMs: number | undefined): void;
  /** The agent is there; from here on silence is sent where Twilio sends nothing. */
  open(): void;
  /** Sends all that is held, oldest first, and from then on each frame as it comes. */
  release(): void;
  /** The agent is lost: keeps what comes until the next `release`, which sends the caller's last words of it alone. */
  hold(): void;
  /** Sends everything that waits, also for its message to become full, and stands in for Twilio no longer. */
  finish(): void;
  /**
   * The agent's line is late, or is not any more. While it is, what comes is held, 2 s of it at most, and goes out each
   * time that this is told: the line has answered, so it carries that much.
   */
  late(isLate: boolean): void;
  /** Drops what waits, and holds what comes until the next `release`. */
  flush(): void;
  /** When audio last went to the agent, by the clock; `null` before. */
  readonly lastSentAt: number | null;
  readonly readings: CallerPathReadings;
}

/** Makes the caller's path of one call. Its jitter buffer tells it when to open and release. */
export function createCallerPath(options: CallerPathOptions): CallerPath {
  const { clock, encoder, send, unsentBytes, tell, framesPerSend } = options;
  const limitBytes = (frames: number) => frames * FRAME_BYTES;

  let mode: 'held' | 'live' | 'backlogged' = 'held';
  /** Whether what is held was said to an agent that is lost. */
  let orphaned = false;
  let held: Buffer[] = [];
  let heldBytes = 0;
  let primed = false;
  let overflowing = false;
  let lineIsLate = false;
  /** What a burst of ours left in the socket: no sign of the far end pushing back. */
  let burstBytes = 0;
  let batch: Buffer[] = [];
  let batchBytes = 0;
  let lastSentAt: number | null = null;

  let expectedMs: number | null = null;
  /** When the next frame is due here: a frame after the last. */
  let dueAt = 0;
  let filledSinceFrameMs = 0;
  let quietTimer: unknown = null;

  const readings = { droppedFrames: 0, gapFilledMs: 0, sentFrames: 0 };

  function emit(mulaw: Buffer): void {
    lastSentAt = clock.now();
    readings.sentFrames += mulaw.length / FRAME_BYTES;
    if (framesPerSend === 1) {
      send(encoder.encode(mulaw));
      return;
    }
    batch.push(mulaw);
    batchBytes += mulaw.length;
    if (batchBytes >= limitBytes(framesPerSend)) sendBatch();
  }

  function sendBatch(): void {
    if (batch.length === 0) return;
    send(encoder.encode(Buffer.concat(batch, batchBytes)));
    batch = [];
    batchBytes = 0;
  }

  function keep(mulaw: Buffer, limit: number): void {
    if (held.length === 0) tell({ type: 'pipe.started' });
    held.push(mulaw);
    heldBytes += mulaw.length;
    if (heldBytes <= limit) return;
    while (heldBytes > limit) {
      const oldest = held.shift();
      if (!oldest) break;
      heldBytes -= oldest.length;
      readings.droppedFrames += oldest.length / FRAME_BYTES;
    }
    if (!overflowing) {
      overflowing = true;
      tell({ type: 'pipe.overflowed' });
    }
  }

  /** What was said longer ago confuses an agent that answers it. */
  function keepLastWords(): void {
    orphaned = false;
    const kept = lastWords(held);
    readings.droppedFrames += (heldBytes - kept.bytes) / FRAME_BYTES;
    held = kept.frames;
    heldBytes = kept.bytes;
  }

  function letGo(): void {
    const frames = held;
    held = [];
    heldBytes = 0;
    for (const frame of frames) emit(frame);
    burstBytes = unsentBytes();
  }

  /** Passes `mulaw` on, `times` over. */
  function pass(mulaw: Buffer, times = 1): void {
    const unsent = mode === 'held' ? 0 : unsentBytes();
    burstBytes = Math.min(burstBytes, unsent);
    if (mode === 'live' && (lineIsLate || unsent > HIGH_WATER_BYTES + burstBytes)) {
      mode = 'backlogged';
      tell({ type: 'pipe.stalled' });
    } else if (mode === 'backlogged' && !lineIsLate && unsent <= LOW_WATER_BYTES) {
      mode = 'live';
      overflowing = false;
      letGo();
      tell({ type: 'pipe.relieved' });
    }
    if (mode === 'live') {
      for (let i = 0; i < times; i += 1) emit(mulaw);
      if (times > 1 && unsent <= HIGH_WATER_BYTES) burstBytes = unsentBytes();
      return;
    }
    const limit = limitBytes(mostHeldFrames());
    for (let i = 0; i < times; i += 1) keep(mulaw, limit);
    if (mode === 'held' && !primed && heldBytes >= limitBytes(options.prerollFrames)) {
      primed = true;
      tell({ type: 'pipe.primed' });
    }
  }

  function mostHeldFrames(): number {
    if (mode === 'held') return options.connectFrames;
    return lineIsLate ? FRESH_FRAMES : options.backlogFrames;
  }

  function fill(ms: number): void {
    pass(SILENT_FRAME, ms / FRAME_MS);
    readings.gapFilledMs += ms;
  }

  /** Silence for what Twilio's timestamps skip, less what stood in for it already. */
  function fillGapBefore(timestampMs: number): void {
    if (expectedMs === null) return;
    const gapMs = timestampMs - expectedMs;
    if (gapMs < FRAME_MS || (gapMs % FRAME_MS !== 0 && gapMs < CLOCK_PLAY_MS)) return;
    const missingMs = Math.min(gapMs - filledSinceFrameMs, LONGEST_GAP_MS);
    if (missingMs >= FRAME_MS) fill(missingMs - (missingMs % FRAME_MS));
  }

  function watchAgainIn(ms: number): void {
    quietTimer = clock.setTimeout(lookForQuiet, ms);
  }

  function lookForQuiet(): void {
    const now = clock.now();
    const quietMs = now - dueAt - filledSinceFrameMs;
    const enoughMs = filledSinceFrameMs === 0 ? QUIET_MS : FRAME_MS;
    // What came while this process was busy is read between this timer and the next: only then is it known whether
    // Twilio was quiet until now.
    if (quietMs >= enoughMs) quietTimer = clock.setTimeout(() => fillQuietUntil(now), 0);
    else watchAgainIn(enoughMs - quietMs);
  }

  function fillQuietUntil(lookedAt: number): void {
    const quietMs = lookedAt - dueAt - filledSinceFrameMs;
    if (quietMs < FRAME_MS) {
      watchAgainIn(QUIET_MS);
      return;
    }
    const missingMs = quietMs - (quietMs % FRAME_MS);
    fill(missingMs);
    filledSinceFrameMs += missingMs;
    sendBatch();
    watchAgainIn(QUIET_STEP_MS);
  }

  return {
    take(mulaw, timestampMs) {
      if (timestampMs !== undefined) fillGapBefore(timestampMs);
      dueAt = clock.now() + FRAME_MS;
      filledSinceFrameMs = 0;
      const spokenAtMs = timestampMs ?? expectedMs;
      expectedMs = spokenAtMs === null ? null : spokenAtMs + mulaw.length / BYTES_PER_MS;
      pass(mulaw);
    },
    open() {
      if (quietTimer !== null) return;
      dueAt = clock.now();
      watchAgainIn(QUIET_MS);
    },
    release() {
      if (mode !== 'held') return;
      mode = 'live';
      overflowing = false;
      if (orphaned) keepLastWords();
      const forwarded = { frames: Math.round(heldBytes / FRAME_BYTES), ms: heldBytes / BYTES_PER_MS };
      letGo();
      tell({ type: 'caller.forwarded', ...forwarded });
    },
    hold() {
      // Messages that were never filled go to the next agent.
      held = [...batch, ...held];
      heldBytes += batchBytes;
      batch = [];
      batchBytes = 0;
      encoder.reset();
      mode = 'held';
      orphaned = true;
      primed = false;
      overflowing = false;
      if (held.length > 0) tell({ type: 'pipe.started' });
    },
    finish() {
      clock.clearTimeout(quietTimer);
      mode = 'live';
      letGo();
      sendBatch();
    },
    late(isLate) {
      lineIsLate = isLate;
      if (mode === 'backlogged' && unsentBytes() <= LOW_WATER_BYTES) letGo();
    },
    flush() {
      mode = 'held';
      held = [];
      heldBytes = 0;
      primed = false;
      overflowing = false;
      batch = [];
      batchBytes = 0;
      encoder.reset();
    },
    get lastSentAt() {
      return lastSentAt;
    },
    get readings() {
      return { ...readings, heldFrames: heldBytes / FRAME_BYTES };
    },
  };
}
