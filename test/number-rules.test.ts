import { describe, expect, it } from 'vitest';
import { createRulesByNumber } from '../src/call/rules-by-number.ts';
import { NO_RULES, readNumberRules } from '../src/number-rules.ts';

const FILE = {
  languages: { de: { acknowledgements: ['ja', 'genau'], interruptions: ['stopp'] } },
  numbers: {
    '+4930123456': { language: 'de', protectGreeting: true, insistOn: 'Dieses Gespräch wird AUFGEZEICHNET' },
    '+15551234567': { bargeIn: 'confirmed', tellHeard: true },
  },
} as const;

const rulesOf = (file: unknown) => {
  const read = readNumberRules(JSON.stringify(file));
  if (!read.ok) throw new Error(read.words);
  return read.rules;
};
const wordsOf = (text: string) => {
  const read = readNumberRules(text);
  return read.ok ? 'fine' : read.words;
};

describe('the rules of a number that is called', () => {
  const ofServer = { bargeIn: 'reversible', tellsHeard: false } as const;
  const rulesFor = createRulesByNumber(ofServer, rulesOf(FILE));

  it('are the server’s where it has none of its own', () => {
    for (const number of [undefined, '+15550000000']) {
      const rules = rulesFor(number);
      expect(rules).toMatchObject({ bargeIn: 'reversible', protectsGreeting: false, tellsHeard: false });
      expect(rules.insistsOn).toBeUndefined();
      expect(rules.phrases.judge('Mm-hm.').acknowledgement).toBe(true);
    }
  });

  it('are its own where it has some, the rest the server’s', () => {
    expect(rulesFor('+15551234567')).toMatchObject({ bargeIn: 'confirmed', tellsHeard: true });
    const german = rulesFor('+4930123456');
    expect(german).toMatchObject({ bargeIn: 'reversible', protectsGreeting: true });
    expect(german.insistsOn).toBe('dieses gespräch wird aufgezeichnet');
    expect(german.phrases.judge('Ja, genau').acknowledgement).toBe(true);
    expect(german.phrases.judge('Stopp!').interruption).toBe(true);
  });

  it('are the server’s without a file', () => {
    const plain = createRulesByNumber({ bargeIn: 'transcript', insistsOn: 'Notice' }, NO_RULES);
    expect(plain('+15551234567')).toMatchObject({ bargeIn: 'transcript', insistsOn: 'notice' });
  });
});

describe('a file of rules that is wrong', () => {
  it.each([
    ['not JSON', '{', 'holds no JSON'],
    ['a list', '[]', 'is malformed at its top'],
    ['an unknown word', '{"number":{}}', 'is malformed at its top'],
    ['an unknown policy', '{"numbers":{"+15551234567":{"bargeIn":"never"}}}', 'numbers.+….bargeIn'],
    ['a number that is none', '{"numbers":{"5551234":{}}}', 'is malformed at numbers'],
    ['an empty phrase', '{"languages":{"de":{"acknowledgements":[""],"interruptions":[]}}}', 'languages.de'],
    ['a language without phrases', '{"numbers":{"+15551234567":{"language":"fr"}}}', 'no phrases for'],
  ])('because of %s is told where, and which number it is about is not', (_, text, words) => {
    expect(wordsOf(text)).toContain(words);
    expect(wordsOf(text)).not.toContain('555');
  });
});
