/**
 * `npm run simulate --`
 *
 * - `[--calls 1000] [--seed 1] [--story]`: worlds of ten calls until that many calls were told. World after world takes
 *   the next seed. What is written to stdout depends on the arguments alone; how long it took goes to stderr.
 * - `--replay story.json [--story]`: one told call instead; a call that was saved in the inspector will do as well.
 * - `--story-of call.json`: writes the story of a saved call to stdout.
 * - `--record-stories`: records the scenes of `scenes.ts` anew, into `stories/`.
 *
 * `--planted NAME` puts a mistake into the bridge first.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { drawPlan } from './plan.ts';
import { PLANTED, type Planted, type PlantedName } from './planted.ts';
import { replay } from './replay.ts';
import { SCENES } from './scenes.ts';
import { keepStory, readStory, recordScene, type StoryRead, storyText } from './story-files.ts';
import { createTally } from './tally.ts';
import { runWorld } from './world.ts';

const CALLS_PER_WORLD = 10;

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    story: { type: 'boolean', default: false },
    planted: { type: 'string' },
    replay: { type: 'string' },
    'story-of': { type: 'string' },
    'record-stories': { type: 'boolean', default: false },
  },
});
const say = (line: string) => process.stdout.write(`${line}\n`);
const planted: Planted | undefined = PLANTED[values.planted as PlantedName];
if (values.planted !== undefined && !planted)
  refuse(`--planted is one of ${Object.keys(PLANTED).join(', ')}.`);

if (values.replay !== undefined) await replayFile(values.replay);
else if (values['story-of'] !== undefined) process.stdout.write(storyText(storyIn(values['story-of'])));
else if (values['record-stories']) await recordStories();
else await soak(Number(values.seed), Number(values.calls));

function refuse(words: string): never {
  process.stderr.write(`${words}\n`);
  process.exit(2);
}

function made(read: StoryRead) {
  return read.ok ? read.story : refuse(read.words);
}

function storyIn(path: string) {
  return made(readStory(readFileSync(path, 'utf8'), basename(path)));
}

async function replayFile(path: string): Promise<void> {
  const story = storyIn(path);
  const { world, trouble } = await replay(story, planted);
  if (values.story) for (const line of world.story) say(line);
  say(trouble || `${story.name}: all ${story.expect.states.length} states as expected, no invariant broken`);
  process.exitCode = trouble ? 1 : 0;
}

async function recordStories(): Promise<void> {
  for (const scene of SCENES) {
    const story = made(await recordScene(scene));
    keepStory(scene, story);
    say(`${scene.file}: ${story.expect.states.length} states, ${story.expect.ending}`);
  }
}

async function soak(firstSeed: number, wanted: number): Promise<void> {
  if (!Number.isSafeInteger(firstSeed) || !(wanted > 0)) refuse('--seed and --calls are whole numbers.');
  const tally = createTally();
  const cpuBefore = process.cpuUsage();
  const before = performance.now();
  let told = 0;
  for (let seed = firstSeed; told < wanted; seed += 1) {
    const calls = Math.min(CALLS_PER_WORLD, wanted - told);
    const world = await runWorld(drawPlan(seed, calls), planted);
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
}
