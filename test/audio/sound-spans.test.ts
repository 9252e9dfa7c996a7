import { describe, expect, it } from 'vitest';
import { PCM_TO_MULAW } from '../../src/audio/mulaw.ts';
import { createAgentSounds, createCallerSounds } from '../../src/audio/sound-spans.ts';
import { speechMulaw } from './speech.ts';

/** 20 ms of a tone, `dbfs` loud, `hz` high. */
function tone(dbfs: number, hz = 440, frames = 1): Buffer {
  const peak = 32_768 * 10 ** (dbfs / 20) * Math.SQRT2;
  return Buffer.from(
    Uint8Array.from({ length: 160 * frames }, (_, i) => {
      const sample = Math.round(peak * Math.sin((2 * Math.PI * hz * i) / 8_000 + 1));
      return PCM_TO_MULAW[sample & 0xffff] as number;
    }),
  );
}

const LOUD = tone(-20);
const SILENCE = Buffer.alloc(160, 0xff);

function listenToCaller() {
  let now = 0;
  const told: string[] = [];
  const sounds = createCallerSounds(
    () => now,
    (from, to) => told.push(`${from}–${to}`),
  );
  return {
    told,
    end: sounds.end,
    frames(frame: Buffer, count: number) {
      for (let i = 0; i < count; i += 1) {
        now += 20;
        sounds.frame(frame);
      }
    },
  };
}

describe("stretches of the caller's sound", () => {
  it('begin with the first loud frame and end with the last, told after 200 ms of quiet', () => {
    const { told, frames } = listenToCaller();
    frames(SILENCE, 10);
    frames(LOUD, 20);
    frames(SILENCE, 9);
    expect(told).toEqual([]);
    frames(SILENCE, 1);
    expect(told).toEqual(['200–600']);
  });

  it('bridge the pauses between words', () => {
    const { told, frames } = listenToCaller();
    for (let word = 0; word < 3; word += 1) {
      frames(LOUD, 15);
      frames(SILENCE, 9);
    }
    frames(SILENCE, 20);
    expect(told).toEqual(['0–1260']);
  });

  it('are told at the end of the call, if they last', () => {
    const { told, frames, end } = listenToCaller();
    frames(LOUD, 5);
    end();
    end();
    expect(told).toEqual(['0–100']);
  });

  it('leave out a click and the hiss of the line, and take up speech', () => {
    const { told, frames } = listenToCaller();
    frames(LOUD, 1);
    frames(SILENCE, 20);
    frames(tone(-52), 50);
    frames(SILENCE, 20);
    expect(told).toEqual([]);
    frames(tone(-38), 10);
    frames(SILENCE, 20);
    expect(told).toEqual(['1820–2020']);
  });

  it.each([400, 1_000, 2_000, 3_400])('are found in a tone of %i Hz in every frame', (hz) => {
    const { told, frames } = listenToCaller();
    frames(tone(-40, hz), 30);
    frames(SILENCE, 20);
    expect(told).toEqual(['0–600']);
  });

  it('cover most of an utterance of the corpus', () => {
    let now = 0;
    let soundMs = 0;
    const sounds = createCallerSounds(
      () => now,
      (from, to) => {
        soundMs += to - from;
      },
    );
    const speech = speechMulaw('utt/u01');
    for (let at = 0; at + 160 <= speech.length; at += 160) {
      now += 20;
      sounds.frame(speech.subarray(at, at + 160));
    }
    sounds.end();
    expect(soundMs).toBeGreaterThan(0.6 * now);
  });
});

function listenToAgent() {
  let now = 0;
  const told: string[] = [];
  const sounds = createAgentSounds(
    () => now,
    (from, to) => told.push(`${from}–${to}`),
  );
  return {
    ...sounds,
    told,
    pass(ms: number) {
      now += ms;
    },
  };
}

describe("stretches of the agent's sound", () => {
  it('are told as they are played, not as they are sent', () => {
    const { told, sent, pass, passed } = listenToAgent();
    sent(tone(-20, 440, 10));
    pass(100);
    sent(tone(-20, 440, 5));
    pass(399);
    passed();
    expect(told).toEqual([]);
    pass(1);
    passed();
    expect(told).toEqual(['0–300']);
  });

  it('leave out the silence in what is sent', () => {
    const { told, sent, pass, passed } = listenToAgent();
    sent(Buffer.concat([SILENCE, LOUD, LOUD, SILENCE]));
    pass(500);
    passed();
    expect(told).toEqual(['20–60']);
  });

  it('end where they are cut', () => {
    const { told, sent, pass, passed, cleared } = listenToAgent();
    sent(tone(-20, 440, 10));
    pass(50);
    cleared();
    pass(300);
    passed();
    expect(told).toEqual(['0–50']);
  });

  it('are none where everything was cut before it was played', () => {
    const { told, sent, pass, cleared, end } = listenToAgent();
    sent(Buffer.concat([SILENCE, LOUD]));
    cleared();
    pass(100);
    sent(LOUD);
    pass(20);
    end();
    expect(told).toEqual(['100–120']);
  });
});
