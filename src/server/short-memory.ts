/** What is known by name, of the last that were named. */
export interface ShortMemory<Value> {
  get(name: string): Value | undefined;
  set(name: string, value: Value): void;
}

/** A memory of `most` entries: what was first named longest ago is forgotten. */
export function createShortMemory<Value>(most: number): ShortMemory<Value> {
  const entries = new Map<string, Value>();
  return {
    get: (name) => entries.get(name),
    set(name, value) {
      entries.set(name, value);
      const [oldest = ''] = entries.keys();
      if (entries.size > most) entries.delete(oldest);
    },
  };
}
