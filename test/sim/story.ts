/** What happened in a world, a line each, to be read by a person and compared by a machine. */
export interface Story {
  /** `call` is the number of the call in its world, or null for what concerns all. */
  tell(call: number | null, words: string): void;
  readonly lines: readonly string[];
}

/** Makes the story of one world; `now` is its time in ms. */
export function createStory(now: () => number): Story {
  const lines: string[] = [];
  return {
    tell(call, words) {
      lines.push(`${clockTime(now())} ${call === null ? 'world ' : `call ${call}`} ${words}`);
    },
    lines,
  };
}

/** `00:01.240`: minutes, seconds, milliseconds. */
export function clockTime(ms: number): string {
  const whole = Math.floor(ms);
  const two = (count: number) => String(count).padStart(2, '0');
  const seconds = Math.floor(whole / 1_000);
  return `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}.${String(whole % 1_000).padStart(3, '0')}`;
}

/** The lines that concern one call. */
export function storyOf(lines: readonly string[], call: number): string[] {
  return lines.filter((line) => line.slice(10, 17) === `call ${call} ` || line.startsWith('world ', 10));
}
