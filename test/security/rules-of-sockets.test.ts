import { describe, expect, it, vi } from 'vitest';
import { agentTurn } from '../bridge/sounds.ts';
import { closeWorldsAfterEach, eventually, type Line, media, openWorld } from '../server/server-world.ts';

closeWorldsAfterEach();

const FRAMES = 40;
const FRAME_BYTES = 160;
/** Frames of the bystander before the attack. */
const BEFORE = 20;

/** As `eventually`, for what is there after a turn of the network. */
const soon = (look: () => void) => vi.waitFor(look, { timeout: 10_000, interval: 1 });

type Attack = (line: Line, streamSid: string) => void;

/**
 * Two calls: one talks and is talked to, while `attack` is done on the media socket of the other. What the first says
 * reaches its agent, and what its agent says reaches it, byte for byte.
 */
async function besideALiveCall(attack: Attack) {
  const world = await openWorld({ signed: true });
  const bystander = await world.connect();
  const victim = await world.connect();
  const said = agentTurn('mulaw', 1, 20 * FRAMES);
  const spoken = agentTurn('mulaw', 2, 20 * FRAMES);

  const heardByAgent = () => {
    const call = world.vapi.service.calls.find(({ id }) => id === bystander.mind.line.id);
    return Buffer.concat((call?.heard ?? []).map(({ bytes }) => bytes));
  };
  const heardByCaller = () =>
    Buffer.concat(
      bystander.line.messages.flatMap(({ media: sound }) =>
        typeof sound === 'object' && sound !== null && 'payload' in sound
          ? [Buffer.from(String(sound.payload), 'base64')]
          : [],
      ),
    );

  bystander.mind.say(spoken);
  for (let frame = 0; frame < FRAMES; frame += 1) {
    if (frame === BEFORE) attack(victim.line, victim.streamSid);
    const message = media(bystander.streamSid, frame);
    const payload = said.subarray(frame * FRAME_BYTES, (frame + 1) * FRAME_BYTES).toString('base64');
    bystander.line.send({ ...message, media: { ...message.media, payload } });
    // The pre-roll is five frames.
    const due = frame < 4 ? 0 : (frame + 1) * FRAME_BYTES;
    await soon(() => expect(heardByAgent().length).toBeGreaterThanOrEqual(due));
    world.clock.advance(20);
  }
  await soon(() => {
    world.clock.advance(20);
    expect(heardByCaller().length).toBeGreaterThanOrEqual(spoken.length);
  });
  expect(heardByAgent().subarray(0, said.length).equals(said)).toBe(true);
  expect(heardByCaller().equals(spoken)).toBe(true);
  expect(world.calls.find(bystander.callSid)?.outcome).toBeNull();
  expect(world.failures).toEqual([]);
  expect((await world.get('/health')).status).toBe(200);
  return { world, victim };
}

/** The victim's socket is closed with `code`, or cut before it could be told, and its call ends. */
async function expectGone(
  { world, victim }: Awaited<ReturnType<typeof besideALiveCall>>,
  code: number,
  reason = 'callerLost',
) {
  expect([code, 1006]).toContain((await victim.line.closed).code);
  await eventually(() => expect(world.calls.find(victim.callSid)?.ending?.reason).toBe(reason));
}

const bytes =
  (...octets: number[]): Attack =>
  ({ ws }) =>
    void Reflect.get(ws, '_socket').write(Buffer.from(octets));

const pieces =
  (count: number, piece: string): Attack =>
  ({ ws }) => {
    for (let at = 0; at < count; at += 1) ws.send(piece, { fin: false });
  };

it('grants no compression to a caller’s socket, which would buy a mebibyte for a kilobyte', async () => {
  const { victim } = await besideALiveCall(() => {});
  expect(victim.line.ws.extensions).toBe('');
});

