/** What came of putting so many calls on a server. */
export interface Trial {
  calls: number;
  /** The greater 99th percentile of the delay of the two directions, in ms. */
  p99Ms: number;
  /** Whether it carried them in time, was late, or whether the generator was, so that nothing is known. */
  verdict: 'carried' | 'late' | 'unknown';
}

export interface Knee {
  /** The most calls that were carried; 0 where not even the fewest were. */
  calls: number;
  /** Whether more might be carried, which this machine's generator cannot tell. */
  atLeast: boolean;
}

/** As near as the knee is looked for, as a share of the calls: two runs differ by more. */
const NEAR = 0.05;

/**
 * Looks for the most calls that are carried, from `first` upwards by doubling and then between the two by halves. Ends
 * when it is near enough, at `most`, or when `timeIsUp`.
 */
export async function findKnee(
  attempt: (calls: number) => Promise<Trial>,
  { first, most, timeIsUp }: { first: number; most: number; timeIsUp: () => boolean },
): Promise<Knee> {
  let carried = 0;
  let beyond: Trial | null = null;
  for (let calls = first; calls > carried; calls = next()) {
    const trial = await attempt(calls);
    if (trial.verdict === 'carried') carried = calls;
    else beyond = trial;
    if (timeIsUp()) break;
  }
  return { calls: carried, atLeast: beyond === null || beyond.verdict === 'unknown' };

  /** What is to be tried next; no more than what is carried if nothing is. */
  function next(): number {
    if (beyond === null) return Math.min(most, 2 * carried);
    if (beyond.calls - carried <= Math.max(1, NEAR * carried)) return carried;
    return Math.floor((carried + beyond.calls) / 2);
  }
}
