import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Bridge, buildPage, createBridge, pause } from './bridge.ts';
import { type Caller, call, openSilentCalls, serveSilentAgent } from './callers.ts';
import { findChromium, launchChromium } from './chromium.ts';
import { newPage, statesSeen, type WatchedPage, watchStates } from './pages.ts';

const TOKEN = 'a-token-for-the-inspector';
/** Five seconds, so that the agent’s greeting is over before its pre-roll: who looks on sees the state in between. */
const PREROLL_FRAMES = '250';
const CALLS = 500;

const chromium = findChromium();
if (chromium === undefined && process.env.CI !== undefined)
  throw new Error(
    'There is no Chromium for the tests of the page. Install one, or name it in CHROMIUM_PATH.',
  );
const name = chromium === undefined ? 'the inspector (skipped: no Chromium is installed)' : 'the inspector';

describe.skipIf(chromium === undefined)(name, { timeout: 120_000 }, () => {
  let browser: Browser;
  const open: WatchedPage[] = [];

  beforeAll(async () => {
    [browser] = await Promise.all([launchChromium(chromium ?? ''), buildPage()]);
  }, 60_000);
  afterAll(() => browser.close());
  afterEach(async () => {
    for (const { faults, close } of open.splice(0)) {
      await close();
      expect(faults).toEqual([]);
    }
  });

  async function visit(url: string, options?: Parameters<typeof newPage>[1]): Promise<Page> {
    const watched = await newPage(browser, options);
    open.push(watched);
    await watched.page.goto(url);
    return watched.page;
  }

  async function signIn(url: string, options?: Parameters<typeof newPage>[1]): Promise<Page> {
    const page = await visit(`${url}/inspector`, options);
    await page.getByLabel('Token').fill(TOKEN);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.locator('.connection[data-phase="live"]').waitFor();
    return page;
  }

  const state = (page: Page) => page.locator('.call-header .state-chip').getAttribute('data-state');

  describe('of a server with a token', () => {
    let bridge: Bridge;
    let caller: Caller;
    const folder = mkdtempSync(join(tmpdir(), 'inspector-'));
    const saved = join(folder, 'call.json');

    beforeAll(async () => {
      bridge = await createBridge({ ADMIN_TOKEN: TOKEN, BUFFER_SIZE: PREROLL_FRAMES });
      await bridge.start();
    }, 30_000);
    afterAll(async () => {
      caller?.hangUp();
      await bridge.kill();
    });

    it('asks for the token, takes no other, and teaches how to place the first call', async () => {
      const page = await visit(`${bridge.url}/inspector`);
      await page.getByLabel('Token').fill('another');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByText('That is not the token').waitFor();
      await page.getByLabel('Token').fill(TOKEN);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByText('No calls yet').waitFor();
      await page.getByText('npm run call -- src/simulation/speech/caller/appointment.wav').waitFor();
    });

    it('lights the states of a call as they are lived, for who came late too, and hangs up', async () => {
      const page = await signIn(bridge.url);
      await watchStates(page, '.call-line, .call-header .state-chip');
      caller = call(bridge.mediaUrl);
      const line = page.locator('.call-line');
      await line.waitFor();
      await page
        .locator('.call-line[data-state="streaming"], .call-line[data-state="agentSpeaking"]')
        .waitFor();
      await line.getByRole('link').click();
      await page.locator('.call-header .state-chip[data-state="bargeIn"]').waitFor({ timeout: 20_000 });

      const late = await signIn(bridge.url);
      await late.goto(page.url());
      await late.locator('.band[data-state="connecting"]').waitFor({ state: 'attached' });
      await late.locator('.band[data-state="bargeIn"]').first().waitFor({ state: 'attached' });

      caller.goDeaf();
      await page.getByRole('button', { name: 'Hang up' }).click();
      await page.getByRole('button', { name: 'Really hang up?' }).click();
      await page.getByText('The call is being hung up.').waitFor();
      for (const viewer of [page, late]) {
        await viewer.locator('.call-header .state-chip[data-state="closed"]').waitFor();
        await viewer.getByText('hung up by operator').waitFor();
      }
      expect(await page.getByRole('button', { name: 'Hang up' }).isDisabled()).toBe(true);

      const seen = await statesSeen(page);
      const lived = ['connecting', 'buffering', 'streaming', 'agentSpeaking', 'bargeIn', 'closing', 'closed'];
      let place = 0;
      for (const word of seen) if (word === lived[place]) place += 1;
      expect({ seen, inOrder: lived.slice(0, place) }).toEqual({ seen, inOrder: lived });
      caller.hangUp();
    });

    it('goes back in time, record by record and state by state', async () => {
      const page = await signIn(bridge.url);
      await page.locator('.call-line').getByRole('link').click();
      await page.locator('.live-button[data-live="true"]').waitFor();
      await page.locator('.band').first().waitFor({ state: 'attached' });
      expect(await state(page)).toBe('closed');

      await page.keyboard.press('Home');
      expect(await state(page)).toBe('connecting');
      const seen = ['connecting'];
      for (let step = 0; step < 60 && seen.at(-1) !== 'closed'; step += 1) {
        await page.keyboard.press(']');
        await pause(20);
        const now = (await state(page)) ?? '';
        if (now !== seen.at(-1)) seen.push(now);
      }
      expect(seen[1]).toBe('buffering');
      expect(seen).toEqual(expect.arrayContaining(['streaming', 'agentSpeaking', 'bargeIn', 'closing']));
      expect(seen.slice(-2)).toEqual(['closing', 'closed']);

      await page.keyboard.press('Home');
      const before = await page.locator('.live-button').innerText();
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowRight');
      await page.waitForURL(/\?at=\d/);
      expect(before).toMatch(/\d+ events behind/);
      expect(await page.locator('.live-button').innerText()).not.toBe(before);
      await page.locator('.live-button').click();
      await page.waitForURL(/call\/\w+$/);
      await page.keyboard.press('Escape');
      await page.locator('.board').waitFor();
      await page.goBack();
      await page.locator('.call-page').waitFor();
    });

    it('saves a call, as it was and as a test, and opens it again as a recording', async () => {
      const page = await signIn(bridge.url);
      await page.locator('.call-line').getByRole('link').click();
      const [file] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Save', exact: true }).click(),
      ]);
      await file.saveAs(saved);
      const recording = JSON.parse(readFileSync(saved, 'utf8'));
      expect(recording).toMatchObject({
        format: 'vapi-twilio-bridge.call',
        row: { callSid: caller.callSid },
      });

      const [story] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Save as test' }).click(),
      ]);
      expect(story.suggestedFilename()).toMatch(/\.story\.json$/);

      const choose = (path: string) => page.locator('input[type="file"]').setInputFiles(path);
      await choose(saved);
      await page.locator('.recording-tag').waitFor();
      await page.locator('.call-header .state-chip[data-state="connecting"]').waitFor();
      await page.keyboard.press('End');
      await page.locator('.call-header .state-chip[data-state="closed"]').waitFor();

      const other = join(folder, 'other.json');
      writeFileSync(other, '{"name":"something else"}');
      await choose(other);
      await page.getByText('This JSON is no saved call.').waitFor();
      writeFileSync(other, JSON.stringify({ ...recording, version: 99 }));
      await choose(other);
      await page.getByText('This call was saved in form 99').waitFor();
    });

    it('says that it is signed out when the token has become another one', async () => {
      const page = await signIn(bridge.url);
      await bridge.kill();
      await page.locator('.connection[data-phase="waiting"]').waitFor();
      await bridge.start({ ADMIN_TOKEN: 'another' });
      await page.locator('.connection[data-phase="refused"]').waitFor({ timeout: 20_000 });
      await page.getByText('Reload the page to sign in').waitFor();
    });
  });

  describe('of a server without a token', () => {
    let bridge: Bridge;

    beforeAll(async () => {
      bridge = await createBridge();
      await bridge.start();
    }, 30_000);
    afterAll(() => bridge.kill());

    it('lets nobody act, and says why', async () => {
      const end = await openSilentCalls(bridge.mediaUrl, 1);
      const page = await visit(`${bridge.url}/inspector`);
      await page.locator('.call-line[data-ended="false"]').getByRole('link').click();
      await page.getByText(/ADMIN_TOKEN/).waitFor();
      expect(await page.getByRole('button', { name: 'Hang up' }).isDisabled()).toBe(true);
      end();
    });

    it('comes back by itself after the server was started anew', async () => {
      const page = await visit(`${bridge.url}/inspector`);
      await page.locator('.connection[data-phase="live"]').waitFor();
      await page.locator('.call-line').first().waitFor();
      await bridge.kill();
      await page.locator('.connection[data-phase="waiting"]').waitFor();
      await page.getByText('What you see is as it was').waitFor();
      expect(await page.locator('.board').getAttribute('data-stale')).toBe('true');
      await bridge.start();
      await page.locator('.connection[data-phase="live"]').waitFor({ timeout: 20_000 });
      await page.getByText('No calls yet').waitFor();
    });

    it('is dark or light, and keeps what was chosen', async () => {
      const page = await visit(`${bridge.url}/inspector`, { colorScheme: 'light' });
      const theme = () => page.locator('html').getAttribute('data-theme');
      await page.locator('.board').waitFor();
      expect(await theme()).toBe('light');
      await page.keyboard.press('t');
      expect(await theme()).toBe('dark');
      await page.reload();
      await page.locator('.board').waitFor();
      expect(await theme()).toBe('dark');
    });

    it.each([390, 1024, 1600])('needs no sideways scrolling at %i px', async (width) => {
      const page = await visit(`${bridge.url}/inspector`, { viewport: { width, height: 800 } });
      await page.locator('.board').waitFor();
      const caller = call(bridge.mediaUrl);
      await page.locator('.call-line[data-ended="false"]').first().getByRole('link').click();
      await page.locator('.call-page').waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      await page.keyboard.press('?');
      await page.getByRole('dialog').waitFor();
      caller.hangUp();
    });
  });

  describe('of a server with 500 calls', () => {
    let bridge: Bridge;
    let agent: Awaited<ReturnType<typeof serveSilentAgent>>;

    beforeAll(async () => {
      agent = await serveSilentAgent();
      bridge = await createBridge({
        MAX_CALLS: String(CALLS + 50),
        VAPI_CREATES_PER_SECOND: '1000',
        ...agent.settings,
      });
      await bridge.start();
    }, 30_000);
    afterAll(async () => {
      await bridge.kill();
      await agent.close();
    });

    it('holds no more rows than fit the screen, and moves through all of them', async () => {
      const page = await visit(`${bridge.url}/inspector`);
      await page.locator('.board').waitFor();
      const end = await openSilentCalls(bridge.mediaUrl, CALLS);
      await page.locator('[data-total="Live"] .total-value', { hasText: String(CALLS) }).waitFor();
      expect(await page.locator('.call-line').count()).toBeLessThan(60);
      const shown = () => page.locator('.call-line').first().getAttribute('data-call');
      const seen = new Set([await shown()]);
      for (let turn = 0; turn < 10; turn += 1) {
        await page.mouse.move(700, 600);
        await page.mouse.wheel(0, 1_800);
        await pause(120);
        seen.add(await shown());
        expect(await page.locator('.call-line').count()).toBeLessThan(60);
      }
      expect(seen.size).toBeGreaterThan(8);
      await page.keyboard.press('j');
      await page.keyboard.press('j');
      await page.locator('.call-line[data-selected="true"]').waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('nobody');
      await page.getByText('Nothing passes this filter').waitFor();
      await page.getByRole('button', { name: 'Clear the filter' }).click();
      end();
      await page.locator('[data-total="Live"] .total-value', { hasText: /^0/ }).waitFor();
      expect(await page.locator('.state-filter[data-state="closed"] .count').innerText()).toMatch(
        /^1\d\d$|^\d\d$/,
      );
    });
  });
});
