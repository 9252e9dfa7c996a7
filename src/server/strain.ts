import type { Clock } from '../ports.ts';
import type { ProcessGauges } from '../process-gauges.ts';

/** What a process can have too little of for another call: time, memory, file handles. */
export type Strain = 'lag' | 'memory' | 'fileHandles';

/**
 * How often the gauges are read, ms. The lag is that of all timers in between, some 500, so that one stall, however long
 * a few of them wait for it, is no strain; nor is the burst of calls that one look catches and the next does not.
 */
const LOOK_EVERY_MS = 5_000;

/**
 * `from` this on no new call is taken, and below `until` again: what eases at once would be back at once with the next
 * call. `lag` in ms, of two looks in a row: what Twilio is given ahead, beyond which speech breaks off.
 * The others as parts of what there is: V8 spends its time collecting garbage when its heap is nearly full, and a call
 * takes two or three handles, for its sockets and Twilio's questions.
 */
const LIMITS: Record<Strain, { from: number; until: number }> = {
  lag: { from: 200, until: 100 },
  memory: { from: 0.8, until: 0.7 },
  fileHandles: { from: 0.9, until: 0.8 },
};

export interface StrainOptions {
  clock: Pick<Clock, 'setTimeout' | 'clearTimeout'>;
  gauges: ProcessGauges;
  /** A strain has begun, or is over, for the log. */
  told(words: string): void;
}

/** How the process bears its calls. */
export interface StrainWatch {
  /** Each strain, and whether it is too much for another call. */
  readonly now: Readonly<Record<Strain, boolean>>;
  /** How late the event loop was when it was last looked at, ms. */
  readonly loopLagMs: number;
  stop(): void;
}

/** Watches over the process, so that its live calls are not spoilt by more of them. */
export function watchStrain({ clock, gauges, told }: StrainOptions): StrainWatch {
  let now: Record<Strain, boolean> = { lag: false, memory: false, fileHandles: false };
  let loopLagMs = 0;

  function judge(strain: Strain, reading: number): boolean {
    const { from, until } = LIMITS[strain];
    return reading >= (now[strain] ? until : from);
  }

  function look(): void {
    const lagBeforeMs = loopLagMs;
    loopLagMs = gauges.loopLagMs();
    const heap = gauges.heap();
    const files = gauges.files() ?? { open: 0, most: 1 };
    const before = namesOf(now);
    now = {
      lag: judge('lag', now.lag ? loopLagMs : Math.min(loopLagMs, lagBeforeMs)),
      memory: judge('memory', heap.usedBytes / heap.limitBytes),
      fileHandles: judge('fileHandles', files.open / files.most),
    };
    const after = namesOf(now);
    if (after !== before) told(after === '' ? 'New calls are taken again' : `No new calls for now: ${after}`);
    timer = clock.setTimeout(look, LOOK_EVERY_MS);
  }

  // What was before, when the process started, is nobody's load.
  gauges.loopLagMs();
  let timer = clock.setTimeout(look, LOOK_EVERY_MS);

  return {
    get now() {
      return now;
    },
    get loopLagMs() {
      return loopLagMs;
    },
    stop: () => clock.clearTimeout(timer),
  };
}

function namesOf(strains: Record<string, boolean>): string {
  return Object.entries(strains)
    .filter(([, is]) => is)
    .map(([name]) => name)
    .join(', ');
}
