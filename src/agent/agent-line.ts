import type { Conveyed, CreateOutcome, VapiLinkFact } from '../../machines/vapi-socket.ts';
import type { Clock, Overhear, Socket } from '../ports.ts';
import { createPulse } from '../pulse.ts';
import { createRateLimit } from '../rate-limit.ts';
import { writeAddMessage, writeControl, writeSay } from '../wire/vapi.ts';
import { type Conversation, historyOf } from './conversation.ts';
import type { Dialect } from './dialect.ts';
import { overhearAgent, overhearOrder } from './overhear-agent.ts';
import type { PhraseBook } from './phrases.ts';

export interface AgentLineOptions {
  clock: Clock;
  dialect: Dialect;
  /** Milliseconds since the call's start. */
  sinceStart(): number;
  /** The agent's audio: bytes of any length in the agent's format. */
  spoke(bytes: Buffer): void;
  /** How long the agent's service took to answer a ping. */
  timed?(rttMs: number): void;
  /** Whether the line is late: told when that changes, and with every answer while it is late. */
  late?(isLate: boolean): void;
  /** Judges what the caller is understood to say. */
  phrases: PhraseBook;
  /** Words by which the agent shows that what it says is to be heard out, in lower case; none where left out. */
  insistsOn?: string | undefined;
  /** Gathers what is said. */
  conversation: Conversation;
  /** Whether the first agent goes on with a conversation already. */
  continues?: boolean;
  /** A new agent's first words; English unless told. Empty: words of its own, which take it longer. */
  wordsBack?: string | undefined;
  /** Is told what passes between us and the agent, but for the audio. */
  overhear?: Overhear;
  /** Whether that may hold what was said. */
  overhearsWords?: boolean;
}

/** What came that could not be used. */
export interface AgentLineReadings {
  unreadable: number;
  ignored: number;
}

/** The agent's end of a call: the call at its service and the socket to it. After a loss it can be had anew. */
export interface AgentLine {
  /** Facts go to `tell` from now on. */
  connect(tell: (fact: VapiLinkFact) => void): void;
  create(signal: AbortSignal): Promise<CreateOutcome>;
  /** Opens the socket; `socket.opened` or `socket.closed` follows. */
  open(): void;
  /** Sends the caller's audio, in the agent's format. */
  send(audio: Buffer): void;
  /** Bytes that wait in the socket. */
  unsentBytes(): number;
  /** Stops reading, and reads on. */
  hold(held: boolean): void;
  /** The caller pressed a key: the agent is told in words, since its socket knows no keys. */
  press(digit: string): void;
  /** Leaves an operator's words here to be conveyed: said by the agent, or added to the conversation. Their number. */
  leave(words: { say: string } | { add: string; respond: boolean }): number;
  /** Tells the agent something beside the caller's audio. */
  convey(message: Conveyed): void;
  ping(): void;
  /** Says that the call is over, and closes the socket. */
  close(): void;
  /** Cuts the line, without a handshake, and hears nothing more. */
  cut(): void;
  /** Ends the call without its socket. */
  end(signal: AbortSignal): Promise<void>;
  /** The line is at least so late, in ms; `null` before its first answer. */
  readonly rttMs: number | null;
  readonly readings: AgentLineReadings;
}

/** Between looks at how late the line is, in ms. A ping and its pong cost as much as two frames, of which there are a hundred. */
const PULSE_MS = 1_000;
/** An agent that is later, in ms, cannot hold a conversation any more. */
const MOST_LATE_MS = 4_000;

/** More messages than this within so many ms that cannot be read are a flood: 20 a second for 5 s. */
const MOST_UNREADABLE = 100;
const UNREADABLE_MS = 5_000;
/** WebSocket close code for whom we do not want (RFC 6455, 7.4.1). */
const POLICY = 1008;

