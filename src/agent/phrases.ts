/** What callers say over an agent, in one language, as transcribers spell it. */
export interface Phrases {
  /** Said while listening: it asks nobody to stop. Any number of them in a row are an acknowledgement. */
  acknowledgements: readonly string[];
  /** What begins with one of these asks the agent to stop: nothing more has to be waited for. */
  interruptions: readonly string[];
}

/** English, the acknowledgements after Vapi's own list. */
export const ENGLISH: Phrases = {
  acknowledgements: (
    'mm,mhm,mmhm,mm-hm,mm-hmm,mmm,hm,hmm,uh-huh,uh huh,uhuh,aha,ah,oh,okay,ok,kay,yeah,yes,yep,yup,right,sure,' +
    'alright,all right,good,great,cool,i see,got it,sounds good,of course'
  ).split(','),
  interruptions: (
    'stop,wait,hold on,hang on,excuse me,one moment,one second,just a moment,just a second,let me stop you,' +
    'be quiet,shut up'
  ).split(','),
};

/** What the words of a caller amount to. */
export interface Judgement {
  /** No more than "mm-hm", "right", "okay, I see" or the like. */
  acknowledgement: boolean;
  /** Words that leave no doubt. */
  interruption: boolean;
}

/** Judges by the phrases of one language. Of an empty text nothing is true. */
export interface PhraseBook {
  judge(text: string): Judgement;
}

/** Makes the book of a language. Case and punctuation do not matter. */
export function createPhraseBook({ acknowledgements, interruptions }: Phrases): PhraseBook {
  // The longest first, so that "all right" is not taken for its second word alone.
  const known = acknowledgements.map(wordsOf).sort((one, other) => other.length - one.length);
  const decisive = interruptions.map(wordsOf);

  return {
    judge(text) {
      const words = wordsOf(text);
      let place = 0;
      while (place < words.length) {
        const phrase = known.find((candidate) => standsAt(words, place, candidate));
        if (!phrase) break;
        place += phrase.length;
      }
      return {
        acknowledgement: words.length > 0 && place === words.length,
        interruption: decisive.some((candidate) => standsAt(words, 0, candidate)),
      };
    },
  };
}

function wordsOf(text: string): string[] {
  const said = text.normalize('NFC').toLowerCase();
  return said
    .replace(/’/g, "'")
    .replace(/[^\p{L}\p{M}\p{N}' -]+/gu, ' ')
    .split(/\s+/)
    .filter((word) => /[\p{L}\p{N}]/u.test(word));
}

function standsAt(words: readonly string[], place: number, phrase: readonly string[]): boolean {
  return phrase.length > 0 && phrase.every((word, offset) => words[place + offset] === word);
}
