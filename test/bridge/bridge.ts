import { createDialects } from '../../src/agent/dialects.ts';
import { createCalls } from '../../src/call/calls.ts';
import { stateName } from '../../src/call/state-name.ts';
import type { Step } from '../../src/inspector/feed.ts';
import { createWatch } from '../../src/inspector/watch.ts';
import { createLog } from '../../src/log.ts';
import type { Ports } from '../../src/ports.ts';
import { createTicketOffice } from '../../src/telephony/tickets.ts';
import type { TwilioRest } from '../../src/telephony/twilio-rest.ts';
import { usualWatch } from '../support/watching.ts';
import { collectorOf, type Told } from '../support/whole-calls.ts';
import { dialLater } from './late-socket.ts';
import type { LogLine, WorldOptions } from './world.ts';

export const API_KEY = 'private-key-of-the-vapi-account';
export const ACCOUNT_SID = `AC${'0'.repeat(32)}`;
export const CALLER_NUMBER = '+12025550143';
export const CALLED_NUMBER = '+12025550187';

/** The settings of a call where an operator sets nothing. */
const USUAL = {
  bargeIn: 'reversible',
  prerollFrames: 20,
  maxFrames: 50,
  connectFrames: 500,
  framesPerSend: 1,
  sessionTtlMs: 1_500_000,
  heartbeatIntervalMs: 10_000,
  mediaTimeoutMs: 2_000,
} as const;

export interface BridgeOptions {
  told: Told;
  world: WorldOptions;
  ports: Ports;
  /** Where Vapi is. */
  baseUrl: string;
  wsEndpoint: string;
  rest: Pick<TwilioRest, 'hangUp'>;
}

/** The bridge without its door, put together as `main.ts` does it, with everything that it tells written down. */
export function createBridge({ told, world, ports, baseUrl, wsEndpoint, rest }: BridgeOptions) {
  const { dialect = 'transport', format = 'mulaw', agentReadyMs = 0 } = world;
  const collector = collectorOf(told);
  const lines: LogLine[] = [];
  const steps: Step[] = [];
  const hangUps: { callSid: string; at: number }[] = [];
  const failures: unknown[] = [];

  const spoilt = world.spoil?.(ports) ?? ports;
  const { clock, randomBytes } = spoilt;
  const late: Ports = {
    ...spoilt,
    openSocket: (url, how) =>
      dialLater(clock, dialect === 'direct' ? agentReadyMs : 0, () => spoilt.openSocket(url, how)),
  };
  const options = { ...USUAL, format, ...world.call };
  const dialects = createDialects({
    ports: late,
    agent: { apiKey: API_KEY, baseUrl, wsEndpoint, dialect, format, assistant: { id: 'the-assistant' } },
    sessionTtlMs: options.sessionTtlMs,
  });

  const log = createLog({
    format: 'json',
    clock,
    destination: { write: (line) => void lines.push(JSON.parse(line)) },
  });
  const watch = createWatch({
    ...usualWatch,
    clock,
    log,
    stateName,
    liveCalls: () => calls.live,
    traces: world.traces,
    settings: {
      dialect,
      format,
      bargeIn: options.bargeIn,
      prerollFrames: options.prerollFrames,
      connectFrames: options.connectFrames,
      framesPerSend: options.framesPerSend,
      sessionTtlMs: options.sessionTtlMs,
      heartbeatIntervalMs: options.heartbeatIntervalMs,
    },
    callOf: (callId) => calls.get(callId),
  });
  watch.feed.listen((step) => void steps.push(step));

  const calls = createCalls({
    clock,
    randomBytes,
    maxCalls: 100,
    options,
    dialectFor: dialects.dialectFor,
    async hangUp(callSid) {
      hangUps.push({ callSid, at: clock.now() });
      const result = await rest.hangUp(callSid);
      if (!result.ok) log.warn({ callSid }, `[Twilio] ${result.words}`);
    },
    watch: {
      ...watch,
      opened(call) {
        const observe = watch.opened(call);
        return (inspected) => {
          collector.inspect(inspected);
          observe(inspected);
        };
      },
      failed(call, error) {
        failures.push(error);
        watch.failed(call, error);
      },
    },
  });
  const tickets = createTicketOffice({ clock, randomBytes, key: randomBytes(32) });

  const { timelineOf, recordingOf } = watch;
  return { calls, tickets, watch, timelineOf, recordingOf, log, lines, steps, hangUps, failures, format };
}

export type Bridge = ReturnType<typeof createBridge>;
