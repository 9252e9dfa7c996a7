import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { statePictures } from '../../docs/state-pictures/pictures.ts';

const folder = new URL('../../docs/pictures/', import.meta.url);
const drawn = await statePictures();

test.each([...drawn])('%s shows its statechart as it is; if not, run npm run docs', async (file, svg) => {
  expect(await readFile(new URL(file, folder), 'utf8')).toBe(svg);
});

test('the same statecharts give the same pictures, byte for byte', async () => {
  expect([...(await statePictures())]).toEqual([...drawn]);
});

test('no picture of a statechart is left that nothing draws', async () => {
  const drawings = (await readdir(folder)).filter((file) => file.endsWith('.svg'));
  expect(drawings.filter((file) => file !== 'bridge.svg').sort()).toEqual([...drawn.keys()].sort());
});
