import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import type { Window, WindowOptions } from '../../src/inspector/windows/window.ts';
import { createToldFeed } from './told-feed.ts';

/** Opens a window on a told feed, with ears for all that it has to say; it is closed when the test is over. */
export async function openTestWindow<Options>(
  open: (options: WindowOptions & Options) => Promise<Window | null>,
  options: Options,
) {
  const feed = createToldFeed();
  const lines: string[] = [];
  const refusals: string[] = [];
  const say = (_fields: unknown, line: string) => void lines.push(line);
  const window = await open({
    port: 0,
    feed,
    log: { info: say, warn: say, error: say },
    refused: (what) => void refusals.push(what),
    ...options,
  });
  onTestFinished(() => window?.close());
  return { feed, window, lines, refusals };
}

/** A bare viewer, and what it is told. */
export async function openViewer(port: number, options: ClientOptions = {}) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, options);
  const heard: Array<{ type: string; sessionId: string; [field: string]: unknown }> = [];
  socket.on('message', (data) => heard.push(JSON.parse(String(data))));
  onTestFinished(() => socket.terminate());
  await once(socket, 'open');
  return { socket, heard };
}

/** The status by which a viewer is turned away. */
export async function statusFor(port: number, options: ClientOptions): Promise<number | undefined> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, options);
  const status = new Promise<number | undefined>((resolve) => {
    socket.once('unexpected-response', (_request, response) => resolve(response.statusCode));
    socket.once('open', () => resolve(101));
  });
  socket.on('error', () => {});
  onTestFinished(() => socket.terminate());
  return await status;
}
