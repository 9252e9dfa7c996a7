import { connect as connectTcp } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ask, closeWorldsAfterEach, eventually, type Line, media, openWorld, start } from './server-world.ts';

closeWorldsAfterEach();

/** A call under attack and one beside it, each with its caller and its agent. */
async function twoCalls() {
  const world = await openWorld({ signed: true });
  const bystander = await world.connect();
  const victim = await world.connect();
  let chunk = 0;

  /** A frame of the bystander still reaches its agent, and its agent still reaches it. */
  async function expectUnharmed() {
    const { line, mind, streamSid } = bystander;
    const heardBefore = heardBytes(mind.line.id);
    for (let frame = 0; frame < 5; frame += 1) {
      chunk += 1;
      line.send(media(streamSid, chunk));
    }
    await eventually(() => expect(heardBytes(mind.line.id)).toBeGreaterThanOrEqual(heardBefore + 800));
    mind.say(Buffer.alloc(800, 0x10), 'at-once');
    const spokenBefore = line.messages.length;
    await eventually(() => {
      world.clock.advance(20);
      expect(line.messages.length).toBeGreaterThan(spokenBefore);
    });
    expect(world.calls.find(bystander.callSid)?.outcome).toBeNull();
    expect(world.failures).toEqual([]);
    expect((await world.get('/health')).status).toBe(200);
  }

  const heardBytes = (id: string) => world.vapi.service.calls.find((call) => call.id === id)?.heardBytes ?? 0;
  return { world, victim, bystander, expectUnharmed };
}

const bytesOnTheLine = (line: Line, bytes: number[]) => {
  Reflect.get(line.ws, '_socket').write(Buffer.from(bytes));
};

describe('a socket that breaks the rules of WebSockets', () => {
  it.each<[string, (line: Line) => void, number]>([
    ['sends more than 64 KiB in one message', ({ ws }) => ws.send('x'.repeat(64 * 1024 + 1)), 1009],
    [
      'sends a message in a thousand pieces',
      ({ ws }) => {
        for (let piece = 0; piece < 1_000; piece += 1) ws.send('x', { fin: false });
      },
      1008,
    ],
    ['sends text that is no UTF-8', ({ ws }) => ws.send(Buffer.from([0xff, 0xfe]), { binary: false }), 1007],
    ['sends a frame without its mask', ({ ws }) => ws.send('{}', { mask: false }), 1002],
    ['sends a frame with a reserved bit', (line) => bytesOnTheLine(line, [0xc1, 0x80, 0, 0, 0, 0]), 1002],
    ['sends a frame of no known kind', (line) => bytesOnTheLine(line, [0x83, 0x80, 0, 0, 0, 0]), 1002],
    ['sends a ping longer than a ping may be', (line) => bytesOnTheLine(line, [0x89, 0xfe, 0, 126]), 1002],
    [
      'announces more than there is room for',
      (line) => bytesOnTheLine(line, [0x81, 0xff, 0x7f, 0, 0, 0, 0, 0, 0, 0]),
      1009,
    ],
  ])('is closed, its call ends, and no other: %s', async (_, attack, code) => {
    const { world, victim, expectUnharmed } = await twoCalls();
    attack(victim.line);
    expect([code, 1006]).toContain((await victim.line.closed).code);
    await eventually(() => expect(world.calls.find(victim.callSid)?.ending?.reason).toBe('callerLost'));
    await expectUnharmed();
  });
});

