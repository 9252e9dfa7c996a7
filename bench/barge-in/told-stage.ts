import { randomBytes } from 'node:crypto';
import { createDialects } from '../../src/agent/dialects.ts';
import { createCalls } from '../../src/call/calls.ts';
import { readSettings } from '../../src/settings.ts';
import { createScriptedMind, type ScriptedMind } from '../../src/simulation/scripted-mind.ts';
import { createVapiService } from '../../src/simulation/vapi-service.ts';
import { createMemoryNetwork } from '../../test/support/memory-network.ts';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { createLine } from './line.ts';
import type { Stage, StageOptions } from './stage.ts';

const API_KEY = 'bench-key';
/** Time is moved on by so much, ms, between two turns of the event loop, in which promises have their say. */
const STEP_MS = 20;
/** For the agent to come. */
const MOST_STEPS = 500;

/** A bridge as an operator has it who sets nothing but the policy, with sockets in memory and time that is told. */
export function createToldStage({ policy, markEchoDelayMs = 0 }: StageOptions): Stage {
  const clock = createVirtualClock();
  const network = createMemoryNetwork({ clock });
  const minds: ScriptedMind[] = [];
  const service = createVapiService({
    clock,
    randomBytes,
    apiKey: API_KEY,
    origin: () => ({ http: 'http://vapi', ws: 'ws://vapi' }),
    mind(line) {
      const mind = createScriptedMind(line);
      minds.push(mind);
      return mind;
    },
    script: { keepHeardBytes: 0, concurrencyLimit: 1_000 },
  });
  network.serve('ws://vapi', service.accept);
  network.serveHttp('http://vapi', service.request);

  const environment = {
    AGENT: 'vapi',
    VAPI_API_KEY: API_KEY,
    VAPI_ASSISTANT_ID: 'the-assistant',
    BARGE_IN: policy,
  };
  const read = readSettings(environment, { cores: 1, isTerminal: false, readFile: () => '' });
  if (!read.ok) throw new Error(read.words);
  const {
    greeting: _greeting,
    fallbackNumber: _fallbackNumber,
    clips: _clips,
    ...limits
  } = read.settings.call;
  const dialects = createDialects({
    ports: { clock, openSocket: network.openSocket, fetch: network.fetch },
    agent: {
      apiKey: API_KEY,
      baseUrl: 'http://vapi',
      wsEndpoint: 'ws://vapi/ws',
      dialect: 'transport',
      format: 'mulaw',
      assistant: { id: 'the-assistant' },
    },
    sessionTtlMs: limits.sessionTtlMs,
  });
  const calls = createCalls({
    clock,
    randomBytes,
    maxCalls: 1_000,
    options: { format: 'mulaw', ...read.settings.buffers, ...limits },
    dialectFor: dialects.dialectFor,
    hangUp: () => Promise.resolve(),
    watch: {
      opened: () => () => {},
      closed() {},
      forgotten() {},
      failed(_call, error) {
        throw error;
      },
    },
  });

  async function step(): Promise<void> {
    clock.advance(STEP_MS);
    await clock.settle();
  }

  return {
    clock,
    async place(how) {
      const [near, far] = network.pair();
      const call = calls.open({ callSid: null });
      if (!call) throw new Error('There is no room for another call.');
      const openedAt = clock.now();
      call.attach(far, () => ({ ok: true }));
      const line = createLine({
        clock,
        socket: near,
        markEchoDelayMs,
        streamSid: `MZ${randomBytes(16).toString('hex')}`,
        callSid: `CA${randomBytes(16).toString('hex')}`,
        accountSid: `AC${'0'.repeat(32)}`,
        ...how,
      });
      return {
        line,
        async mind() {
          const before = minds.length;
          for (let steps = 0; minds.length === before; steps += 1) {
            if (steps === MOST_STEPS) throw new Error('The agent did not come.');
            await step();
          }
          return minds.at(-1) as ScriptedMind;
        },
        bargeIns: async () =>
          call.figures.bargeIns.map((bargeIn) => ({
            ...bargeIn,
            atMs: bargeIn.atMs - (line.beganAt - openedAt),
          })),
      };
    },
    async pass(ms) {
      clock.advance(ms);
      await clock.settle();
    },
    async until(promise) {
      let settled = false;
      const over = () => {
        settled = true;
      };
      promise.then(over, over);
      while (!settled) await step();
      return promise;
    },
    async close() {},
  };
}
