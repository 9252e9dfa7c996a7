import { fileURLToPath } from 'node:url';

/**
 * Where the inspector's page lies once it is built: `dist/inspector/`, seen from the main file, which is `src/main.ts`
 * or, compiled, `dist/src/main.js`.
 */
export function pageFolderFrom(mainUrl: string): string {
  const isCompiled = mainUrl.endsWith('.js');
  return fileURLToPath(new URL(isCompiled ? '../inspector' : '../dist/inspector', mainUrl));
}
