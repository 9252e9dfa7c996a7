import type { Conveyed, CreateOutcome, VapiLinkFact } from '../../machines/vapi-socket.ts';
import type { Overhear, Socket } from '../ports.ts';
import { writeAddMessage, writeControl, writeSay } from '../wire/vapi.ts';
import type { Dialect } from './dialect.ts';
import { overhearAgent, overhearOrder } from './overhear-agent.ts';
import type { PhraseBook } from './phrases.ts';

export interface AgentLineOptions {
  dialect: Dialect;
  /** Milliseconds since the call's start. */
  sinceStart(): number;
  /** The agent's audio: bytes of any length in the agent's format. */
  spoke(bytes: Buffer): void;
  /** Judges what the caller is understood to say. */
  phrases: PhraseBook;
  /** Words by which the agent shows that what it says is to be heard out, in lower case; none where left out. */
  insistsOn?: string | undefined;
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

/** The agent's end of a call: the call at its service and the socket to it. */
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
  readonly readings: AgentLineReadings;
}

/** Makes the agent's end of one call. */
export function createAgentLine({
  dialect,
  sinceStart,
  spoke,
  phrases,
  insistsOn,
  overhear = () => {},
  overhearsWords = false,
}: AgentLineOptions): AgentLine {
  let tell: (fact: VapiLinkFact) => void = () => {};
  let socket: Socket | null = null;
  const readings = { unreadable: 0, ignored: 0 };
  const slips = new Map<number, string>();
  let lastSlip = 0;

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
        if (message.role !== 'user') return;
        tell({ type: 'vapi.transcribed', at, final: message.final, ...phrases.judge(message.text) });
        return;
      case 'voiceInput':
        if (insistsOn !== undefined && message.text.toLowerCase().includes(insistsOn))
          tell({ type: 'vapi.insisted', at });
        return;
      case 'speechUpdate': {
        const started = message.status === 'started';
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
        readings.unreadable += 1;
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

  function textOf(message: Conveyed): string | undefined {
    switch (message.kind) {
      case 'heard':
        return writeAddMessage('system', heardWords(message.heardMs), false);
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
    create: (signal) => dialect.create(signal, overhear),
    open() {
      const dialledAt = sinceStart();
      overhear('bridge', 'vapi', 'dial');
      const dialled = dialect.dial();
      socket = dialled;
      dialled.listen({
        opened() {
          const at = sinceStart();
          overhear('vapi', 'bridge', 'open', { afterMs: Math.round(at - dialledAt) });
          tell({ type: 'socket.opened', at });
        },
        text: hear,
        binary: spoke,
        ponged: () => tell({ type: 'socket.ponged' }),
        closed(code, words) {
          if (socket !== dialled) return;
          socket = null;
          overhear('vapi', 'bridge', 'close', { code });
          tell({ type: 'socket.closed', code, words });
        },
      });
    },
    send: (audio) => socket?.sendBinary(audio),
    unsentBytes: () => socket?.unsentBytes ?? 0,
    hold(held) {
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
      const text = textOf(message);
      if (text !== undefined) write(text);
    },
    ping: () => socket?.ping(),
    close() {
      if (dialect.farewell !== null) write(dialect.farewell);
      if (socket) overhear('bridge', 'vapi', 'close', { code: 1000 });
      socket?.close(1000, 'call ended');
    },
    cut() {
      tell = () => {};
      const cutting = socket;
      socket = null;
      if (!cutting) return;
      overhear('bridge', 'vapi', 'cut');
      cutting.terminate();
    },
    end: (signal) => dialect.end(signal, overhear),
    readings,
  };
}

function heardWords(heardMs: number): string {
  const seconds = (heardMs / 1_000).toFixed(1);
  return `The caller interrupted you and heard only the first ${seconds} seconds of what you were saying.`;
}
