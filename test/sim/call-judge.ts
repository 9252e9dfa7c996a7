import { MOST_REPLACEMENTS } from '../../machines/call-facts.ts';
import type { Call } from '../../src/call/open-call.ts';
import { stateName } from '../../src/call/state-name.ts';
import type { Step } from '../../src/inspector/feed.ts';
import type { Overheard } from '../../src/ports.ts';
import type { Report } from './invariants.ts';
import { type AgentJudge, createAgentJudge } from './judge-agent.ts';
import { type CallerJudge, createCallerJudge } from './judge-caller.ts';
import { createSpeakingJudge, type SpeakingJudge } from './judge-speaking.ts';
import type { WorldOptions } from './plan.ts';

/** What the world knows of a call when it is over. */
export interface WorldsView {
  /** When the agent's socket opened at the bridge, in ms since the ring. */
  agentOpenedMs: number | null;
  /** Nothing befell the lines, nor the flow of frames. */
  undisturbed: boolean;
  /** The agent listened until the bridge said goodbye. */
  heardOut: boolean;
  /** The agent spoke its last, and neither caller nor line stood in the way of it. */
  lastWordsDue: boolean;
  socketsLeft: number;
}

export interface CallJudgeOptions {
  call: number;
  now(): number;
  rangAt: number;
  options: WorldOptions;
  report: Report;
  /** How long this call's lines delay things at most, in ms. */
  delaysMs(): number;
  /** How long a message to Twilio is under way at most, in ms. */
  journeyMs(): number;
  needles(): readonly string[];
  /** The agent sends silence where it says nothing, so that its silence waits in line with its words. */
  fillsSilence: boolean;
  tell(words: string): void;
}

/** Judges one call by all invariants that concern it alone. */
export interface CallJudge {
  caller: CallerJudge;
  agent: AgentJudge;
  speaking: SpeakingJudge;
  step(step: Step): void;
  overheard(record: Overheard): void;
  ended(call: Call, seen: WorldsView): void;
  /** Whether the call's end had begun when Twilio's stream had not. */
  readonly endedBeforeStart: boolean;
}

const SHOWN =
  /^(agent\.(flushed|paused|finished)|caller\.forwarded|vapi\.(interrupted|ended|gone)|twilio\.gone)$/;

