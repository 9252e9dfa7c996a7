import { readFile, writeFile } from 'node:fs/promises';
import type { Build } from './server-process.ts';

/**
 * Writes a copy of a compiled file of the bridge beside it, which imports other modules in place of some, and returns its
 * path. The product has no switch for what a benchmark varies, and is not to be given one. Throws where an import is gone.
 */
export async function writeVariant(
  build: Build,
  file: string,
  name: string,
  imports: Readonly<Record<string, string>>,
): Promise<string> {
  let text = await readFile(`${build.directory}/src/${file}.js`, 'utf8');
  for (const [module, other] of Object.entries(imports)) {
    const parts = text.split(`from '${module}'`);
    if (parts.length !== 2) throw new Error(`src/${file}.ts does not import ${module} once.`);
    text = parts.join(`from '${other}'`);
  }
  const path = `${build.directory}/src/${name}.js`;
  await writeFile(path, text);
  return path;
}
