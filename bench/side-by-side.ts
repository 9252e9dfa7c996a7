/**
 * Two servers at once: each carries as many calls in the same seconds, on the same core. What else the machine does then
 * it does to both, so their ratio is steadier than that of figures taken one after the other.
 *
 *   npm run bench:side-by-side -- --servers bridge,relay --calls 40 --seconds 6 --rounds 4 --json figures.json
 *
 * Only the ratio of CPU is told: a frame's delay would be that of two servers on one core.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { buildContenders, CONTENDERS, type Contender, type ContenderBuild } from './contenders.ts';
import { type Cores, coresHere, stayOn } from './cores.ts';
import { startFakeVapi } from './fake-vapi.ts';
import { machineWords, median, told, wholeNumber } from './figures.ts';
import { type Load, openLoad } from './load.ts';
import { turns } from './manner.ts';
import { startServer } from './server-process.ts';

const MOST_CALLS = 500;
const MOST_SECONDS = 60;
const MOST_ROUNDS = 20;
const STRETCHES = 3;

const { values } = parseArgs({
  options: {
    servers: { type: 'string', default: 'bridge,relay' },
    calls: { type: 'string', default: '40' },
    seconds: { type: 'string', default: '6' },
    rounds: { type: 'string', default: '4' },
    json: { type: 'string' },
  },
});
const calls = wholeNumber('--calls', values.calls, MOST_CALLS);
const seconds = wholeNumber('--seconds', values.seconds, MOST_SECONDS);
const rounds = wholeNumber('--rounds', values.rounds, MOST_ROUNDS);
const [one, other] = values.servers.split(',').map(contenderOf);
if (!one || !other) throw new Error('--servers are two, such as bridge,relay.');

interface Stand {
  load: Load;
  close(): Promise<void>;
}

/** What a frame costs the two, in µs of CPU, in the same seconds. */
interface Pair {
  one: number;
  other: number;
}

const say = (text: string) => process.stdout.write(text);
const cores = coresHere();
const machine = machineWords();
const build = await buildContenders();
if (cores) stayOn(cores.generator);
const measured: Pair[][] = [];
try {
  for (let round = 1; round <= rounds; round += 1) {
    const pairs = await measureRound(one, other, round % 2 === 1);
    measured.push(pairs);
    const words = pairs.map((pair) => `${pair.one.toFixed(1)} over ${pair.other.toFixed(1)}`);
    say(`round ${round}: ${one.name} over ${other.name}, µs per frame: ${words.join(', ')}\n`);
  }
} finally {
  build.remove();
}
const ratios = measured.map((pairs) => median(pairs.map((pair) => pair.one / pair.other)) ?? Number.NaN);
const costs = (of: keyof Pair) =>
  told(
    measured.flat().map((pair) => pair[of]),
    1,
  );
say(
  [
    `\n${machine}. ${calls} calls at each, ${STRETCHES} stretches of ${seconds} s, ${rounds} rounds: median (least–most).\n`,
    `- ${one.words}, over ${other.words}: ${told(ratios, 2)} times the CPU.`,
    `- µs of CPU a frame: ${costs('one')} and ${costs('other')}.\n`,
  ].join('\n'),
);
if (values.json !== undefined)
  await writeFile(values.json, `${JSON.stringify({ machine, calls, seconds, measured }, null, 2)}\n`);

function contenderOf(name: string): Contender {
  const found = CONTENDERS.find((contender) => contender.name === name);
  if (found) return found;
  throw new Error(`--servers are of ${CONTENDERS.map((it) => it.name).join(', ')}; ${name} is none of them.`);
}

async function measureRound(first: Contender, second: Contender, oneFirst: boolean): Promise<Pair[]> {
  const stands: Stand[] = [];
  try {
    for (const contender of oneFirst ? [first, second] : [second, first])
      stands.push(await openStand(build, contender, cores));
    const [ofOne, ofOther] = (oneFirst ? stands : stands.toReversed()) as [Stand, Stand];
    const pairs: Pair[] = [];
    for (let stretch = 0; stretch < STRETCHES; stretch += 1) {
      const [a, b] = await Promise.all([ofOne.load.measure(seconds), ofOther.load.measure(seconds)]);
      pairs.push({ one: a.usPerFrame, other: b.usPerFrame });
    }
    return pairs;
  } finally {
    for (const stand of stands) await stand.close();
  }
}

async function openStand(
  servers: ContenderBuild,
  contender: Contender,
  on: Cores | undefined,
): Promise<Stand> {
  const vapi = await startFakeVapi();
  const settings = contender.settings(vapi, 2 * calls);
  const server = await startServer(servers, contender.script(servers), settings, [], on?.server);
  const { format, soundDelayMs, interruption } = contender;
  const load = await openLoad({
    server,
    vapi,
    calls,
    mostCalls: calls,
    manner: turns,
    format,
    soundDelayMs,
    ...(interruption === undefined ? {} : { interruption }),
  });
  return {
    load,
    async close() {
      await load.hangUp();
      await server.stop();
      await vapi.close();
    },
  };
}
