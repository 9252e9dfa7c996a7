/**
 * A crowd of strangers in a process of its own, so that it takes no time from whoever measures.
 *
 *   node crowd.js <port> <count> <seed>
 *
 * Stays until its standard input ends. Then says, as a line of JSON, how many came of each kind and how many were there
 * at once on average.
 */
import { createRandom } from '../../test/sim/random.ts';
import { openStrangers } from './strangers.ts';

const [port = 0, count = 0, seed = 1] = process.argv.slice(2).map(Number);
const LOOK_EVERY_MS = 500;

const strangers = openStrangers({ port, random: createRandom(seed).next });
const seen: number[] = [];
const looking = setInterval(() => seen.push(strangers.here), LOOK_EVERY_MS);
strangers.keep(count);

process.stdin.resume().on('end', () => {
  clearInterval(looking);
  const here = Math.round(seen.reduce((sum, n) => sum + n, 0) / Math.max(1, seen.length));
  process.stdout.write(`${JSON.stringify({ came: strangers.leave(), here })}\n`);
});
