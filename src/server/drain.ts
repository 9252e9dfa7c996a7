import type { Clock } from '../ports.ts';

export interface DrainOptions {
  clock: Clock;
  log: { info(fields: Record<string, unknown>, line: string): void };
  signals: { on(signal: 'SIGTERM' | 'SIGINT', heard: () => void): unknown };
  /** How long calls may take to finish. */
  timeoutMs: number;
  liveCalls(): number;
  stopTaking(): void;
  hangUpAll(words: string): void;
  close(): Promise<void>;
  exit(code: number): void;
}

const LOOK_EVERY_MS = 250;
/** For the calls that are hung up at the end of the drain. */
const LAST_MS = 5_000;

/**
 * On the first signal no new call is taken and those that are alive may finish; on the second, or when the time is
 * over, they are hung up. The door stays open meanwhile: Twilio still asks what follows a call.
 */
export function drainThenExit(options: DrainOptions): void {
  const { clock, log, liveCalls } = options;
  let deadline = Number.POSITIVE_INFINITY;
  let hungUp = false;

  async function leave(): Promise<void> {
    await options.close();
    log.info({}, '[Drain] The server has stopped');
    options.exit(0);
  }

  function hangUp(): void {
    hungUp = true;
    deadline = clock.now() + LAST_MS;
    options.hangUpAll('The server is being stopped.');
  }

  function look(): void {
    const live = liveCalls();
    const late = clock.now() >= deadline;
    if (live === 0 || (late && hungUp)) {
      void leave();
      return;
    }
    if (late) hangUp();
    clock.setTimeout(look, LOOK_EVERY_MS);
  }

  function stop(): void {
    if (deadline !== Number.POSITIVE_INFINITY) {
      hangUp();
      return;
    }
    deadline = clock.now() + options.timeoutMs;
    options.stopTaking();
    log.info({}, `[Drain] No new calls; ${liveCalls()} still to finish`);
    look();
  }

  options.signals.on('SIGTERM', stop);
  options.signals.on('SIGINT', stop);
}
