import type { Clock, Socket, SocketEar } from '../../src/ports.ts';
import { CLOSE_TIMEOUT_MS, sendableClose } from '../../src/web-sockets.ts';

/** The line between the two ends of a memory socket, to be spoiled by a test. */
export interface MemoryLine {
  /** Holds back whatever is sent, both ways, until `flow`; meanwhile `unsentBytes` grows. */
  stall(): void;
  /** Delivers what was held back, in order, and flows on. */
  flow(): void;
  /**
   * Late: what is sent takes so many ms longer, each way, and still arrives in order. Nothing of it is unsent: it waits in
   * the buffers of two kernels.
   */
  delay(ms: number): void;
  /** Breaks the line: both ends hear `closed(1006, 'connection lost')`. */
  cut(): void;
  /** Half open: from now on nothing that is sent arrives, not even pings and closes, and nobody is told. */
  deafen(): void;
}

/** One end of a WebSocket held in memory. */
export interface MemorySocket extends Socket {
  readonly line: MemoryLine;
  readonly farEnd: MemorySocket;
  /** Makes this end say that `bytes` are unsent, as under back-pressure; `undefined` lets it count again. */
  setUnsentBytes(bytes: number | undefined): void;
}

/** One end, with the strings by which its network pulls it. */
export interface MemoryEnd extends MemorySocket {
  /** The handshake is done; the opener hears it. */
  open(): void;
  /** This end is gone: `closed` is heard, unless it was before. */
  end(code: number, words: string): void;
  /** This end never was: nothing more is heard. */
  vanish(): void;
  readonly ended: boolean;
}

export type MemoryRole = 'opener' | 'accepter';

export interface MemoryLinkOptions {
  clock: Clock;
  /** How long a parcel travels; 0 delivers it inside the call that sends it. */
  latencyMs: number;
  /** An end is gone, by whatever way; once for each. */
  departed(role: MemoryRole): void;
}

type Parcel =
  | { kind: 'text'; text: string }
  | { kind: 'binary'; bytes: Buffer }
  | { kind: 'gone' }
  | { kind: 'ping' | 'pong'; number: number }
  | { kind: 'close'; code: number; words: string };

interface LinkedEnd extends MemoryEnd {
  arrive(parcel: Parcel): void;
  readOn(): void;
  readonly heldBytes: number;
}

