import type { Browser, Page } from 'playwright-core';

/** A page, and what went wrong on it. */
export interface WatchedPage {
  page: Page;
  faults: string[];
  close(): Promise<void>;
}

/** What a page says when a server is away or asks for a sign-in: its browser's words, and no fault of its own. */
const EXPECTED =
  /WebSocket connection to|Failed to load resource: (?:net::ERR_|the server responded with a status of 401)/;

/** A page in a browser profile of its own, whose errors are kept. */
export async function newPage(
  browser: Browser,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !EXPECTED.test(message.text())) faults.push(message.text());
  });
  return { page, faults, close: () => context.close() };
}

/** Notes every state that the part at `selector` shows, in order, from now on. Read it with `statesSeen`. */
export async function watchStates(page: Page, selector: string): Promise<void> {
  await page.evaluate(`(() => {
    const seen = [];
    const look = () => {
      const state = document.querySelector(${JSON.stringify(selector)})?.getAttribute('data-state');
      if (state && state !== seen.at(-1)) seen.push(state);
    };
    look();
    const options = { subtree: true, childList: true, attributes: true, attributeFilter: ['data-state'] };
    new MutationObserver(look).observe(document.body, options);
    window.statesSeen = seen;
  })()`);
}

export function statesSeen(page: Page): Promise<string[]> {
  return page.evaluate('window.statesSeen');
}
