/**
 * What people say while they listen: it asks nobody to stop. English; the words of Vapi's own list of
 * acknowledgement phrases, and the sounds as transcribers spell them.
 */
const ACKNOWLEDGEMENTS: ReadonlySet<string> = new Set(
  'mm mhm mmhm mm-hm mm-hmm mmm hm hmm uh-huh uhuh aha ah oh okay ok kay yeah yes yep yup right sure alright good great cool i see got it'
    .split(' ')
    .concat(['i see', 'got it', 'all right', 'uh huh', 'mm hm', 'mm hmm', 'sounds good', 'of course']),
);

/** Whether the caller said no more than "mm-hm", "right", "okay, yeah" or the like. False of an empty text. */
export function isAcknowledgement(text: string): boolean {
  const phrase = text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}' -]+/gu, ' ')
    .trim()
    .replace(/\s+/g, ' ');
  if (phrase === '') return false;
  return ACKNOWLEDGEMENTS.has(phrase) || phrase.split(' ').every((word) => ACKNOWLEDGEMENTS.has(word));
}
