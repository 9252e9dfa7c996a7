import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { closeWorldsAfterEach, openWorld } from '../server/server-world.ts';
import { anchorsOf, read } from './files.ts';

closeWorldsAfterEach();

const PAGES = ['docs/runbook.md', 'deploy/kubernetes/README.md'];
const runbook = read('docs/runbook.md');

const links = PAGES.flatMap((page) =>
  [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, to = '']) => [page, to] as const),
);

/** What the program can say: its sources, with the joints of its texts taken out. */
const sources = ['src', 'machines']
  .flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  )
  .filter((path) => /\.ts$/.test(path) && !path.includes('node_modules'))
  .map((path) => read(path).replaceAll('\\', ''))
  .join('\n');

/** Words that the log or a call is quoted with, without the `[Part]` before them. */
const quotes = [...runbook.matchAll(/`(?:\[[\w ]+\] )?((?:Vapi|Twilio|The|No|A|a) [^`]+)`/g)].map(
  ([, words = '']) => words.replace(/\s+/g, ' '),
);

/** What the program fills in: numbers, a path, why a ticket is refused; and what the runbook leaves out. */
const FILLED_IN = /\d+|\/webhook\/twilio|\b(?:forged|expired)$|…/;

describe('the pages for operators', () => {
  it.each(links)('%s leads to %s, which is there', (page, to) => {
    const [path = '', anchor] = to.split('#');
    const target = path === '' ? page : join(dirname(page), path);
    expect(existsSync(target), target).toBe(true);
    if (anchor !== undefined) expect(anchorsOf(read(target))).toContain(anchor);
  });

  it.each(quotes)('quote words that the program has: %s', (words) => {
    for (const part of words.split(FILLED_IN)) expect(sources.includes(part.trim()), part).toBe(true);
  });

  it('ask for paths that are there', async () => {
    const paths = [...runbook.matchAll(/(?:ask |\$B)(\/[a-z]+)/g)].map(([, path = '']) => path);
    expect(new Set(paths)).toEqual(new Set(['/health', '/ready', '/calls', '/metrics', '/inspector']));
    const { get } = await openWorld();
    for (const path of new Set(paths)) expect((await get(path)).status, path).not.toBe(404);
  });
});
