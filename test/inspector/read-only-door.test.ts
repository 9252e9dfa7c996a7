import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openReadOnlyDoor, type Viewer } from '../../src/inspector/windows/read-only-door.ts';
import { openViewer, statusFor } from './window-world.ts';

async function openTestDoor() {
  const refusals: string[] = [];
  const viewers: Viewer[] = [];
  const left: Viewer[] = [];
  const door = await openReadOnlyDoor({
    port: 0,
    sites: [],
    came: (viewer) => void viewers.push(viewer),
    said() {},
    left: (viewer) => void left.push(viewer),
    refused: (what) => void refusals.push(what),
  });
  onTestFinished(() => door.close());
  return { door, refusals, viewers, left };
}

describe('the door that only lets look', () => {
  it('cuts off a viewer that does not read', async () => {
    const { door, refusals, viewers, left } = await openTestDoor();
    const { socket } = await openViewer(door.port);
    socket.pause();
    const megabyte = 'x'.repeat(1024 * 1024);
    for (let sent = 0; sent < 80; sent += 1) viewers[0]?.send(megabyte);
    expect(refusals).toEqual(['a viewer that does not read']);
    await vi.waitUntil(() => left.length === 1);
  });

  it('lets in twenty', async () => {
    const { door, refusals } = await openTestDoor();
    for (let count = 0; count < 20; count += 1) expect(await statusFor(door.port, {})).toBe(101);
    expect(await statusFor(door.port, {})).toBe(403);
    expect(refusals).toEqual(['more than 20 viewers']);
  });

  it('cuts off a viewer that says more than a tool has to say', async () => {
    const { door, left } = await openTestDoor();
    const { socket } = await openViewer(door.port);
    socket.on('error', () => {});
    socket.send('x'.repeat(17 * 1024));
    await vi.waitUntil(() => left.length === 1);
  });
});
