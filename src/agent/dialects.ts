import type { Ports } from '../ports.ts';
import { tutorialAssistant } from '../wire/tutorial-assistant.ts';
import type { Dialect } from './dialect.ts';
import { createDirect } from './direct.ts';
import { createTransport } from './transport.ts';

/** The agent's service, as the settings name it. */
export interface AgentService {
  /** Secret. */
  apiKey: string;
  baseUrl: string;
  dialect: 'transport' | 'direct';
  /** The socket of `direct`. */
  wsEndpoint: string;
  format: 'mulaw' | 'pcm_s16le';
  assistant: { id: string } | { transient: Readonly<Record<string, unknown>> } | 'tutorial';
}

export interface DialectsOptions {
  ports: Pick<Ports, 'fetch' | 'openSocket'>;
  agent: AgentService;
  sessionTtlMs: number;
}

/** For whom an agent is asked. */
export interface AgentRequest {
  callSid: string | null;
  callerNumber?: string | undefined;
  calledNumber?: string | undefined;
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

/** Makes, for each call, the way to its agent. */
export function createDialects({ ports, agent, sessionTtlMs }: DialectsOptions) {
  const { apiKey, baseUrl, wsEndpoint, format } = agent;
  const assistant = agent.assistant === 'tutorial' ? { transient: tutorialAssistant } : agent.assistant;

  return {
    dialectFor({
      callSid,
      callerNumber,
      calledNumber,
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
      return createTransport({
        ports,
        apiKey,
        baseUrl,
        handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
        spec: {
          name: callSid ?? 'bridge',
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
    /** The answer to Vapi's question which assistant is to answer. */
    assistant: 'id' in assistant ? { assistantId: assistant.id } : { assistant: assistant.transient },
  };
}
