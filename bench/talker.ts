import { type CallerEnd, openCallerEnd } from './caller-end.ts';
import type { AgentEnd, FakeVapi } from './fake-vapi.ts';
import type { Act, Manner, Script } from './manner.ts';
import { hiss } from './sounds.ts';
import type { Spoken } from './spoken.ts';
import { createTrack, FRAME_MS, type Samples, type Track } from './track.ts';

/** One call of the load: both its ends, and what each says when. */
export interface Talker {
  readonly toAgent: Track;
  readonly toCaller: Track;
  readonly caller: CallerEnd;
  /** The agent is there. Rejects when it does not come. */
  readonly joined: Promise<void>;
  /** Says all that is due. */
  callerSpeaks(now: number): void;
  agentSpeaks(now: number): void;
}

/** What of a call is measured. */
export interface Heard {
  /** Whether times are being taken. */
  open: boolean;
  toAgent: Samples;
  toCaller: Samples;
  /** How late frames left. */
  late: number[];
  /** From the agent's word of an interruption to the `clear`. */
  clears: number[];
  clearsHeard: number;
  /** From the caller's `start` to the agent's socket. */
  setUps: number[];
}

export interface TalkerOptions {
  number: number;
  /** Calls there are to be at most. */
  calls: number;
  mediaUrl: string;
  vapi: FakeVapi;
  spoken: Spoken;
  manner: Manner;
  /** What the agent says when it is interrupted. */
  interruption: string;
  heard: Heard;
  cleared(now: number): void;
}

/** So that the callers' frames, and the agents', are spread evenly over 20 ms, however many they are. */
const GOLDEN = 0.618_034;

/** Dials; from then on the caller talks, and the agent once it is there. */
export async function dial(options: TalkerOptions): Promise<Talker> {
  const { number, spoken, manner, heard } = options;
  const sound = manner.callerSound?.(number, options.calls) ?? hiss(number);
  const toAgent = createTrack(number, heard.toAgent, sound);
  const toCaller = createTrack(number, heard.toCaller, manner.agentSound?.(number, options.calls));

  const agentComes = options.vapi.nextAgent();
  // Where the caller is not let in, nobody waits for the agent any more.
  agentComes.catch(() => {});
  const caller = await openCallerEnd({
    url: options.mediaUrl,
    number,
    heard: (mulaw, now) => spoken.callerHears(toCaller, mulaw, now),
    cleared(now) {
      const interruptedAt = toCaller.cleared();
      options.cleared(now);
      if (!heard.open) return;
      heard.clearsHeard += 1;
      if (interruptedAt !== null) heard.clears.push(now - interruptedAt);
    },
  });
  const startedAt = performance.now();
  const offsetMs = ((number * GOLDEN) % 1) * FRAME_MS;
  let callerDueAt = startedAt + offsetMs;
  let agentDueAt = Number.POSITIVE_INFINITY;
  // Until the agent is there, the caller speaks to nobody, as at the start of every call.
  let agent: AgentEnd = { sendAudio() {}, sendText() {}, heard() {} };
  let script: Script | undefined;
  let scriptBeganAt = 0;
  let nextAct = 0;

  function yieldToCaller(): void {
    const now = performance.now();
    agentDueAt = Number.POSITIVE_INFINITY;
    toCaller.cut(now, caller.playedAt);
    toCaller.beginTurn();
    agent.sendText(options.interruption);
  }

  function perform(act: Act, dueAt: number): void {
    switch (act.does) {
      case 'speak':
        toCaller.beginTurn();
        agentDueAt = dueAt;
        return;
      case 'fallSilent':
        agentDueAt = Number.POSITIVE_INFINITY;
        return;
      case 'yield':
        yieldToCaller();
        return;
      case 'tell':
        agent.sendText(act.text);
    }
  }

  function follow({ acts, everyMs }: Script, now: number): void {
    for (let act = acts[nextAct]; act && scriptBeganAt + act.atMs <= now; act = acts[nextAct]) {
      perform(act, scriptBeganAt + act.atMs);
      nextAct += 1;
      if (nextAct < acts.length) continue;
      nextAct = 0;
      scriptBeganAt += everyMs;
    }
  }

  return {
    toAgent,
    toCaller,
    caller,
    joined: agentComes.then(arrives),
    callerSpeaks(now) {
      for (; callerDueAt <= now; callerDueAt += FRAME_MS) {
        if (heard.open) heard.late.push(now - callerDueAt);
        caller.sendAudio(spoken.callerSays(toAgent, performance.now()), callerDueAt - startedAt);
      }
    },
    agentSpeaks(now) {
      if (script) follow(script, now);
      for (; agentDueAt <= now; agentDueAt += FRAME_MS) {
        if (heard.open) heard.late.push(now - agentDueAt);
        agent.sendAudio(spoken.agentSays(toCaller, performance.now()));
      }
    },
  };

  function arrives(arrived: AgentEnd): void {
    const now = performance.now();
    agent = arrived;
    agent.heard = (bytes) => spoken.agentHears(toAgent, bytes, performance.now());
    toCaller.beginTurn();
    agentDueAt = now + ((offsetMs + FRAME_MS / 2) % FRAME_MS);
    script = manner.script(number, options.calls);
    if (script) {
      const missed = Math.max(0, Math.ceil((now - startedAt - script.fromMs) / script.everyMs));
      scriptBeganAt = startedAt + script.fromMs + missed * script.everyMs;
    }
    heard.setUps.push(now - startedAt);
  }
}
