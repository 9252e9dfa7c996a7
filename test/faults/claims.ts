import type { Proof } from './coverage.ts';

const at = (file: string, ...titles: string[]): Proof[] =>
  titles.map((title) => ({ file: `test/${file}.test.ts`, title }));

const REFUSED = 'is told in words: …';
const HALF_OPEN_AGENT = 'half open at the agent’s end is noticed by the heartbeat, and its call ended';
const LOST_AGENT = "at the agent's end (…) lets what was said be heard, and another agent goes on";
const WRONG_START = 'is refused with %s, and the call waits on for the right one';
const WRONG_SIGNATURE = 'is refused with %s, and calls no agent';
const BROKEN_RULES = 'is closed, its call ends, and no other: %s';
const NONSENSE = 'is not understood, and its call goes on: %s';
const RACE = 'lets one of fifty through who race with the same ticket';
const REDIRECT = 'does not follow a redirect';

/** Rows that tests prove whose titles do not begin with the row's id. Titles stand as they are written, with … for what is put in. */
export const CLAIMS: Record<string, Proof[]> = {
  F01: [...at('bridge/failures', REFUSED), ...at('server/twilio-routes', '%s when no agent could be had')],
  F02: at('bridge/failures', REFUSED),
  F03: at('bridge/failures', REFUSED),
  F04: at(
    'machines/vapi-socket',
    'asks once more after %s where it is sure that no call was made [one-call]',
  ),
  F06: at(
    'bridge/failures',
    'is given eight seconds to make the call',
    'is not kept when its call is made too late: that call is ended',
  ),
  F07: [
    ...at('bridge/first-words', 'reach an agent that is there after … ms, …, …'),
    ...at('bridge/replacements', 'hears after a moment that the line lives, once, and then the agent'),
  ],
  F08: [
    ...at('bridge/failures', REFUSED),
    ...at('machines/vapi-socket', 'ends a call that was created without a way into it [one-call]'),
  ],
  F09: at('http-fetch', 'reads a body up to its limit and refuses one that never ends'),
  F11: [
    ...at(
      'bridge/endings',
      'while Vapi is still being asked (the caller …) also ends the call that Vapi then makes',
    ),
    ...at('machines/vapi-socket', 'ends a call that is created after nobody wants it any more [one-call]'),
  ],
  F13: at('bridge/failures', 'is told in words: its socket is refused'),
  F14: at('bridge/failures', 'is given four seconds to open its socket, …'),
  F16: at('bridge/failures', HALF_OPEN_AGENT),
  F17: [
    ...at('bridge/failures', LOST_AGENT),
    ...at(
      'bridge/replacements',
      'is replaced by one that goes on with what the caller heard, …',
      'reaches the next agent whole, from its first sound on, …',
      'knows of an interrupted turn what was heard of it',
      'can be lost too, and then a third; after that Twilio is left to go on',
      'is ended also when the caller has left before it came',
    ),
  ],
  F18: at('bridge/failures', LOST_AGENT),
  F19: at('server/to-the-end', 'a caller whose agent is lost for good %s'),
  F20: at(
    'bridge/endings',
    'comes when the agent ends it (…), after its last words',
    'waits for the last mark, and then hangs up once',
  ),
  F21: at('bridge/endings', 'comes when the agent ends it (…), after its last words'),
  F24: at('web-sockets', 'ends on a message that is too large, and tells the server why'),
  F25: at(
    'audio/playout',
    'lets the agent wait, and drops nothing, when it is more than 30 s ahead',
    'never has more than the lead at Twilio, also after a long silence',
  ),
  F26: [
    ...at(
      'machines/call',
      'by the first partial transcript flushes it once, and the rest of the old turn is refused',
    ),
    ...at(
      'audio/playout-barge-in',
      'is refused until it has been silent for 300 ms, and then heard from the first byte on',
    ),
  ],
  F27: at('wire/vapi-create-call', 'asks for %d seconds as %d'),
  F28: at('audio/caller-path', 'costs the oldest frames beyond the room for that, counted exactly'),
  F30: [
    ...at('server/twilio-routes', WRONG_SIGNATURE, 'is asked for at %s as well'),
    ...at('server/refusals', 'tells of twenty refusals in ten seconds, and then how many more there were'),
  ],
  F31: at(
    'server/twilio-routes',
    'answers the same when it is asked again for the same call, and calls one agent',
    'gives one ticket and calls one agent when it is asked fifty times at once',
    'gives no other ticket and calls no other agent once the stream has started',
    'knows an old request again when its call is long forgotten',
  ),
  F32: at(
    'server/media-door',
    'refuses a signed socket with a query, which Twilio never sends',
    'refuses a signed socket without a ticket of ours: %s',
    'closes the line that it refuses, even if the far end keeps its half open',
  ),
  F33: at('server/media-door', 'is waited for five seconds, and the socket is closed'),
  F34: at('server/media-door', WRONG_START),
  F35: at('server/hostile', 'starts once: a second start changes nothing'),
  F37: at('server/hostile', 'is not heard before its start', NONSENSE),
  F38: at(
    'audio/caller-silence',
    'is filled with silence of its length, wherever it stands and however often',
    'is a new start when it goes back',
  ),
  F39: at('server/media-door', 'is refused in a format that cannot be carried'),
  F40: at('server/hostile', 'is counted where it could not be read'),
  F40a: [
    ...at(
      'wire/twilio',
      'keeps 32 parameters of at most 500 characters and leaves the rest',
      'is not moved by a parameter called __proto__',
    ),
    ...at('wire/vapi-create-call', 'keeps a number that a caller made up from becoming a template'),
  ],
  F40b: at(
    'bridge/failures',
    'is not seen in a caller who only says nothing',
    'half open at the caller’s end is noticed by its silence',
  ),
  F40c: [
    ...at('bridge/endings', 'comes when the line drops without a word'),
    ...at('server/twilio-routes', 'ends a call whose stream failed while its socket still looks open'),
  ],
  F40e: [
    ...at('bridge/endings', 'comes after the last words also when marks never come back'),
    ...at(
      'audio/playout-turns',
      'is that it finished two seconds after its end when marks do not come back, also while silence flows',
    ),
  ],
  F40f: [
    ...at('bridge/endings', 'closes the stream also when Twilio … to hang up'),
    ...at(
      'telephony/twilio-rest',
      'counts a call that has ended already as done',
      'asks again once when there were too many requests',
      'does not wait for ever',
    ),
  ],
  F40g: at('bridge/failures', 'reaches the agent in words and is written down nowhere, …'),
  F47: [
    ...at(
      'server/drain',
      'lets the calls finish, and stays a second for Twilio’s last question',
      'hangs up what is alive when the time is over',
    ),
    ...at('server/process', 'serves a signed call; asked to stop, lets it finish, and leaves'),
    ...at(
      'server/twilio-routes',
      '%s while the server drains, and still connects a call that it had promised to',
    ),
  ],
  F48: [
    ...at(
      'server/drain',
      'hangs up at once when it is asked again',
      'waits five seconds for calls that do not end when they are hung up, and no longer',
    ),
    ...at('server/process', 'asked twice to stop, hangs up at Twilio, and leaves'),
  ],
  F49: [
    ...at(
      'orphans/open-calls',
      'is inherited from once ten seconds have passed without a sign of life, and not before',
      'is left alone for as long as it gives signs of life, wherever its clock stands',
    ),
    ...at(
      'orphans/orphans',
      'are tried again while Vapi cannot be reached, with pauses that grow',
      'are left alone, though it gave no sign of life for longer than a dead one, if it claims them',
    ),
    ...at('server/twilio-routes', '%s for a call that it does not know, as after a restart'),
  ],
  F51: at('audio/caller-silence', 'puts no silence before what it reads %d ms late'),
  F53: at('real-clock', 'measures from one origin in all processes of a machine'),
  F55: at('bridge/failures', 'in one call (… throws) ends that call and no other'),
  F56: [
    ...at('server/drain', 'finishes its calls as if asked to stop, and says that it failed'),
    ...at(
      'server/process',
      'finishes its calls after a mistake outside of any, and says by its code that it failed',
    ),
  ],
  F59: at('server/inspector-routes', 'hangs up'),
  F61: at(
    'server/hostile',
    'is cut: with no headers after 5 s, with no body after 10',
    'is cut when there are too many of it, and the others are not',
  ),
  F62: at('server/hostile', 'is cut: with no headers after 5 s, with no body after 10'),
  F63: [
    ...at('server/media-door', 'is waited for five seconds, and the socket is closed'),
    ...at('machines/twilio-socket', 'gives up on a line that never starts'),
  ],
  F64: at('server/hostile', BROKEN_RULES),
  F65: at('server/hostile', BROKEN_RULES),
  F66: at('server/hostile', BROKEN_RULES),
  F67: at('server/hostile', 'may send hundreds of messages at once, and no thousands'),
  F68: [
    ...at('server/hostile', NONSENSE),
    ...at('wire/hostile-input', 'is refused quickly when it is nested without end'),
  ],
  F69: at('server/inspector-session', 'refuses after ten wrong tokens in a minute, also the right one'),
  F71: at(
    'log',
    'writes one line for one line, whatever a caller sends',
    'bounds what it is given, and fails at nothing',
  ),
  F72: at('telephony/twiml', 'lets no text become an element, whatever it holds'),
  S1: [
    ...at('server/twilio-routes', WRONG_SIGNATURE),
    ...at('telephony/signatures', 'refuses a request without one'),
  ],
  S2: [
    ...at('server/twilio-routes', WRONG_SIGNATURE),
    ...at(
      'telephony/signatures',
      'refuses one that was made for another address, other fields or with another token',
    ),
  ],
  S3: at(
    'telephony/signatures',
    'refuses one that was made for http or wss',
    'refuses the ws and the https form',
  ),
  S4: [
    ...at('settings', 'cannot be checked without a token, and an empty one is none'),
    ...at('telephony/signatures', 'refuses everything without a token, or with one that is empty'),
    ...at('server/process', 'does not start without its secrets, and names all of them in one message'),
  ],
  S5: at('telephony/signatures', 'lets no header speak for the public address'),
  S6: at(
    'server/twilio-routes',
    'answers the same when it is asked again for the same call, and calls one agent',
    'gives no other ticket and calls no other agent once the stream has started',
    'gives no other ticket and calls no other agent once the call is over',
  ),
  S7: at(
    'telephony/tickets',
    'refuses a ticket with any one character changed, added or taken away',
    'refuses every bit of the signature turned over, also those that base64 leaves unused',
  ),
  S8: at(
    'telephony/tickets',
    'refuses a ticket from the moment when it expires',
    'refuses a ticket that another key has signed',
    'refuses a ticket of another version, of another shape, or of a longer life than it grants',
  ),
  S9: at('server/media-door', RACE, 'refuses a ticket that was used, also when the call is over'),
  S10: [
    ...at('server/media-door', WRONG_START),
    ...at(
      'telephony/tickets',
      'refuses the ticket of one call at the start of another, and leaves it to its own',
    ),
  ],
  S11: [
    ...at('server/media-door', WRONG_START),
    ...at('telephony/tickets', 'refuses a ticket without its nonce, and does not use it up'),
  ],
  S12: at('server/hostile', 'is not heard before its start'),
  S13: at('server/media-door', WRONG_START),
  S14: [
    ...at('server/media-door', 'has no socket at %s'),
    ...at('telephony/signatures', 'refuses a path that only stands for the one that was signed'),
  ],
  S15: at('server/media-door', 'is not let in from a page of another site'),
  S16: at(
    'server/access',
    'keeps %s from who bears no token, even from this machine',
    'refuses %s',
    'refuses the token in the address: it would stand in the logs of whoever is between',
    'refuses the token in a cookie or another header',
  ),
  S17: at(
    'server/access',
    'keeps out what a tunnel forwards: %s',
    'keeps out what was sent to the name "%s"',
    'is not impressed by a token',
  ),
  S18: [
    ...at('server/inspector-routes', 'is not possible without the token, and without one set not at all'),
    ...at(
      'server/inspector-feed',
      'is, without a token, for this machine alone, and says that acting is not possible',
    ),
  ],
  S20: [
    ...at('server/twilio-routes', 'refuses a form %s, in words'),
    ...at('telephony/twilio-rest', 'does not let an id reach beyond the call'),
  ],
  S21: at('server/vapi-routes', 'keeps out who sends %s'),
  S22: [
    ...at('telephony/twiml', 'lets no text become an element, whatever it holds'),
    ...at('server/twilio-routes', 'escapes the name by which it was asked, which a stranger may choose'),
  ],
  S23: at('log', 'writes one line for one line, whatever a caller sends'),
  S24: at(
    'server/secrets',
    'tells no secret and no number to the log, to those who look in, or to strangers',
  ),
  S25: [
    ...at('server/hostile', NONSENSE),
    ...at('wire/hostile-input', 'leaves every object as it was'),
    ...at('wire/twilio', 'is not moved by a parameter called __proto__'),
  ],
  S26: [
    ...at('web-sockets', REDIRECT),
    ...at('http-fetch', 'hands back a redirect and a body that is not there'),
    ...at('telephony/twilio-rest', 'does not follow a redirection'),
  ],
  S32: at(
    'server/http',
    'is 500 without a word of the error, which the log gets',
    'says nothing of what it is made of',
  ),
};
