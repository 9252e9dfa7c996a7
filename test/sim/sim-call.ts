import type { Call } from '../../src/call/open-call.ts';
import { createMediaStream, type MediaStream, type StreamEvent } from '../../src/simulation/media-stream.ts';
import { NONCE_PARAMETER } from '../../src/telephony/twiml.ts';
import type { MemorySocket } from '../support/memory-network.ts';
import { createAgentLeg, sleepOn } from './agent-leg.ts';
import { createCallJudge } from './call-judge.ts';
import { audiblePart, payloadOf, withoutMarks } from './overheard.ts';
import type { FaultKind } from './plan.ts';
import { drawNature, TOLD_NATURE } from './sim-agent.ts';
import { ACCOUNT_SID, DISTURBING, NEEDLES, type SimCallOptions } from './sim-call-options.ts';
import { type CallerOptions, createSimCaller, type SimCaller } from './sim-caller.ts';
import { createLines } from './sim-lines.ts';
import { tapped } from './tap.ts';
import { createToldCaller } from './told-caller.ts';

export type SimCall = ReturnType<typeof createSimCall>;

/** One phone call of a world: its caller, its agent, the lines between, and what befalls them. */
export function createSimCall(around: SimCallOptions) {
  const { clock, options, planted, index, random, rangAt, faults, told, tell, fired } = around;
  const callSid = `CA${random.bytes(16).toString('hex')}`;
  const streamSid = `MZ${random.bytes(16).toString('hex')}`;
  const coded = options.format === 'mulaw';
  const { latencyMs, jitterMs } = options;
  const twilio = createLines({ clock, random: random.fork(3), latencyMs, jitterMs });
  const standing = new Map(faults.filter(({ at }) => at === 0).map(({ kind, args }) => [kind, args]));
  const open = new Set<object>();
  const secrets: string[] = [];

  let proof: { ticket: string; nonce: string } | undefined;
  let stream: MediaStream | undefined;
  let caller: SimCaller | undefined;
  let callerLine: MemorySocket['line'] | undefined;
  let phoneOver = false;
  let bridgeOver = false;
  /** Something stood between the agent's last words and the caller's ear. */
  let leftEarly = false;
  let stalledMs = 0;

  const markDelayMs = options.markEchoMs + (standing.get('marks.delayed')?.ms ?? 0);
  const nature = told ? TOLD_NATURE : drawNature(random.fork(5));
  const judge = createCallJudge({
    call: index,
    now: clock.now,
    rangAt,
    options,
    report: around.report,
    delaysMs: () =>
      markDelayMs + 2 * (latencyMs + jitterMs) + stalledMs + (standing.has('marks.lost') ? 2_100 : 0),
    journeyMs: () => latencyMs + jitterMs + stalledMs,
    needles: () => secrets,
    fillsSilence: nature.fillsSilence,
    tell,
  });

  /** What stands of the kind since the ring, if anything does; then it has fired. */
  function stands(kind: FaultKind) {
    const args = standing.get(kind);
    if (args) fired(kind);
    return args;
  }

  /** Counts a socket of the bridge as open until it is closed, or the bridge leaves it. */
  function counted() {
    const socket = {};
    open.add(socket);
    return () => void open.delete(socket);
  }

  const leg = createAgentLeg({ ...around, callSid, nature, judge, stands, counted });

  function hearTwilio(event: StreamEvent): void {
    if (event.type === 'media') judge.speaking.queued(event.bytes / 8, event.queuedMs);
    if (event.type === 'violation') around.report('protocol', `${event.code} ${event.why}`);
    if (event.type === 'clear') {
      tell(`Twilio clears ${Math.round(event.droppedMs)} ms`);
      judge.speaking.cleared();
      judge.agent.clearedAtTwilio(event.droppedMs);
    }
    if (event.type === 'closed') {
      tell(`Twilio's socket is closed (${event.code} ${event.words})`);
      phoneOver = true;
      caller?.end();
    }
  }

  function overhear(text: string): void {
    if (text.startsWith('{"event":"clear"')) judge.agent.sentClear();
    const payload = payloadOf(text);
    if (!payload) return;
    judge.speaking.sent(audiblePart(payload));
    // What an agent said that was gone before the caller came is played to nobody, and its end to somebody.
    if (coded && !judge.endedBeforeStart) judge.agent.sentMedia(payload);
  }

  function connect(): void {
    if (phoneOver || !proof) return;
    const [near, far] = twilio.pair();
    callerLine = near.line;
    const left = counted();
    stream = createMediaStream({
      clock,
      socket: standing.has('marks.lost') ? withoutMarks(near, () => fired('marks.lost')) : near,
      streamSid,
      callSid,
      accountSid: ACCOUNT_SID,
      parameters: { [NONCE_PARAMETER]: proof.nonce },
      markEchoDelayMs: markDelayMs,
      onEvent: hearTwilio,
    });
    const options: CallerOptions = {
      clock,
      call: index,
      random: random.fork(4),
      stream,
      tell,
      heardByAgent: (act, words) =>
        clock.setTimeout(
          () => (act === 'starts' ? leg.agent?.callerStarts(words) : leg.agent?.callerStops(words)),
          150,
        ),
      enough,
    };
    caller = told ? createToldCaller(options, { rangAt, spoken: told.spoken }) : createSimCaller(options);
    const socket = tapped(far, {
      heardText(text) {
        if (text.startsWith('{"event":"media"')) judge.caller.frameArrived();
      },
      sentText: overhear,
      leaving: left,
      closed: left,
    });
    tell('Twilio opens its socket');
    if (!around.bridge().media(proof.ticket, planted.twilio?.(socket) ?? socket)) {
      tell('the door refuses the socket');
      far.terminate();
      left();
      return;
    }
    stream.begin();
    caller.begin();
  }

  /** Both have said what they had to say: somebody ends the call. */
  function enough(): void {
    const who = random.next();
    if (who < 0.4 || (who < 0.75 && !leg.agent)) hangUpPhone('hangs up');
    else if (who < 0.75)
      leg.agent?.finish(random.pick(['said', 'said', 'unsaid', 'no-code', 'cut', 'failed']));
    else if (who < 0.85) hangUpPhone('drops');
    else
      tellBridge('operator hangs up', (call) =>
        call.tell({ type: 'call.hangUp', reason: 'hungUp', words: 'By hand.' }),
      );
    clock.setTimeout(() => hangUpPhone('hangs up'), 15_000);
  }

  function tellBridge(words: string, act: (call: Call) => void): void {
    const call = around.bridge().calls.find(callSid);
    if (!call || bridgeOver) return;
    leftEarly = true;
    tell(words);
    act(call);
  }

  function hangUpPhone(how: 'hangs up' | 'drops' | 'is hung up'): void {
    if (phoneOver) return;
    phoneOver = true;
    leftEarly ||= how !== 'is hung up';
    tell(`caller ${how}`);
    caller?.end();
    if (how === 'drops') stream?.drop();
    else stream?.stop();
    clock.setTimeout(() => around.bridge().callStatus(callSid, 'completed'), random.int(50, 400));
  }

  return {
    index,
    rangAt,
    callSid,
    streamSid,
    judge,
    random,
    standing,
    stands,
    ring() {
      tell(
        `rings (${faults.map(({ kind, at, args }) => `${kind}@${at}${JSON.stringify(args)}`).join(' ') || 'no faults'})`,
      );
      proof = around.bridge().webhook(callSid);
      if (!proof) return;
      secrets.push(...NEEDLES, proof.ticket, proof.nonce);
      if (stands('stream.never')) return;
      const lateMs = stands('stream.late')?.ms ?? 0;
      stands('marks.delayed');
      const connectsAt = told ? told.connectsAt : random.int(200, 1_500) + lateMs;
      if (connectsAt !== null) clock.setTimeout(connect, Math.max(0, connectsAt - latencyMs));
    },
    frame: () => caller?.frame(),
    ports: leg.ports,
    join: leg.join,
    /** Twilio is asked over HTTP to end the phone call. */
    async hangUp(): Promise<void> {
      if (stands('hangUp.silent')) return new Promise(() => {});
      await sleepOn(clock, random.int(20, 200));
      if (!stands('hangUp.refused')) hangUpPhone('is hung up');
    },
    /** The bridge says that the call is over. */
    closed(call: Call): void {
      const { reason } = call.ending ?? {};
      bridgeOver = true;
      judge.ended(call, {
        agentOpenedMs: leg.openedMs,
        undisturbed: !faults.some(({ kind }) => DISTURBING.test(kind)),
        heardOut:
          leg.held()?.endedReason ===
          (options.dialect === 'direct' ? 'customer-ended-call' : 'manually-canceled'),
        lastWordsDue:
          (reason === 'agentEnded' || reason === 'agentLost') && !leftEarly && !judge.endedBeforeStart,
        socketsLeft: open.size,
      });
      clock.setTimeout(() => hangUpPhone('is hung up'), 3_000);
    },
    handles: {
      twilioLine: () => callerLine,
      vapiLine: () => leg.farEnd?.line,
      bridgesAgentEnd: () => leg.farEnd?.farEnd,
      agent: () => leg.agent,
      caller: () => caller,
      stream: () => stream,
      proof: () => proof,
      pair: twilio.pair,
      hangUpPhone,
      tellBridge,
      stalled(ms: number) {
        stalledMs += ms;
      },
      /** What the bridge sends to Twilio arrives no more. */
      lost() {
        leftEarly = true;
        judge.speaking.abandon();
      },
    },
    get openSockets() {
      return leg.openSockets + twilio.openSockets;
    },
    get over() {
      return phoneOver;
    },
  };
}
