import type { FakeVapi } from './fake-vapi.ts';
import { transcript } from './manner.ts';
import { type Build, buildServers } from './server-process.ts';
import type { SpokenFormat } from './spoken.ts';
import { writeVariant } from './variant.ts';

/** One of the servers that are compared. */
export interface Contender {
  name: string;
  /** As it is called in tables. */
  words: string;
  format: SpokenFormat;
  /** What its figures are divided by. */
  yardstick: string;
  /** By how much its resampler delays the sound, in ms. */
  soundDelayMs: number;
  /** What its agent says when it is interrupted. */
  interruption?: string;
  script(build: ContenderBuild): string;
  settings(vapi: FakeVapi, mostCalls: number): Record<string, string>;
}

export interface ContenderBuild extends Build {
  tutorial: string;
  framesAsEvents: string;
}

function bridgeSettings(format: 'mulaw' | 'pcm_s16le') {
  return ({ httpUrl }: FakeVapi, mostCalls: number) => ({
    AGENT: 'vapi',
    VAPI_API_KEY: 'bench-key',
    VAPI_CREATES_PER_SECOND: '1000',
    VAPI_BASE_URL: httpUrl,
    VAPI_AUDIO_FORMAT: format,
    MAX_CALLS: String(mostCalls),
  });
}

/** From the resampler of the bridge: 48 samples at 16 kHz. */
export const BRIDGE_SOUND_DELAY_MS = 3;

/** All there are, in the order in which they are told. */
export const CONTENDERS: readonly Contender[] = [
  {
    name: 'bridge',
    words: 'the bridge, µ-law',
    format: 'mulaw',
    yardstick: 'relay',
    soundDelayMs: 0,
    script: ({ bridge }) => bridge,
    settings: bridgeSettings('mulaw'),
  },
  {
    name: 'relay',
    words: 'bare `ws` relay, µ-law',
    format: 'mulaw',
    yardstick: 'relay',
    soundDelayMs: 0,
    script: ({ relay }) => relay,
    settings: ({ socketUrl }) => ({ AGENT_URL: socketUrl }),
  },
  {
    name: 'bridge-pcm',
    words: 'the bridge, PCM 16 kHz',
    format: 'pcm_s16le',
    yardstick: 'relay-pcm',
    soundDelayMs: BRIDGE_SOUND_DELAY_MS,
    script: ({ bridge }) => bridge,
    settings: bridgeSettings('pcm_s16le'),
  },
  {
    name: 'relay-pcm',
    words: 'bare `ws` relay, PCM 16 kHz',
    format: 'pcm_s16le',
    yardstick: 'relay-pcm',
    soundDelayMs: 0,
    script: ({ relay }) => relay,
    settings: ({ socketUrl }) => ({ AGENT_URL: socketUrl, FORMAT: 'pcm_s16le' }),
  },
  {
    name: 'tutorial',
    words: "the tutorial's server",
    format: 'pcm_8k',
    yardstick: 'relay',
    soundDelayMs: 0,
    interruption: transcript('user', 'partial', 'Wait'),
    script: ({ tutorial }) => tutorial,
    settings: ({ socketUrl }) => ({ AGENT_URL: socketUrl }),
  },
  {
    name: 'frames-as-events',
    words: 'the bridge, every frame an event',
    format: 'mulaw',
    yardstick: 'relay',
    soundDelayMs: 0,
    script: ({ framesAsEvents }) => framesAsEvents,
    settings: bridgeSettings('mulaw'),
  },
];

/** Compiles them all. */
export async function buildContenders(): Promise<ContenderBuild> {
  const build = await buildServers(['bench/tutorial-server.ts', 'bench/frames-as-events.ts']);
  try {
    const bench = (at: string) => `${at}bench/frames-as-events.js`;
    await writeVariant(build, 'call/open-call', 'call/frames-open-call', {
      '../telephony/caller-line.js': bench('../../'),
      '../agent/agent-line.js': bench('../../'),
    });
    await writeVariant(build, 'call/calls', 'call/frames-calls', {
      './open-call.js': './frames-open-call.js',
      './call-logic.js': bench('../../'),
    });
    const framesAsEvents = await writeVariant(build, 'main', 'frames-main', {
      './call/calls.js': './call/frames-calls.js',
      './inspector/watch.js': bench('../'),
    });
    return { ...build, tutorial: `${build.directory}/bench/tutorial-server.js`, framesAsEvents };
  } catch (error) {
    build.remove();
    throw error;
  }
}
