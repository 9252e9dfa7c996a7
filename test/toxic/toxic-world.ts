import { expect } from 'vitest';
import { createRealWorld } from '../bridge/real-world.ts';
import { agentTurn, FRAME_BYTES } from '../bridge/sounds.ts';
import { audible } from '../bridge/turns.ts';
import type { PlacedCall } from '../bridge/world.ts';
import { openToxicProxy, type ToxicLine, type ToxicProxy } from '../support/toxic-proxy.ts';

/** Between the phone and the bridge, or between the bridge and the agent's socket. */
export type Leg = 'caller' | 'agent';

/** A missing pong is noticed after 2.25 s at the latest; a caller without frames after 2.1 s. */
const CALL = { heartbeatIntervalMs: 1_500, mediaTimeoutMs: 600, prerollFrames: 5 };
/** What is noticed by its heartbeat, and some of a busy machine's own delay. */
export const NOTICED_WITHIN_MS = 5_000;
/** Closing takes 2 s for each handshake that is not answered, and 3 s for a call at Vapi that is ended over HTTP. */
const OVER_WITHIN_MS = 12_000;
/** A frame is no longer under way in a call that nothing is done to; beside it are the pre-roll and a busy machine. */
const MOST_BACKLOG_MS = 1_000;
const LOOK_EVERY_MS = 50;
const SILENCE = Buffer.alloc(FRAME_BYTES, 0xff);
/** No test takes as long. */
const AGENT_SPEAKS_MS = 40_000;

const HEARING = new Set(['buffering', 'streaming', 'agentSpeaking', 'bargeIn.paused', 'bargeIn.flushed']);

async function openWorld() {
  let doors: Record<Leg, number> = { caller: 0, agent: 0 };
  const proxies = {
    caller: await openToxicProxy({ to: () => doors.caller }),
    agent: await openToxicProxy({ to: () => doors.agent }),
  };
  const through = (leg: Leg, port: number) => {
    doors = { ...doors, [leg]: port };
    return proxies[leg].port;
  };
  const world = await createRealWorld({
    call: CALL,
    callersDial: (port) => through('caller', port),
    spoil: (ports) => ({
      ...ports,
      openSocket(url, how) {
        const address = new URL(url);
        address.port = String(through('agent', Number(address.port)));
        return ports.openSocket(address.href, how);
      },
    }),
  });
  return { world, proxies };
}

type World = Awaited<ReturnType<typeof openWorld>>['world'];

/** A call that is live: its caller is picked up, its agent speaks. */
async function liveCall(world: World, proxies: Record<Leg, ToxicProxy>) {
  const placed = await world.place();
  placed.phone.talk();
  await world.until('the call is live', () => placed.call.state === 'streaming', 10_000);
  const { agent, phone } = placed;
  const turn = agentTurn('mulaw', world.placed.length, AGENT_SPEAKS_MS);
  agent.mind.say(turn);
  await world.until('the agent is heard', () => phone.stream.playing);
  const lines = { caller: newest(proxies.caller), agent: newest(proxies.agent) };
  expect(lines.agent.opening).toContain(agent.vapi.id);
  return { ...placed, placed, agent, phone, turn, lines };
}

function newest({ lines }: ToxicProxy): ToxicLine {
  const line = lines.at(-1);
  if (!line) throw new Error('No line goes through the proxy.');
  return line;
}

/** What the agent heard of its caller, without the silence that stands in while nothing comes. */
export function heardOfCaller({ agent }: Pick<PlacedCall, 'agent'>): Buffer {
  const heard = agent.heard();
  const frames: Buffer[] = [];
  for (let at = 0; at < heard.length; at += FRAME_BYTES) frames.push(heard.subarray(at, at + FRAME_BYTES));
  return Buffer.concat(frames.filter((frame) => !frame.equals(SILENCE)));
}

/** Said by the caller and not heard by the agent yet, in ms. */
function backlogMs(call: Pick<PlacedCall, 'phone' | 'agent'>): number {
  return (call.phone.said.length * FRAME_BYTES - heardOfCaller(call).length) / 8;
}

/** Two calls over real sockets, all of them through proxies: one to be harmed, and one beside it that must not be. */
export async function twoCalls() {
  const { world, proxies } = await openWorld();
  const bystander = await liveCall(world, proxies);
  const victim = await liveCall(world, proxies);
  const { service } = world;
  let worstBacklogMs = 0;
  /** What keeps this process from its work keeps both ends of each call from theirs. */
  let worstStallMs = 0;
  let lookedAt = performance.now();
  const watch = setInterval(() => {
    worstStallMs = Math.max(worstStallMs, performance.now() - lookedAt - LOOK_EVERY_MS);
    worstBacklogMs = Math.max(worstBacklogMs, backlogMs(bystander));
    lookedAt = performance.now();
  }, LOOK_EVERY_MS);

  const outcome = () => victim.placed.call.outcome;
  const hears = () => outcome() === null && HEARING.has(victim.placed.call.state);

  /** The bridge knows that this end of the victim is gone. */
  async function noticesLossOf(leg: Leg, withinMs = NOTICED_WITHIN_MS): Promise<void> {
    const gone = leg === 'caller' ? () => !hears() : () => victim.agent.vapi.state === 'ended';
    await world.until(`the ${leg} is known to be gone`, () => outcome() !== null || gone(), withinMs);
  }

  /** Nothing of the call beside was touched: all that was said in it was heard, in order, and soon. */
  async function bystanderIsUnharmed(): Promise<void> {
    const { phone, turn, placed } = bystander;
    expect(placed.call.outcome).toBeNull();
    phone.hush();
    await world.until('all is heard', () => backlogMs(bystander) === 0);
    expect(heardOfCaller(bystander).equals(Buffer.concat(phone.said))).toBe(true);
    expect(worstBacklogMs).toBeLessThan(MOST_BACKLOG_MS + 2 * worstStallMs);
    expect(phone.stream.elapsedMs - audible(phone).length / 8).toBeLessThan(
      2 * (MOST_BACKLOG_MS + worstStallMs),
    );
    const last = audible(phone).subarray(-400);
    expect(Buffer.from(turn.filter((byte) => byte !== 0xff)).includes(last)).toBe(true);
    expect(phone.stream.violations).toEqual([]);
  }

  /** The line heals, everybody leaves, and nothing is left of anything. */
  async function leaveNothing(): Promise<void> {
    victim.lines.caller.cure();
    victim.lines.agent.cure();
    for (const { placed, phone } of [victim, bystander]) {
      phone.hangUp();
      await placed.complete();
    }
    const nothing = { sessions: 0, benched: 0, timers: 0, sockets: 0, vapiCalls: 0 };
    await world.until(
      'all is over',
      () => Object.values(world.leaks()).every((n) => n === 0),
      OVER_WITHIN_MS,
    );
    expect(world.leaks()).toEqual(nothing);
    expect(victim.placed.call.ending).not.toBeNull();
    expect(world.failures).toEqual([]);
    await world.until('no line is left', () => proxies.caller.open + proxies.agent.open === 0);
  }

  return {
    world,
    victim,
    bystander,
    outcome,
    hears,
    backlogMs: () => backlogMs(victim),
    /** Agents of the victim, the first included. */
    agentsAsked: () => service.calls.length - 1,
    noticesLossOf,
    bystanderIsUnharmed,
    leaveNothing,
    async close() {
      clearInterval(watch);
      await world.close();
      for (const proxy of [proxies.caller, proxies.agent]) await proxy.close();
    },
  };
}

export type TwoCalls = Awaited<ReturnType<typeof twoCalls>>;
