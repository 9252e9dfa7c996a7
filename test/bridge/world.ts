import type { AgentService } from '../../src/agent/dialects.ts';
import type { AudioFormat } from '../../src/audio/agent-format.ts';
import type { CallOptions } from '../../src/call/call-options.ts';
import type { Calls } from '../../src/call/calls.ts';
import type { Call } from '../../src/call/open-call.ts';
import type { Step } from '../../src/inspector/feed.ts';
import type { CallRecording } from '../../src/inspector/messages.ts';
import type { TimelineEntry } from '../../src/inspector/timelines.ts';
import type { TraceSink } from '../../src/inspector/traces.ts';
import type { Watch } from '../../src/inspector/watch.ts';
import type { Clock, Ports } from '../../src/ports.ts';
import type { Cue, ScriptedMind } from '../../src/simulation/scripted-mind.ts';
import type { VapiCall } from '../../src/simulation/vapi-line.ts';
import type { VapiScript, VapiService } from '../../src/simulation/vapi-service.ts';
import type { Phone } from './phone.ts';

/** What a story wants to be otherwise than usual. */
export interface WorldOptions {
  /** `transport` unless told. */
  dialect?: AgentService['dialect'];
  /** `mulaw` unless told. */
  format?: AudioFormat;
  /** From the request for an agent until its socket is open: the creation of the call, or the handshake of `direct`. */
  agentReadyMs?: number;
  /** Whether the agent's socket answers its handshake; it does unless told. */
  agentSocket?: 'answers' | 'silent';
  /** Deviations from the call's usual settings. */
  call?: Partial<CallOptions>;
  script?: VapiScript;
  /** What the agent does of itself. */
  cues?: readonly Cue[];
  markEchoDelayMs?: number;
  /** How long whatever is sent is under way, in memory. */
  latencyMs?: number;
  /** What Twilio does when it is asked to end a call: end it (unless told), refuse, or not answer. */
  hangUp?: 'ends' | 'refuses' | 'silent';
  /** Where a trace of each call goes; nowhere unless told. */
  traces?: TraceSink;
  /** Spoils what the bridge is given. */
  spoil?: (ports: Ports) => Ports;
  /** The port that callers dial in place of the server's own; over real sockets only. */
  callersDial?: (serverPort: number) => number;
}

/** The agent's side of one call. */
export interface Agent {
  readonly mind: ScriptedMind;
  readonly vapi: VapiCall;
  /** All that it heard of the caller. */
  heard(): Buffer;
}

/** One phone call: the bridge's view of it, the caller's and the agent's. */
export interface PlacedCall {
  readonly callSid: string;
  readonly streamSid: string;
  /** The bridge's. Once the call has been opened. */
  readonly call: Call;
  /** Once the stream has begun. */
  readonly phone: Phone;
  /** Once its socket is open. */
  readonly agent: Agent;
  readonly agentIsThere: boolean;
  readonly isConnected: boolean;
  timeline(): readonly TimelineEntry[];
  /** The caller's media socket comes, and its stream begins. */
  connect(): Promise<Phone>;
  /** Twilio's status callback says that the call is completed. */
  complete(): Promise<void>;
  /** Half open from now on: nothing arrives, and nobody is told. */
  deafenCaller(): void;
  deafenAgent(): void;
}

export interface LogLine {
  level: string;
  msg: string;
  [field: string]: unknown;
}

/** What is still held of all calls: nothing, once they are over. */
export interface Leaks {
  sessions: number;
  benched: number;
  timers: number;
  sockets: number;
  vapiCalls: number;
}

/** Everything around the bridge, in memory with told time or over real sockets with real time. */
export interface BridgeWorld {
  readonly kind: 'memory' | 'real';
  readonly clock: Clock;
  /** How much later than told things may happen here, in ms. */
  readonly slackMs: number;
  readonly format: AudioFormat;
  readonly service: VapiService;
  readonly calls: Calls;
  readonly placed: readonly PlacedCall[];
  /** What the bridge logged, in order. */
  readonly lines: readonly LogLine[];
  /** All that looks on. */
  readonly watch: Watch;
  /** What its statecharts did. */
  readonly steps: readonly Step[];
  /** A call as it would be saved. */
  recordingOf(callId: string): CallRecording | undefined;
  /** Calls that Twilio was asked to end, and when. */
  readonly hangUps: readonly { callSid: string; at: number }[];
  /** Mistakes of the bridge. */
  readonly failures: readonly unknown[];
  /** The phone rings: the webhook is answered, the call is open, the caller's socket is not there yet. */
  ring(): Promise<PlacedCall>;
  /** A whole call: rings and connects, or, bare, only connects. */
  place(how?: { bare?: boolean }): Promise<PlacedCall>;
  /** Lets `ms` pass. */
  run(ms: number): Promise<void>;
  /** Lets time pass until `holds`; throws when it does not within `withinMs` (5 s unless told). */
  until(what: string, holds: () => boolean, withinMs?: number): Promise<void>;
  leaks(): Leaks;
  close(): Promise<void>;
}

/** The messages of the log, as people grep for them. */
export function messages(world: BridgeWorld): string[] {
  return world.lines.map(({ msg }) => msg);
}
