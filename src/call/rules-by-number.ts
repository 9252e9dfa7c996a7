import { createPhraseBook, ENGLISH, type PhraseBook } from '../agent/phrases.ts';
import type { NumberRules } from '../number-rules.ts';
import type { InterruptionRules } from './call-options.ts';

/** The language whose phrases need no file. */
const BUILT_IN = 'en';

/** Makes the rules of a number that is called: its own where it has some, else those of the server. */
export function createRulesByNumber(
  ofServer: InterruptionRules,
  { languages, numbers }: NumberRules,
): (calledNumber: string | undefined) => Required<InterruptionRules> {
  const english = createPhraseBook(ENGLISH);
  const books = new Map<string, PhraseBook>([[BUILT_IN, english]]);
  for (const [name, phrases] of Object.entries(languages)) books.set(name, createPhraseBook(phrases));
  const bookOf = (language = BUILT_IN) => books.get(language) ?? english;

  return (calledNumber) => {
    const own = calledNumber === undefined ? undefined : numbers[calledNumber];
    return {
      bargeIn: own?.bargeIn ?? ofServer.bargeIn,
      phrases: bookOf(own?.language),
      protectsGreeting: own?.protectGreeting ?? ofServer.protectsGreeting ?? false,
      insistsOn: (own?.insistOn ?? ofServer.insistsOn)?.toLowerCase(),
      tellsHeard: own?.tellHeard ?? ofServer.tellsHeard ?? false,
    };
  };
}
