import type { AudioFormat } from '../../src/audio/agent-format.ts';
import { BYTES_PER_MS } from '../../src/simulation/speaker.ts';
import type { VapiCall, VapiCallLine, VapiEnding, VapiMind } from '../../src/simulation/vapi-line.ts';
import { codedAudio } from './coded-audio.ts';
import type { Random } from './random.ts';

/** A piece of the agent's sound that left it: bytes `from` up to `to` of a turn, or `turn` 0 for digital silence. */
export interface Piece {
  turn: number;
  from: number;
  to: number;
}

/** How an agent is by nature. */
export interface Nature {
  /** Whole turns in one message, about real time, or clumps of odd sizes with holes of up to a quarter second. */
  pace: 'at-once' | 'real-time' | 'clumped';
  /** It sends digital silence whenever it does not speak. */
  fillsSilence: boolean;
  /** Says `speech-update` of the caller. */
  tellsSpeech: boolean;
  tellsPartials: boolean;
  /** In so many of 1 interruptions it gives its verdict and stops; in the others it takes no notice. */
  yields: number;
}

export function drawNature(random: Random): Nature {
  return {
    pace: random.pick(['at-once', 'real-time', 'clumped']),
    fillsSilence: random.chance(0.15),
    tellsSpeech: random.chance(0.8),
    tellsPartials: random.chance(0.8),
    yields: random.pick([1, 0.7, 0]),
  };
}

/** Of an agent that does what is told: nothing of it is drawn. */
export const TOLD_NATURE: Nature = {
  pace: 'real-time',
  fillsSilence: false,
  tellsSpeech: false,
  tellsPartials: false,
  yields: 0,
};

export interface AgentOptions {
  /** The number of its call. */
  call: number;
  nature: Nature;
  random: Random;
  tell(words: string): void;
  /** A piece of its sound goes out, before it does. */
  speaks(piece: Piece): void;
  /** The number of the next turn; whoever takes its place counts on. */
  nextTurn(): number;
  /** The caller's audio has come. */
  hears(bytes: Buffer): void;
  /** The call as its service holds it. */
  held(): VapiCall | undefined;
}

/** The agent of one call as a random talker, with handles for what befalls it. */
export interface SimAgent extends VapiMind {
  /** The caller begins to say something, as the agent's ears have it. */
  callerStarts(words: string): void;
  callerStops(words: string): void;
  interrupt(): void;
  transcribe(words: string, type: 'partial' | 'final'): void;
  babble(): void;
  /** Says its last words, if it likes, and ends the call. */
  finish(ending: VapiEnding): void;
  readonly speaking: boolean;
}

const STEP_MS = 100;
const LEAD_MS = 60;
/** Shorter than the hole by which the bridge tells turns apart. */
const LONGEST_CLUMP_MS = 220;
/** Longer than that hole, whatever the line adds to it or takes from it. */
const SHORTEST_PAUSE_MS = 450;

const BABBLE = [
  '{"type":"model-output","output":"x"}',
  '{"type":',
  '[]',
  '{"__proto__":{"type":"hang"}}',
  '{"type":"hang"}',
];

