import type { OpenCalls, Ports } from '../ports.ts';
import { tutorialAssistant } from '../wire/tutorial-assistant.ts';
import type { Dialect } from './dialect.ts';
import { createDirect } from './direct.ts';
import { createTransport } from './transport.ts';
import { createVapiDesk, type VapiDesk } from './vapi-desk.ts';

/** The agent's service, as the settings name it. */
export interface AgentService {
  /** Secret. */
  apiKey: string;
  baseUrl: string;
  dialect: 'transport' | 'direct';
  /** The socket of `direct`. */
  wsEndpoint: string;
  format: 'mulaw' | 'pcm_s16le';
  /** Calls that are asked for in a second, at most; 20 unless told. */
  createsPerSecond?: number;
  assistant: { id: string } | { transient: Readonly<Record<string, unknown>> } | 'tutorial';
}

export interface DialectsOptions {
  ports: Pick<Ports, 'fetch' | 'openSocket' | 'clock'>;
  agent: AgentService;
  sessionTtlMs: number;
  /** What an operator should know of the way to Vapi. */
  tell?: (words: string) => void;
  /** Remembers the calls that are open, for when this process no longer can. */
  openCalls?: OpenCalls | undefined;
}

/** For whom an agent is asked. */
export interface AgentRequest {
  callSid: string | null;
  callerNumber?: string | undefined;
  calledNumber?: string | undefined;
  /** Which stream of the phone call, counted from 1: the agents of each have names of their own. */
  stream?: number | undefined;
  /** As in `CreateCallSpec`. */
  protectsGreeting?: boolean | undefined;
  tellsVoiceInput?: boolean | undefined;
}

/** For the WebSocket handshake, in ms. The statechart waits no longer than this either. */
const HANDSHAKE_TIMEOUT_MS = 4_000;

/**
 * Beyond our own limit, in seconds, so that the call ends by it and not by Vapi's cut without a goodbye: a minute, and
 * the half hour by which an operator can extend a call.
 */
const SPARE_SECONDS = 31 * 60;

/** Makes, for each call, the way to its agent. What all calls share is the desk at which they ask for it. */
export function createDialects({ ports, agent, sessionTtlMs, tell, openCalls }: DialectsOptions) {
  const { apiKey, baseUrl, wsEndpoint, format, createsPerSecond } = agent;
  const { clock, fetch } = ports;
  const desk = createVapiDesk({ clock, fetch, apiKey, baseUrl, createsPerSecond, tell, openCalls });
  // A call without Twilio's id needs a name that is no other's.
  const nameless = `bridge-${clock.epochMs().toString(36)}`;
  let namelessCalls = 0;
  const assistant = agent.assistant === 'tutorial' ? { transient: tutorialAssistant } : agent.assistant;

  return {
    dialectFor({
      callSid,
      callerNumber,
      calledNumber,
      stream = 1,
      protectsGreeting,
      tellsVoiceInput,
    }: AgentRequest): Dialect {
      if (agent.dialect === 'direct') {
        return createDirect({
          ports,
          apiKey,
          endpoint: wsEndpoint,
          handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
        });
      }
      if (callSid === null) namelessCalls += 1;
      const name = callSid ?? `${nameless}-${namelessCalls}`;
      return createTransport({
        ports,
        desk,
        handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
        spec: {
          // A search for a lost agent of the first stream must not find, and end, the agent of the second.
          name: stream === 1 ? name : `${name}-${stream}`,
          assistant,
          format,
          callSid: callSid ?? undefined,
          callerNumber,
          calledNumber,
          protectsGreeting,
          tellsVoiceInput,
          maxDurationSeconds: Math.ceil(sessionTtlMs / 1000) + SPARE_SECONDS,
        },
      });
    },
    /** How things stand with Vapi. */
    desk: desk as Pick<VapiDesk, 'readings' | 'close' | 'endOrphan'>,
    /** The answer to Vapi's question which assistant is to answer. */
    assistant: 'id' in assistant ? { assistantId: assistant.id } : { assistant: assistant.transient },
  };
}
