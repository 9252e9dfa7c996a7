/** What people say while they listen: it asks nobody to stop. English, after Vapi's own list, as transcribers spell it. */
const WORDS: ReadonlySet<string> = new Set(
  'mm mhm mmhm mm-hm mm-hmm mmm hm hmm uh-huh uhuh aha ah oh okay ok kay yeah yes yep yup right sure alright good great cool'.split(
    ' ',
  ),
);
/** The same in several words, none of which says it alone. */
const PHRASES = /\b(?:i see|got it|all right|uh huh|sounds good|of course)\b/g;

/** Whether the caller said no more than "mm-hm", "right", "okay, I see" or the like. False of an empty text. */
export function isAcknowledgement(text: string): boolean {
  const said = text.toLowerCase().replace(/[^\p{L}\p{N}' -]+/gu, ' ');
  const words = said.replace(PHRASES, ' okay ').split(/\s+/).filter(Boolean);
  return words.length > 0 && words.every((word) => WORDS.has(word));
}
