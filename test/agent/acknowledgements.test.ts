import { describe, expect, it } from 'vitest';
import { isAcknowledgement } from '../../src/agent/acknowledgements.ts';

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
  ])('is %s', (text) => expect(isAcknowledgement(text)).toBe(true));

  it.each([
    '',
    '...',
    'I',
    'See it?',
    'It',
    'No',
    'Wait',
    'Okay, but wait',
    'Right here',
    'I see a problem',
    'Of',
  ])('is not "%s"', (text) => expect(isAcknowledgement(text)).toBe(false));
});
