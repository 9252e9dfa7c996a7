import { randomBytes } from 'node:crypto';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { buildServers } from '../../bench/server-process.ts';
import { httpFetch } from '../../src/http-fetch.ts';
import type { FeedMessage } from '../../src/inspector/messages.ts';
import { realClock } from '../../src/real-clock.ts';
import { placePhoneCall } from '../../src/simulation/phone-call.ts';
import { openWebSocket } from '../../src/web-sockets.ts';
import { killProgramsAfterEach, runProgram } from '../server/program.ts';
import { ask, dial, eventually, newSid } from '../server/server-world.ts';

killProgramsAfterEach();

const ADMIN_TOKEN = 'admin-token-canary-19c0de';
const admin = { authorization: `Bearer ${ADMIN_TOKEN}` };
const ports = { clock: realClock, fetch: httpFetch, openSocket: openWebSocket, randomBytes };
const HALF = 10;

/** A caller that says nothing until it is told to hang up. */
function phone(port: number) {
  const hangUp = new AbortController();
  const callSid = newSid('CA');
  const ended = placePhoneCall(ports, {
    to: `http://127.0.0.1:${port}/webhook/twilio`,
    callSid,
    speech: Buffer.alloc(160, 0xff),
    tailMs: 60_000,
    signal: hangUp.signal,
  });
  const one = { callSid, ended, hangUp: () => hangUp.abort(), isOver: false };
  void ended.then(() => {
    one.isOver = true;
  });
  return one;
}

/** So many callers, each of whom is heard. On a machine that is too busy some calls fail, and are made again. */
async function phones(program: Program, port: number, count: number) {
  let callers: Array<ReturnType<typeof phone>> = [];
  await vi.waitFor(
    () => {
      callers = callers.filter(({ isOver }) => !isOver);
      while (callers.length < count) callers.push(phone(port));
      const workers = workersOf(program);
      expect(callers.filter(({ callSid }) => workers.has(callSid))).toHaveLength(count);
    },
    { timeout: 30_000, interval: 200 },
  );
  return callers;
}

/** It can be made to make a mistake. */
const MISTAKEN = "data:text/javascript,process.on('SIGUSR2', () => { throw new Error('a mistake') })";

type Program = ReturnType<typeof runProgram>;

const linesOf = ({ out }: Program): Array<Record<string, unknown>> =>
  out
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));

/** The workers' calls, by CallSid, as the log has them. */
function workersOf(program: Program): Map<string, string> {
  const started = linesOf(program).filter(({ msg }) => String(msg).startsWith('[Session Start]'));
  return new Map(started.map(({ callSid, worker }) => [String(callSid), String(worker)]));
}

const pidOf = ({ out }: Program, worker: string) =>
  Number(new RegExp(`Worker ${worker} takes calls \\(process (\\d+)\\)`).exec(out)?.[1]);

/** The program with two workers, and its port once both take calls. */
async function runTwo(env: Record<string, string>, main?: string) {
  const program = runProgram({ WORKERS: '2', ADMIN_TOKEN, LOG_FORMAT: 'json', ...env }, [MISTAKEN], main);
  await program.says('Worker 2 takes calls', 30_000);
  return { program, port: await program.port() };
}

const json = async (port: number, path: string) =>
  JSON.parse((await ask(port, path, { headers: admin })).text);

const post = (port: number, path: string, form: Record<string, string>) =>
  ask(port, path, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  });

/** One who looks on, and all that it was told. */
async function viewer(port: number) {
  const line = dial(`ws://127.0.0.1:${port}/inspector/feed`, admin);
  await line.opened;
  const told = <Type extends FeedMessage['type']>(type: Type) =>
    (line.messages.flat() as unknown as FeedMessage[]).filter(
      (message): message is Extract<FeedMessage, { type: Type }> => message.type === type,
    );
  return {
    send: line.send,
    isOn: () => line.ws.readyState === line.ws.OPEN,
    told,
    /** By CallSid. */
    rows: () => new Map(told('rows').flatMap(({ rows }) => rows.map((row) => [row.callSid, row] as const))),
  };
}

