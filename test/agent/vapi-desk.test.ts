import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTransport } from '../../src/agent/transport.ts';
import { type Asked, createVapiDesk } from '../../src/agent/vapi-desk.ts';
import type { OpenCalls } from '../../src/ports.ts';
import { createScriptedMind } from '../../src/simulation/scripted-mind.ts';
import type { CreateAnswer } from '../../src/simulation/vapi-answers.ts';
import { createVapiService, type VapiScript } from '../../src/simulation/vapi-service.ts';
import { createMemoryNetwork } from '../support/memory-network.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

const KEY = 'the-key';

/** A desk in front of a simulated Vapi. `headers` are those of its answers to requests for calls. */
function createStage(script: VapiScript = {}, headers: Record<string, string> = {}, openCalls?: OpenCalls) {
  const clock = createVirtualClock();
  const network = createMemoryNetwork({ clock });
  const asked: string[] = [];
  const told: string[] = [];
  const service = createVapiService({
    clock,
    randomBytes,
    apiKey: KEY,
    origin: () => ({ http: 'http://vapi', ws: 'ws://vapi' }),
    mind: (line) => createScriptedMind(line),
    script,
  });
  network.serveHttp('http://vapi', async (request) => {
    asked.push(`${request.method} ${request.path.replace(/[?].*/, '?…')}`);
    const answer = await service.request(request);
    return request.method === 'POST' ? { ...answer, headers: { ...answer.headers, ...headers } } : answer;
  });
  network.serve('ws://vapi', (path, its, socket) => service.accept(path, its, socket));
  const desk = createVapiDesk({
    clock,
    fetch: network.fetch,
    apiKey: KEY,
    baseUrl: 'http://vapi',
    tell: (words) => told.push(words),
    openCalls,
  });
  let names = 0;

  function ask(signal = new AbortController().signal): Promise<Asked> {
    names += 1;
    const assistant = { id: 'a' };
    const spec = { name: `CA${names}`, assistant, format: 'mulaw', maxDurationSeconds: 600 } as const;
    return desk.ask(spec, signal, () => {});
  }
  /** Asks, and is given time for the answer. */
  async function askNow(ms = 0): Promise<Asked> {
    const answer = ask();
    await clock.run(ms);
    return answer;
  }
  const posts = () => asked.filter((request) => request === 'POST /call').length;
  return { clock, network, service, desk, asked, told, ask, askNow, posts };
}

const refusalOf = ({ outcome }: Asked) => (outcome.created ? 'none' : outcome.refusal);

describe('a server whose key is refused', () => {
  it('F02 asks once in a minute, until the key is good again', async () => {
    const answers: CreateAnswer[] = ['invalid-key', 'invalid-key', 'created'];
    const { clock, desk, told, askNow, posts } = createStage({
      answer: (n) => ({ as: answers[n] ?? 'created' }),
    });
    expect(refusalOf(await askNow())).toBe('keyRefused');
    for (let i = 0; i < 50; i += 1) {
      const { outcome } = await askNow();
      expect(outcome).toMatchObject({ created: false, refusal: 'notAsked' });
      expect(outcome).not.toHaveProperty('askAgainAfterMs');
      expect(!outcome.created && outcome.words).toMatch(
        /^Vapi was not asked .*the key \(401\).*VAPI_API_KEY/,
      );
    }
    expect(posts()).toBe(1);
    expect(desk.readings).toMatchObject({ breaker: 'open', trouble: 'keyRefused' });
    await clock.run(60_000);
    expect(desk.readings.trouble).toBeUndefined();
    expect(refusalOf(await askNow())).toBe('keyRefused');
    expect(refusalOf(await askNow())).toBe('notAsked');
    await clock.run(60_000);
    expect((await askNow()).outcome.created).toBe(true);
    expect((await askNow()).outcome.created).toBe(true);
    expect(posts()).toBe(4);
    expect(desk.readings.creates).toEqual({ 201: 2, 401: 2, notAsked: 51 });
    expect(told.map((words) => words.slice(0, 22))).toEqual([
      'No more calls are aske',
      'Calls are asked for ag',
    ]);
    expect(told.join()).not.toContain(KEY);
  });
});