export function createCallJudge(around: CallJudgeOptions): CallJudge {
  const { call, now, rangAt, options, report, tell } = around;
  const coded = options.format === 'mulaw';
  /** Late: a mark every 100 ms, the pause after which a turn is closed off, and a frame. */
  const speakingTolerance = () => ({
    lateMs: 100 + 100 + 20 + around.delaysMs(),
    earlyMs: 20 + around.journeyMs(),
  });
  const caller = createCallerJudge({
    call,
    format: options.format,
    connectFrames: options.connectFrames,
    report,
  });
  const agent = createAgentJudge({
    call,
    now,
    report,
    toleranceMs: () => 60 + around.delaysMs(),
    judgesFigures: !around.fillsSilence,
  });
  const speaking = createSpeakingJudge(now, around.fillsSilence, report);
  let state = 'connecting';
  let bargeIns = 0;
  const noticedAt: number[] = [];
  const verdictsAt: number[] = [];
  let lastContexts = new Map<string, unknown>();
  let closingReason: string | null = null;
  let startedBeforeEnd = false;

  function lookForSecrets({ actor, event, context }: Step): void {
    const told =
      lastContexts.get(actor) === context ? JSON.stringify(event) : JSON.stringify([event, context]);
    lastContexts.set(actor, context);
    for (const needle of around.needles()) {
      if (told.includes(needle)) report('secrets', `a step of ${actor} at ${event.type} holds "${needle}"`);
    }
  }

  function hearCall(step: Step): void {
    const { event, to, context } = step;
    const figures = context.figures as { bargeIns: readonly unknown[] };
    if (figures.bargeIns.length > bargeIns) {
      bargeIns = figures.bargeIns.length;
      noticedAt.push(now());
    }
    if (event.type === 'vapi.interrupted') verdictsAt.push(now());
    if (event.type === 'twilio.started' && closingReason === null) startedBeforeEnd = true;
    const name = stateName(to);
    if (name !== state) {
      tell(`${state} → ${name} (${event.type})`);
      state = name;
      if (name.startsWith('clos')) speaking.ended(speakingTolerance());
      else speaking.state(name);
    }
    const ending = context.ending as { reason: string } | null;
    if (ending && closingReason === null) {
      closingReason = ending.reason;
      const aliveMs = now() - rangAt;
      if (
        aliveMs > options.sessionTtlMs ||
        (ending.reason === 'timeToLive' && aliveMs !== options.sessionTtlMs)
      )
        report('timeToLive', `the call lived ${aliveMs} ms of ${options.sessionTtlMs}`);
    }
    if (event.type === 'vapi.gone' && name === 'connecting') {
      caller.lost();
      agent.renewed();
    }
    if (event.type === 'caller.forwarded') caller.forwarded(Number(event.ms));
  }

  function hearAgentBuffer({ event, to }: Step): void {
    if (event.type === 'agent.finished') agent.finished();
    if (event.type === 'agent.paused') agent.paused();
    if (event.type === 'agent.flushed') agent.flushed();
    if (event.type === 'buffer.flush' && to === 'refusing') agent.refuses();
  }

  function judgeClears(): void {
    let clears = agent.clears.map(({ atMs }) => atMs);
    for (const moment of noticedAt) {
      const at = clears.indexOf(moment);
      if (at < 0) report('clear', `the interruption at ${moment} ms cleared nothing`);
      clears = clears.filter((_, index) => index !== at);
    }
    // An agent that is resumed with silence first is not speaking yet: dropping it then clears silence once more.
    if (around.fillsSilence) return;
    for (const moment of clears) {
      if (!verdictsAt.includes(moment)) report('clear', `a clear at ${moment} ms had no interruption to it`);
    }
  }

  return {
    caller,
    agent,
    speaking,
    step(step) {
      lookForSecrets(step);

      if (step.actor === 'call') hearCall(step);
      if (step.actor === 'agentBuffer') hearAgentBuffer(step);
      if (step.actor === 'call' && SHOWN.test(step.event.type)) tell(`  ${shown(step.event)}`);
    },
    overheard(record) {
      const told = JSON.stringify(record);
      for (const needle of around.needles())
        if (told.includes(needle)) report('secrets', `what is overheard holds "${needle}": ${told}`);
    },
    ended({ figures, ending }, { agentOpenedMs, undisturbed, heardOut, lastWordsDue, socketsLeft }) {
      speaking.ended(speakingTolerance());
      tell(`call ended: ${ending?.reason}, ${figures.bargeIns.length} interruptions`);
      if (ending === null || ending.reason === 'internalError')
        report('ends', `the call ended by ${ending?.reason}`);
      if (socketsLeft > 0) report('ends', `${socketsLeft} sockets were left open`);
      if (figures.agentReadyMs !== null && figures.agentReadyMs !== agentOpenedMs)
        report(
          'figures',
          `agentReadyMs is ${figures.agentReadyMs}, but the socket opened at ${agentOpenedMs} ms`,
        );
      if (figures.replacements > MOST_REPLACEMENTS.had)
        report('ladder', `its agent was replaced ${figures.replacements} times`);
      caller.ended(figures, undisturbed && figures.replacements === 0, heardOut);
      judgeClears();
      if (coded) agent.ended(figures.bargeIns, lastWordsDue);
      lastContexts = new Map();
    },
    get endedBeforeStart() {
      return closingReason !== null && !startedBeforeEnd;
    },
  };
}

function shown({ type, ...fields }: Step['event']): string {
  const facts = Object.entries(fields).filter(([, value]) => typeof value !== 'object');
  return `${type} ${facts.map(([name, value]) => `${name}=${typeof value === 'number' ? Math.round(value) : value}`).join(' ')}`;
}
