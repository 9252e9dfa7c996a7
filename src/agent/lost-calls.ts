import type { Clock } from '../ports.ts';
import type { ListedCall } from '../wire/vapi-call-list.ts';
import type { VapiHttp } from './vapi-http.ts';

/** A call that Vapi may have made without our being told of it. */
export interface LostCall {
  /** By which it can be found: no other call has it. */
  name: string;
  /** When it was asked for, in ms since 1970. */
  askedAt: number;
  /** It has been ended, or was looked for in vain. */
  settled(): void;
}

/** Looks for calls that nobody knows whether they were made, and ends those that were. */
export interface LostCalls {
  lookFor(call: LostCall): void;
  /** Looks once more for what is still lost, for two seconds at most, and gives up. */
  close(): Promise<void>;
}

/** From a call's loss to each look for it, in ms. Vapi itself ends a call that nobody joins after some 15 to 20 s. */
const LOOK_EVERY_MS = 3_000;
const MOST_LOOKS = 3;
const LOOK_TIMEOUT_MS = 2_000;
/** How far Vapi's clock may be behind ours. */
const CLOCK_SKEW_MS = 10_000;

/** Makes the search. One look is for all that are lost, so that trouble at Vapi does not multiply requests. */
export function createLostCalls({
  clock,
  http,
  tell = () => {},
}: {
  clock: Clock;
  http: VapiHttp;
  tell?: ((words: string) => void) | undefined;
}): LostCalls {
  let lost: { call: LostCall; looks: number }[] = [];
  let timer: unknown = null;

  /** Whether nothing is left of it, if need be because it was ended just now. */
  async function isGone(found: ListedCall, signal: AbortSignal): Promise<boolean> {
    if (found.ended) return true;
    const ended = await http.end(found, signal, () => {});
    if (ended)
      tell(`Vapi had made call ${found.vapiCallId} without answering the request for it; it was ended.`);
    return ended;
  }

  async function look(): Promise<void> {
    // Whatever gets lost while this looks is looked for the next time.
    const looking = [...lost];
    const giveUp = new AbortController();
    const timeout = clock.setTimeout(() => giveUp.abort(), LOOK_TIMEOUT_MS);
    const since = Math.min(...looking.map(({ call }) => call.askedAt)) - CLOCK_SKEW_MS;
    const listed = (await http.list(since, giveUp.signal)) ?? [];
    const settled = new Set<LostCall>();
    await Promise.all(
      looking.map(async (entry) => {
        entry.looks += 1;
        const found = listed.find(({ name }) => name === entry.call.name);
        if (found && (await isGone(found, giveUp.signal))) settled.add(entry.call);
        else if (entry.looks >= MOST_LOOKS) settled.add(entry.call);
      }),
    );
    clock.clearTimeout(timeout);
    lost = lost.filter(({ call }) => !settled.has(call));
    for (const call of settled) call.settled();
  }

  function lookSoon(): void {
    timer = clock.setTimeout(async () => {
      await look();
      timer = null;
      if (lost.length > 0) lookSoon();
    }, LOOK_EVERY_MS);
  }

  return {
    lookFor(call) {
      lost.push({ call, looks: 0 });
      if (timer === null) lookSoon();
    },
    async close() {
      clock.clearTimeout(timer);
      if (lost.length > 0) await look();
      lost = [];
    },
  };
}