describe('an account that cannot pay', () => {
  it.each(['payment-required', 'ended'] as const)('F03 is not asked for a minute (%s)', async (as) => {
    const { clock, network, desk, askNow, posts } = createStage({
      answer: () => ({ as: as === 'ended' ? 'created' : as }),
    });
    if (as === 'ended')
      network.serveHttp('http://vapi', () => ({
        status: 201,
        body: '{"id":"i","status":"ended","endedReason":"call.start.error-subscription-frozen"}',
      }));
    const { outcome, call } = await askNow();
    expect(outcome).toMatchObject({ created: false, refusal: 'unpaid' });
    expect(call?.vapiCallId).toBe(as === 'ended' ? 'i' : undefined);
    await clock.run(59_000);
    expect(refusalOf(await askNow())).toBe('notAsked');
    expect(posts()).toBe(as === 'ended' ? 0 : 1);
    expect(desk.readings).toMatchObject({ breaker: 'open', trouble: 'unpaid' });
    await clock.run(1_000);
    expect(refusalOf(await askNow())).toBe('unpaid');
  });
});

describe('a Vapi that fails', () => {
  it.each(['server-error', 'bad-gateway', 'blocked'] as const)(
    'F05 is not asked any more after five times, and tried by one call after 30 s (%s)',
    async (as) => {
      let up = false;
      const { clock, desk, ask, askNow, posts } = createStage({
        answer: () => ({ as: up ? 'created' : as, delayMs: 200 }),
      });
      for (let i = 0; i < 5; i += 1) await askNow(200);
      expect(refusalOf(await askNow())).toBe('notAsked');
      await clock.run(30_000);
      up = true;
      const three = [ask(), ask(), ask()];
      await clock.settle();
      expect(desk.readings.breaker).toBe('probing');
      await clock.run(200);
      expect((await Promise.all(three)).map(refusalOf)).toEqual(['none', 'notAsked', 'notAsked']);
      expect(posts()).toBe(6);
      expect(refusalOf(await askNow(200))).toBe('none');
    },
  );

  it('F05 counts a request that is not answered in 8 s as a failure, while the answer is still awaited', async () => {
    const { clock, desk, ask } = createStage({ answer: () => ({ delayMs: 12_000 }) });
    const five = Array.from({ length: 5 }, () => ask());
    await clock.run(7_999);
    expect(desk.readings.breaker).toBe('closed');
    await clock.run(1);
    expect(desk.readings.breaker).toBe('open');
    await clock.run(4_000);
    expect((await Promise.all(five)).map(refusalOf)).toEqual(Array(5).fill('none'));
    expect(desk.readings.breaker).toBe('open');
  });

  it('F04 is left alone by the whole server for as long as it asks for', async () => {
    const { clock, askNow, posts } = createStage(
      { answer: (n) => ({ as: n === 0 ? 'rate-limited' : 'created' }) },
      { 'retry-after': '20' },
    );
    expect(refusalOf(await askNow())).toBe('rateLimited');
    for (let i = 0; i < 10; i += 1) {
      expect((await askNow()).outcome).toMatchObject({ created: false, refusal: 'rateLimited' });
      await clock.run(1_500);
    }
    expect(posts()).toBe(1);
    await clock.run(5_000);
    expect(refusalOf(await askNow())).toBe('none');
  });
});

