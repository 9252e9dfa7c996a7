import type { Interruption } from './call-figures.ts';
import type { PhoneCallResult, PhoneEvent } from './phone-call.ts';

const INDENT: Record<PhoneEvent['type'], string> = {
  twilio: '',
  connected: '',
  caller: '',
  agent: '                      ',
  clear: '                      ',
  violation: '!! ',
};

/** `mm:ss.mmm`. */
export function clockTime(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  const minutes = String(Math.floor(whole / 60_000)).padStart(2, '0');
  const seconds = String(Math.floor(whole / 1_000) % 60).padStart(2, '0');
  return `${minutes}:${seconds}.${String(whole % 1_000).padStart(3, '0')}`;
}

/** One line for one event; the agent's side stands further to the right than the caller's. */
export function eventLine({ atMs, type, words }: PhoneEvent): string {
  return `${clockTime(atMs)}  ${INDENT[type]}${words}`;
}

const row = (name: string, words: string) => `  ${name.padEnd(16)}${words}`;
const inMs = (ms: number) => `${Math.round(ms)} ms`;
const count = (value: number) => value.toLocaleString('en');

function interruptionWords({ atMs, clearAfterMs, silentAfterMs }: Interruption): string {
  const cleared = clearAfterMs === undefined ? 'never cleared' : `cleared after ${inMs(clearAfterMs)}`;
  return `at ${clockTime(atMs)}: ${cleared}, agent silent after ${inMs(silentAfterMs)}`;
}

function violationRows(call: PhoneCallResult): string[] {
  if (call.violations.length === 0) return [row('violations', 'none')];
  const counts = new Map<string, number>();
  for (const { code, why } of call.violations) {
    const words = `${code}: ${why}`;
    counts.set(words, (counts.get(words) ?? 0) + 1);
  }
  return [...counts].map(([words, times]) =>
    row('violation', times === 1 ? words : `${words} (${times} times)`),
  );
}

/** The figures of one call, line by line. */
export function callLines(call: PhoneCallResult): string[] {
  const { firstHeardMs, firstResponseMs, framesLost } = call;
  return [
    `Call ${call.callSid}, ${clockTime(call.durationMs)}. ${call.ending}`,
    row('agent heard', firstHeardMs === undefined ? 'never' : `first at ${clockTime(firstHeardMs)}`),
    row(
      'first response',
      firstResponseMs === undefined ? 'none' : `${inMs(firstResponseMs)} after your words`,
    ),
    ...call.bargeIns.map((bargeIn) => row('barge-in', interruptionWords(bargeIn))),
    row('talk-over', inMs(call.talkOverMs)),
    row('frames', `${count(call.framesSent)} sent, ${count(framesLost)} of your speech lost`),
    row('marks', `${count(call.marksReceived)} received, ${count(call.marksEchoed)} echoed`),
    ...violationRows(call),
  ];
}

/** One of many calls, on one line. */
export function shortLine(number: number, call: PhoneCallResult): string {
  const { firstResponseMs, violations } = call;
  const response = firstResponseMs === undefined ? '' : `, first response ${inMs(firstResponseMs)}`;
  const broken = violations.length === 0 ? '' : `, ${violations.length} violations`;
  return `call ${String(number).padStart(3)}  ${clockTime(call.durationMs)}${response}${broken}. ${call.ending}`;
}

function percentile(sorted: number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function spread(name: string, values: number[]): string {
  if (values.length === 0) return row(name, 'none');
  const sorted = values.toSorted((a, b) => a - b);
  const words = [0.5, 0.95, 1].map((share) => inMs(percentile(sorted, share)));
  return row(name, `median ${words[0]}, 95th percentile ${words[1]}, worst ${words[2]} (${values.length})`);
}

/** The figures of many calls together. */
export function totalLines(calls: PhoneCallResult[]): string[] {
  const sum = (of: (call: PhoneCallResult) => number) => calls.reduce((total, call) => total + of(call), 0);
  const interruptions = calls.flatMap((call) => call.bargeIns);
  return [
    `${calls.length} calls, ${calls.filter((call) => !isFaultless(call)).length} of them with faults.`,
    spread(
      'first response',
      calls.flatMap((call) => call.firstResponseMs ?? []),
    ),
    spread(
      'barge-in clear',
      interruptions.flatMap((bargeIn) => bargeIn.clearAfterMs ?? []),
    ),
    row(
      'frames',
      `${count(sum((call) => call.framesSent))} sent, ${count(sum((call) => call.framesLost))} lost`,
    ),
    row('violations', count(sum((call) => call.violations.length))),
  ];
}

/** Whether the call was had, did not break, and broke no rule of Twilio's. */
export function isFaultless(call: PhoneCallResult): boolean {
  return call.endedBy !== 'refused' && call.endedBy !== 'line' && call.violations.length === 0;
}

/** What a person can do about a call that never was; empty if nothing is known. */
export function remedyOf(call: PhoneCallResult, to: string): string {
  const direct = /^ws/i.test(to);
  switch (call.refusal?.kind) {
    case 'unreachable':
      return 'Start the server with npm start.';
    case 'forbidden':
      return direct
        ? `A server with Twilio credentials takes only calls with a ticket: use --to ${webhookBeside(to)}`
        : "Give the phone the server's own TWILIO_AUTH_TOKEN, and its PUBLIC_URL if it has one.";
    default:
      return '';
  }
}

function webhookBeside(to: string): string {
  const { protocol, host } = new URL(to);
  return `${protocol === 'wss:' ? 'https' : 'http'}://${host}/webhook/twilio`;
}
