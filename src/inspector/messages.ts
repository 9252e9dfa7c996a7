/**
 * What the inspector's feed says: the words that the server, the page, saved calls and other windows share. Types only.
 * docs/feed.md tells the same with examples.
 *
 * Nothing here ever holds a key, a token or an address with one; what the caller and the agent say, the keys that are
 * pressed and phone numbers are in it only where the operator asked for that (`INSPECTOR_SHOWS`).
 */

/** The version of this form. A page or a saved file of another one is told so and not misread. */
export const FEED_VERSION = 1;

/** The statecharts of a call: its own, and those of its children. */
export type ActorName = 'call' | 'twilioSocket' | 'vapiSocket' | 'callerBuffer' | 'agentBuffer';

export type MachineName = 'call' | 'twilio-socket' | 'vapi-socket' | 'jitter-buffer';

/** A state of a statechart, as XState writes it: a name, or names within names. */
export type StateValue = string | { readonly [state: string]: StateValue | undefined };

/** Values that JSON can hold. */
export type Fact = string | number | boolean | null | readonly Fact[] | { readonly [name: string]: Fact };
export type Facts = { readonly [name: string]: Fact };

// ── Definitions: what can happen ────────────────────────────────────────────────────────────────────────────────────

export interface StateDefinition {
  /** Such as `call.live.bargeIn`: the machine's name, then the path. */
  id: string;
  /** The last word of the path. */
  key: string;
  /** The id of the state around it; `null` for the machine itself. */
  parent: string | null;
  kind: 'atomic' | 'compound' | 'parallel' | 'final' | 'history';
  /** The id of the state that is entered first, of a compound one. */
  initial: string | null;
  /** The ids of the actors that run while it is active. */
  invokes: readonly string[];
  /** Names of the actions done on entry and on exit. */
  entry: readonly string[];
  exit: readonly string[];
}

export interface TransitionDefinition {
  /** Such as `call.live.streaming ─ agent.began`, or `… ─ agent.finished #2` where several answer the same event. */
  name: string;
  /** The id of the state that has it. */
  source: string;
  /** The event as a person reads it: `vapi.interrupted`, `after fillTimeout`, `twilioSocket done`, `always`. */
  event: string;
  /** The name of its guard, `else` for an alternative without one, or empty. */
  guard: string;
  /** The ids of the states it leads to; empty when it only acts. */
  targets: readonly string[];
  actions: readonly string[];
  /** The name of the delay, of a transition that waits; `null` otherwise. */
  delay: string | null;
}

/** One statechart, from the machine itself. Told once for each version of it. */
export interface MachineDefinition {
  machine: MachineName;
  /** Changes whenever anything of it changes. */
  version: string;
  /** Parents before children, siblings in the order in which they are written. */
  states: readonly StateDefinition[];
  /** Records name transitions by their place in this list. */
  transitions: readonly TransitionDefinition[];
}

// ── The journal: what happened in one call ──────────────────────────────────────────────────────────────────────────

interface Recorded {
  /** 1, 2, 3, … within a call. A hole means that older records were dropped for want of room. */
  seq: number;
  /** Milliseconds since the call's start, to a tenth. */
  at: number;
}

/** An `after` delay that runs. */
export interface Timer {
  /** The name of the delay: `sessionTtl`, `fillTimeout`. */
  delay: string;
  /** The id of the state that waits. */
  state: string;
  /** When it began to run and when it fires, in ms since the call's start. */
  from: number;
  due: number;
}

/** Everything about one actor at a moment: when it starts, and again where older records were dropped. */
export interface ActorRecord extends Recorded {
  type: '@xstate.actor';
  actor: ActorName;
  machine: MachineName;
  value: StateValue;
  context: Facts;
  timers: readonly Timer[];
}

/** One macrostep of one actor: what it was told, the edges it took, where that led. */
export interface TransitionRecord extends Recorded {
  type: '@xstate.transition';
  actor: ActorName;
  event: { readonly type: string; readonly [field: string]: Fact };
  /** Places in the machine's `transitions`, in the order taken; empty when the event meant nothing in this state. */
  edges: readonly number[];
  value: StateValue;
  /** What changed in the context. */
  changed: Facts;
  /** All timers that run from now on; left out when that did not change. */
  timers?: readonly Timer[];
  status: 'active' | 'done' | 'stopped' | 'error';
}

export type Party = 'twilio' | 'bridge' | 'vapi';

/** One message on a wire, audio aside; one HTTP request or its answer. */
export interface WireRecord extends Recorded {
  type: 'wire';
  from: Party;
  to: Party;
  /** The message's own name: `start`, `clear`, `mark`, `transcript`, `user-interrupted`, `POST /call`, `201`. */
  message: string;
  facts: Facts;
}

/** A stretch of audible audio on one side, told when it is over. */
export interface SoundRecord extends Recorded {
  type: 'sound';
  side: 'caller' | 'agent';
  /** When it began, in ms since the call's start; `at` is its end. */
  from: number;
}

export type JournalRecord = ActorRecord | TransitionRecord | WireRecord | SoundRecord;

/** Levels at a moment: `[at, caller, agent]`, ms since the call's start and dBFS (−90: silence). Taken while somebody watches. */
export type LevelSample = readonly [at: number, callerDb: number, agentDb: number];

// ── The board: all calls at a glance ────────────────────────────────────────────────────────────────────────────────