describe('a request whose answer never came', () => {
  const LOST = { answer: () => ({ answerDelayMs: 60_000 }) };

  it('F06 is not made again; the call that came of it is found and ended', async () => {
    const { clock, service, desk, asked, told, ask } = createStage(LOST);
    const patience = new AbortController();
    const answer = ask(patience.signal);
    await clock.run(16_000);
    patience.abort();
    await clock.settle();
    expect((await answer).outcome).toMatchObject({ created: false, refusal: 'unreachable' });
    expect((await answer).outcome).not.toHaveProperty('askAgainAfterMs');
    expect([service.live(), desk.readings.slots.used]).toEqual([1, 1]);
    await clock.run(3_000);
    expect([service.live(), desk.readings.slots.used]).toEqual([0, 0]);
    expect(asked).toEqual(['POST /call', 'GET /call?…', `DELETE /call/${service.calls[0]?.id}`]);
    expect(told).toEqual([
      `Vapi had made call ${service.calls[0]?.id} without answering the request for it; it was ended.`,
    ]);
    await clock.run(60_000);
    expect([asked.length, clock.armed]).toEqual([3, 0]);
  });

  it('F06 is looked for three times, for all that are lost at once, and then given up', async () => {
    const { clock, network, desk, ask } = createStage();
    const asked: string[] = [];
    network.serveHttp('http://vapi', ({ method }) => {
      asked.push(method);
      return method === 'POST' ? Promise.reject(new Error('reset')) : { status: 200, body: '[]' };
    });
    const lost = [ask(), ask(), ask()];
    await clock.run(100);
    await Promise.all(lost);
    expect(desk.readings.slots.used).toBe(3);
    await clock.run(60_000);
    expect(asked).toEqual(['POST', 'POST', 'POST', 'GET', 'GET', 'GET']);
    expect([desk.readings.slots.used, clock.armed]).toEqual([0, 0]);
  });

  it('F06 does not end other calls, nor one that is over', async () => {
    const { clock, service, asked, ask, askNow } = createStage({
      answer: (n) => (n === 1 ? { answerDelayMs: 60_000 } : {}),
    });
    await askNow();
    const patience = new AbortController();
    void ask(patience.signal);
    await clock.run(100);
    await askNow();
    service.calls[1]?.end('silence-timed-out');
    patience.abort();
    await clock.run(3_100);
    expect(service.live()).toBe(2);
    expect(asked.filter((request) => request.startsWith('DELETE'))).toEqual([]);
  });

  it('F06 is looked for once more when the server leaves, for two seconds at most', async () => {
    const { clock, network, service, desk, ask } = createStage(LOST);
    const patience = new AbortController();
    void ask(patience.signal);
    await clock.run(100);
    patience.abort();
    await clock.settle();
    await desk.close();
    expect(service.live()).toBe(0);

    const silent = createStage(LOST);
    silent.network.serveHttp('http://vapi', () => new Promise(() => {}));
    const givenUp = new AbortController();
    void silent.ask(givenUp.signal);
    await silent.clock.run(100);
    givenUp.abort();
    await silent.clock.settle();
    let closed = false;
    void silent.desk.close().then(() => {
      closed = true;
    });
    await silent.clock.run(1_999);
    expect(closed).toBe(false);
    await silent.clock.run(1);
    expect([closed, silent.clock.armed]).toEqual([true, 0]);
    expect(network.openSockets).toBe(0);
  });

  it.each([
    ['a page with 200', 200, '<html>'],
    ['a gateway that waited in vain', 504, '<html>'],
  ])('F06 is also one that was answered by %s', async (_what, status, body) => {
    const { clock, network, ask } = createStage();
    const asked: string[] = [];
    network.serveHttp('http://vapi', ({ method }) => {
      asked.push(method);
      return method === 'POST' ? { status, body } : { status: 200, body: '[]' };
    });
    const { outcome } = await ask();
    expect(outcome).not.toHaveProperty('askAgainAfterMs');
    await clock.run(3_000);
    expect(asked).toEqual(['POST', 'GET']);
  });
});

