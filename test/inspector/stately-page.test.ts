import { expect, it, onTestFinished, vi } from 'vitest';
import { openStatelyWindow } from '../../src/inspector/windows/stately-window.ts';
import { findChromium, launchChromium } from '../browser/chromium.ts';
import { openTestWindow } from './window-world.ts';

/** In place of the hosted tool: says that it is there, as the tool does, and keeps what it is told. */
const STAND_IN = `<script>
window.told = [];
addEventListener('message', ({ data }) => told.push(data.type + ' ' + data.sessionId));
parent.postMessage({ type: '@statelyai.connected' }, '*');
</script>`;

const path = findChromium();

it.skipIf(path === undefined)(
  'the page of the Stately Inspector hands the tool the calls, also after a reload and a restart (needs Chromium)',
  { timeout: 60_000 },
  async () => {
    const epochMs = () => 0;
    const { feed, window } = await openTestWindow(openStatelyWindow, { epochMs });
    const port = window?.port ?? expect.fail('there is no window');
    feed.open('call-1');
    const browser = await launchChromium(path ?? '');
    onTestFinished(() => browser.close());
    const page = await browser.newPage();
    await page.route('https://stately.ai/inspect', (route) =>
      route.fulfill({ contentType: 'text/html', body: STAND_IN }),
    );
    await page.goto(`http://localhost:${port}/`);
    const tool = () => page.frames().find((frame) => frame.url().startsWith('https://stately.ai'));
    const isTold = (what: string[]) =>
      vi.waitFor(async () => expect(await tool()?.evaluate('told')).toEqual(what), 10_000);

    const actors = ['@xstate.actor call-1/call', '@xstate.actor call-1/agentBuffer'];
    await isTold(actors);
    feed.step('call-1');
    const step = ['@xstate.event call-1/call', '@xstate.snapshot call-1/call'];
    await isTold([...actors, ...step]);

    await tool()?.evaluate('location.reload()');
    await isTold(actors);

    await window?.close();
    const next = await openTestWindow(openStatelyWindow, { epochMs, port });
    next.feed.open('call-2');
    await isTold([...actors, '@xstate.actor call-2/call', '@xstate.actor call-2/agentBuffer']);
  },
);
