const FIRST_MS = 500;
const LONGEST_MS = 8_000;

/**
 * How long to wait before trying again, in ms, after `failures` in a row (1 or more). Doubles up to 8 s; `random` (0 to
 * 1) spreads it over its upper half, so that many pages do not come back to a restarted server at once.
 */
export function backOffMs(failures: number, random: number): number {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
  return Math.round(longest * (0.5 + random / 2));
}
