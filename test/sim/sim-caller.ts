import type { Clock } from '../../src/ports.ts';
import type { MediaStream } from '../../src/simulation/media-stream.ts';
import { codedAudio } from './coded-audio.ts';
import type { Random } from './random.ts';

export interface CallerOptions {
  clock: Clock;
  call: number;
  random: Random;
  stream: MediaStream;
  tell(words: string): void;
  /** Tells the agent's ears, some time later, what the caller does. */
  heardByAgent(act: 'starts' | 'stops', words: string): void;
  /** Nothing more is to be said, by this side's reckoning. */
  enough(): void;
}

/** The caller of one call as a random talker. */
export interface SimCaller {
  begin(): void;
  /** The next 20 ms. */
  frame(): void;
  /** No frames for `ms`, as on a line that sends none in silence. */
  mute(ms: number): void;
  end(): void;
  readonly sentFrames: number;
}

const FRAME_MS = 20;
const SENTENCES = ['I would like an appointment', 'no, wait a moment', 'what about Tuesday then'] as const;

export function createSimCaller(options: CallerOptions): SimCaller {
  const { clock, call, random, stream, tell } = options;
  let beganAt: number | null = null;
  let endsAt = 0;
  let mutedUntil = 0;
  let sentFrames = 0;
  let timer: unknown = null;

  const later = (fn: () => void, ms: number) => {
    timer = clock.setTimeout(fn, ms);
  };

  function decide(): void {
    if (clock.now() >= endsAt) {
      options.enough();
      return;
    }
    const chance = random.next();
    if (stream.playing) {
      if (chance < 0.3) say(random.pick(SENTENCES), random.int(300, 2_000), 'interrupts: ');
      else if (chance < 0.5) say('mm-hm', random.int(120, 380), 'hums along: ');
      else later(decide, random.int(200, 900));
      return;
    }
    if (chance < 0.6) say(random.pick(SENTENCES), random.int(300, 2_500), 'speaks: ');
    else later(decide, random.int(300, 1_200));
  }

  function say(words: string, ms: number, how: string): void {
    tell(`caller ${how}"${words}" (${ms} ms)`);
    options.heardByAgent('starts', words);
    later(() => {
      options.heardByAgent('stops', words);
      later(decide, random.int(400, 2_000));
    }, ms);
  }

  return {
    begin() {
      beganAt = clock.now();
      endsAt = beganAt + random.int(2_000, 9_000);
      later(decide, random.int(200, 2_000));
    },
    frame() {
      if (beganAt === null || !stream.streaming || clock.now() < mutedUntil) return;
      const atMs = Math.floor((clock.now() - beganAt) / FRAME_MS) * FRAME_MS;
      if (stream.sendFrame(codedAudio(call, 0, sentFrames * FRAME_MS, FRAME_MS), atMs)) sentFrames += 1;
    },
    mute(ms) {
      mutedUntil = clock.now() + ms;
    },
    end() {
      clock.clearTimeout(timer);
    },
    get sentFrames() {
      return sentFrames;
    },
  };
}
