import type { Clock } from '../ports.ts';

export interface DrainOptions {
  clock: Clock;
  log: { info(fields: Record<string, unknown>, line: string): void };
  /** How long calls may take to finish. */
  timeoutMs: number;
  liveCalls(): number;
  stopTaking(): void;
  hangUpAll(words: string): void;
  close(): Promise<void>;
  exit(code: number): void;
}

export interface Drain {
  /**
   * Asked to stop. The first time no new call is taken and those that are alive may finish; the second, they are hung
   * up; the third, the process leaves at once.
   */
  stop(): void;
  /** Finishes the calls that are alive and leaves with `code`. Asked again, it changes nothing. */
  finish(code: number): void;
}

const LOOK_EVERY_MS = 250;
/** For the calls that are hung up at the end. */
const HANG_UP_MS = 5_000;
/** After the last call's end: Twilio still asks what follows it. */
const LINGER_MS = 1_000;
/** For all that closes: by then nobody is on the phone, and a process that stays is in the way of its successor. */
const CLOSE_MS = 10_000;

type Stage = 'serving' | 'draining' | 'hangingUp' | 'leaving';

/** Ends the process after its calls. The door stays open meanwhile: Twilio asks and tells until a call is over. */
export function createDrain(options: DrainOptions): Drain {
  const { clock, log, liveCalls } = options;
  let stage: Stage = 'serving';
  let deadline = 0;
  let exitCode = 0;

  async function leave(): Promise<void> {
    if (stage === 'leaving') return;
    stage = 'leaving';
    let timer: unknown;
    const late = new Promise<string>((resolve) => {
      timer = clock.setTimeout(() => resolve('The server stops, though not all of it has closed'), CLOSE_MS);
    });
    const closed = options.close().then(() => 'The server has stopped', failedToClose);
    log.info({}, `[Drain] ${await Promise.race([closed, late])}`);
    clock.clearTimeout(timer);
    options.exit(exitCode);
  }

  function failedToClose(err: unknown): string {
    log.info({ err }, '[Drain] A part of the server could not be closed');
    exitCode = 1;
    return 'The server has stopped all the same';
  }

  function hangUp(): void {
    stage = 'hangingUp';
    deadline = clock.now() + HANG_UP_MS;
    log.info({}, `[Drain] ${liveCalls()} still alive: hanging up`);
    hangUpAll();
  }

  const hangUpAll = () => options.hangUpAll('The server is being stopped.');

  function look(): void {
    if (liveCalls() === 0) {
      const lingerMs = stage === 'draining' ? LINGER_MS : 0;
      // A call may have been back in the meantime: on another stream, in the place of one that broke.
      clock.setTimeout(() => (liveCalls() === 0 ? void leave() : look()), lingerMs);
      return;
    }
    const late = clock.now() >= deadline;
    if (late && stage === 'hangingUp') {
      void leave();
      return;
    }
    if (late) hangUp();
    // A call whose stream broke just before comes back as another one.
    else if (stage === 'hangingUp') hangUpAll();
    clock.setTimeout(look, LOOK_EVERY_MS);
  }

  function begin(): void {
    stage = 'draining';
    deadline = clock.now() + options.timeoutMs;
    options.stopTaking();
    log.info({}, `[Drain] No new calls; ${liveCalls()} still to finish`);
    if (liveCalls() === 0) void leave();
    else look();
  }

  return {
    stop() {
      if (stage === 'serving') begin();
      else if (stage === 'draining') hangUp();
      else void leave();
    },
    finish(code) {
      exitCode = code;
      if (stage === 'serving') begin();
    },
  };
}
