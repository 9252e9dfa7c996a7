/**
 * Draws the inspector: each view in both themes at the widths of a phone, a small and a large screen. Run it with
 * `npx tsx test/browser/pictures.ts <folder>`; `docs/pictures/inspector/` has the few that the documents show.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { buildPage, createBridge, pause } from './bridge.ts';
import { type Caller, call } from './callers.ts';
import { findChromium, launchChromium } from './chromium.ts';

const TOKEN = 'a-token-for-pictures';
const CALLERS = 11;
/** Between two callers, in ms: enough for their calls to be in different states. */
const APART_MS = 2_900;
const SIZES = [
  { width: 1600, height: 960 },
  { width: 1024, height: 768 },
  { width: 390, height: 844 },
];
const TABS = ['statecharts', 'messages', 'timeline', 'figures'];

const say = (words: string) => process.stdout.write(`${words}\n`);

async function signedIn(browser: Browser, url: string): Promise<BrowserContextOptions['storageState']> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${url}/inspector`);
  await page.getByLabel('Token').fill(TOKEN);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('.board').waitFor();
  const state = await context.storageState();
  await context.close();
  return state;
}

async function main(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await buildPage();
  const bridge = await createBridge({ ADMIN_TOKEN: TOKEN });
  await bridge.start();
  const browser = await launchChromium(findChromium() ?? '/usr/bin/chromium');
  const storageState = await signedIn(browser, bridge.url);
  const callers: Caller[] = [];

  async function draw(
    name: string,
    hash: string,
    then: (page: Page, draw: (name: string) => Promise<void>) => Promise<void>,
  ) {
    for (const colorScheme of ['dark', 'light'] as const)
      for (const size of SIZES) {
        const context = await browser.newContext({
          viewport: size,
          colorScheme,
          ...(storageState && { storageState }),
        });
        const page = await context.newPage();
        await page.goto(`${bridge.url}/inspector${hash}`);
        await page.locator('.connection[data-phase="live"]').waitFor();
        await then(page, async (part) => {
          const path = join(folder, `${name}${part}-${colorScheme}-${size.width}.png`);
          await page.screenshot({ path });
          say(path);
        });
        await context.close();
      }
  }

  try {
    await draw('board-empty', '', async (page, draw) => {
      await page.getByText('No calls yet').waitFor();
      await draw('');
    });
    for (let index = 0; index < CALLERS; index += 1) {
      callers.push(call(bridge.mediaUrl));
      await pause(APART_MS);
      if (index === 2) callers[2]?.hangUp();
    }
    await draw('board', '', async (page, draw) => {
      await page.locator('.call-line').first().waitFor();
      await pause(1_200);
      await draw('');
    });
    const caller = call(bridge.mediaUrl);
    callers.push(caller);
    // It has been interrupted by then.
    await pause(13_500);
    const answer = await fetch(`${bridge.url}/calls`, { headers: { authorization: `Bearer ${TOKEN}` } });
    const rows = (await answer.json()) as Array<{ callId: string; callSid: string }>;
    const callId = rows.find(({ callSid }) => callSid === caller.callSid)?.callId;
    await draw('call', `#/call/${callId}`, async (page, draw) => {
      await page.locator('.band').first().waitFor({ state: 'attached' });
      await page
        .locator('.react-flow__node, .chart-node')
        .first()
        .waitFor({ timeout: 20_000 })
        .catch(() => {});
      await pause(1_500);
      const tabs = page.locator('.tabs').getByRole('tab');
      const count = await tabs.count();
      if (count === 0) return draw('');
      for (let index = 0; index < count; index += 1) {
        await tabs.nth(index).click();
        await pause(900);
        await draw(count === TABS.length ? `-${TABS[index]}` : index === 0 ? '' : '-figures');
      }
    });
  } finally {
    for (const caller of callers) caller.hangUp();
    await browser.close();
    await bridge.kill();
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const [folder] = process.argv.slice(2);
if (folder === undefined) say('Name the folder that the pictures are to be written to.');
else await main(folder);
