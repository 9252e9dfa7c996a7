/** Numbers as people read them. */

const two = (value: number) => String(value).padStart(2, '0');

/** How long: `0.4 s`, `12 s`, `3:05`, `1:02:07`. Tenths only where they matter. */
export function span(ms: number): string {
  const safe = Math.max(0, ms);
  if (safe < 9_950) return `${(safe / 1_000).toFixed(1)} s`;
  const seconds = Math.floor(safe / 1_000);
  if (seconds < 60) return `${seconds} s`;
  return clock(ms);
}

/** A length as a clock shows it: `0:07`, `3:05`, `1:02:07`. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  const rest = two(seconds % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}

/** A moment of a call, to the millisecond: `00:07.340`. */
export function moment(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  const rest = String(whole % 1_000).padStart(3, '0');
  return `${two(Math.floor(whole / 60_000))}:${two(Math.floor(whole / 1_000) % 60)}.${rest}`;
}

/** A wait: `287 ms`, `1.31 s`. */
export function wait(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(2)} s`;
}

/** `CA741a…86e7`: enough to tell calls apart, and to find one again. */
export function short(id: string): string {
  return id.length <= 13 ? id : `${id.slice(0, 6)}…${id.slice(-4)}`;
}

/** Where a level stands on a meter, 0 to 1: −60 dBFS and below is nothing, 0 is full. */
export function meterOf(db: number): number {
  return Math.min(1, Math.max(0, (db + 60) / 60));
}

/** `1 event`, `3 events`. */
export function count(value: number, word: string): string {
  return `${value.toLocaleString('en')} ${word}${value === 1 ? '' : 's'}`;
}
