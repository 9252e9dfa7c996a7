/**
 * What the inspector costs, and how soon it shows what happens.
 *
 *   npm run bench:inspector -- --calls 30 --seconds 6 --rounds 4 --pairs nobody,plain,viewer,stuck --json figures.json
 *
 * Two servers at a time carry as many calls each in the same seconds, on the same core: the server as it is beside one
 * without any inspection (`nobody`), one with no more of it than the log, the timelines and the metrics need beside one
 * without any (`plain`), and one that a viewer looks on at, or one who reads no more, beside one that nobody looks at
 * (`viewer`, `stuck`). Nothing is contacted outside 127.0.0.1.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { machineWords, wholeNumber } from '../figures.ts';
import { tried } from '../server-process.ts';
import { inspectorReport, type PairingResult } from './report.ts';
import { measurePair, type Pairing, type PairStretch, SETTLE_MS } from './run.ts';
import { buildSightedServers } from './servers.ts';

const MOST_CALLS = 500;
/** A viewer who reads no more is let go after ten. */
const MOST_SECONDS = 8;
const MOST_ROUNDS = 20;
const STRETCHES = 3;
/** What a run takes beside its stretches, in seconds: start, warming up, hanging up. */
const AROUND_SECONDS = 50;

const OFF = { sight: 'off', onlooker: 'nobody' } as const;
const ON = { sight: 'on', onlooker: 'nobody' } as const;

/** What can be asked for, and what is wanted of it. */
const PAIRS: Readonly<Record<string, Pairing & { wanted: string }>> = {
  nobody: {
    name: 'everything on and nobody looking on, over no inspection',
    one: ON,
    other: OFF,
    wanted: ' (wanted: less than 1.02)',
  },
  plain: {
    name: 'the log, timelines and metrics, over no inspection',
    one: { sight: 'plain', onlooker: 'nobody' },
    other: OFF,
    wanted: '',
  },
  viewer: {
    name: 'a viewer of 30 meters and one call, over nobody',
    one: { sight: 'on', onlooker: 'viewer' },
    other: ON,
    wanted: ' (wanted: less than 1.10, and no frame later)',
  },
  stuck: {
    name: 'a viewer who reads no more, over nobody',
    one: { sight: 'on', onlooker: 'stuck' },
    other: ON,
    wanted: '',
  },
};

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '30' },
    seconds: { type: 'string', default: '6' },
    rounds: { type: 'string', default: '4' },
    pairs: { type: 'string', default: Object.keys(PAIRS).join() },
    json: { type: 'string' },
  },
});
const calls = wholeNumber('--calls', values.calls, MOST_CALLS);
const seconds = wholeNumber('--seconds', values.seconds, MOST_SECONDS);
const rounds = wholeNumber('--rounds', values.rounds, MOST_ROUNDS);
const pairings = values.pairs.split(',').map((name) => {
  const pairing = PAIRS[name];
  if (!pairing) throw new Error(`--pairs are of ${Object.keys(PAIRS).join(', ')}; ${name} is none of them.`);
  return pairing;
});

/** How often a run is tried whose calls the machine did not carry for other work on it. */
const MOST_TRIES = 2;

const say = (text: string) => process.stdout.write(text);

const expected =
  rounds * pairings.length * (STRETCHES * (seconds + SETTLE_MS / 1000) + AROUND_SECONDS + calls / 50);
say(`Compiling the servers. The measurement takes some ${Math.ceil(expected)} s.\n`);
const again = (words: string) => say(`Not measured, and tried again. ${words}\n`);
const machine = machineWords();
const servers = await buildSightedServers();
const measured = new Map<Pairing, PairStretch[][]>(pairings.map((pairing) => [pairing, []]));
try {
  for (let round = 1; round <= rounds; round += 1) {
    for (const pairing of pairings) {
      const options = { servers, pairing, calls, seconds, stretches: STRETCHES, oneFirst: round % 2 === 1 };
      const stretches = await tried(MOST_TRIES, () => measurePair(options), again);
      measured.get(pairing)?.push(stretches);
      const told = stretches.map(
        ({ one, other }) => `${one.usPerFrame.toFixed(1)} over ${other.usPerFrame.toFixed(1)}`,
      );
      say(`round ${round}: ${pairing.name}, µs per frame: ${told.join(', ')}\n`);
    }
  }
} finally {
  servers.build.remove();
}
const results: PairingResult[] = pairings.map((pairing) => ({
  pairing,
  wanted: pairing.wanted,
  rounds: measured.get(pairing) ?? [],
}));
const heading = `\n## ${calls} calls at each of two servers, ${STRETCHES} stretches of ${seconds} s, ${rounds} rounds: median (least–most)\n\n${machine}\n\n`;
say(heading + inspectorReport(results));
if (values.json !== undefined) {
  await writeFile(values.json, `${JSON.stringify({ machine, calls, seconds, results }, null, 2)}\n`);
}
