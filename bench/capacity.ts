/**
 * How many calls one core of this machine carries with the settings that the server would be started with, and what
 * `MAX_CALLS` to set: `npm run capacity`. A minute; nothing is contacted outside 127.0.0.1, and no key is used.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import dotenv from 'dotenv';
import { readSettings, type Settings } from '../src/settings.ts';
import { BRIDGE_SOUND_DELAY_MS } from './contenders.ts';
import { coresHere, stayOn } from './cores.ts';
import { startFakeVapi } from './fake-vapi.ts';
import { machineWords, wholeNumber } from './figures.ts';
import { findKnee, type Knee, type Trial } from './knee.ts';
import { type Load, openLoad } from './load.ts';
import { turns } from './manner.ts';
import { buildServers, startServer } from './server-process.ts';
import { FRAME_MS } from './track.ts';

/** The delay at p99 from which on a caller is served too late: a whole frame. */
const LATE_MS = FRAME_MS;
/** What is advised of what was found; the rest is for the machine's neighbours, the inspector, and a bad minute. */
const ADVISED = 0.7;
const FIRST_CALLS = 25;
const MOST_CALLS = 2_000;
const TRIAL_SECONDS = 2.5;
/** Of the time, for compiling and for the last trial, in seconds. */
const SPARE_SECONDS = 8;

const say = (text: string) => process.stdout.write(text);

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    most: { type: 'string', default: String(MOST_CALLS) },
  },
});
const endsAt = performance.now() + (wholeNumber('--seconds', values.seconds, 600) - SPARE_SECONDS) * 1000;
const mostCalls = wholeNumber('--most', values.most, MOST_CALLS);

dotenv.config({ quiet: true });
const machine = { cores: availableParallelism(), readFile: (path: string) => readFileSync(path, 'utf8') };
const read = readSettings(process.env, machine);
if (!read.ok) {
  process.stderr.write(`The settings are faulty:\n\n${read.words}\n`);
  process.exit(1);
}
const { settings } = read;
const format = settings.agent.kind === 'vapi' ? settings.agent.format : 'mulaw';
/** What is gathered on purpose before a message to the agent, in ms. */
const gatheredMs = (settings.buffers.framesPerSend - 1) * FRAME_MS;

say(`${machineWords()}\n`);
say(`${format}, BARGE_IN=${settings.call.bargeIn}, FRAMES_PER_SEND=${settings.buffers.framesPerSend}\n\n`);
const cores = coresHere();
const build = await buildServers();
if (cores) stayOn(cores.generator);
const vapi = await startFakeVapi();
let knee: Knee;
try {
  const server = await startServer(
    build,
    build.bridge,
    environmentOf(settings, vapi.httpUrl),
    [],
    cores?.server,
  );
  try {
    const soundDelayMs = format === 'mulaw' ? 0 : BRIDGE_SOUND_DELAY_MS;
    const first = Math.min(FIRST_CALLS, mostCalls);
    const load = await openLoad({
      server,
      vapi,
      calls: first,
      mostCalls,
      format,
      soundDelayMs,
      manner: turns,
    });
    try {
      const timeIsUp = () => performance.now() > endsAt;
      knee = await findKnee((calls) => attempt(load, calls), { first, most: mostCalls, timeIsUp });
    } finally {
      await load.hangUp();
    }
  } finally {
    await server.stop();
  }
} finally {
  await vapi.close();
  build.remove();
}
say(adviceOf(knee));
process.exit(knee.calls === 0 ? 1 : 0);

/** The settings that a frame's cost depends on, with an agent that is here. */
function environmentOf({ buffers, call }: Settings, vapiUrl: string): Record<string, string> {
  return {
    AGENT: 'vapi',
    VAPI_API_KEY: 'bench-key',
    VAPI_CREATES_PER_SECOND: '1000',
    VAPI_BASE_URL: vapiUrl,
    VAPI_AUDIO_FORMAT: format,
    BARGE_IN: call.bargeIn,
    BUFFER_SIZE: String(buffers.prerollFrames),
    MAX_BUFFER_SIZE: String(buffers.maxFrames),
    CONNECT_BUFFER_SIZE: String(buffers.connectFrames),
    FRAMES_PER_SEND: String(buffers.framesPerSend),
    MAX_CALLS: String(mostCalls),
  };
}

/** A moment's disturbance is no lateness of the server: it is late when it is so twice. */
async function attempt(load: Load, calls: number): Promise<Trial> {
  try {
    await load.resize(calls);
  } catch {
    say(`${calls} calls: not let in any more\n`);
    return { calls, p99Ms: Number.POSITIVE_INFINITY, verdict: 'late' };
  }
  const first = await trial(load, calls);
  return first.verdict === 'carried' ? first : trial(load, calls);
}

async function trial(load: Load, calls: number): Promise<Trial> {
  const { toAgent, toCaller, cpuShare, generator, disturbed } = await load.measure(TRIAL_SECONDS);
  const p99Ms = Math.max(toAgent.p99 - gatheredMs, toCaller.p99);
  const verdict = p99Ms <= LATE_MS ? 'carried' : disturbed ? 'unknown' : 'late';
  const words = { carried: '', late: ', late', unknown: ', but the generator was late itself' }[verdict];
  say(
    `${calls} calls: p99 ${p99Ms.toFixed(1)} ms, ${(100 * cpuShare).toFixed(0)} % of a core` +
      ` (generator ${(100 * generator.cpuShare).toFixed(0)} %, its lag ${generator.lag.p99.toFixed(1)} ms)${words}\n`,
  );
  return { calls, p99Ms, verdict };
}

function adviceOf({ calls, atLeast }: Knee): string {
  if (calls === 0)
    return `\nNot valid: not even ${FIRST_CALLS} calls came through within ${LATE_MS} ms. Is the machine busy with something else?\n`;
  const each = Math.max(1, Math.floor(ADVISED * calls));
  const { cores: count } = machine;
  return [
    `\nOne core carries ${atLeast ? 'at least ' : ''}${calls} calls with 99 of 100 frames less than ${LATE_MS} ms late.`,
    ...(atLeast
      ? ['More may be possible: the generator, or the time, came to its end before the server did.']
      : []),
    ...(cores ? [] : ['Server and generator shared their cores, so it may be more.']),
    `\nMAX_CALLS=${each}   # ${100 * ADVISED} % of it, for one process`,
    ...(count > 1
      ? [
          `\nWith WORKERS=${count} on the ${count} cores here it would be MAX_CALLS=${count * each}, if they are the bridge's alone.`,
          'That is reckoned from one core, not measured: memory and network are shared.',
        ]
      : []),
    '',
  ].join('\n');
}
