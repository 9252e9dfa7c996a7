import { randomBytes } from 'node:crypto';
import { createScriptedMind, type ScriptedMind } from '../../src/simulation/scripted-mind.ts';
import { createVapiService } from '../../src/simulation/vapi-service.ts';
import type { TwilioRest } from '../../src/telephony/twilio-rest.ts';
import { NONCE_PARAMETER } from '../../src/telephony/twiml.ts';
import { createMemoryNetwork, type MemorySocket } from '../support/memory-network.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';
import { ACCOUNT_SID, API_KEY, CALLED_NUMBER, CALLER_NUMBER, createBridge } from './bridge.ts';
import { createPhone } from './phone.ts';
import { createPlacedCall } from './placed-call.ts';
import type { BridgeWorld, PlacedCall, WorldOptions } from './world.ts';

/** A world whose sockets are linked in memory and whose time is told. */
export function createMemoryWorld(options: WorldOptions): BridgeWorld {
  const { dialect = 'transport', agentReadyMs = 0, format = 'mulaw', markEchoDelayMs = 0 } = options;
  const clock = createVirtualClock();
  const network = createMemoryNetwork({ clock, latencyMs: options.latencyMs ?? 0 });
  const minds: ScriptedMind[] = [];
  const agentEnds = new Map<string, MemorySocket>();
  const placed: PlacedCall[] = [];

  const service = createVapiService({
    clock,
    randomBytes,
    apiKey: API_KEY,
    origin: () => ({ http: 'http://vapi', ws: 'ws://vapi' }),
    mind(line) {
      const mind = createScriptedMind(line, options.cues);
      minds.push(mind);
      return mind;
    },
    script: {
      directFormat: format,
      createDelayMs: dialect === 'transport' ? agentReadyMs : 0,
      ...options.script,
    },
  });
  network.serve('ws://vapi', (path, headers, socket) => {
    if (options.agentSocket === 'silent') return 'silence';
    const accepted = service.accept(path, headers, socket);
    const joined = service.calls.findLast((call) => call.joined);
    if (accepted && joined) agentEnds.set(joined.id, socket);
    return accepted;
  });
  network.serveHttp('http://vapi', (request) => service.request(request));

  const rest: TwilioRest = {
    async hangUp(callSid) {
      if (options.hangUp === 'silent') return new Promise(() => {});
      if (options.hangUp === 'refuses') return { ok: false, words: 'Twilio did not end the call: HTTP 503.' };
      placed.find((call) => call.callSid === callSid && call.isConnected)?.phone.hangUp();
      return { ok: true, already: false };
    },
  };
  const bridge = createBridge({
    told: 'memory',
    world: options,
    ports: { clock, randomBytes, openSocket: network.openSocket, fetch: network.fetch },
    baseUrl: 'http://vapi',
    wsEndpoint: 'ws://vapi/ws',
    rest,
  });
  const { calls, tickets } = bridge;

  function prepare(bare: boolean): PlacedCall {
    const callSid = `CA${randomBytes(16).toString('hex')}`;
    const streamSid = `MZ${randomBytes(16).toString('hex')}`;
    let line: MemorySocket['line'] | undefined;
    const index = placed.length;

    const placedCall = createPlacedCall({
      index,
      callSid,
      streamSid,
      bridge,
      service,
      minds,
      async connect() {
        const [near, far] = network.pair();
        line = near.line;
        const { ticket, nonce: issued } = tickets.issue(callSid);
        const { phone } = createPhone({
          clock,
          socket: near,
          streamSid,
          callSid,
          accountSid: ACCOUNT_SID,
          parameters: bare ? {} : { [NONCE_PARAMETER]: issued },
          bare,
          markEchoDelayMs,
          seed: index,
        });
        const call = bare ? calls.open({ callSid: null }) : calls.find(callSid);
        // As the server's door does it.
        if (!call || call.outcome !== null) far.close(1000, 'this call is over');
        else if (bare) call.attach(far, () => ({ ok: true }));
        else {
          call.attach(far, ({ callSid: told, parameters }) => {
            const nonce = parameters.get(NONCE_PARAMETER);
            const redeemed = tickets.redeem(ticket, { callSid: told, nonce });
            return redeemed.ok ? redeemed : { ok: false, words: redeemed.why };
          });
        }
        phone.stream.begin();
        return phone;
      },
      async complete({ tell }) {
        tell({ type: 'caller.hungUp', words: 'Twilio reports the call completed.' });
      },
      deafenCaller: () => line?.deafen(),
      deafenAgent: (mind) => agentEnds.get(mind.line.id)?.line.deafen(),
    });
    placed.push(placedCall);
    return placedCall;
  }

  async function ring(): Promise<PlacedCall> {
    const call = prepare(false);
    calls.open({ callSid: call.callSid, callerNumber: CALLER_NUMBER, calledNumber: CALLED_NUMBER });
    return call;
  }

  return {
    ...bridge,
    kind: 'memory',
    clock,
    slackMs: 0,
    service,
    placed,
    ring,
    async place({ bare = false } = {}) {
      const call = bare ? prepare(true) : await ring();
      await call.connect();
      return call;
    },
    run: clock.run,
    async until(what, holds, withinMs = 5_000) {
      await clock.settle();
      for (let waited = 0; !holds(); waited += 1) {
        if (waited >= withinMs) throw new Error(`${what}: not within ${withinMs} ms`);
        await clock.run(1);
      }
    },
    leaks: () => ({
      sessions: calls.live,
      benched: calls.held,
      timers: clock.armed,
      sockets: network.openSockets,
      vapiCalls: service.live(),
    }),
    async close() {},
  };
}
