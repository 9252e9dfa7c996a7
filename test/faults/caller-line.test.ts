import { describe, expect, it } from 'vitest';
import { createMemoryWorld } from '../bridge/memory-world.ts';
import { agentTurn } from '../bridge/sounds.ts';
import {
  closeWorldsAfterEach,
  eventually,
  media,
  newSid,
  openWorld,
  start,
  streamOf,
} from '../server/server-world.ts';
import { liveRawCall } from './raw-call.ts';

closeWorldsAfterEach();

describe('a media socket', () => {
  it('F37 may say anything before its start, and is taken at its start', async () => {
    const world = await openWorld({ signed: true });
    const callSid = newSid('CA');
    const { path, nonce } = streamOf((await world.webhook(callSid)).text);
    const line = world.knock(path);
    await line.opened;
    const early = [
      { event: 'stop' },
      media('MZ1', 1),
      { event: 'mark', mark: { name: 'g1:800' } },
      { event: 'dtmf', dtmf: { digit: '1' } },
      { event: 'unheard-of' },
    ];
    for (const message of early) line.send(message);
    line.send(start(callSid, 'MZ1', { customParameters: { nonce } }));
    await eventually(() => expect(world.calls.find(callSid)?.streamSid).toBe('MZ1'));
    expect(world.calls.find(callSid)?.outcome).toBeNull();
    expect(world.failures).toEqual([]);
  });

  it('F40 has what is no audio of the caller left out: what is, reaches the agent byte for byte', async () => {
    const world = createMemoryWorld({});
    const raw = await liveRawCall(world, 1);
    const { phone, socket, call } = raw;
    const frame = agentTurn('mulaw', 9, 20).toString('base64');
    const sound = (payload: unknown, track?: string) =>
      JSON.stringify({ event: 'media', streamSid: phone.streamSid, media: { payload, track } });
    const unreadable = ['', '%%%', 7, null, Buffer.alloc(16_385).toString('base64')];
    for (let round = 0; round < 20; round += 1) {
      for (const payload of unreadable) socket.sendText(sound(payload));
      for (const track of ['outbound', 'sideways']) socket.sendText(sound(frame, track));
      await world.run(100);
    }
    phone.hush();
    await world.run(40);
    expect(raw.heard().equals(Buffer.concat(phone.said))).toBe(true);
    expect(call.figures).toMatchObject({ unreadableMessages: 20 * unreadable.length, gapFilledMs: 0 });
    expect(call.outcome).toBeNull();
    expect(world.failures).toEqual([]);
  });

  it('F40b that neither sends nor answers has its agent released within three and a half seconds', async () => {
    const world = createMemoryWorld({});
    const { socket, phone, call, agent } = await liveRawCall(world, 1);
    socket.line.deafen();
    await world.until('its agent is released', () => agent().endedReason !== null, 3_500);
    expect(call.outcome?.reason).toBe('callerLost');
    phone.dropLine();
  });

  it('F40d that lets more than a mebibyte wait is given up at once, in words', async () => {
    const world = createMemoryWorld({});
    const { socket, call, agent } = await liveRawCall(world, 1);
    socket.farEnd.setUnsentBytes(1024 * 1024);
    await world.run(3_000);
    expect(call.outcome).toBeNull();
    socket.farEnd.setUnsentBytes(1024 * 1024 + 1);
    await world.until('it is given up', () => call.outcome !== null, 2_000);
    expect(call.outcome).toEqual({ reason: 'callerLost', words: 'Twilio stopped reading its socket.' });
    await world.until('its agent is released', () => agent().endedReason !== null, 100);
  });

  it('F40d that reads nothing, though it still sends, is given up within a heartbeat and its answer', async () => {
    const world = createMemoryWorld({});
    const [victim, bystander] = [await liveRawCall(world, 1), await liveRawCall(world, 2)];
    victim.socket.pause();
    victim.agent().sendAudio(agentTurn('mulaw', 3, 25_000));
    await world.run(10_000 + 5_000);
    expect(victim.call.outcome).toMatchObject({ reason: 'callerLost' });
    await world.until('it is over', () => victim.call.ending !== null, 5_000);
    bystander.phone.hush();
    await world.run(40);
    expect(bystander.call.outcome).toBeNull();
    expect(bystander.heard().equals(Buffer.concat(bystander.phone.said))).toBe(true);
    expect(world.failures).toEqual([]);
  });
});