export function createSimAgent(line: VapiCallLine, options: AgentOptions): SimAgent {
  const { random, nature, tell } = options;
  const { clock, format } = line;
  const ratio = BYTES_PER_MS[format] / 8;
  let latest = 0;
  let current: { turn: number; bytes: Buffer; sent: number; since: number; timer: unknown } | null = null;
  let nextTurn: unknown = null;
  let filler: unknown = null;
  let over = false;

  function update(role: 'assistant' | 'user', status: 'started' | 'stopped'): void {
    line.sendMessage({ type: 'speech-update', role, status });
  }

  function send(turn: number, from: number, to: number, bytes: Buffer): void {
    options.speaks({ turn, from, to });
    line.sendAudio(bytes);
  }

  function speak(): void {
    if (over) return;
    silence();
    latest = options.nextTurn();
    const ms = random.int(15, 400) * 10 + random.int(0, 7);
    tell(`agent begins turn ${latest} (${ms} ms)`);
    update('assistant', 'started');
    current = {
      turn: latest,
      bytes: soundOf(format, options.call, latest, ms),
      sent: 0,
      since: clock.now(),
      timer: null,
    };
    step();
  }

  function step(): void {
    if (!current) return;
    const { bytes, turn, since } = current;
    const dueMs = clock.now() - since + LEAD_MS;
    const due =
      nature.pace === 'at-once'
        ? bytes.length
        : Math.min(bytes.length, Math.floor(dueMs) * BYTES_PER_MS[format]);
    while (current && current.sent < due) {
      const odd = nature.pace === 'clumped' ? random.int(24, 900) * ratio - (ratio > 1 ? 1 : 0) : due;
      const from: number = current.sent;
      const to = Math.min(due, from + odd);
      current.sent = to;
      send(turn, from, to, bytes.subarray(from, to));
    }
    if (!current) return;
    if (due < bytes.length) {
      const waitMs = nature.pace === 'clumped' ? random.int(10, LONGEST_CLUMP_MS) : STEP_MS;
      current.timer = clock.setTimeout(step, waitMs);
      return;
    }
    const restMs = since + bytes.length / BYTES_PER_MS[format] - clock.now();
    current.timer = clock.setTimeout(finishTurn, Math.max(0, restMs));
  }

  function finishTurn(): void {
    current = null;
    tell(`agent has said turn ${latest}`);
    update('assistant', 'stopped');
    think(random.int(2_000, 4_000));
    fill();
  }

  /** Stops in the middle of a turn, if it speaks. */
  function silence(): boolean {
    clock.clearTimeout(nextTurn);
    clock.clearTimeout(filler);
    if (!current) return false;
    clock.clearTimeout(current.timer);
    current = null;
    return true;
  }

  function think(ms: number): void {
    clock.clearTimeout(nextTurn);
    if (!over) nextTurn = clock.setTimeout(speak, Math.max(SHORTEST_PAUSE_MS, ms));
  }

  function fill(): void {
    if (!nature.fillsSilence || over || current) return;
    const bytes = Buffer.alloc(STEP_MS * BYTES_PER_MS[format], format === 'mulaw' ? 0xff : 0);
    send(0, 0, bytes.length, bytes);
    filler = clock.setTimeout(fill, STEP_MS);
  }

  function transcribe(words: string, transcriptType: 'partial' | 'final'): void {
    line.sendMessage({ type: 'transcript', role: 'user', transcriptType, transcript: words });
  }

  function interrupt(): void {
    tell('agent takes itself to be interrupted');
    line.sendMessage({ type: 'user-interrupted' });
    if (silence()) {
      update('assistant', 'stopped');
      fill();
    }
  }

  return {
    opened() {
      nextTurn = clock.setTimeout(speak, random.int(0, 700));
    },
    audio: options.hears,
    message() {},
    closed() {
      over = true;
      silence();
    },
    callerStarts(words) {
      if (over) return;
      if (nature.tellsSpeech) update('user', 'started');
      if (nature.tellsPartials) transcribe(words, 'partial');
      const backchannel = words === 'mm-hm';
      if (current && !backchannel && random.chance(nature.yields)) interrupt();
      if (!current) clock.clearTimeout(nextTurn);
    },
    callerStops(words) {
      if (over) return;
      if (random.chance(0.5)) transcribe(words, 'final');
      if (nature.tellsSpeech) update('user', 'stopped');
      if (random.chance(0.5)) transcribe(words, 'final');
      if (!current) think(random.int(300, 1_500));
    },
    interrupt() {
      if (!over) interrupt();
    },
    transcribe(words, type) {
      if (!over) transcribe(words, type);
    },
    babble() {
      for (const text of BABBLE) options.held()?.sendText(text);
    },
    finish(ending) {
      if (over) return;
      if (!current && random.chance(0.5)) speak();
      if (current) {
        const { turn, bytes, sent } = current;
        if (sent < bytes.length) send(turn, sent, bytes.length, bytes.subarray(sent));
        current.sent = bytes.length;
      }
      tell(`agent ends the call (${ending})`);
      over = true;
      options.held()?.end('assistant-ended-call', ending);
    },
    get speaking() {
      return current !== null;
    },
  };
}

/** 16-bit samples cannot carry the code through the filter: a plain tone is sent instead. */
const TONE = Buffer.alloc(32 * 1_000);
for (let i = 0; i < TONE.length / 2; i += 1)
  TONE.writeInt16LE(Math.round(9_000 * Math.sin((i * Math.PI) / 16)), 2 * i);

/** `ms` of sound in the agent's format: which turn of which call it is can be told of it, where that is possible. */
export function soundOf(format: AudioFormat, call: number, turn: number, ms: number): Buffer {
  if (format === 'mulaw') return codedAudio(call, turn, 0, ms);
  const parts: Buffer[] = [];
  for (let left = ms; left > 0; left -= 1_000) parts.push(TONE.subarray(0, Math.min(left, 1_000) * 32));
  return Buffer.concat(parts);
}
