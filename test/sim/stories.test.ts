import { describe, expect, it } from 'vitest';
import type { Story } from '../../src/inspector/story.ts';
import { PLANTED, type PlantedName } from './planted.ts';
import { firstDifference, replay } from './replay.ts';
import { SCENES } from './scenes.ts';
import { keptStories, readStory, recordScene, storyText } from './story-files.ts';

function kept(file: string): Story {
  const found = keptStories().find((one) => one.file === `${file}.json`);
  const read = readStory(found?.text ?? '', file);
  if (!read.ok) throw new Error(read.words);
  return read.story;
}

const withExpected = (story: Story, expect: Partial<Story['expect']>): Story => ({
  ...story,
  expect: { ...story.expect, ...expect },
});

describe('A call that was recorded', () => {
  it.each(keptStories())('goes today as it did then: $file', async ({ file, text }) => {
    const read = readStory(text, file);
    expect(read.ok ? '' : read.words).toBe('');
    if (read.ok) expect((await replay(read.story)).trouble).toBe('');
  });

  it('is one of each kind that matters', () => {
    const files = keptStories().map(({ file }) => file);
    expect(files).toEqual(expect.arrayContaining(SCENES.map(({ file }) => `${file}.json`)));
  });

  it('is had again, recorded and replayed', { timeout: 30_000 }, async () => {
    const [scene] = SCENES;
    const made = scene && (await recordScene(scene));
    expect(made).toMatchObject({ ok: true });
    if (made?.ok) expect((await replay(made.story)).trouble).toBe('');
  });
});

describe('A replay fails', () => {
  it('by the state that is another than expected', async () => {
    const story = kept('flushed-barge-in');
    const states = story.expect.states.map((one) =>
      one.state === 'bargeIn.flushed' ? { ...one, state: 'streaming' } : one,
    );
    const { trouble } = await replay(withExpected(story, { states }));
    expect(trouble).toMatch(
      /^State \d+ is another than expected, after \S+\.\n {2}expected .* streaming .*\n {2}seen .* bargeIn\.flushed/,
    );
  });

  it('by the state that comes too late', async () => {
    const story = kept('plain-conversation');
    const states = story.expect.states.map((one, i) => (i === 3 ? { ...one, at: one.at - 400 } : one));
    const { trouble } = await replay(withExpected(story, { states }));
    expect(trouble).toMatch(/^State 4 is another than expected/);
  });

  it('by the ending, and by what became of an interruption', async () => {
    const story = kept('flushed-barge-in');
    expect((await replay(withExpected(story, { ending: 'agentLost' }))).trouble).toBe(
      'The call ended for another reason.\n  expected  agentLost\n  seen      callerHungUp',
    );
    expect((await replay(withExpected(story, { bargeIns: ['resumed'] }))).trouble).toBe(
      'The interruptions came out otherwise.\n  expected  resumed\n  seen      flushed',
    );
  });

  it('when something happened otherwise outside', async () => {
    const story = kept('flushed-barge-in');
    const yields = /^(user-interrupted|speech-update)$/;
    const deaf = { ...story, agent: story.agent.filter(({ does }) => !yields.test(does)) };
    expect((await replay(deaf)).trouble).not.toBe('');
  });

  const mistakes: [PlantedName, string][] = [
    ['missingClear', 'flushed-barge-in'],
    ['clearTwice', 'flushed-barge-in'],
    ['turnSentAgain', 'flushed-barge-in'],
    ['marksNotSent', 'plain-conversation'],
    ['firstFrameDropped', 'plain-conversation'],
    ['greetingDropped', 'waiting-greeting'],
    ['callerSocketLeftOpen', 'agent-turned-away'],
  ];
  it.each(mistakes)('by a mistake planted in the bridge: %s', async (mistake, file) => {
    expect((await replay(kept(file), PLANTED[mistake])).trouble).not.toBe('');
  });
});

describe('What is expected', () => {
  const expected = {
    states: [
      { at: 0, state: 'streaming' },
      { at: 1_000, state: 'agentSpeaking' },
      { at: 3_000, state: 'streaming' },
    ],
    toleranceMs: 250,
    ignores: ['bargeIn.paused'],
    ending: 'callerHungUp',
    bargeIns: ['flushed'],
  };

  it('leaves out the pauses that may come or not, and the interruptions that were no more', () => {
    const seen = {
      states: [
        { at: 0, state: 'streaming' },
        { at: 1_100, state: 'agentSpeaking' },
        { at: 1_500, state: 'bargeIn.paused' },
        { at: 1_900, state: 'agentSpeaking' },
        { at: 3_100, state: 'streaming' },
      ],
      ending: 'callerHungUp',
      bargeIns: ['resumed', 'flushed'],
    };
    expect(firstDifference(expected, seen)).toBeUndefined();
    expect(firstDifference({ ...expected, ignores: [] }, seen)).toContain(
      'seen      00:01.500  bargeIn.paused',
    );
  });

  it('names a state that never came, and one too many', () => {
    const seen = { ...expected, states: expected.states.slice(0, 2) };
    expect(firstDifference(expected, seen)).toMatch(
      /expected {2}00:03\.000 {2}streaming .*\n {2}seen {6}nothing more/,
    );
    const more = { ...expected, states: [...expected.states, { at: 4_000, state: 'closing' }] };
    expect(firstDifference(expected, more)).toMatch(
      /expected {2}nothing more\n {2}seen {6}00:04\.000 {2}closing/,
    );
  });
});

describe('A file', () => {
  it('is read as it was written', () => {
    for (const { file, text } of keptStories()) {
      const read = readStory(text, file);
      expect(read.ok && storyText(read.story)).toBe(text);
    }
  });

  it('that is no story is refused in words that name the fault', () => {
    const words = (text: string) => {
      const read = readStory(text, 'mine.json');
      return read.ok ? '' : read.words;
    };
    expect(words('{')).toBe('mine.json is not JSON.');
    const misspelt = storyText(kept('plain-conversation')).replace('"does": "connects"', '"does": "conects"');
    expect(words(misspelt)).toContain('caller[0].does');
    expect(words(misspelt.replace('"version": 1', '"version": 2'))).toContain('version');
  });
});
