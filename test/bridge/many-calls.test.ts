import { randomBytes } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { createDialects } from '../../src/agent/dialects.ts';
import { createCalls } from '../../src/call/calls.ts';
import type { Call } from '../../src/call/open-call.ts';
import { stateName } from '../../src/call/state-name.ts';
import { createFeed } from '../../src/inspector/feed.ts';
import { createTimelines } from '../../src/inspector/timelines.ts';
import { createMediaStream, type MediaStream } from '../../src/simulation/media-stream.ts';
import { createScriptedMind } from '../../src/simulation/scripted-mind.ts';
import type { VapiCall } from '../../src/simulation/vapi-line.ts';
import { createVapiService } from '../../src/simulation/vapi-service.ts';
import { createMemoryNetwork, type MemorySocket } from '../support/memory-network.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

const CALLS = 200;
const TALK_MS = 60_000;
const SESSION_TTL_MS = 70_000;
/** Within this all others are gone: a line that is half open is found out by a missing frame and a missing pong. */
const SOON_MS = 6_000;
/** How much a caller says in one message. Longer ones than Twilio's save the test time, and change nothing else. */
const MESSAGE_MS = 100;
/** For two minutes of 200 calls on a machine that is busy with something else too. */
const LONGEST_MS = 120_000;
const KEY = 'private-key';

/** Loud sound of so many milliseconds, µ-law. */
const loud = (ms: number) => Buffer.alloc(8 * ms, 0x10);
const MESSAGE = loud(MESSAGE_MS);
const SPEECH = loud(5_000);

interface Placed {
  call: Call;
  stream: MediaStream;
  /** The caller's end of the media socket. */
  socket: MemorySocket;
  agentsCall(): VapiCall | undefined;
}

/** Each way in which a call ends, and what it then says of itself. */
const ENDINGS: ReadonlyArray<readonly [reason: string, end: (placed: Placed) => void]> = [
  ['callerHungUp', ({ stream }) => stream.stop()],
  ['callerLost', ({ stream }) => stream.drop()],
  ['callerLost', ({ socket }) => socket.close(1000, '')],
  ['callerLost', ({ socket }) => socket.line.deafen()],
  ['callerLost', ({ call }) => call.tell({ type: 'stream.failed', words: 'The stream failed.' })],
  ['callerHungUp', ({ call }) => call.tell({ type: 'caller.hungUp', words: 'Twilio says so.' })],
  ['agentEnded', ({ agentsCall }) => agentsCall()?.end('assistant-ended-call')],
  // The caller leaves while another agent is asked for.
  [
    'callerHungUp',
    ({ agentsCall, stream }) => {
      agentsCall()?.end('pipeline-error', 'cut');
      stream.stop();
    },
  ],
  [
    'callerHungUp',
    ({ agentsCall, stream }) => {
      agentsCall()?.end('pipeline-error', 'failed');
      stream.stop();
    },
  ],
  ['agentEnded', ({ agentsCall }) => agentsCall()?.end('assistant-ended-call', 'no-code')],
  ['drained', ({ call }) => call.tell({ type: 'call.hangUp', reason: 'drained', words: 'Enough.' })],
  ['timeToLive', () => {}],
];

/** Calls that end only when their time has run out. */
const UNENDED = Array.from({ length: CALLS }, (_, i) => endingOf(i)).filter(
  ([reason]) => reason === 'timeToLive',
).length;

function endingOf(i: number): (typeof ENDINGS)[number] {
  return ENDINGS[i % ENDINGS.length] ?? ['', () => {}];
}

