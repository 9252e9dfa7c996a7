import { describe, expect, it } from 'vitest';
import { FEED_VERSION, type FeedMessage } from '../../src/inspector/messages.ts';
import { backOffMs } from '../../src/inspector/page/feed/back-off.ts';
import type { Connection } from '../../src/inspector/page/feed/connection.ts';
import { createFeedClient } from '../../src/inspector/page/feed/feed-client.ts';
import type { FeedEar } from '../../src/inspector/page/ports.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

const hello = (version: number = FEED_VERSION) =>
  JSON.stringify([{ type: 'hello', version, now: 0, machines: [] }]);
const rows = JSON.stringify([{ type: 'rows', now: 0, rows: [] }]);

function world({ refused = false } = {}) {
  const clock = createVirtualClock();
  const sockets: Array<{ ear: FeedEar; sent: string[]; open: boolean }> = [];
  const phases: Connection[] = [];
  const heard: FeedMessage[] = [];
  const client = createFeedClient({
    openSocket(ear) {
      const socket = { ear, sent: [] as string[], open: true };
      sockets.push(socket);
      return {
        send: (text) => socket.sent.push(text),
        close: () => {
          socket.open = false;
        },
      };
    },
    time: {
      now: () => clock.now(),
      after(ms, fn) {
        const id = clock.setTimeout(fn, ms);
        return () => clock.clearTimeout(id);
      },
    },
    random: () => 1,
    isRefused: async () => refused,
    changed: (connection) => phases.push(connection),
    heard: (messages) => heard.push(...messages),
  });
  client.start();
  const socket = () => {
    const last = sockets.at(-1);
    if (!last) throw new Error('No socket was opened.');
    return last;
  };
  return {
    clock,
    client,
    sockets,
    heard,
    socket,
    phase: () => phases.at(-1)?.phase,
    says: (text: string) => socket().ear.text(text),
  };
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('the page’s end of the feed', () => {
  it('is live once the server has said hello', () => {
    const w = world();
    w.socket().ear.opened();
    expect(w.phase()).toBe('connecting');
    w.says(hello());
    expect(w.phase()).toBe('live');
    expect(w.heard.map(({ type }) => type)).toEqual(['hello']);
  });

  it('comes back after a loss, later each time, and asks again for what was watched', () => {
    const w = world();
    w.says(hello());
    w.client.watch('c1');
    w.client.meter(['c1', 'c2']);
    w.socket().ear.closed();
    expect(w.phase()).toBe('waiting');
    w.clock.advance(499);
    expect(w.sockets).toHaveLength(1);
    w.clock.advance(1);
    expect(w.sockets).toHaveLength(2);
    w.socket().ear.closed();
    w.clock.advance(999);
    expect(w.sockets).toHaveLength(2);
    w.clock.advance(1);
    w.says(hello());
    expect(w.socket().sent.map((text) => JSON.parse(text))).toEqual([
      { type: 'watch', callId: 'c1' },
      { type: 'meter', callIds: ['c1', 'c2'] },
    ]);
  });

  it('tries at once when it is told to', () => {
    const w = world();
    w.socket().ear.closed();
    w.client.retry();
    expect(w.sockets).toHaveLength(2);
    w.clock.advance(600);
    expect(w.sockets).toHaveLength(2);
  });

  it('takes silence for a loss', () => {
    const w = world();
    w.says(hello());
    w.clock.advance(15_000);
    w.says(rows);
    w.clock.advance(15_000);
    expect(w.phase()).toBe('live');
    w.clock.advance(1_000);
    expect(w.phase()).toBe('waiting');
    expect(w.socket().open).toBe(false);
  });

  it('does not wait for ever for a server that opens and says nothing', () => {
    const w = world();
    w.socket().ear.opened();
    w.clock.advance(10_000);
    expect(w.phase()).toBe('waiting');
  });

  it('says that it is refused when the server asks for a sign-in, and knocks no more', async () => {
    const w = world({ refused: true });
    w.socket().ear.closed();
    await settle();
    expect(w.phase()).toBe('refused');
    w.clock.advance(60_000);
    expect(w.sockets).toHaveLength(1);
  });

  it('does not misread a server of another version', () => {
    const w = world();
    w.says(hello(2));
    expect(w.phase()).toBe('otherVersion');
    expect(w.heard).toEqual([]);
    w.clock.advance(60_000);
    expect(w.sockets).toHaveLength(1);
    // Else it would keep a viewer's place for as long as the page is open.
    expect(w.socket().open).toBe(false);
  });

  it('is not disturbed by a message that it cannot read, nor by a socket it has left', () => {
    const w = world();
    w.says(hello());
    w.says('{');
    w.says('"x"');
    expect(w.phase()).toBe('live');
    const [old] = w.sockets;
    old?.ear.closed();
    w.clock.advance(500);
    w.says(hello());
    old?.ear.closed();
    expect(w.phase()).toBe('live');
  });
});

describe('the wait before another try', () => {
  it('doubles, and ends at eight seconds', () => {
    expect([1, 2, 3, 6, 50].map((failures) => backOffMs(failures, 1))).toEqual([
      500, 1_000, 2_000, 8_000, 8_000,
    ]);
  });

  it('is spread over its upper half', () => {
    expect(backOffMs(3, 0)).toBe(1_000);
  });
});
