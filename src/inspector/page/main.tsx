import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { ask, nextFrame, openFeedSocket, time } from './browser.ts';
import { createFeedClient } from './feed/feed-client.ts';
import { InspectorContext } from './state/context.ts';
import { createInspector } from './state/inspector.ts';
import { createNotices } from './state/notices.ts';
import { startTheme } from './state/theme.ts';

startTheme();

const inspector = createInspector(time.now, nextFrame);
const notices = createNotices(time, nextFrame);
const feed = createFeedClient({
  openSocket: openFeedSocket,
  time,
  random: Math.random,
  isRefused: async () => (await ask('/calls')).status === 401,
  changed: inspector.connection.set,
  heard: inspector.hear,
});

const root = document.getElementById('root');
if (root)
  createRoot(root).render(
    <InspectorContext value={{ inspector, feed, notices }}>
      <App />
    </InspectorContext>,
  );
feed.start();