/** A bridge whose agents speak all the time and are interrupted now and then. */
function createCrowd() {
  const clock = createVirtualClock();
  const network = createMemoryNetwork({ clock });
  const service = createVapiService({
    clock,
    randomBytes,
    apiKey: KEY,
    origin: () => ({ http: 'http://vapi', ws: 'ws://vapi' }),
    mind: (line) =>
      createScriptedMind(
        line,
        Array.from({ length: 10 }, (_, i) => [
          { atMs: 6_000 * i + 500, act: (mind: ReturnType<typeof createScriptedMind>) => mind.say(SPEECH) },
          { atMs: 6_000 * i + 1_500, act: (mind: ReturnType<typeof createScriptedMind>) => mind.interrupt() },
        ]).flat(),
      ),
    script: { keepHeardBytes: 0, keepEndedCalls: 0, concurrencyLimit: CALLS },
  });
  network.serveHttp('http://vapi', (request) => service.request(request));
  network.serve('ws://vapi', (path, headers, socket) => service.accept(path, headers, socket));
  const { dialectFor } = createDialects({
    ports: { clock, fetch: network.fetch, openSocket: network.openSocket },
    agent: {
      apiKey: KEY,
      baseUrl: 'http://vapi',
      dialect: 'transport',
      wsEndpoint: 'ws://vapi/ws',
      format: 'mulaw',
      assistant: 'tutorial',
      createsPerSecond: CALLS,
    },
    sessionTtlMs: SESSION_TTL_MS,
  });
  const failures: unknown[] = [];
  const feed = createFeed(clock.now, (error) => failures.push(error));
  const timelines = createTimelines(stateName);
  feed.listen(timelines.hear);
  const endings = new Map<string, string>();
  const calls = createCalls({
    clock,
    randomBytes,
    maxCalls: CALLS,
    options: {
      format: 'mulaw',
      bargeIn: 'reversible',
      prerollFrames: 20,
      maxFrames: 50,
      connectFrames: 500,
      framesPerSend: 1,
      sessionTtlMs: SESSION_TTL_MS,
      heartbeatIntervalMs: 10_000,
      mediaTimeoutMs: 2_000,
    },
    dialectFor,
    hangUp: () => Promise.resolve(),
    watch: {
      opened: feed.observe,
      closed: ({ callSid, ending }) => endings.set(callSid ?? '', ending?.reason ?? ''),
      forgotten: timelines.forget,
      failed: (_, error) => failures.push(error),
    },
  });

  function place(callSid: string): Placed {
    const call = calls.open({ callSid });
    if (!call) throw new Error('There is no room for another call.');
    const [socket, far] = network.pair();
    const ids = { streamSid: `MZ${callSid}`, callSid, accountSid: 'AC1' };
    const stream = createMediaStream({ clock, socket, ...ids, parameters: {} });
    call.attach(far, () => ({ ok: true }));
    stream.begin();
    return {
      call,
      stream,
      socket,
      agentsCall: () => service.calls.find(({ request }) => request.name === callSid),
    };
  }

  /** Time goes by, and who is on the line speaks. */
  async function talk(placed: readonly Placed[], ms: number): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += MESSAGE_MS) {
      for (const { stream } of placed) stream.sendFrame(MESSAGE);
      clock.advance(MESSAGE_MS);
      await clock.settle();
    }
  }

  /** All calls at once for a while; then each ends in its own way, and the last has time to. */
  async function carry(name: string, talkMs: number): Promise<readonly Placed[]> {
    const placed: Placed[] = [];
    for (let i = 0; i < CALLS; i += 1) placed.push(place(`${name}${i}`));
    await talk(placed, talkMs);
    return placed;
  }

  async function pass(ms: number): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += 500) {
      clock.advance(500);
      await clock.settle();
    }
  }

  /** Each ends in its own way, as soon as it may; those whose time must run out first are left. */
  async function end(placed: readonly Placed[]): Promise<void> {
    placed.forEach((each, i) => {
      endingOf(i)[1](each);
    });
    await pass(SOON_MS);
    // A line that went deaf is given up by the caller's side too.
    placed.forEach(({ socket }, i) => {
      if (endingOf(i)[0] !== 'timeToLive') socket.terminate();
    });
  }

  const expire = () => pass(SESSION_TTL_MS);

  return { clock, network, service, calls, timelines, endings, failures, carry, end, expire };
}

test(
  'leaves nothing behind when 200 calls at once have ended in every way',
  async () => {
    const { clock, network, service, calls, endings, failures, carry, end, expire } = createCrowd();

    const placed = await carry('CA', TALK_MS);
    expect(calls.live).toBe(CALLS);
    expect(service.live()).toBe(CALLS);
    expect(network.openSockets).toBe(4 * CALLS);
    const heard = placed.map(({ agentsCall }) => agentsCall()?.heardBytes ?? 0);
    expect(Math.min(...heard)).toBe((TALK_MS / MESSAGE_MS) * MESSAGE.length);
    expect(Math.min(...placed.map(({ stream }) => stream.clears.length))).toBe(10);
    expect(placed.flatMap(({ stream }) => stream.violations)).toEqual([]);

    const armedForEach = clock.armed / CALLS;
    await end(placed);
    expect(calls.live).toBe(UNENDED);
    expect(clock.armed / UNENDED).toBeLessThan(armedForEach + 1);

    await expire();
    expect(failures).toEqual([]);
    expect([...endings]).toEqual(expect.arrayContaining(placed.map((_, i) => [`CA${i}`, endingOf(i)[0]])));
    // Twilio asks what follows each.
    for (const { call } of placed) expect(calls.get(call.callId)?.ending).not.toBeNull();
    expect(calls.list()).toHaveLength(CALLS);
    expect(calls.live).toBe(0);
    expect(calls.held).toBe(0);
    expect(service.live()).toBe(0);
    expect(network.openSockets).toBe(0);
    expect(clock.armed).toBe(0);
  },
  LONGEST_MS,
);

test(
  '200 calls more leave the heap as the 200 before left it',
  async () => {
    const { carry, end, expire, calls, timelines, endings } = createCrowd();
    const collectGarbage = garbageCollector();

    async function heapAfter(name: string): Promise<number> {
      await end(await carry(name, 2_000));
      await expire();
      endings.clear();
      collectGarbage();
      return process.memoryUsage().heapUsed;
    }

    await heapAfter('CA-a');
    const forgotten = calls.list().map(({ callId }) => callId);
    const before = await heapAfter('CA-b');
    const after = await heapAfter('CA-c');

    expect(forgotten.flatMap((callId) => timelines.of(callId))).toEqual([]);
    // A call that leaked any one of its parts would leave more than this.
    expect((after - before) / CALLS).toBeLessThan(2_000);
  },
  LONGEST_MS,
);

/** Collects all garbage, which Node gives a name only when it is told to. */
function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') throw new Error('Garbage cannot be collected at will here.');
  return () => collect();
}
