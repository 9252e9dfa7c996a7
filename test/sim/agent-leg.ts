import type { AgentAct } from '../../src/inspector/story.ts';
import type { VapiCall, VapiCallLine } from '../../src/simulation/vapi-line.ts';
import { dialLater } from '../bridge/late-socket.ts';
import type { MemorySocket } from '../support/memory-network.ts';
import type { CallJudge } from './call-judge.ts';
import type { FaultKind } from './plan.ts';
import { type AgentOptions, createSimAgent, type Nature, type Piece, type SimAgent } from './sim-agent.ts';
import type { SimCallOptions } from './sim-call-options.ts';
import { createLines } from './sim-lines.ts';
import { tapped } from './tap.ts';
import { createToldAgent } from './told-agent.ts';

export interface AgentLegOptions extends SimCallOptions {
  callSid: string;
  nature: Nature;
  judge: CallJudge;
  stands(kind: FaultKind): { ms?: number; as?: string } | undefined;
  /** Counts a socket of the bridge as open until what this returns is called. */
  counted(): () => void;
}

/** Nothing, `ms` later; promises that wait for it are let speak. */
export function sleepOn(clock: SimCallOptions['clock'], ms: number): Promise<void> {
  return new Promise((resolve) =>
    clock.setTimeout(() => {
      clock.stir();
      resolve();
    }, ms),
  );
}

/** One call's way to Vapi: the requests, the socket, the agent at its end, and what goes wrong with them. */
export function createAgentLeg(around: AgentLegOptions) {
  const { clock, options, planted, service, index, random, callSid, nature, judge, stands, asking, told } =
    around;
  const { latencyMs, jitterMs } = options;
  const http = createLines({ clock, random: random.fork(1), latencyMs, jitterMs, arrived: clock.stir });
  const sockets = createLines({ clock, random: random.fork(2), latencyMs, jitterMs });
  const coded = options.format === 'mulaw';
  /** What is under way of the agent's sound, on its latest socket. */
  let pieces: Piece[] = [];
  /** Calls at Vapi that the bridge has asked to end. */
  const asked = new Set<string>();
  let turns = 0;
  let agent: SimAgent | undefined;
  let farEnd: MemorySocket | undefined;
  let vapiCallId = '';
  let openedMs: number | null = null;

  const held = (): VapiCall | undefined => service.calls.find(({ id }) => id === vapiCallId);

  http.serveHttp('http://vapi', async (request) => {
    const creates = request.method === 'POST' && request.path === '/call';
    if (stands(creates ? 'create.unreachable' : 'end.unreachable')) {
      if (creates && told) await sleepOn(clock, journeyed(told.arrival.answer));
      throw new Error('connection reset');
    }
    asking.answer = creates ? (told?.answer ?? stands('create.answered')?.as) : undefined;
    const answer = await service.request(request);
    if (!creates) return answer;
    around.tell(`Vapi answers ${answer.status} to the request for a call`);
    const living = service.calls.filter(
      ({ id, request: { name }, state }) =>
        String(name).startsWith(callSid) && state !== 'ended' && !asked.has(id),
    );
    if (living.length > 1)
      around.report('vapiCalls', `${living.length} calls at Vapi are alive for one phone call`);
    const lateMs = (stands('create.slow')?.ms ?? 0) + (stands('create.ambiguous')?.ms ?? 0);
    await sleepOn(clock, lateMs + (told ? journeyed(told.arrival.answer) : random.int(50, 700)));
    return answer;
  });

  sockets.serve('ws://vapi', (path, headers, socket) => {
    if (stands('dial.refused')) return 503;
    if (stands('dial.silent')) return 'silence';
    const accepted = service.accept(path, headers, socket);
    if (accepted) farEnd = socket;
    return accepted;
  });

  function hearText(text: string): void {
    const begins = text.includes('"assistant"') && text.includes('"started"');
    if (begins || text.includes('"user-interrupted"')) judge.agent.renewed();
  }

  /** What of a told wait is not the way there and back. */
  const journeyed = (wait: { afterMs: number } | null) => Math.max(0, (wait?.afterMs ?? 0) - 2 * latencyMs);

  function openSocket(url: string, how: Parameters<typeof sockets.openSocket>[1]) {
    const left = around.counted();
    const underWay: Piece[] = [];
    pieces = underWay;
    const lateMs = told ? journeyed(told.arrival.socket) : 0;
    const dialled = dialLater(clock, lateMs, () => sockets.openSocket(url, how));
    const socket = tapped(dialled, {
      opened() {
        openedMs ??= clock.now() - around.rangAt;
      },
      heardText: hearText,
      heardBinary() {
        const piece = underWay.shift();
        if (piece && coded) judge.agent.delivered(piece);
      },
      leaving(by) {
        if (by === 'close') judge.caller.left();
        left();
      },
      closed: left,
    });
    return planted.vapi?.(socket) ?? socket;
  }

  /** Whoever takes the place of another does what is left to be done. */
  const laterOf = (acts: readonly AgentAct[]) => acts.filter(({ at }) => around.rangAt + at > clock.now());

  /** The bridge asks Vapi for something: if for the end of a call, that call is not counted as alive any more. */
  const fetch: typeof http.fetch = (url, how) => {
    for (const { id } of service.calls) if (url.includes(id)) asked.add(id);
    return http.fetch(url, how);
  };

  return {
    ports: {
      fetch,
      openSocket,
      clock: {
        ...clock,
        setTimeout: (fn: () => void, ms: number) =>
          clock.setTimeout(() => {
            clock.stir();
            fn();
          }, ms),
      },
    },
    /** Makes the agent of `line`, if its socket `joined` is this call's. */
    join(line: VapiCallLine, joined: MemorySocket | undefined): SimAgent | undefined {
      if (joined !== farEnd) return undefined;
      vapiCallId = line.id;
      const underWay = pieces;
      const options: AgentOptions = {
        call: index,
        nature,
        random: random.fork(6),
        tell: around.tell,
        speaks: (piece) => underWay.push(piece),
        nextTurn() {
          turns += 1;
          return turns;
        },
        hears: judge.caller.agentGot,
        held,
      };
      const { rangAt } = around;
      agent = told
        ? createToldAgent(line, options, { rangAt, acts: agent ? laterOf(told.agent) : told.agent })
        : createSimAgent(line, options);
      return agent;
    },
    held,
    get agent() {
      return agent;
    },
    get farEnd() {
      return farEnd;
    },
    /** When the bridge saw its socket open, in ms since the ring. */
    get openedMs() {
      return openedMs;
    },
    get openSockets() {
      return http.openSockets + sockets.openSockets;
    },
  };
}
