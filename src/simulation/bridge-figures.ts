import type { Ports } from '../ports.ts';

type Fields = Record<string, unknown>;

const PLAIN = [
  'agentReadyMs',
  'firstResponseMs',
  'prerollMs',
  'droppedFrames',
  'gapFilledMs',
  'talkOverMs',
  'deadAirMs',
  'falsePauses',
];
const TRIES = 8;
const TRY_INTERVAL_MS = 250;
const ANSWER_TIMEOUT_MS = 2_000;

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function shown(value: unknown): string {
  if (typeof value === 'number') return String(Math.round(value * 10) / 10);
  return typeof value === 'string' ? value : '-';
}

/** The server's figures as lines; none if `call` is not what `GET /calls/:callSid` answers. */
export function bridgeLines(call: unknown): string[] {
  if (!isObject(call) || !isObject(call.figures)) return [];
  const { figures } = call;
  const bargeIns = Array.isArray(figures.bargeIns) ? figures.bargeIns.filter(isObject) : [];
  const plain = PLAIN.filter((name) => typeof figures[name] === 'number');
  return [
    'What the server says of it:',
    ...plain.map((name) => `  ${name.padEnd(16)}${shown(figures[name])}`),
    ...bargeIns.map(
      ({ atMs, cause, clearAfterMs, flushedMs, heardMs, outcome }) =>
        `  ${'bargeIn'.padEnd(16)}atMs ${shown(atMs)} by ${shown(cause)}, clearAfterMs ${shown(clearAfterMs)}, ` +
        `flushedMs ${shown(flushedMs)}, heardMs ${shown(heardMs)}, ${shown(outcome)}`,
    ),
  ];
}

/**
 * Asks the server at `to` (any of its addresses) for its own account of the call; waits a little for the call to be
 * over there too. Undefined if it gives none: it may, without `adminToken`, answer on loopback only.
 */
export async function askBridge(
  { clock, fetch }: Pick<Ports, 'clock' | 'fetch'>,
  to: string,
  callSid: string,
  adminToken?: string,
): Promise<unknown> {
  const { protocol, host } = new URL(to);
  const secure = protocol === 'https:' || protocol === 'wss:';
  const url = `${secure ? 'https' : 'http'}://${host}/calls/${callSid}`;
  const headers: Record<string, string> = adminToken ? { Authorization: `Bearer ${adminToken}` } : {};
  const wait = (ms: number) => new Promise<void>((resolve) => clock.setTimeout(resolve, ms));

  async function ask(): Promise<unknown> {
    const timeout = new AbortController();
    const timer = clock.setTimeout(() => timeout.abort(), ANSWER_TIMEOUT_MS);
    try {
      const answer = await fetch(url, { method: 'GET', headers, signal: timeout.signal });
      return answer.status === 200 ? JSON.parse(await answer.text()) : undefined;
    } catch {
      return undefined;
    } finally {
      clock.clearTimeout(timer);
    }
  }

  let call = await ask();
  for (let tries = 1; tries < TRIES && isObject(call) && (call.ending ?? null) === null; tries += 1) {
    await wait(TRY_INTERVAL_MS);
    call = (await ask()) ?? call;
  }
  return call;
}