describe('two workers', () => {
  it('share one port and their calls, and one that is killed takes its own with it and no other', async () => {
    const { program, port } = await runTwo({ MAX_CALLS: '40' });

    // Twenty calls, some at each, and known as a whole whoever is asked.
    const callers = await phones(program, port, 2 * HALF);
    const workers = workersOf(program);
    const callsOf = (worker: string) => callers.filter(({ callSid }) => workers.get(callSid) === worker);
    const [mine, others] = [callsOf('1').length, callsOf('2').length];
    expect(mine + others).toBe(2 * HALF);
    expect(Math.min(mine, others)).toBeGreaterThanOrEqual(HALF / 2);
    await eventually(async () => expect((await json(port, '/health')).sessions).toBe(2 * HALF));
    const live = async () =>
      (await json(port, '/calls')).filter(({ ending }: { ending: unknown }) => ending === null);
    for (let asked = 0; asked < 2; asked += 1)
      expect(new Set((await live()).map(({ callSid }: { callSid: string }) => callSid))).toEqual(
        new Set(callers.map(({ callSid }) => callSid)),
      );
    const metrics = async () => (await ask(port, '/metrics', { headers: admin })).text;
    const figures = await metrics();
    expect(figures).toMatch(new RegExp(`^bridge_calls_live{worker="1"} ${mine}$`, 'm'));
    expect(figures).toMatch(new RegExp(`^bridge_calls_live{worker="2"} ${others}$`, 'm'));

    // What is about one call gets there from anywhere.
    for (const { callSid } of callers) {
      expect(await json(port, `/calls/${callSid}`)).toMatchObject({ callSid, ending: null });
      const act = await ask(port, `/calls/${callSid}/act`, {
        method: 'POST',
        headers: { ...admin, 'content-type': 'application/json' },
        body: '{"action":"extend","ms":1000}',
      });
      expect(JSON.parse(act.text)).toEqual({ ok: true });
    }
    expect((await ask(port, `/calls/${newSid('CA')}`, { headers: admin })).status).toBe(404);

    // Who looks on at one worker sees the calls of both. Connections are dealt out in turn: there is one at each.
    const lookers = [await viewer(port), await viewer(port)];
    for (const looker of lookers) {
      const isShown = ({ callSid }: { callSid: string }) => looker.rows().has(callSid);
      await eventually(() => expect(callers.filter(isShown)).toHaveLength(2 * HALF));
      for (const worker of ['1', '2']) {
        const { callId = '' } = looker.rows().get(callsOf(worker)[0]?.callSid ?? '') ?? {};
        looker.send({ type: 'watch', callId });
        await eventually(() => expect(looker.told('journal').at(-1)?.callId).toBe(callId));
        await eventually(() => expect(looker.told('gauges').at(-1)?.callId).toBe(callId));
      }
      looker.send({ type: 'watch', callId: 'of-nobody' });
      await eventually(() => expect(looker.told('refused')).toHaveLength(1));
      expect(looker.told('hello')).toHaveLength(1);
    }

    // A worker dies.
    process.kill(pidOf(program, '1'), 'SIGKILL');
    const broken = await Promise.all(callsOf('1').map(({ ended }) => ended));
    expect(broken.map(({ endedBy }) => endedBy)).toEqual(Array(mine).fill('line'));
    await eventually(async () => expect((await json(port, '/health')).sessions).toBe(others));
    for (const { callSid } of callsOf('2'))
      expect(await json(port, `/calls/${callSid}`)).toMatchObject({ ending: null });
    const looker = lookers.find(({ isOn }) => isOn());
    const forgotten = () => looker?.told('forgotten').flatMap(({ callIds }) => callIds);
    const dead = callsOf('1').map(({ callSid }) => looker?.rows().get(callSid)?.callId);
    await eventually(() => expect(forgotten()).toEqual(expect.arrayContaining(dead)));

    await eventually(async () =>
      expect(await metrics()).toContain('bridge_worker_deaths_total{worker="2"} 1'),
    );

    // Another takes its place, and the calls that come.
    await program.says('Worker 3 takes calls', 30_000);
    const [late = phone(port)] = await phones(program, port, 1);
    expect(workersOf(program).get(late.callSid)).toBe('3');
    await eventually(() => expect(looker?.rows().get(late.callSid)?.endedAt).toBeNull());

    // Twilio tells of a call's end, which nobody else has.
    const [first, ...rest] = callsOf('2');
    const CallSid = first?.callSid ?? '';
    const told = await post(port, '/webhook/twilio/call', {
      CallSid,
      AccountSid: 'AC1',
      CallStatus: 'completed',
    });
    expect(told.status).toBe(204);
    await eventually(async () =>
      expect((await json(port, `/calls/${CallSid}`)).ending).toMatchObject({ reason: 'callerHungUp' }),
    );

    // Asked to stop, both let their calls finish.
    program.child.kill('SIGTERM');
    await eventually(async () => expect((await ask(port, '/ready')).status).toBe(503));
    for (const { hangUp } of [late, ...rest]) hangUp();
    for (const { violations } of await Promise.all([late, ...rest].map(({ ended }) => ended)))
      expect(violations).toEqual([]);
    expect(await program.exited).toBe(0);
    expect(program.err).toBe('');
    expect(linesOf(program).filter(({ level }) => level === 'error')).toEqual([]);
  }, 60_000);

  it('say once which port is taken, and leave', async () => {
    const taken = runProgram({});
    const program = runProgram({ WORKERS: '2', PORT: String(await taken.port()) });
    expect(await program.exited).toBe(1);
    expect(program.err.match(/is taken/g)).toHaveLength(1);
  }, 60_000);

  it('work in their compiled form; one that made a mistake is replaced, and its calls go on', async () => {
    const build = await buildServers();
    onTestFinished(build.remove);
    const { program, port } = await runTwo({ MAX_CALLS: '4' }, build.bridge);
    const callers = await phones(program, port, 4);
    const workers = workersOf(program);
    expect(callers.map(({ callSid }) => workers.get(callSid)).toSorted()).toEqual(['1', '1', '2', '2']);

    // There is room for no more, at either.
    await eventually(async () => expect((await ask(port, '/ready')).status).toBe(503));
    expect((await phone(port).ended).refusal?.kind).toBe('busy');

    process.kill(pidOf(program, '2'), 'SIGUSR2');
    await program.says('Worker 2 takes no more calls');
    await program.says('Worker 3 takes calls', 30_000);
    await eventually(async () => expect((await json(port, '/health')).sessions).toBe(4));
    expect((await ask(port, '/ready')).status).toBe(200);

    program.child.kill('SIGTERM');
    await program.says('[Drain] No new calls');
    program.child.kill('SIGTERM');
    expect(await program.exited).toBe(1);
    for (const { ended } of callers) expect((await ended).endedBy).toBe('bridge');
  }, 60_000);
});
