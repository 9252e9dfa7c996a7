import { randomBytes } from 'node:crypto';
import { realClock } from '../../src/real-clock.ts';
import { createScriptedMind, type ScriptedMind } from '../../src/simulation/scripted-mind.ts';
import { serveVapi } from '../../src/simulation/serve-vapi.ts';
import { openWebSocket } from '../../src/web-sockets.ts';
import { type Build, sleep, startServer } from '../server-process.ts';
import { createLine } from './line.ts';
import type { Stage, StageOptions, ToldBargeIn } from './stage.ts';

export interface RealStage extends Stage {
  /** What the server's process has used of the processor so far. */
  cpuSeconds(): Promise<number>;
}

/** What the server tells of a call, as far as it is used here. */
interface CallTold {
  startedAt: string;
  state: string;
  ending: { words: string } | null;
  figures: { bargeIns: ToldBargeIn[] };
}

const API_KEY = 'bench-key';
const HANDSHAKE_TIMEOUT_MS = 10_000;
const LOOK_EVERY_MS = 2;
/** For the agent to come. */
const LONGEST_WAIT_MS = 15_000;
const MOST_CALLS = 200;

/** A server of its own process, as a user runs it, and an agent's service in this one, joined by real sockets. */
export async function startRealStage(build: Build, options: StageOptions): Promise<RealStage> {
  const minds: ScriptedMind[] = [];
  const vapi = await serveVapi({
    clock: realClock,
    randomBytes,
    apiKey: API_KEY,
    mind(line) {
      const mind = createScriptedMind(line);
      minds.push(mind);
      return mind;
    },
    script: { keepHeardBytes: 0, concurrencyLimit: MOST_CALLS },
  });
  const server = await startServer(build, build.bridge, {
    AGENT: 'vapi',
    VAPI_API_KEY: API_KEY,
    VAPI_BASE_URL: vapi.httpUrl,
    BARGE_IN: options.policy,
    MAX_CALLS: String(MOST_CALLS),
  });

  async function callAt(callSid: string): Promise<CallTold> {
    const response = await fetch(`${server.httpUrl}/calls/${callSid}`, { headers: { connection: 'close' } });
    return (await response.json()) as CallTold;
  }

  async function agentNumber(index: number, callSid: string): Promise<ScriptedMind> {
    const until = realClock.now() + LONGEST_WAIT_MS;
    for (let mind = minds[index]; ; mind = minds[index]) {
      if (mind) return mind;
      if (realClock.now() > until) {
        const { state, ending } = await callAt(callSid);
        throw new Error(
          `No agent came within ${LONGEST_WAIT_MS} ms; the call is ${state}. ${ending?.words ?? ''}`,
        );
      }
      await sleep(LOOK_EVERY_MS);
    }
  }

  return {
    clock: realClock,
    async place(how) {
      const callSid = `CA${randomBytes(16).toString('hex')}`;
      const before = minds.length;
      const line = createLine({
        clock: realClock,
        socket: openWebSocket(server.mediaUrl, { handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS }),
        markEchoDelayMs: options.markEchoDelayMs ?? 0,
        streamSid: `MZ${randomBytes(16).toString('hex')}`,
        callSid,
        accountSid: `AC${'0'.repeat(32)}`,
        ...how,
      });
      await line.opened;
      return {
        line,
        mind: () => agentNumber(before, callSid),
        async bargeIns() {
          const { startedAt, figures } = await callAt(callSid);
          const begunAt = realClock.epochMs() - (realClock.now() - line.beganAt);
          const aheadMs = begunAt - Date.parse(startedAt);
          return figures.bargeIns.map((bargeIn) => ({ ...bargeIn, atMs: bargeIn.atMs - aheadMs }));
        },
      };
    },
    pass: sleep,
    until: (promise) => promise,
    cpuSeconds: async () => (await server.read()).cpuSeconds,
    async close() {
      await server.stop();
      await vapi.close();
    },
  };
}
