import { withoutControls } from './fields.ts';

const longestQuote = 200;

/** An address, which may be a capability: whoever holds a `websocketCallUrl` is in the call. */
const address = /\b[a-z][a-z0-9+.-]*:\/\/\S+/gi;
/** Vapi's ids. A key may have the same form, so neither is shown. */
const uuid = /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi;
/** Other keys and tokens: 20 or more characters of which one is a digit. The name of a property has none. */
const token = /(?<!\w)(?=[A-Za-z_]*\d)\w{20,}/g;
/** Seven or more digits, with what people put between the digits of a phone number. */
const phoneNumber = /\+?\d(?:[ ().-]{0,3}\d){6,}/g;

/**
 * A vendor's own words, fit for a log line: at most 200 characters, on one line, with addresses, keys, ids and
 * phone numbers masked.
 */
export function vendorWords(text: string): string {
  const line = withoutControls(text.slice(0, 2_000).replace(/\s+/g, ' '));
  return line
    .replace(address, '[address]')
    .replace(uuid, '[id]')
    .replace(token, '[id]')
    .replace(phoneNumber, '[number]')
    .trim()
    .slice(0, longestQuote);
}