/** Two ends and the line between them; the first is the opener's. Neither is open before its `open` is called. */
export function createMemoryLink({ clock, latencyMs, departed }: MemoryLinkOptions): [MemoryEnd, MemoryEnd] {
  let stalled = false;
  let deaf = false;
  let delayMs = 0;

  const line: MemoryLine = {
    stall() {
      stalled = true;
    },
    flow() {
      stalled = false;
      for (const end of ends) end.readOn();
    },
    delay(ms) {
      delayMs = ms;
    },
    cut() {
      for (const end of ends) end.end(1006, 'connection lost');
    },
    deafen() {
      deaf = true;
    },
  };

  function createEnd(role: MemoryRole, far: () => LinkedEnd): LinkedEnd {
    const arrived: Parcel[] = [];
    const untold: Array<(on: SocketEar) => void> = [];
    let stage: 'opening' | 'open' | 'closing' | 'closed' = 'opening';
    let ear: SocketEar | undefined;
    let telling = false;
    let paused = false;
    let closeTimer: unknown;
    let unsentBytesSaid: number | undefined;
    /** When the last that was sent arrives; nothing overtakes it. */
    let arrivesAt = 0;

    function send(parcel: Parcel) {
      if (deaf) return;
      const now = clock.now();
      arrivesAt = Math.max(arrivesAt, now + latencyMs + delayMs);
      if (arrivesAt === now) far().arrive(parcel);
      else clock.setTimeout(() => far().arrive(parcel), arrivesAt - now);
    }

    /** Tells the ear, in order and never one thing inside another; without an ear it waits. */
    function hear(tell: (on: SocketEar) => void) {
      untold.push(tell);
      tellOn();
    }

    function tellOn() {
      if (telling || !ear) return;
      telling = true;
      try {
        for (let tell = untold.shift(); tell; tell = untold.shift()) tell(ear);
      } finally {
        telling = false;
      }
    }

    function readOn() {
      while ((stage === 'open' || stage === 'closing') && !stalled && !paused) {
        const parcel = arrived.shift();
        if (!parcel) return;
        receive(parcel);
      }
    }

    function receive(parcel: Parcel) {
      switch (parcel.kind) {
        case 'text':
          return hear((on) => on.text(parcel.text));
        case 'binary':
          return hear((on) => on.binary(parcel.bytes));
        case 'ping':
          return stage === 'open' ? send({ kind: 'pong', number: parcel.number }) : undefined;
        case 'pong':
          return hear((on) => on.ponged(parcel.number));
        case 'gone':
          return end(1006, 'connection lost');
        case 'close': {
          const answer = stage === 'open';
          stage = 'closing';
          if (answer) send(parcel);
          return end(parcel.code, parcel.words);
        }
      }
    }

    function depart(): boolean {
      if (stage === 'closed') return false;
      stage = 'closed';
      arrived.length = 0;
      clock.clearTimeout(closeTimer);
      departed(role);
      return true;
    }

    function end(code: number, words: string) {
      if (depart()) hear((on) => on.closed(code, words));
    }

    return {
      line,
      get farEnd() {
        return far();
      },
      listen(on) {
        ear = on;
        tellOn();
      },
      sendText(text) {
        if (stage === 'open') send({ kind: 'text', text });
      },
      sendBinary(bytes) {
        if (stage === 'open') send({ kind: 'binary', bytes: Buffer.from(bytes) });
      },
      ping(number = 0) {
        if (stage === 'open') send({ kind: 'ping', number });
      },
      close(code, words) {
        if (stage === 'opening') return this.terminate();
        if (stage !== 'open') return;
        stage = 'closing';
        const [sentCode, sentWords] = sendableClose(code, words);
        // Armed first: without latency the answer comes inside `send`.
        closeTimer = clock.setTimeout(() => end(1006, 'connection lost'), CLOSE_TIMEOUT_MS);
        send({ kind: 'close', code: sentCode, words: sentWords });
        this.resume();
      },
      terminate() {
        if (stage === 'closed') return;
        const words = stage === 'opening' ? 'closed before it opened' : 'terminated';
        untold.length = 0;
        send({ kind: 'gone' });
        end(1006, words);
      },
      pause() {
        if (stage === 'opening' || stage === 'open') paused = true;
      },
      resume() {
        paused = false;
        readOn();
      },
      get unsentBytes() {
        return unsentBytesSaid ?? (stalled ? far().heldBytes : 0);
      },
      setUnsentBytes(bytes) {
        unsentBytesSaid = bytes;
      },
      open() {
        if (stage !== 'opening') return;
        stage = 'open';
        if (role === 'opener') hear((on) => on.opened?.());
        readOn();
      },
      end,
      vanish() {
        untold.length = 0;
        depart();
      },
      get ended() {
        return stage === 'closed';
      },
      arrive(parcel) {
        if (stage === 'closed') return;
        arrived.push(parcel);
        readOn();
      },
      readOn,
      get heldBytes() {
        return arrived.reduce((sum, parcel) => sum + size(parcel), 0);
      },
    };
  }

  const ends: [LinkedEnd, LinkedEnd] = [
    createEnd('opener', () => ends[1]),
    createEnd('accepter', () => ends[0]),
  ];
  return ends;
}

function size(parcel: Parcel): number {
  if (parcel.kind === 'text') return Buffer.byteLength(parcel.text);
  return parcel.kind === 'binary' ? parcel.bytes.length : 0;
}
