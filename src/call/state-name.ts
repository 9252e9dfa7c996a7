/**
 * A state of the call's chart as one word, such as `agentSpeaking` or `bargeIn.paused`: the box that all live states
 * share is left out, and so is whatever lies deeper than two levels or runs in parallel.
 */
export function stateName(value: unknown): string {
  const [outer, inner] = only(value);
  if (outer === 'live') return stateName(inner);
  const [nested] = outer === 'bargeIn' ? only(inner) : [];
  return nested === undefined ? (outer ?? 'unknown') : `${outer}.${nested}`;
}

function only(value: unknown): [name?: string, inner?: unknown] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value)[0] ?? [];
}
