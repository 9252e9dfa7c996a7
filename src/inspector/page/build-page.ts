import { readdir, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/**
 * Builds the inspector's page into `dist/inspector/` where it is missing or older than what it is made of. Run on
 * install; an install without the packages that build it, as for production, is told what to do instead.
 */

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const say = (words: string) => process.stdout.write(`${words}\n`);

/** The page, and the files beside it that it uses. */
const SOURCES = [
  '.',
  '../messages.ts',
  '../story.ts',
  '../story-acts.ts',
  '../story-turns.ts',
  '../../../package-lock.json',
];
const CONFIG = at('vite.config.ts');
const OUTPUT = at('../../../dist/inspector/index.html');

/** When a file, or the newest file of a folder, was changed, in ms since 1970; 0 where there is none. */
async function changedAt(path: string): Promise<number> {
  const found = await stat(path).catch(() => null);
  if (found === null) return 0;
  if (!found.isDirectory()) return found.mtimeMs;
  const names = await readdir(path);
  const times = await Promise.all(names.map((name) => changedAt(`${path}/${name}`)));
  return Math.max(0, ...times);
}

async function isFresh(): Promise<boolean> {
  const [built, ...sources] = await Promise.all([
    changedAt(OUTPUT),
    ...SOURCES.map((path) => changedAt(at(path))),
  ]);
  return built > 0 && built >= Math.max(...sources);
}

/** Whether the packages that build the page are installed. */
function canBuild(): boolean {
  try {
    return ['vite', '@vitejs/plugin-react', 'react'].every((name) => import.meta.resolve(name) !== '');
  } catch {
    return false;
  }
}

async function main(): Promise<void> {
  if (await isFresh()) return;
  if (!canBuild()) {
    say(
      "The inspector's page is not built: run `npm ci` with the development packages, then `npm run build:inspector`.",
    );
    return;
  }
  const { build } = await import('vite');
  await build({ configFile: CONFIG, logLevel: 'warn' });
  say("The inspector's page is built.");
}

await main();
