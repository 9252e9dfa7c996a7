import { describe, expect, it } from 'vitest';
import { createPhraseBook, ENGLISH } from '../../src/agent/phrases.ts';

const english = createPhraseBook(ENGLISH);

describe('an acknowledgement', () => {
  it.each([
    'mm-hm',
    'Mm-hmm.',
    'Uh huh',
    'Okay, yeah.',
    'Oh, I see.',
    'Right, got it',
    'ALL RIGHT',
    'Of course!',
    'yeah yeah',
    'Alright — okay.',
  ])('is %s', (text) => expect(english.judge(text)).toEqual({ acknowledgement: true, interruption: false }));

  it.each([
    '',
    '...',
    '-',
    'I',
    'See it?',
    'It',
    'No',
    'Okay, but wait',
    'Right here',
    'I see a problem',
    'Of',
    'All',
  ])('is not "%s"', (text) => expect(english.judge(text).acknowledgement).toBe(false));
});

describe('an interruption that leaves no doubt', () => {
  it.each(['Stop.', 'Wait, wait', 'Hold on a moment', 'EXCUSE ME, sorry', 'Just a second'])('is %s', (text) =>
    expect(english.judge(text)).toEqual({ acknowledgement: false, interruption: true }),
  );

  it.each(['', 'I can wait', 'The bus stop', 'Waiting', 'Hold', 'Okay, stop'])('is not "%s"', (text) =>
    expect(english.judge(text).interruption).toBe(false),
  );
});

describe('a book of another language', () => {
  const german = createPhraseBook({
    acknowledgements: ['ja', 'genau', 'ach so', 'natürlich'],
    interruptions: ['stopp', 'moment mal', "so geht's nicht"],
  });

  it('knows its own phrases and no English', () => {
    expect(german.judge('Ja, genau. Ach so!')).toEqual({ acknowledgement: true, interruption: false });
    expect(german.judge('Moment mal, bitte')).toEqual({ acknowledgement: false, interruption: true });
    expect(german.judge('okay')).toEqual({ acknowledgement: false, interruption: false });
  });

  it('takes letters for the same however they are composed, and any apostrophe', () => {
    expect(german.judge('natu\u0308rlich').acknowledgement).toBe(true);
    expect(german.judge('So geht’s nicht!').interruption).toBe(true);
  });
});
