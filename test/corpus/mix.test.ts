import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { loadCorpus } from './corpus.ts';
import { createCallerMix, createLineEcho, FRAME, render } from './mix.ts';

const corpus = loadCorpus();
const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex').slice(0, 16);

describe('the corpus', () => {
  it('holds the sound that its labels were made for', () => {
    const items = (['utt', 'backchannel', 'event', 'noise', 'agent'] as const).flatMap(corpus.items);
    expect(items).toHaveLength(24 + 8 + 11 + 8 + 1);
    for (const item of items) {
      expect([item.id, hash(item.mulaw)]).toEqual([item.id, item.sha256]);
      expect(item.samples.length).toBe(item.mulaw.length);
    }
  });

  it.each(corpus.recipes.map((recipe) => [recipe.id, recipe] as const))(
    'renders %s byte for byte',
    (_, recipe) => {
      expect(hash(render(corpus, recipe).ulaw)).toBe(recipe.sha256);
    },
  );

  it('says when the caller starts and stops', () => {
    const recipe = corpus.recipes.find(({ id }) => id === 'bi2');
    expect(recipe && render(corpus, recipe).truth).toEqual([
      { kind: 'utt', id: 'u08', onsetMs: 4337, voicedMs: 4412, offsetMs: 4696 },
    ]);
  });
});

describe('an echo of the line', () => {
  it('returns what was played, later and weaker', () => {
    const echo = createLineEcho({ lossDb: 20, delayMs: 60 });
    const click = new Uint8Array(FRAME).fill(0xff);
    click[5] = 0x80;
    const peaks = Array.from({ length: 5 }, (_, at) => {
      const heard = echo(at === 0 ? click : new Uint8Array(FRAME).fill(0xff));
      return Math.max(...heard);
    });
    expect(peaks.map((peak) => Number(peak.toFixed(3)))).toEqual([0, 0, 0, 0.092, 0]);
  });

  it('is in the frame that the caller sends', () => {
    const silent = createCallerMix(corpus, { seed: 3 });
    const echoing = createCallerMix(corpus, { seed: 3 });
    const plain = silent.frame().slice();
    expect(Array.from(echoing.frame(new Float64Array(FRAME).fill(0.25)))).toEqual(
      Array.from(plain, (sample) => sample + 0.25),
    );
  });
});