describe('the agents of a server', () => {
  it('F08 are no more than its account may have: one more is not asked for', async () => {
    const { service, desk, askNow, posts } = createStage({ concurrencyLimit: 2 });
    const [first, second] = [await askNow(), await askNow()];
    const { outcome } = await askNow();
    expect(outcome).toMatchObject({ created: false, refusal: 'outOfSlots' });
    expect([posts(), service.live()]).toEqual([2, 2]);
    expect(desk.readings.slots).toEqual({ used: 2, cap: 2 });
    if (first?.call) await desk.end(first.call, new AbortController().signal, () => {});
    expect((await askNow()).outcome.created).toBe(true);
    expect(second?.outcome.created).toBe(true);
  });

  it('F08 leave room for those of others, whose calls Vapi counts too', async () => {
    const { clock, service, desk, askNow, posts } = createStage({
      answer: (n) => ({ as: n === 1 ? 'concurrency-blocked' : 'created' }),
    });
    await askNow();
    const { outcome, call } = await askNow();
    expect(outcome).toMatchObject({
      created: false,
      refusal: 'outOfSlots',
      vapiCallId: service.calls[1]?.id,
    });
    if (call) await desk.end(call, new AbortController().signal, () => {});
    expect(desk.readings.slots).toEqual({ used: 1, cap: 1 });
    expect(refusalOf(await askNow())).toBe('outOfSlots');
    expect(posts()).toBe(2);
    await clock.run(10_000);
    expect(refusalOf(await askNow())).toBe('none');
    expect(desk.readings.slots).toEqual({ used: 2, cap: 10 });
  });

  it('have their slot back when their socket is closed in order; when it breaks, once they are ended', async () => {
    const { clock, network, desk, service } = createStage();
    const transport = createTransport({
      ports: network,
      desk,
      handshakeTimeoutMs: 1_000,
      spec: { name: 'CA1', assistant: { id: 'a' }, format: 'mulaw', maxDurationSeconds: 600 },
    });
    const { signal } = new AbortController();
    for (const attempt of [1, 2]) {
      expect((await transport.create(signal)).created).toBe(true);
      const socket = transport.dial();
      socket.listen({ text() {}, binary() {}, ponged() {}, closed() {} });
      await clock.run(10);
      expect(service.calls.at(-1)?.joined).toBe(true);
      expect(desk.readings.slots.used).toBe(1);
      if (attempt === 1) {
        socket.terminate();
        await clock.run(10);
        expect(desk.readings.slots.used).toBe(1);
        await transport.end(signal);
      } else socket.close(1000, '');
      await clock.run(10);
      expect(desk.readings.slots.used).toBe(0);
    }
    expect(service.calls.map(({ request }) => request.name)).toEqual(['CA1', 'CA1 #2']);
  });

  it('whose end failed are left to be tried again, and keep their slot and their record until then', async () => {
    const record: string[] = [];
    let settled = () => {};
    const { clock, network, desk, service } = createStage(
      {},
      {},
      {
        opened: () => void record.push('opened'),
        ended: () => void record.push('ended'),
        notEnded(_id, done) {
          record.push('notEnded');
          settled = done;
        },
      },
    );
    const transport = createTransport({
      ports: network,
      desk,
      handshakeTimeoutMs: 1_000,
      spec: { name: 'CA1', assistant: { id: 'a' }, format: 'mulaw', maxDurationSeconds: 600 },
    });
    const { signal } = new AbortController();
    await transport.create(signal);
    const socket = transport.dial();
    socket.listen({ text() {}, binary() {}, ponged() {}, closed() {} });
    await clock.run(10);
    network.serveHttp('http://vapi', () => ({ status: 503, body: '' }));
    socket.terminate();
    await clock.run(10);
    await transport.end(signal);
    expect([record, desk.readings.slots.used]).toEqual([['opened', 'notEnded'], 1]);
    settled();
    expect([record, desk.readings.slots.used]).toEqual([['opened', 'notEnded'], 0]);
    network.serveHttp('http://vapi', service.request);
    await transport.end(signal);
    expect(record).toEqual(['opened', 'notEnded', 'ended']);
  });

  it('are not asked for by whoever no longer wants one when its turn comes', async () => {
    const { clock, desk, askNow, posts } = createStage({ concurrencyLimit: 200 });
    await askNow();
    const spec = { name: 'CA', assistant: { id: 'a' }, format: 'mulaw', maxDurationSeconds: 600 } as const;
    let isWanted = true;
    const signal = () => new AbortController().signal;
    // All the turns that there are at once, so that the last waits for its own.
    const asking = Array.from({ length: 99 }, (_, n) =>
      desk.ask({ ...spec, name: `CA-${n}` }, signal(), () => {}),
    );
    const late = desk.ask(
      spec,
      signal(),
      () => {},
      () => isWanted,
    );
    isWanted = false;
    await clock.run(1_000);
    const before = posts();
    expect(await late).toMatchObject({ outcome: { created: false, refusal: 'notAsked' } });
    await Promise.all(asking);
    expect(before).toBe(100);
    expect(desk.readings.slots.used).toBe(before);
  });

  it('are ended by the API also where the server of the call itself does not answer', async () => {
    const { clock, network, service, desk, askNow } = createStage();
    const { call } = await askNow();
    if (!call) throw new Error('there is no call');
    expect(call.controlUrl).toBeDefined();
    network.serveHttp('http://vapi', (request) =>
      request.method === 'POST' ? new Promise(() => {}) : service.request(request),
    );
    const patience = new AbortController();
    clock.setTimeout(() => patience.abort(), 3_000);
    const ending = desk.end(call, patience.signal, () => {});
    await clock.run(1_500);
    await ending;
    expect([service.live(), desk.readings.slots.used]).toEqual([0, 0]);
  });

  it('are ended, all that a call has had: also one whose end was given up', async () => {
    const { clock, network, desk, service } = createStage();
    const transport = createTransport({
      ports: network,
      desk,
      handshakeTimeoutMs: 1_000,
      spec: { name: 'CA1', assistant: { id: 'a' }, format: 'mulaw', maxDurationSeconds: 600 },
    });
    const patience = new AbortController();
    await transport.create(patience.signal);
    patience.abort();
    await transport.end(patience.signal);
    expect(service.live()).toBe(1);
    const { signal } = new AbortController();
    await transport.create(signal, () => {}, true);
    expect(service.calls[1]?.request.assistantOverrides).toMatchObject({
      firstMessageMode: 'assistant-waits-for-user',
    });
    await transport.end(signal);
    await clock.settle();
    expect([service.live(), desk.readings.slots.used]).toEqual([0, 0]);
  });

  it('are made by requests, and whoever is refused at the desk makes none, whatever Vapi answers', async () => {
    const answers = fc.constantFrom<CreateAnswer>(
      'created',
      'created-without-url',
      'concurrency-blocked',
      'bad-request',
      'invalid-key',
      'payment-required',
      'blocked',
      'rate-limited',
      'server-error',
    );
    const call = fc.record({
      as: answers,
      delayMs: fc.nat(9_000),
      afterMs: fc.nat(20_000),
      ends: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(call, { maxLength: 40 }),
        fc.integer({ min: 1, max: 6 }),
        async (plan, limit) => {
          const { clock, desk, service, ask, posts } = createStage({
            concurrencyLimit: limit,
            answer: (n) => plan[n],
          });
          const { signal } = new AbortController();
          let refused = 0;
          for (const { afterMs, ends } of plan) {
            const before = posts();
            const mayProbe = desk.readings.breaker !== 'probing';
            const asking = ask().then(async (asked) => {
              if (asked.call && (ends || !asked.outcome.created))
                await desk.end(asked.call, signal, () => {});
              return asked;
            });
            await clock.settle();
            if (posts() > before) expect(mayProbe).toBe(true);
            void asking;
            await clock.run(afterMs);
          }
          await clock.run(60_000);
          refused = desk.readings.creates.notAsked ?? 0;
          expect(posts() + refused).toBe(plan.length);
          expect(service.live()).toBeLessThanOrEqual(limit);
          expect(clock.armed).toBe(0);
        },
      ),
      { numRuns: 40 },
    );
  });
});
