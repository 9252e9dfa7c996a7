import type { Clock } from '../ports.ts';
import { createHeardTimeline } from './heard-timeline.ts';

export interface PlaybackOptions {
  clock: Clock;
  /** How long an echo is under way, whatever called it forth: echoes never overtake each other. */
  echoDelayMs: number;
  echo(name: string): void;
}

/** What plays a stream's audio to the caller. Every time counts from `begin`; before it and after `end` time stands. */
export interface Playback {
  begin(): void;
  /** Queues µ-law behind what is queued. Answers how many bytes found no room and are lost. */
  play(bytes: Uint8Array): number;
  /** Echoes `name` when everything queued so far was played; at once if nothing is. */
  mark(name: string): void;
  /** Empties the queue, and so echoes every waiting mark, in order. Answers how many ms will not be heard. */
  clear(): number;
  /** Stops playing and forgets the waiting marks. */
  end(): void;
  /** What was heard from byte `fromByte` (8 bytes a millisecond) until now; 0xff where nothing was playing. */
  heardFrom(fromByte: number): Buffer;
  readonly elapsedMs: number;
  readonly queuedMs: number;
}

const BYTES_PER_MS = 8;
/** Twilio holds ten minutes of audio and throws the rest away (error 31931). */
const QUEUE_CAP_BYTES = 4_800_000;
/** Two sums of the same milliseconds may differ in their last bits. */
const ROUNDING_MS = 0.001;

/** Plays 8 bytes a millisecond. What was played is asked of the clock; the one timer is that of the next echo. */
export function createPlayback({ clock, echoDelayMs, echo }: PlaybackOptions): Playback {
  const timeline = createHeardTimeline();
  const marks: { name: string; playedAtMs: number }[] = [];
  let beganAt: number | undefined;
  let endedMs: number | undefined;
  /** The byte of the timeline at which the queue ends. */
  let tail = 0;
  let timer: { id: unknown; dueMs: number } | undefined;

  const elapsedMs = () => endedMs ?? (beganAt === undefined ? 0 : clock.now() - beganAt);
  const playedBytes = () => Math.floor(elapsedMs() * BYTES_PER_MS);
  const queuedMs = () => Math.max(0, tail / BYTES_PER_MS - elapsedMs());

  function disarm(): void {
    if (timer) clock.clearTimeout(timer.id);
    timer = undefined;
  }

  function wakeAt(dueMs: number): void {
    if (timer?.dueMs === dueMs) return;
    disarm();
    const wake = () => {
      timer = undefined;
      echoWhatIsDue();
    };
    timer = { dueMs, id: clock.setTimeout(wake, dueMs - elapsedMs()) };
  }

  function echoWhatIsDue(): void {
    for (let mark = marks[0]; mark; mark = marks[0]) {
      const dueMs = mark.playedAtMs + echoDelayMs;
      if (dueMs > elapsedMs() + ROUNDING_MS) {
        wakeAt(dueMs);
        return;
      }
      marks.shift();
      echo(mark.name);
    }
    disarm();
  }

  function silence(): void {
    const now = playedBytes();
    timeline.eraseFrom(now);
    tail = Math.min(tail, now);
  }

  return {
    begin() {
      beganAt ??= clock.now();
    },
    play(bytes) {
      const now = playedBytes();
      const start = Math.max(tail, now);
      const taken = bytes.subarray(0, QUEUE_CAP_BYTES - (start - now));
      timeline.write(start, taken);
      tail = start + taken.length;
      return bytes.length - taken.length;
    },
    mark(name) {
      marks.push({ name, playedAtMs: Math.max(elapsedMs(), tail / BYTES_PER_MS) });
      echoWhatIsDue();
    },
    clear() {
      const now = elapsedMs();
      const droppedMs = queuedMs();
      silence();
      for (const mark of marks) mark.playedAtMs = Math.min(mark.playedAtMs, now);
      echoWhatIsDue();
      return droppedMs;
    },
    end() {
      silence();
      endedMs = elapsedMs();
      marks.length = 0;
      disarm();
    },
    heardFrom: (fromByte) => timeline.read(fromByte, playedBytes()),
    get elapsedMs() {
      return elapsedMs();
    },
    get queuedMs() {
      return queuedMs();
    },
  };
}
