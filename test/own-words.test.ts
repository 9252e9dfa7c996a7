import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { levelDb } from '../src/audio/level.ts';
import { writeWav } from '../src/audio/wav.ts';
import { loadClips } from '../src/own-words.ts';

const folder = mkdtempSync(join(tmpdir(), 'own-words-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(name: string, bytes: Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const BUNDLED = { oneMoment: undefined, lineLost: undefined };

describe("the bridge's own words", () => {
  it('are bundled: short, and about as loud as an agent', () => {
    const loaded = loadClips(BUNDLED);
    if (!loaded.ok) throw new Error(loaded.words);
    for (const clip of [loaded.clips.oneMoment, loaded.clips.lineLost]) {
      const ms = (clip?.length ?? 0) / 8;
      expect(ms).toBeGreaterThan(800);
      expect(ms).toBeLessThan(1_600);
      expect(Math.abs(levelDb(clip ?? Buffer.alloc(0)) + 20)).toBeLessThan(2);
    }
  });

  it('are those of a file where one is named, and none where its name is empty', () => {
    const mulaw = Buffer.from(Array.from({ length: 1_600 }, (_, i) => i % 100));
    const path = fileWith('mine.wav', writeWav(mulaw));
    const loaded = loadClips({ oneMoment: path, lineLost: '' });
    if (!loaded.ok) throw new Error(loaded.words);
    expect(loaded.clips.oneMoment?.length).toBe(1_600);
    expect(loaded.clips.lineLost).toBeUndefined();
  });

  it.each([
    ['that is not there', join(folder, 'nowhere.wav'), /^CLIP_LINE_LOST cannot be read/],
    [
      'that holds no sound',
      fileWith('text.wav', Buffer.from('hello')),
      /^CLIP_LINE_LOST cannot be played: text.wav/,
    ],
    ['that is too long', fileWith('long.ulaw', Buffer.alloc(80_001)), /^CLIP_LINE_LOST is longer than 10 s/],
    ['that is silent', fileWith('hush.ulaw', Buffer.alloc(8_000, 0xff)), /^CLIP_LINE_LOST is silent/],
  ])('are refused in words for a file %s', (_, lineLost, words) => {
    const loaded = loadClips({ ...BUNDLED, lineLost });
    expect(loaded.ok ? '' : loaded.words).toMatch(words);
  });
});