export type Warning =
  /** Twilio's socket has been silent and is being examined, or left a ping unanswered. */
  | 'callerHalfOpen'
  /** Vapi's socket left a ping unanswered. */
  | 'agentHalfOpen'
  /** The caller's audio is being dropped for want of room. */
  | 'callerOverflow'
  /** The agent's audio came so far ahead that its socket is not read. */
  | 'agentOverflow'
  /** The agent's socket pushes back. */
  | 'agentBackedUp'
  /** Another agent is being fetched. */
  | 'retrying'
  /** Three false pauses: only transcripts interrupt for a while. */
  | 'bargeInBackedOff';

export interface CallRow {
  callId: string;
  callSid: string | null;
  streamSid: string | null;
  /** Only where the operator asked for numbers. */
  caller?: string;
  called?: string;
  /** One word, such as `agentSpeaking` or `bargeIn.paused`. */
  state: string;
  /** Milliseconds since 1970. */
  openedAt: number;
  stateSince: number;
  /** When the session's time is up. */
  endsBy: number;
  /** `null` while the call lives. */
  endedAt: number | null;
  ending: { reason: string; words: string } | null;
  bargeIns: number;
  /** How long the caller waited for the last answer, in ms. */
  lastResponseMs: number | null;
  muted: boolean;
  warnings: readonly Warning[];
}

/** The figures and gauges of one call at a moment, pulled while somebody watches it. Times in ms. */
export interface CallGauges {
  at: number;
  callerDb: number;
  agentDb: number;
  /** The caller's path: frames held, dropped, sent, and silence that stood in for missing ones. */
  heldFrames: number;
  droppedFrames: number;
  sentFrames: number;
  gapFilledMs: number;
  /** Bytes that wait in the agent's socket. */
  agentUnsentBytes: number;
  /** How late each end is at least with what it answers; 0 before its first answer. */
  callerRttMs: number;
  agentRttMs: number;
  /** The agent's path: waiting here, at Twilio and not played yet, dropped unheard, refused. */
  queuedMs: number;
  leadMs: number;
  flushedMs: number;
  refusedMs: number;
  /** Messages of either side that could not be read. */
  unreadableMessages: number;
}

// ── On the socket: WS /inspector/feed ───────────────────────────────────────────────────────────────────────────────

/** What the server says. Each WebSocket message is a JSON array of these. */
export type FeedMessage =
  /** First, once. */
  | {
      type: 'hello';
      version: typeof FEED_VERSION;
      /** The server's clock now, in ms since 1970. */
      now: number;
      agent: 'vapi' | 'simulated';
      maxCalls: number;
      /** Whether actions are possible; else why not, in words for the viewer. */
      acting: { allowed: true } | { allowed: false; words: string };
      shows: { numbers: boolean; transcripts: boolean };
      machines: readonly MachineDefinition[];
    }
  /** Calls of the board that are new or have changed; the first one after `hello` has them all. */
  | { type: 'rows'; now: number; rows: readonly CallRow[] }
  /** Ended calls that are no longer remembered. */
  | { type: 'forgotten'; callIds: readonly string[] }
  /** The levels of the calls that were asked for: `[callId, caller, agent]` in dBFS. */
  | { type: 'levels'; of: readonly (readonly [callId: string, callerDb: number, agentDb: number])[] }
  /** The whole journal of a call that is watched from now on; `dropped` older records are missing in front. */
  | {
      type: 'journal';
      callId: string;
      dropped: number;
      records: readonly JournalRecord[];
      levels: readonly LevelSample[];
    }
  /** What happened since in the watched call. */
  | { type: 'records'; callId: string; records: readonly JournalRecord[] }
  /** The gauges and figures of the watched call. */
  | { type: 'gauges'; callId: string; gauges: CallGauges; figures: Facts }
  /** What the viewer asked for is not to be had. */
  | { type: 'refused'; words: string };

/** What a viewer says, one JSON object a message. Nothing here changes a call: actions are HTTP requests. */
export type ViewerMessage =
  /** Shows one call in full instead of the one before; `null`: none. */
  | { type: 'watch'; callId: string | null }
  /** The calls whose rows are on the screen, for their meters; 100 at most. */
  | { type: 'meter'; callIds: readonly string[] };

// ── Saved calls: GET /calls/:id/recording ───────────────────────────────────────────────────────────────────────────

/** A call in a file, to be opened in any inspector of the same version, and to be made a test of. */
export interface CallRecording {
  format: 'vapi-twilio-bridge.call';
  version: typeof FEED_VERSION;
  /** ISO 8601. */
  savedAt: string;
  machines: readonly MachineDefinition[];
  row: CallRow;
  figures: Facts;
  /** Settings that decide how the call goes: pre-roll, barge-in policy, format, dialect. */
  settings: Facts;
  dropped: number;
  records: readonly JournalRecord[];
  levels: readonly LevelSample[];
}

// ── Acting: POST /calls/:id/act ─────────────────────────────────────────────────────────────────────────────────────

/** What an operator can do to a live call. Words that are spoken or added never come back in the feed. */
export type OperatorAction =
  | { action: 'hangUp' }
  /** The agent says `text` in its own voice. */
  | { action: 'say'; text: string }
  /** Silences the agent at the caller's ear, and lets it be heard again. */
  | { action: 'mute' }
  | { action: 'unmute' }
  /** Adds a system message to the conversation; with `respond` the agent answers it. */
  | { action: 'addMessage'; text: string; respond: boolean }
  /** Drops what the agent has left to say. */
  | { action: 'flush' }
  /** Lets the call live `ms` longer. */
  | { action: 'extend'; ms: number };

/** The answer to an action: 200, or 4xx with the reason. */
export type ActionAnswer = { ok: true } | { ok: false; words: string };
