/**
 * `npm run simulate -- [--calls 1000] [--seed 1] [--story] [--planted NAME]`: worlds of ten calls until that many calls
 * were told. World after world takes the next seed. What is written to stdout depends on the arguments alone; how long
 * it took goes to stderr.
 */
import { parseArgs } from 'node:util';
import { drawPlan } from './plan.ts';
import { PLANTED, type PlantedName } from './planted.ts';
import { createTally } from './tally.ts';
import { runWorld } from './world.ts';

const CALLS_PER_WORLD = 10;

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    story: { type: 'boolean', default: false },
    planted: { type: 'string' },
  },
});
const say = (line: string) => process.stdout.write(`${line}\n`);
const firstSeed = Number(values.seed);
const wanted = Number(values.calls);
const { planted } = values;
if (!Number.isSafeInteger(firstSeed) || !(wanted > 0) || (planted !== undefined && !(planted in PLANTED))) {
  process.stderr.write(
    `--seed and --calls are whole numbers; --planted is one of ${Object.keys(PLANTED).join(', ')}.\n`,
  );
  process.exit(2);
}

const tally = createTally();
const cpuBefore = process.cpuUsage();
const before = performance.now();
let told = 0;
for (let seed = firstSeed; told < wanted; seed += 1) {
  const calls = Math.min(CALLS_PER_WORLD, wanted - told);
  const world = await runWorld(
    drawPlan(seed, calls),
    planted === undefined ? undefined : PLANTED[planted as PlantedName],
  );
  told += calls;
  tally.add(world);
  if (values.story) for (const line of world.story) say(line);
  for (const line of tally.faultsOf(world)) say(`seed ${seed}: ${line}`);
}
say(`first seed       ${firstSeed}`);
for (const line of tally.lines()) say(line);

const seconds = (performance.now() - before) / 1_000;
const cpu = process.cpuUsage(cpuBefore);
const cpuSeconds = (cpu.user + cpu.system) / 1e6;
process.stderr.write(
  `${(told / seconds).toFixed(0)} calls a second (${(told / cpuSeconds).toFixed(0)} a CPU second), ${seconds.toFixed(1)} s\n`,
);
process.exitCode = tally.violations === 0 ? 0 : 1;