describe('a socket that says what Twilio would not', () => {
  const deep = `{"event":${'['.repeat(30_000)}`;

  it.each<[string, unknown[]]>([
    ['nonsense', ['', 'null', '[]', '1', '"media"', '{', '\u0000', '{"event":1}', '{"event":"unheard-of"}']],
    ['audio as bytes', [Buffer.alloc(160, 0x10), Buffer.alloc(0), Buffer.alloc(60_000)]],
    ['a deep hole', [deep, `${'{"a":'.repeat(9_000)}1`]],
    [
      'media without media',
      [{ event: 'media' }, { event: 'media', media: null }, { event: 'media', media: { payload: '%%' } }],
    ],
    [
      'marks that were never sent',
      [{ event: 'mark', mark: { name: 'x'.repeat(50_000) } }, { event: 'mark' }],
    ],
    ['keys that are none', [{ event: 'dtmf', dtmf: { digit: 'ABC' } }, { event: 'dtmf' }]],
    [
      'prototypes',
      ['{"__proto__":{"event":"stop"}}', '{"event":"media","media":{"__proto__":{"payload":"AA=="}}}'],
    ],
  ])('is not understood, and its call goes on: %s', async (_, messages) => {
    const { world, victim, expectUnharmed } = await twoCalls();
    for (const message of messages) victim.line.send(message);
    victim.line.send(media(victim.streamSid, 1));
    await expectUnharmed();
    expect(world.calls.find(victim.callSid)?.outcome).toBeNull();
    expect(victim.line.ws.readyState).toBe(victim.line.ws.OPEN);
  });

  it('is counted where it could not be read', async () => {
    const { world, victim } = await twoCalls();
    for (const message of ['nonsense', Buffer.alloc(160), '{"event":"media"}']) victim.line.send(message);
    await eventually(() => expect(world.calls.find(victim.callSid)?.figures.unreadableMessages).toBe(3));
  });

  it('starts once: a second start changes nothing', async () => {
    const { world, victim, expectUnharmed } = await twoCalls();
    victim.line.send(start('CA-other', 'MZ-other', { customParameters: { nonce: victim.nonce } }));
    victim.line.send(start(victim.callSid, 'MZ-again', { customParameters: { nonce: victim.nonce } }));
    await expectUnharmed();
    expect(world.calls.find(victim.callSid)).toMatchObject({ streamSid: victim.streamSid, outcome: null });
    expect(world.calls.find('CA-other')).toBeUndefined();
    expect(world.vapi.service.calls).toHaveLength(2);
  });

  it('is not heard before its start', async () => {
    const world = await openWorld();
    const line = world.knock('/media');
    await line.opened;
    for (const message of [
      media('MZ1', 1),
      { event: 'dtmf', dtmf: { digit: '1' } },
      { event: 'mark', mark: { name: 'x' } },
    ])
      line.send(message);
    line.send({ event: 'start', start: { streamSid: 'MZ1', callSid: 'CA1' } });
    await eventually(() => {
      world.clock.advance(0);
      expect(world.minds).toHaveLength(1);
    });
    expect(world.vapi.service.calls[0]).toMatchObject({ heardBytes: 0, messages: [] });
  });

  it('may send hundreds of messages at once, and no thousands', async () => {
    const { world, victim, expectUnharmed } = await twoCalls();
    for (let message = 0; message < 500; message += 1) victim.line.send('{"event":"nothing"}');
    await expectUnharmed();
    expect(world.calls.find(victim.callSid)?.outcome).toBeNull();
    for (let message = 0; message < 5_000; message += 1) victim.line.send('{"event":"nothing"}');
    expect(await victim.line.closed).toEqual({ code: 1008, words: 'too many messages' });
    await expectUnharmed();
    expect(world.calls.find(victim.callSid)?.outcome?.reason).toBe('callerRefused');
  });

  it('may be cut at any moment', async () => {
    const world = await openWorld();
    for (const moment of ['before the handshake', 'before start', 'after start'] as const) {
      const line = world.knock('/media');
      if (moment !== 'before the handshake') await line.opened;
      if (moment === 'after start')
        line.send({ event: 'start', start: { streamSid: 'MZ1', callSid: 'CA1' } });
      line.ws.terminate();
    }
    await eventually(() => {
      world.clock.advance(0);
      expect(world.calls.live).toBe(0);
      expect(world.vapi.service.live()).toBe(0);
    });
    expect(world.calls.held).toBe(0);
    expect(world.failures).toEqual([]);
  });
});

describe('a client that is not polite', () => {
  it('is refused headers of more than 8 KiB', async () => {
    const { port } = await openWorld();
    expect((await ask(port, '/health', { headers: { 'x-long': 'x'.repeat(9_000) } })).status).toBe(431);
  });

  it('is refused what is no HTTP', async () => {
    const { port } = await openWorld();
    const line = connectTcp({ host: '127.0.0.1', port });
    const closed = new Promise((resolve) => line.on('close', resolve));
    let heard = '';
    line.on('data', (data) => {
      heard += data;
    });
    line.write('\u0016\u0003\u0001 hello\r\n\r\n');
    await closed;
    expect(heard).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('is cut when there are too many of it, and the others are not', async () => {
    const world = await openWorld({ maxConnections: 10 });
    const lines = Array.from({ length: 30 }, () => connectTcp({ host: '127.0.0.1', port: world.port }));
    let cut = 0;
    for (const line of lines) line.on('error', () => {}).on('close', () => (cut += 1));
    await eventually(() => expect(cut).toBe(20));
    lines[0]?.write('GET /health HTTP/1.1\r\nHost: x\r\n\r\n');
    const answer = await new Promise<string>((resolve) => lines[0]?.on('data', (data) => resolve(`${data}`)));
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK/);
    for (const line of lines) line.destroy();
  });
});

describe('a client that is slow on purpose', () => {
  const lines: Array<ReturnType<typeof connectTcp>> = [];
  afterEach(() => {
    for (const line of lines.splice(0)) line.destroy();
  });

  // Node's own time limits cannot be told: this test spends what they take.
  it('is cut: with no headers after 5 s, with no body after 10', async () => {
    const world = await openWorld();
    const began = performance.now();
    const heard = new Map<string, string>();

    function slow(name: string, sent: string, drip = '') {
      const line = connectTcp({ host: '127.0.0.1', port: world.port });
      lines.push(line);
      line.on('error', () => {});
      line.write(sent);
      const dripping = drip ? setInterval(() => line.write(drip), 500) : undefined;
      return new Promise<number>((resolve) => {
        line.on('data', (data) => heard.set(name, `${heard.get(name) ?? ''}${data}`));
        line.on('close', () => {
          clearInterval(dripping);
          resolve(performance.now() - began);
        });
      });
    }
    const request = 'POST /webhook/twilio HTTP/1.1\r\nHost: x\r\n';
    const type = 'Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\n';
    const [silent, headers, body] = await Promise.all([
      slow('silent', ''),
      slow('headers', request, 'x: y\r\n'),
      slow('body', `${request}${type}CallSid=`, 'C'),
    ]);
    for (const cutAfterMs of [silent, headers]) {
      expect(cutAfterMs).toBeGreaterThan(4_500);
      expect(cutAfterMs).toBeLessThan(9_000);
    }
    expect(heard.get('headers')).toMatch(/^HTTP\/1\.1 408 /);
    expect(body).toBeGreaterThan(9_000);
    expect(body).toBeLessThan(15_000);
    expect(world.calls.list()).toEqual([]);
  }, 30_000);
});
