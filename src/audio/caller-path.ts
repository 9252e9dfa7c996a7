import type { Clock } from '../ports.ts';
import type { CallerEncoder } from './agent-format.ts';
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

/**
 * How long Twilio may be quiet before silence is sent in its place. Some calls carry no frames while the caller is
 * silent, and Vapi needs to hear silence to know that a sentence is over. The silence then starts where the audio
 * stopped, so waiting this long delays no end of a sentence; acting sooner would cut holes into words whenever the
 * network holds frames back for a moment.
 */
const QUIET_MS = 300;
const QUIET_STEP_MS = 100;

/** The longest gap in Twilio's timestamps that is filled; a longer one is taken as a new start. */
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
  /** Sends what waits for its message to become full, and ends. */
  finish(): void;
  /** Drops what is held. */
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
  let held: Buffer[] = [];
  let heldBytes = 0;
  let primed = false;
  let overflowing = false;
  /** What a burst of ours left in the socket: no sign of the far end pushing back. */
  let burstBytes = 0;
  let batch: Buffer[] = [];
  let lastSentAt: number | null = null;

  let expectedMs: number | null = null;
  let arrivedAt = 0;
  let filledSinceFrameMs = 0;
  let quietTimer: unknown = null;
  let quietCheckDue = 0;

  const readings = { droppedFrames: 0, gapFilledMs: 0, sentFrames: 0 };

  function emit(mulaw: Buffer): void {
    lastSentAt = clock.now();
    readings.sentFrames += mulaw.length / FRAME_BYTES;
    if (framesPerSend === 1) {
      send(encoder.encode(mulaw));
      return;
    }
    batch.push(mulaw);
    if (batch.length >= framesPerSend) sendBatch();
  }

  function sendBatch(): void {
    if (batch.length === 0) return;
    send(encoder.encode(Buffer.concat(batch)));
    batch = [];
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

  function letGo(): void {
    const frames = held;
    held = [];
    heldBytes = 0;
    overflowing = false;
    for (const frame of frames) emit(frame);
    burstBytes = unsentBytes();
  }

  function pass(mulaw: Buffer): void {
    if (mode === 'live') {
      const unsent = unsentBytes();
      if (unsent <= HIGH_WATER_BYTES) burstBytes = 0;
      if (unsent <= HIGH_WATER_BYTES + burstBytes) {
        emit(mulaw);
        return;
      }
      mode = 'backlogged';
      tell({ type: 'pipe.stalled' });
    }
    if (mode === 'backlogged') {
      keep(mulaw, limitBytes(options.backlogFrames));
      if (unsentBytes() > LOW_WATER_BYTES) return;
      mode = 'live';
      letGo();
      tell({ type: 'pipe.relieved' });
      return;
    }
    keep(mulaw, limitBytes(options.connectFrames));
    if (!primed && heldBytes >= limitBytes(options.prerollFrames)) {
      primed = true;
      tell({ type: 'pipe.primed' });
    }
  }

  function fill(ms: number): void {
    for (let filled = 0; filled < ms; filled += FRAME_MS) pass(SILENT_FRAME);
    readings.gapFilledMs += ms;
  }

  /** Silence for what Twilio's timestamps skip, less what stood in for it already. */
  function fillGapBefore(timestampMs: number): void {
    if (expectedMs === null) return;
    const gapMs = timestampMs - expectedMs;
    if (gapMs < FRAME_MS || (gapMs % FRAME_MS !== 0 && gapMs < CLOCK_PLAY_MS)) return;
    const missingMs = Math.min(gapMs, LONGEST_GAP_MS) - filledSinceFrameMs;
    if (missingMs >= FRAME_MS) fill(missingMs - (missingMs % FRAME_MS));
  }

  function watchAgainIn(ms: number): void {
    quietCheckDue = clock.now() + ms;
    quietTimer = clock.setTimeout(watchForQuiet, ms);
  }

  function watchForQuiet(): void {
    const now = clock.now();
    // After a stall of our own the frames of that time are still unread: look again once they were.
    if (now - quietCheckDue > FRAME_MS) {
      watchAgainIn(FRAME_MS);
      return;
    }
    const quietMs = now - arrivedAt - filledSinceFrameMs;
    if (filledSinceFrameMs === 0 && quietMs < QUIET_MS) {
      watchAgainIn(QUIET_MS - quietMs);
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
      arrivedAt = clock.now();
      filledSinceFrameMs = 0;
      expectedMs = (timestampMs ?? expectedMs ?? 0) + mulaw.length / BYTES_PER_MS;
      pass(mulaw);
    },
    open() {
      if (quietTimer !== null) return;
      arrivedAt = clock.now();
      watchAgainIn(QUIET_MS);
    },
    release() {
      if (mode !== 'held') return;
      mode = 'live';
      const forwarded = { frames: Math.round(heldBytes / FRAME_BYTES), ms: heldBytes / BYTES_PER_MS };
      letGo();
      tell({ type: 'caller.forwarded', ...forwarded });
    },
    finish() {
      sendBatch();
    },
    flush() {
      held = [];
      heldBytes = 0;
    },
    get lastSentAt() {
      return lastSentAt;
    },
    get readings() {
      return { ...readings, heldFrames: held.length };
    },
  };
}
