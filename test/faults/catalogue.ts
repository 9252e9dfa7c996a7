/** Why a row is none of one process's business. */
export const OUTSIDE = {
  processes: 'takes several processes',
  records: 'takes a store of records',
  outbound: 'takes outbound calls',
  tenants: 'takes several tenants',
  pipeline: 'is asked of the pipeline that builds and ships, not of the process',
} as const;

/** Something that goes wrong, or somebody who wants in, and what the bridge is to do. */
export interface Row {
  asks: string;
  outside?: keyof typeof OUTSIDE;
  /** What of it is not done yet; the row is open, whatever its tests prove. */
  lacks?: string;
}

/** The rows by their ids, under the headings of `docs/faults.md`. */
export const CATALOGUE: Record<string, Record<string, Row>> = {
  'Asking Vapi for a call': {
    F01: { asks: '400: not asked again; a person is dialled, or the caller hears an apology.' },
    F02: { asks: '401, 403: not asked again; of later calls one in a minute asks, until it is answered.' },
    F03: {
      asks: '402, or an account that cannot pay: not asked again; later calls do not ask for a minute.',
    },
    F04: { asks: '429: asked once more, after as long as Vapi says or a moment, and not a third time.' },
    F05: { asks: '500, 502, 503: asked once more; while Vapi keeps failing, later calls do not ask.' },
    F06: {
      asks: 'No answer in 8 s: not asked again blindly; the call that may have been made is found and ended.',
    },
    F07: {
      asks: "A slow answer: the caller's audio is kept whole, and after 1.5 s a word says that the line lives.",
    },
    F08: { asks: 'A call that is made but blocked, or over at once: it is ended, and counts as refused.' },
    F09: { asks: 'An answer that is malformed or too large: refused; the call that it names is ended.' },
    F10: { asks: "A socket's address that is not wss, or of a host that is not Vapi's: not dialled." },
    F11: { asks: 'The caller leaves while Vapi is asked: the call that Vapi then makes is ended.' },
    F12: {
      asks: 'A request that cannot have reached Vapi is made once more; one that may have is not.',
    },
  },
  "The agent's socket": {
    F13: { asks: 'Refused: the call is ended at Vapi, and another agent is asked for once.' },
    F14: { asks: 'A handshake of more than 4 s: cut, and another agent is asked for once.' },
    F15: { asks: 'Open, but without a message or audio for 10 s: given up, and another agent is asked for.' },
    F16: { asks: 'Half open: noticed by its heartbeat; another agent is asked for.' },
    F17: { asks: 'Closed with 1006 or 1012 in a word: what had come is heard; another agent is asked for.' },
    F18: {
      asks: 'Closed with 1011 or 1013: what had come is heard; another agent is asked for after a moment.',
    },
    F19: { asks: 'Closed with 1008: what had come is heard; a person is dialled, or an apology heard.' },
    F20: { asks: 'The agent ends the call: its last words are heard whole, then the phone is hung up.' },
    F21: { asks: 'It ends the call without a word, by an orderly close: as if it had said so.' },
    F22: {
      asks: 'Nonsense in text: ignored and counted; more than 20 a second for 5 s close the socket.',
    },
    F23: { asks: 'Audio in pieces of any size, odd, empty or five seconds long: heard whole.' },
    F24: { asks: 'Broken rules of WebSockets: that socket is gone, and nothing else.' },
    F25: { asks: 'Audio far faster than speech: played at its pace, kept whole, and the socket held back.' },
    F26: { asks: 'Audio of a turn that was interrupted: not heard.' },
    F27: { asks: "Vapi's own limit lies beyond ours; before ours is reached, the caller is warned." },
    F28: {
      asks: 'A line that carries, but late: known by its pongs; stale audio is dropped and counted; lost beyond 4 s.',
    },
    F29: { asks: "Vapi's report of a call lost, late or twice: the record is complete.", outside: 'records' },
  },
  Twilio: {
    F30: { asks: 'A webhook without the right signature: 403, and no call.' },
    F31: { asks: 'A webhook twice, or replayed: the same ticket, or none; one call, one agent.' },
    F32: {
      asks: 'An upgrade without ticket or signature, or with more than these: refused before it opens.',
    },
    F33: { asks: 'A socket without a start for 5 s: closed.' },
    F34: { asks: 'A start of another account or call, or without its nonce: closed; the ticket stays good.' },
    F35: { asks: 'A second start: ignored.' },
    F36: {
      asks: 'A stream that breaks while the caller is on the line: another one takes its place, with an agent that knows what was said; twice at most.',
    },
    F37: { asks: 'Messages that make no sense where they come: ignored.' },
    F38: { asks: 'Gaps in its timestamps are filled with silence; a jump back begins anew.' },
    F39: { asks: 'A stream in another format: turned away, and Vapi hears none of it.' },
    F40: {
      asks: 'Payloads that cannot be read, and other tracks: dropped; more than 50 unreadable in a second end the call.',
    },
    F40a: { asks: 'Hostile parameters: bounded, harmless as names, and no template at Vapi.' },
    F40b: { asks: 'A caller without frames: no end while the line answers; without an answer, lost.' },
    F40c: { asks: 'A line that breaks, or is reported broken while it looks open: the call ends.' },
    F40d: {
      asks: 'A Twilio that does not read: given up within a heartbeat and its answer, or when a mebibyte waits.',
    },
    F40e: { asks: 'Marks that never return: taken as played two seconds after their time.' },
    F40f: { asks: 'A hang-up that fails: no call waits longer than 3 s for it.' },
    F40g: {
      asks: 'A flood of keys: the agent is told of 20 a second at most.',
    },
  },
  'The process': {
    F41: { asks: 'The bus between processes is lost in a call.', outside: 'processes' },
    F42: { asks: 'The bus is lost when a call comes.', outside: 'processes' },
    F43: { asks: 'The bus comes back empty.', outside: 'processes' },
    F44: { asks: 'The bus elects a leader.', outside: 'processes' },
    F45: { asks: 'The store is away for an hour.', outside: 'records' },
    F46: { asks: 'The disk is full.', outside: 'records' },
    F47: { asks: 'Asked to stop: no new calls; the others finish, or are hung up when time is over.' },
    F48: { asks: 'Asked twice: hung up at once, within 5 s.' },
    F49: { asks: 'Killed: its callers are handed on by the next process, which ends what was open at Vapi.' },
    F50: { asks: 'Frozen: its calls go on elsewhere, and it knows when it wakes.', outside: 'processes' },
    F51: { asks: 'Busy for a while: no audio lost, none doubled, nobody taken for dead.' },
    F52: {
      asks: 'Busy all the time: not ready for new calls, which are turned away in words; live ones go on.',
    },
    F53: { asks: 'The wall clock is set: no timer, figure or ticket minds.' },
    F54: { asks: 'Memory runs short: no new calls.' },
    F55: { asks: 'A mistake in one call: that call ends, and no other.' },
    F56: { asks: 'A mistake outside of any: the calls finish, and the process says that it failed.' },
    F57: { asks: 'No file handles left: live calls go on, and later ones are taken again.' },
    F58: { asks: 'The list of calls names one that nobody has.', outside: 'processes' },
    F59: { asks: 'Orders that cross, come twice or too late: the first holds, the others are told no.' },
    F60: { asks: 'Two clean up after the same call.', outside: 'processes' },
  },
  'Hostile input': {
    F61: { asks: 'Connections that say nothing: cut after 5 s, and no more than the house holds.' },
    F62: { asks: 'Headers or a body a drop at a time: cut.' },
    F63: { asks: 'An upgrade, then nothing: closed after 5 s.' },
    F64: { asks: 'A message in endless pieces: closed; the call beside it loses no byte.' },
    F65: { asks: 'A message too large: closed; the call beside it loses no byte.' },
    F66: { asks: 'Frames against the rules: closed; the call beside it loses no byte.' },
    F67: {
      asks: 'More than 200 messages a second for 5 s: closed.',
    },
    F68: { asks: 'JSON as deep as it is long: unreadable, and quickly.' },
    F69: { asks: 'Guesses at ADMIN_TOKEN: 401, in constant time, ten a minute and no more.' },
    F70: { asks: 'Calls placed by strangers.', outside: 'outbound' },
    F71: { asks: 'Line breaks, colours and megabytes for the log: one line each, cut short.' },
    F72: { asks: 'Markup for the TwiML: text, whatever it holds.' },
  },
  'Nobody in': {
    S1: { asks: 'No signature.' },
    S2: { asks: 'A signature of another address, other fields, another token.' },
    S3: { asks: 'A signature of http or wss where https is asked for, and the reverse.' },
    S4: { asks: 'An empty auth token: the server does not start.' },
    S5: { asks: 'X-Forwarded-Host: no header speaks for PUBLIC_URL.' },
    S6: { asks: 'A webhook replayed before the stream, in the call, after its end: no second call.' },
    S7: { asks: 'A ticket with any byte changed.' },
    S8: { asks: 'A ticket that has expired, that lives too long, that another key signed.' },
    S9: { asks: 'A ticket used by fifty at once, and again after the call.' },
    S10: { asks: 'The ticket of one call with the start of another.' },
    S11: { asks: 'A ticket without its nonce.' },
    S12: { asks: 'Audio before the start.' },
    S13: { asks: 'A stream of another account.' },
    S14: { asks: 'Paths that only look like the right one.' },
    S15: { asks: 'A media socket from a page of another site.' },
    S16: { asks: 'ADMIN_TOKEN left out, wrong, cut, in another case, in the address, in a cookie.' },
    S17: { asks: 'Without ADMIN_TOKEN: from this machine alone, and through no tunnel.' },
    S18: { asks: 'Acting on a call where looking is all that is granted.' },
    S19: { asks: 'Looking at calls of others.', outside: 'tenants' },
    S20: { asks: 'Ids that are paths, patterns or subjects: refused before they name anything.' },
    S21: { asks: "Vapi's webhook forged, replayed, of another call: no call minds." },
    S22: { asks: 'Markup in the TwiML.' },
    S23: { asks: 'Line breaks and colours in the log.' },
    S24: { asks: 'Secrets, numbers and words in logs, figures, errors, the feed, TwiML or /health.' },
    S25: { asks: 'Names such as __proto__ in whatever is read.' },
    S26: { asks: 'Addresses that lead elsewhere: by a redirect, or in what Vapi answers.' },
    S27: { asks: 'Any bytes, any messages, any flood: the call beside it loses no byte.' },
    S28: { asks: 'Outbound calls to the dear, the blocked and the unowned.', outside: 'outbound' },
    S29: { asks: 'A transfer to a number that is not in the settings.' },
    S30: { asks: 'SQL in every field of text.', outside: 'records' },
    S31: { asks: 'The time that a wrong secret takes tells nothing of the right one.' },
    S32: { asks: 'An error shows nothing of what it is made of.' },
    S33: { asks: 'No known hole in a package.', outside: 'pipeline' },
    S34: { asks: 'An image without root and without a file that can be written.', outside: 'pipeline' },
  },
};
