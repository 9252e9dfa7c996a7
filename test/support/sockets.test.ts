import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Socket } from '../../src/ports.ts';
import {
  createMemoryWorld,
  createNotingEar,
  createPairWorld,
  createRealWorld,
  type SocketWorld,
} from './socket-worlds.ts';

const worlds: Array<[string, () => SocketWorld | Promise<SocketWorld>]> = [
  ['joined in memory', createPairWorld],
  ['opened in memory', createMemoryWorld],
  ['of ws on loopback', createRealWorld],
];

describe.each(worlds)('A socket %s', (_name, createWorld) => {
  let world: SocketWorld;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.close());

  async function joined() {
    const near = createNotingEar();
    const far = createNotingEar();
    const [opener, accepter] = await world.join(near);
    accepter.listen(far);
    await heard(near.heard, ['opened']);
    near.heard.length = 0;
    return { near: near.heard, far: far.heard, opener, accepter };
  }

  const heard = (notes: string[], expected: string[]) =>
    vi.waitFor(() => expect(notes).toEqual(expected), { timeout: 5_000, interval: 5 });

  /** Turns of the event loop in which a second `closed`, or an unwanted message, would come. */
  async function aWhile() {
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  it('hears the far end in the order in which it spoke, text as text and bytes as bytes', async () => {
    const { near, far, opener, accepter } = await joined();
    opener.sendText('one');
    opener.sendBinary(new Uint8Array([1, 2, 255]));
    opener.sendText('drei → 3');
    opener.sendBinary(Buffer.alloc(0));
    opener.sendText('');
    await heard(far, ['text one', 'binary 0102ff', 'text drei → 3', 'binary ', 'text ']);
    accepter.sendBinary(Buffer.from('7f80', 'hex'));
    accepter.sendText('back');
    await heard(near, ['binary 7f80', 'text back']);
    opener.terminate();
  });

  it('hears its own opening first, and the accepting end hears none', async () => {
    const near = createNotingEar();
    const far = createNotingEar();
    const [opener, accepter] = await world.join(near);
    accepter.listen(far);
    accepter.sendText('welcome');
    await heard(near.heard, ['opened', 'text welcome']);
    expect(far.heard).toEqual([]);
    opener.terminate();
  });

  it('hears a pong for its ping, at either end, in order with what else was said', async () => {
    const { near, far, opener, accepter } = await joined();
    accepter.sendText('before');
    await heard(near, ['text before']);
    opener.ping();
    await heard(near, ['text before', 'ponged']);
    accepter.ping();
    await heard(far, ['ponged']);
    opener.terminate();
  });

  it('tells the code and the words of a close to the far end, and both ends once', async () => {
    const { near, far, opener } = await joined();
    opener.sendText('last');
    opener.close(4001, 'caller hung up');
    opener.close(1000, 'again');
    await heard(far, ['text last', 'closed 4001 caller hung up']);
    await heard(near, ['closed 4001 caller hung up']);
    opener.close(1000, 'and again');
    await aWhile();
    expect(far).toHaveLength(2);
    expect(near).toHaveLength(1);
  });

  it('closes from the accepting end too', async () => {
    const { near, far, accepter } = await joined();
    accepter.close(1011, 'restart');
    await heard(near, ['closed 1011 restart']);
    await heard(far, ['closed 1011 restart']);
  });

  it('closes once when both ends begin to', async () => {
    const { near, far, opener, accepter } = await joined();
    opener.close(1000, 'bye');
    accepter.close(1000, 'bye');
    await heard(near, ['closed 1000 bye']);
    await heard(far, ['closed 1000 bye']);
  });

  it('closes with 1000 for a code that may not be sent, and cuts words that are too long', async () => {
    const { far, opener } = await joined();
    opener.close(1006, 'é'.repeat(100));
    await heard(far, [`closed 1000 ${'é'.repeat(61)}`]);
  });

  it('is gone at both ends, once, when one end cuts the line', async () => {
    const { near, far, opener } = await joined();
    opener.terminate();
    opener.terminate();
    opener.close(1000, 'too late');
    await heard(near, ['closed 1006 terminated']);
    await heard(far, ['closed 1006 connection lost']);
    await aWhile();
    expect(near).toHaveLength(1);
    expect(far).toHaveLength(1);
  });

  it('can be cut while it waits for its close to be answered', async () => {
    const { near, far, opener, accepter } = await joined();
    accepter.pause();
    opener.close(1000, 'bye');
    opener.terminate();
    await heard(near, ['closed 1006 terminated']);
    accepter.resume();
    await vi.waitFor(() => expect(far).toHaveLength(1));
  });

  it('does nothing, and throws nothing, once it is closed', async () => {
    const { near, far, opener, accepter } = await joined();
    opener.close(1000, 'bye');
    opener.sendText('while closing');
    opener.sendBinary(Buffer.from([1]));
    opener.ping();
    await heard(near, ['closed 1000 bye']);
    await heard(far, ['closed 1000 bye']);
    for (const end of [opener, accepter]) tryInEveryWay(end);
    await aWhile();
    expect(near).toHaveLength(1);
    expect(far).toHaveLength(1);
    expect(opener.unsentBytes).toBe(0);
  });

  it('keeps what comes before it is listened to', async () => {
    const near = createNotingEar();
    const far = createNotingEar();
    const [opener, accepter] = await world.join(near);
    await heard(near.heard, ['opened']);
    opener.sendText('early');
    opener.sendBinary(Buffer.from([7]));
    opener.ping();
    await heard(near.heard, ['opened', 'ponged']);
    opener.close(1000, 'bye');
    await heard(near.heard, ['opened', 'ponged', 'closed 1000 bye']);
    accepter.listen(far);
    await heard(far.heard, ['text early', 'binary 07', 'closed 1000 bye']);
  });

  it('loses nothing while it is paused', async () => {
    const { far, opener, accepter } = await joined();
    opener.sendText('0');
    await heard(far, ['text 0']);
    accepter.pause();
    for (const text of ['1', '2', '3']) opener.sendText(text);
    await aWhile();
    expect(far).toEqual(['text 0']);
    accepter.resume();
    await heard(far, ['text 0', 'text 1', 'text 2', 'text 3']);
    opener.terminate();
  });

  it('may be paused before it is open', async () => {
    const near = createNotingEar();
    const [opener, accepter] = await world.join(near);
    opener.pause();
    accepter.sendText('held');
    await heard(near.heard, ['opened']);
    await aWhile();
    expect(near.heard).toEqual(['opened']);
    opener.resume();
    await heard(near.heard, ['opened', 'text held']);
    opener.terminate();
  });

  it('hears nothing more than its end once it has cut a line that it had paused', async () => {
    const { near, far, opener, accepter } = await joined();
    accepter.pause();
    opener.sendText('unheard');
    await aWhile();
    accepter.terminate();
    await heard(far, ['closed 1006 terminated']);
    await heard(near, ['closed 1006 connection lost']);
  });

  it('reads on when it closes while paused, for the answer must be heard', async () => {
    const { far, opener, accepter } = await joined();
    accepter.pause();
    opener.sendText('meanwhile');
    await aWhile();
    accepter.close(1000, 'bye');
    await heard(far, ['text meanwhile', 'closed 1000 bye']);
  });

  it('says all that the far end sends in one turn', async () => {
    const { far, opener } = await joined();
    const sent = Array.from({ length: 300 }, (_, count) => `text ${count}`);
    for (let count = 0; count < 300; count += 1) opener.sendText(`${count}`);
    await heard(far, sent);
    opener.terminate();
  });

  it('hears a refusal as its end, with the status and without the address', async () => {
    for (const status of [403, 404, 429, 301]) {
      const { heard: notes, ...ear } = createNotingEar();
      world.ask(status).listen(ear);
      await heard(notes, [`closed 1006 refused with HTTP ${status}`]);
    }
  });

  it('gives up on a handshake that is never answered', async () => {
    const { heard: notes, ...ear } = createNotingEar();
    world.ask('silence').listen(ear);
    await aWhile();
    world.wait();
    await heard(notes, ['closed 1006 handshake timed out after 100 ms']);
  });

  it('hears that nobody is there', async () => {
    const { heard: notes, ...ear } = createNotingEar();
    world.dial('ws://127.0.0.1:1/secret').listen(ear);
    await heard(notes, ['closed 1006 connection refused']);
  });

  it.each([
    '',
    'nonsense',
    'http://127.0.0.1/secret',
    'ws://',
    'ws+unix:///tmp/s:/',
    'ws://host:99999/',
    'ws://host/#x',
  ])('hears that it cannot be opened at "%s"', async (url) => {
    const { heard: notes, ...ear } = createNotingEar();
    const socket = world.dial(url);
    socket.listen(ear);
    tryInEveryWay(socket, ['sendText', 'sendBinary', 'ping', 'pause', 'resume']);
    await heard(notes, ['closed 1006 not a WebSocket address']);
    tryInEveryWay(socket);
    await aWhile();
    expect(notes).toHaveLength(1);
  });

  it.each(['close', 'terminate'] as const)('ends once by %s before it is open', async (way) => {
    const { heard: notes, ...ear } = createNotingEar();
    const socket = world.ask('silence');
    socket.listen(ear);
    tryInEveryWay(socket, ['sendText', 'sendBinary', 'ping', 'pause', 'resume']);
    if (way === 'close') socket.close(1000, 'bye');
    else socket.terminate();
    tryInEveryWay(socket);
    await heard(notes, ['closed 1006 closed before it opened']);
    await aWhile();
    expect(notes).toHaveLength(1);
  });
});

const WAYS = ['sendText', 'sendBinary', 'ping', 'pause', 'resume', 'close', 'terminate'] as const;

function tryInEveryWay(socket: Socket, ways: ReadonlyArray<(typeof WAYS)[number]> = WAYS) {
  for (const way of ways) {
    if (way === 'sendText') socket.sendText('late');
    else if (way === 'sendBinary') socket.sendBinary(Buffer.from([1]));
    else if (way === 'close') socket.close(1000, 'late');
    else socket[way]();
  }
}
