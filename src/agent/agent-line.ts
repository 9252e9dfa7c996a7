import type { CreateOutcome, VapiLinkFact } from '../../machines/vapi-socket.ts';
import type { Socket } from '../ports.ts';
import { writeAddMessage } from '../wire/vapi.ts';
import { isAcknowledgement } from './acknowledgements.ts';
import type { Dialect } from './dialect.ts';

export interface AgentLineOptions {
  dialect: Dialect;
  /** Milliseconds since the call's start. */
  sinceStart(): number;
  /** The agent's audio: bytes of any length in the agent's format. */
  spoke(bytes: Buffer): void;
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
export function createAgentLine({ dialect, sinceStart, spoke }: AgentLineOptions): AgentLine {
  let tell: (fact: VapiLinkFact) => void = () => {};
  let socket: Socket | null = null;
  const readings = { unreadable: 0, ignored: 0 };

  function hear(text: string): void {
    const message = dialect.read(text);
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
        tell({
          type: 'vapi.transcribed',
          at,
          final: message.final,
          acknowledgement: isAcknowledgement(message.text),
        });
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

  return {
    connect(to) {
      tell = to;
    },
    create: dialect.create,
    open() {
      const dialled = dialect.dial();
      socket = dialled;
      dialled.listen({
        opened: () => tell({ type: 'socket.opened', at: sinceStart() }),
        text: hear,
        binary: spoke,
        ponged: () => tell({ type: 'socket.ponged' }),
        closed(code, words) {
          socket = null;
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
      socket?.sendText(writeAddMessage('system', `The caller pressed ${digit} on the keypad.`, true));
    },
    ping: () => socket?.ping(),
    close() {
      if (dialect.farewell !== null) socket?.sendText(dialect.farewell);
      socket?.close(1000, 'call ended');
    },
    cut() {
      tell = () => {};
      socket?.terminate();
      socket = null;
    },
    end: dialect.end,
    readings,
  };
}
