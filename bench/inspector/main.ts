/**
 * What the inspector costs, and how soon it shows what happens.
 *
 *   npm run bench:inspector -- --calls 100 --seconds 3 --rounds 3 --servers off,plain,on --json figures.json
 *
 * Three servers take turns: the same without any inspection (`off`), with as much of it as the log, the timelines and
 * the metrics need (`plain`), and as it is (`on`): the inspector's own cost is what is between the last two. In a turn
 * of the whole server nobody looks on, then a viewer, nobody, a viewer who reads no more, nobody. Ratios are of figures
 * of the same round. Nothing is contacted outside 127.0.0.1.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { machineWords, saturationWords, wholeNumber } from '../figures.ts';
import { tried } from '../server-process.ts';
import { inspectorReport } from './report.ts';
import { measureRun, onlookersOf, SETTLE_MS, type ViewedStretch } from './run.ts';
import { buildSightedServers, SIGHTS } from './servers.ts';

const MOST_CALLS = 1_000;
/** A viewer who reads no more is let go after ten. */
const MOST_SECONDS = 8;
const MOST_ROUNDS = 20;
/** What a run takes beside its stretches, in seconds: start, warming up, hanging up. */
const AROUND_SECONDS = 8;

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
    servers: { type: 'string', default: 'off,plain,on' },
    json: { type: 'string' },
  },
});
const calls = wholeNumber('--calls', values.calls, MOST_CALLS);
const seconds = wholeNumber('--seconds', values.seconds, MOST_SECONDS);
const rounds = wholeNumber('--rounds', values.rounds, MOST_ROUNDS);
const sights = SIGHTS.filter((sight) => values.servers.split(',').includes(sight));
if (sights.length !== values.servers.split(',').length) throw new Error('--servers are off, plain and on.');

/** How often a run is tried whose calls the machine did not carry for other work on it. */
const MOST_TRIES = 2;

const say = (text: string) => process.stdout.write(text);

const stretchesOf = sights.reduce((sum, sight) => sum + onlookersOf(sight).length, 0);
const expected =
  rounds * (stretchesOf * (seconds + SETTLE_MS / 1000) + sights.length * (AROUND_SECONDS + calls / 100));
say(`Compiling the servers. The measurement takes some ${Math.ceil(expected)} s.\n`);
const again = (words: string) => say(`Not measured, and tried again. ${words}\n`);
const machine = machineWords();
const servers = await buildSightedServers();
const stretches: ViewedStretch[] = [];
try {
  for (let round = 1; round <= rounds; round += 1) {
    // Each is first as often as the others, as far as the rounds allow.
    const from = round % sights.length;
    for (const sight of [...sights.slice(from), ...sights.slice(0, from)]) {
      const run = await tried(MOST_TRIES, () => measureRun({ servers, sight, calls, seconds, round }), again);
      stretches.push(...run);
      const told = run.map(({ onlooker, usPerFrame }) => `${onlooker} ${usPerFrame.toFixed(1)}`).join(', ');
      say(`round ${round}: inspection ${sight}, µs per frame: ${told}\n`);
    }
  }
} finally {
  servers.build.remove();
}
const heading = `\n## ${calls} calls, ${seconds} s a stretch, ${rounds} rounds: median (least–most)\n\n${machine}\n\n`;
say(heading + saturationWords(stretches) + inspectorReport(stretches, rounds));
if (values.json !== undefined) {
  await writeFile(
    values.json,
    `${JSON.stringify({ machine, calls, seconds, rounds, stretches }, null, 2)}\n`,
  );
}
