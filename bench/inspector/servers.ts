import { readFile, writeFile } from 'node:fs/promises';
import { type Build, buildServers } from '../server-process.ts';

/** What a server sees of its calls: nothing; what the log and the metrics need; everything. */
export const SIGHTS = ['off', 'plain', 'on'] as const;
export type Sight = (typeof SIGHTS)[number];

/** The servers that are compared, by what they see. */
export interface SightedServers {
  build: Build;
  scripts: Readonly<Record<Sight, string>>;
}

const WATCH = './inspector/watch.js';

/**
 * Compiles the server as it is, and beside its `main.js` two others that are the same but for the watch they make: the
 * product has no switch for it, and is not to be given one.
 */
export async function buildSightedServers(): Promise<SightedServers> {
  const build = await buildServers(['bench/inspector/blind-watch.ts', 'bench/inspector/plain-watch.ts']);
  try {
    const main = await readFile(build.bridge, 'utf8');
    if (main.split(WATCH).length !== 2) throw new Error(`main.ts does not import ${WATCH} once.`);
    const variant = async (name: string) => {
      const script = `${build.directory}/src/${name}-main.js`;
      await writeFile(script, main.replace(WATCH, `../bench/inspector/${name}-watch.js`));
      return script;
    };
    const scripts = { off: await variant('blind'), plain: await variant('plain'), on: build.bridge };
    return { build, scripts };
  } catch (error) {
    build.remove();
    throw error;
  }
}