/** A new agent's first words: the caller was told already that the line was lost. */
const REENTRY = "I'm back. Please go on.";
const GO_ON = 'Tell the caller, in the language of this conversation, that you are back, and go on.';
const WARNING = 'The call ends in 30 seconds: say goodbye.';

/** Makes the agent's end of one call. */
export function createAgentLine({
  clock,
  dialect,
  sinceStart,
  spoke,
  timed = () => {},
  late = () => {},
  phrases,
  insistsOn,
  conversation,
  continues = false,
  wordsBack = REENTRY,
  overhear = () => {},
  overhearsWords = false,
}: AgentLineOptions): AgentLine {
  let tell: (fact: VapiLinkFact) => void = () => {};
  let socket: Socket | null = null;
  /** Whether an agent was there before: the next does not greet again. */
  let goesOn = continues;
  let isLate = false;
  let isMuted = false;
  const readings = { unreadable: 0, ignored: 0 };
  const nonsense = createRateLimit(clock, MOST_UNREADABLE, UNREADABLE_MS);
  const pulse = createPulse({
    clock,
    everyMs: PULSE_MS,
    ping: (number) => socket?.ping(number),
    answered: () => tell({ type: 'socket.ponged' }),
    timed,
    late: noteLate,
    mostMs: MOST_LATE_MS,
    gone: () =>
      tell({ type: 'socket.unfit', words: `The agent's line was more than ${MOST_LATE_MS} ms late.` }),
  });
  const slips = new Map<number, string>();
  let lastSlip = 0;

  function noteLate(nowLate: boolean): void {
    if (nowLate !== isLate) {
      isLate = nowLate;
      const afterMs = Math.round(pulse.rttMs ?? 0);
      overhear('vapi', 'bridge', isLate ? 'late' : 'in time', { afterMs });
    }
    late(isLate);
  }

  /** Whoever says nothing but nonsense is no agent: its socket is closed on it. */
  function noteUnreadable(): void {
    readings.unreadable += 1;
    if (!nonsense.exceeded()) return;
    socket?.close(POLICY, 'too much that cannot be read');
    tell({ type: 'socket.unfit', words: 'The agent sent too much that cannot be read.' });
  }

  function hear(text: string): void {
    const message = dialect.read(text);
    overhearAgent(message, overhear, { phrases, withWords: overhearsWords });
    const at = sinceStart();
    switch (message.kind) {
      case 'audio':
        spoke(message.bytes);
        return;
      case 'userInterrupted':
        tell({ type: 'vapi.interrupted', at });
        return;
      case 'transcript':
        conversation.transcribed(message.role === 'user' ? 'caller' : 'agent', message.text, message.final);
        if (message.role !== 'user') return;
        tell({ type: 'vapi.transcribed', at, final: message.final, ...phrases.judge(message.text) });
        return;
      case 'voiceInput':
        if (insistsOn !== undefined && message.text.toLowerCase().includes(insistsOn))
          tell({ type: 'vapi.insisted', at });
        return;
      case 'speechUpdate': {
        const started = message.status === 'started';
        if (started && message.role === 'assistant') conversation.agentBegan();
        if (message.role === 'user')
          tell({ type: started ? 'vapi.callerStarted' : 'vapi.callerStopped', at });
        else tell({ type: started ? 'vapi.agentStarted' : 'vapi.agentStopped', at });
        return;
      }
      case 'statusUpdate':
        if (message.status === 'ended')
          tell({ type: 'vapi.ended', reason: message.endedReason ?? 'no reason given' });
        return;
      case 'hang':
        tell({ type: 'vapi.delayed', at });
        return;
      case 'unreadable':
        noteUnreadable();
        return;
      default:
        readings.ignored += 1;
    }
  }

  /** All that is said to the agent in text goes through here. */
  function write(text: string): void {
    if (!socket) return;
    overhearOrder(text, overhear);
    socket.sendText(text);
  }

  function textOf(message: Exclude<Conveyed, { kind: 'history' }>): string | undefined {
    switch (message.kind) {
      case 'heard':
        return writeAddMessage('system', heardWords(message.heardMs), false);
      case 'reentry':
        // Of an agent that was lost before it said anything, the next says the first words.
        if (conversation.said().length === 0) return writeControl('say-first-message');
        return wordsBack === '' ? writeAddMessage('system', GO_ON, true) : writeSay(wordsBack);
      case 'warning':
        return writeAddMessage('system', WARNING, true);
      case 'muted':
        return writeControl('mute-assistant');
      case 'unmuted':
        return writeControl('unmute-assistant');
      case 'slip': {
        const text = slips.get(message.slip);
        slips.delete(message.slip);
        return text;
      }
    }
  }

  return {
    connect(to) {
      tell = to;
    },
    create: (signal) => dialect.create(signal, overhear, goesOn),
    open() {
      const dialledAt = sinceStart();
      overhear('bridge', 'vapi', 'dial');
      const dialled = dialect.dial();
      socket = dialled;
      let heard = false;
      /** Of a socket that was given up, nothing is heard any more. */
      const hearing = <Message>(hear: (message: Message) => void) => {
        return (message: Message) => {
          if (socket !== dialled) return;
          if (!heard) tell({ type: 'socket.heard' });
          heard = true;
          hear(message);
        };
      };
      dialled.listen({
        opened() {
          if (socket !== dialled) return;
          goesOn = true;
          const at = sinceStart();
          pulse.start();
          overhear('vapi', 'bridge', 'open', { afterMs: Math.round(at - dialledAt) });
          if (isMuted) write(writeControl('mute-assistant'));
          tell({ type: 'socket.opened', at });
        },
        text: hearing(hear),
        binary: hearing(spoke),
        ponged: pulse.ponged,
        closed(code, words) {
          if (socket !== dialled) return;
          socket = null;
          pulse.stop();
          overhear('vapi', 'bridge', 'close', { code });
          tell({ type: 'socket.closed', code, words });
        },
      });
    },
    send: (audio) => socket?.sendBinary(audio),
    unsentBytes: () => socket?.unsentBytes ?? 0,
    hold(held) {
      // First: what is read on may hold at once again.
      pulse.hold(held);
      if (held) socket?.pause();
      else socket?.resume();
    },
    press(digit) {
      write(writeAddMessage('system', `The caller pressed ${digit} on the keypad.`, true));
    },
    leave(words) {
      lastSlip += 1;
      const text =
        'say' in words
          ? writeSay(words.say, { interruptAssistantEnabled: true })
          : writeAddMessage('system', words.add, words.respond);
      slips.set(lastSlip, text);
      return lastSlip;
    },
    convey(message) {
      if (message.kind === 'history') {
        for (const { role, content } of historyOf(conversation.said()))
          write(writeAddMessage(role, content, false));
        return;
      }
      // A later agent is not to be heard either.
      if (message.kind === 'muted' || message.kind === 'unmuted') isMuted = message.kind === 'muted';
      const text = textOf(message);
      if (text !== undefined) write(text);
    },
    ping: pulse.ask,
    close() {
      if (dialect.farewell !== null) write(dialect.farewell);
      if (socket) overhear('bridge', 'vapi', 'close', { code: 1000 });
      socket?.close(1000, 'call ended');
    },
    cut() {
      tell = () => {};
      pulse.stop();
      const cutting = socket;
      socket = null;
      if (!cutting) return;
      overhear('bridge', 'vapi', 'cut');
      cutting.terminate();
    },
    end: (signal) => dialect.end(signal, overhear),
    get rttMs() {
      return pulse.rttMs;
    },
    readings,
  };
}

function heardWords(heardMs: number): string {
  const seconds = (heardMs / 1_000).toFixed(1);
  return `The caller interrupted you and heard only the first ${seconds} seconds of what you were saying.`;
}
