import { expect } from 'vitest';
import { WebSocket } from 'ws';
import type { FeedMessage, JournalRecord, ViewerMessage } from '../../src/inspector/messages.ts';
import { eventually, type openWorld } from './server-world.ts';

export const ADMIN_TOKEN = 'admin-token-canary-77aa31';
export const BEARER = { authorization: `Bearer ${ADMIN_TOKEN}` };
export const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

type World = Awaited<ReturnType<typeof openWorld>>;

/** A viewer at the end of a real socket. */
export interface FeedViewer {
  ws: WebSocket;
  /** `open`, or the HTTP status that refused the handshake. */
  opened: Promise<'open' | number>;
  closed: Promise<{ code: number; words: string }>;
  texts: string[];
  messages(): FeedMessage[];
  records(): JournalRecord[];
  say(message: ViewerMessage | string): void;
}

export function view(
  { port }: Pick<World, 'port'>,
  headers: Record<string, string> = {},
  path = '/inspector/feed',
): FeedViewer {
  const ws = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers, perMessageDeflate: false });
  const texts: string[] = [];
  ws.on('message', (data) => texts.push(data.toString()));
  ws.on('error', () => {});
  const messages = () => texts.flatMap((text) => JSON.parse(text) as FeedMessage[]);
  return {
    ws,
    texts,
    messages,
    opened: new Promise((resolve) => {
      ws.on('open', () => resolve('open'));
      ws.on('unexpected-response', (_, response) => {
        resolve(response.statusCode ?? 0);
        ws.terminate();
      });
    }),
    closed: new Promise((resolve) => {
      ws.on('close', (code, words) => resolve({ code, words: words.toString() }));
    }),
    records: () =>
      messages().flatMap((message) =>
        message.type === 'journal' || message.type === 'records' ? message.records : [],
      ),
    say: (message) => ws.send(typeof message === 'string' ? message : JSON.stringify(message)),
  };
}

/** Waits, with the clock of the calls going on, until `look` finds what it looks for. */
export const meanwhile = (world: World, look: () => void) =>
  eventually(() => {
    world.clock.advance(25);
    look();
  });

/** A viewer with the token that has been told everything of one call. */
export async function viewCall(world: World, callId: string): Promise<FeedViewer> {
  const viewer = view(world, BEARER);
  expect(await viewer.opened).toBe('open');
  viewer.say({ type: 'watch', callId });
  await meanwhile(world, () => expect(viewer.records().length).toBeGreaterThan(0));
  return viewer;
}
