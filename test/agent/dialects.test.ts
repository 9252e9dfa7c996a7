import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createDialects } from '../../src/agent/dialects.ts';
import { createScriptedMind } from '../../src/simulation/scripted-mind.ts';
import { createVapiService } from '../../src/simulation/vapi-service.ts';
import { createMemoryNetwork } from '../support/memory-network.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

const CALL_SID = `CA${'0'.repeat(32)}`;

describe('the agents of a phone call', () => {
  it('F06 have names of their own, so that a lost one of the first stream is ended and the next stays', async () => {
    const clock = createVirtualClock();
    const network = createMemoryNetwork({ clock });
    const service = createVapiService({
      clock,
      randomBytes,
      apiKey: 'the-key',
      origin: () => ({ http: 'http://vapi', ws: 'ws://vapi' }),
      mind: (line) => createScriptedMind(line),
      script: { answer: (n) => (n === 0 ? { answerDelayMs: 60_000 } : {}) },
    });
    network.serveHttp('http://vapi', (request) => service.request(request));
    network.serve('ws://vapi', (path, headers, socket) => service.accept(path, headers, socket));
    const { dialectFor } = createDialects({
      ports: { clock, fetch: network.fetch, openSocket: network.openSocket },
      agent: {
        apiKey: 'the-key',
        baseUrl: 'http://vapi',
        dialect: 'transport',
        wsEndpoint: '',
        format: 'mulaw',
        assistant: 'tutorial',
      },
      sessionTtlMs: 600_000,
    });

    const patience = new AbortController();
    const lost = dialectFor({ callSid: CALL_SID }).create(patience.signal);
    await clock.run(2_000);
    const next = dialectFor({ callSid: CALL_SID, stream: 2 });
    expect((await next.create(new AbortController().signal)).created).toBe(true);
    next.dial().listen({ text() {}, binary() {}, ponged() {}, closed() {} });
    patience.abort();
    expect((await lost).created).toBe(false);
    await clock.run(10_000);
    expect(service.calls.map(({ request, state }) => [request.name, state])).toEqual([
      [CALL_SID, 'ended'],
      [`${CALL_SID}-2`, expect.not.stringMatching('ended')],
    ]);
  });
});
