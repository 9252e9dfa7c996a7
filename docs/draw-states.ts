/** Draws the pictures in `docs/pictures/` from the statecharts in `machines/`: `npm run docs`. */
import { writeFile } from 'node:fs/promises';
import { statePictures } from './state-pictures/pictures.ts';

for (const [file, svg] of await statePictures()) {
  await writeFile(new URL(`./pictures/${file}`, import.meta.url), svg);
}