describe('beside a caller’s socket that breaks the rules, a call loses not one byte', () => {
  it.each<[string, Attack]>([
    ['a message in ten thousand pieces', pieces(10_000, 'x')],
    ['a message in pieces of nothing', pieces(1_000, '')],
    [
      'a message a byte at a time',
      ({ ws }) => {
        const line = Reflect.get(ws, '_socket');
        line.write(Buffer.from([0x81, 0xfe, 0xff, 0xff, 0, 0, 0, 0]));
        const drip = (left: number): void => {
          if (left > 0 && !line.destroyed) line.write('x', () => setImmediate(drip, left - 1));
        };
        drip(20_000);
      },
    ],
  ])('F64 is closed, and its call over: %s', async (_, attack) => {
    await expectGone(await besideALiveCall(attack), 1008);
  });

  it.each<[string, Attack]>([
    ['a message of more than 64 KiB', ({ ws }) => ws.send('x'.repeat(64 * 1024 + 1))],
    ['a message of eight mebibytes', ({ ws }) => ws.send(Buffer.alloc(8 * 1024 * 1024))],
    ['an announced size beyond any', bytes(0x82, 0xff, 0x7f, 0, 0, 0, 0, 0, 0, 0)],
    ['three pieces of 32 KiB', pieces(3, 'x'.repeat(32 * 1024))],
  ])('F65 is closed, and its call over: %s', async (_, attack) => {
    await expectGone(await besideALiveCall(attack), 1009);
  });

  it.each<[string, Attack, number]>([
    ['no mask', ({ ws }) => ws.send('{}', { mask: false }), 1002],
    ['a reserved bit', bytes(0xc1, 0x80, 0, 0, 0, 0), 1002],
    ['a frame of no known kind', bytes(0x83, 0x80, 0, 0, 0, 0), 1002],
    ['a control frame of no known kind', bytes(0x8b, 0x80, 0, 0, 0, 0), 1002],
    ['a ping of 126 bytes', bytes(0x89, 0xfe, 0, 126), 1002],
    ['a ping in pieces', bytes(0x09, 0x80, 0, 0, 0, 0), 1002],
    ['a piece that continues nothing', bytes(0x80, 0x80, 0, 0, 0, 0), 1002],
    ['a close of one byte', bytes(0x88, 0x81, 0, 0, 0, 0, 3), 1002],
    ['a close with a code that none has', bytes(0x88, 0x82, 0, 0, 0, 0, 3, 0xed), 1002],
    ['text that is no UTF-8', ({ ws }) => ws.send(Buffer.from([0xff, 0xfe]), { binary: false }), 1007],
    ['half a letter', ({ ws }) => ws.send(Buffer.from([0xc3]), { binary: false }), 1007],
  ])('F66 is closed, and its call over: %s', async (_, attack, code) => {
    await expectGone(await besideALiveCall(attack), code);
  });

  it('S27 is closed, and its call over: ten thousand pings, more than are answered', async () => {
    const attack: Attack = ({ ws }) => {
      for (let ping = 0; ping < 10_000; ping += 1) ws.ping();
    };
    await expectGone(await besideALiveCall(attack), 1006);
  });

  it.each<[string, Attack]>([
    [
      'ten thousand messages at once',
      (line) => {
        for (let message = 0; message < 10_000; message += 1) line.send('{"event":"nothing"}');
      },
    ],
    [
      'two hundred holes as deep as a message can be',
      (line) => {
        for (let hole = 0; hole < 200; hole += 1) line.send('['.repeat(65_000));
      },
    ],
    [
      'a megabyte a frame at a time, in one breath',
      (line, streamSid) => {
        for (let chunk = 1; chunk <= 6_000; chunk += 1) line.send(media(streamSid, chunk));
      },
    ],
  ])('S27 is a flood, and its call over: %s', async (_, attack) => {
    await expectGone(await besideALiveCall(attack), 1008, 'callerRefused');
  });

  it.each<[string, Attack]>([
    [
      'ten seconds of audio, in one breath',
      (line, streamSid) => {
        for (let chunk = 1; chunk <= 500; chunk += 1) line.send(media(streamSid, chunk));
      },
    ],
    [
      'forty holes as deep as a message can be',
      (line) => {
        for (let hole = 0; hole < 40; hole += 1) line.send('['.repeat(65_000));
      },
    ],
    ['a message that never ends', bytes(0x81, 0xfe, 0xff, 0xff, 0, 0, 0, 0, 0x7b)],
  ])('S27 only takes time, and its call goes on: %s', async (_, attack) => {
    const { world, victim } = await besideALiveCall(attack);
    expect(world.calls.find(victim.callSid)?.outcome).toBeNull();
  });
});
