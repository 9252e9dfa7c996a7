const REDACTED = '[redacted]';

// Every pattern is linear on any input: it starts at a mark or at the start of a word, and never looks back over it.
const ANY_URL = /\b(?:wss?|https?):\/\/[^\s"'<>\\]+/gi;
const CAPABILITY_PATH = /\/(?:transport|control|listen)(?![\w-])/i;
const BARE_CAPABILITY = /[0-9a-f-]{36}(?:\/|%2F)(?:transport|control|listen)(?![\w-])/gi;
const MEDIA_PATH = /(\/media\/)[^\s/?"'<>\\]{16,}/g;
const CREDENTIALS = /\b(Bearer)(?:[\s:=+]|%20)+[^\s"',;]+|\b(Basic)\s+[A-Za-z0-9+/]{16,}={0,2}/gi;
const API_KEY = /\bsk-[\w-]{8,}/g;
const LONG_WORD = /[0-9A-Za-z]{32,}/g;
const SID = /^(?:CA|MZ|AC|SM|RE)[0-9a-f]{32}$/;
const TICKET = /(?<![\w-])[\w-]{8,}(?:\.[\w-]{8,})+/g;
const TICKET_LENGTH = 40;
const PHONE_NUMBER = /(?:\+|%2B)\d(?:[ .()-]{0,2}\d){6,}/gi;
const CARD_NUMBER = /(?<![\w.])\d(?:[ -]?\d){14,18}(?!\w)/g;

/**
 * Takes out of a text what no log may hold, wherever it came from: the agent's socket and control addresses (who has
 * one has the call), credentials, `sk-` keys, 32 hex digits (Twilio's auth token), media tickets, phone and card
 * numbers. Call, stream, account, message and recording sids stay, for people search by them.
 */
export function scrub(text: string): string {
  return text
    .replace(ANY_URL, scrubUrl)
    .replace(BARE_CAPABILITY, REDACTED)
    .replace(MEDIA_PATH, `$1${REDACTED}`)
    .replace(CREDENTIALS, (_all, bearer, basic) => `${bearer ?? basic} ${REDACTED}`)
    .replace(API_KEY, REDACTED)
    .replace(LONG_WORD, (word) => (/[0-9a-f]{32}/i.test(word) && !SID.test(word) ? REDACTED : word))
    .replace(TICKET, (word) => (word.length >= TICKET_LENGTH ? REDACTED : word))
    .replace(PHONE_NUMBER, REDACTED)
    .replace(CARD_NUMBER, (digits) => (passesLuhn(digits) ? REDACTED : digits));
}

function scrubUrl(url: string): string {
  if (CAPABILITY_PATH.test(url)) return REDACTED;
  const [address = '', ...query] = url.split('?');
  const withoutUser = address.replace(/^(\w+:\/\/)[^/]*@/, `$1${REDACTED}@`);
  return query.length === 0 ? withoutUser : `${withoutUser}?${REDACTED}`;
}

/** The check digit of payment cards (ISO/IEC 7812-1, annex B). */
function passesLuhn(text: string): boolean {
  const digits = [...text].filter((sign) => sign >= '0' && sign <= '9').map(Number);
  const sum = digits.reverse().reduce((total, digit, place) => {
    const weighed = place % 2 === 0 ? digit : digit * 2;
    return total + (weighed > 9 ? weighed - 9 : weighed);
  }, 0);
  return sum % 10 === 0;
}
