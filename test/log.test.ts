import { describe, expect, it } from 'vitest';
import { createLog, type LogLevel } from '../src/log.ts';
import { createVirtualClock } from './support/virtual-clock.ts';

const HEX = '0123456789abcdef0123456789abcdef';
const CALL_SID = `CA${HEX}`;
const STREAM_SID = `MZ${HEX}`;

const CANARIES = {
  socket: 'wss://phone-call-websocket.aws-us-west-2.vapi.ai/7420f27a-30fd-4f49-a995-5549ae7cc00d/transport',
  control: 'https://aws.vapi.ai/7420f27a-30fd-4f49-a995-5549ae7cc00d/control',
  bearer: 'Bearer canary-of-bearer',
  apiKey: 'sk-canaryCANARY0123456789',
  authToken: 'fedcba9876543210fedcba9876543210',
  number: '+15551234567',
  ticket: `${'eyJjcyI6IkNBMDEyIn0'}.${'c2lnbmF0dXJlLWNhbmFyeS1zaWduYXR1cmU_-x1y2z3'}`,
};
const SPOKEN = 'my canary words';

function createTestLog(format: 'pretty' | 'json', level?: LogLevel) {
  const lines: string[] = [];
  const clock = createVirtualClock();
  const destination = { write: (line: string) => lines.push(line) };
  const log = createLog({ format, destination, clock, ...(level ? { level } : {}) });
  return { log, lines, clock };
}

describe.each(['pretty', 'json'] as const)('A log in %s', (format) => {
  it.each(Object.entries(CANARIES))('lets no %s out, however it comes in', (_name, canary) => {
    const { log, lines } = createTestLog(format, 'debug');
    log.info({}, `before ${canary} after`);
    log.info({ said: canary, quoted: `"${canary}"`, deep: { list: [[canary], { [canary]: 1 }] } }, 'fields');
    log.info(
      { json: JSON.stringify({ a: canary }), split: `\n${canary}\n`, encoded: encodeURI(canary) },
      'texts',
    );
    log.warn({ err: new Error(canary, { cause: new Error(canary) }) }, 'error');
    log.error(
      { failure: Object.assign(new TypeError('x'), { config: { url: canary } }) },
      'more of an error',
    );
    log.child({ canary }).child({ inner: { canary } }).debug({}, 'child');
    expect(lines).toHaveLength(6);
    for (const line of lines) {
      expect(line).not.toContain(canary);
      expect(line).not.toContain('canary-of-bearer');
      expect(line).not.toContain('7420f27a');
      expect(line).not.toContain('5551234567');
    }
    expect(lines[0]).toMatch(/before .*\[redacted\] after/);
  });

  it('redacts by name what has no look of its own, at any depth and in any spelling', () => {
    const { log, lines } = createTestLog(format);
    const names = (
      'authorization Authorization proxy-authorization apiKey api_key VAPI_API_KEY authToken TWILIO_AUTH_TOKEN ' +
      'adminToken secret X-Vapi-Secret X-Twilio-Signature cookie set-cookie password websocketCallUrl controlUrl ' +
      'listenUrl ticket nonce from From to To Caller Called phoneNumber fallbackNumber transcript Digits dtmf'
    ).split(' ');
    for (const name of names)
      log.info({ a: { b: [{ c: { [name]: SPOKEN } }] }, [name]: { said: SPOKEN } }, name);
    expect(lines).toHaveLength(names.length);
    for (const line of lines) {
      expect(line).not.toContain(SPOKEN);
      expect(line.split('[redacted]')).toHaveLength(3);
    }
  });

  it('keeps the sids that people search by, and whether a secret is there at all', () => {
    const { log, lines } = createTestLog(format);
    log.info({ callSid: CALL_SID, adminToken: true, authToken: undefined }, `${STREAM_SID} → ${CALL_SID}`);
    expect(lines[0]).toContain(`${STREAM_SID} → ${CALL_SID}`);
    expect(lines[0]?.includes(`"callSid":"${CALL_SID}"`)).toBe(format === 'json');
    expect(lines[0]).toContain('"adminToken":true');
  });

  it('leaves the line as it stands for a person, without the fields that a program finds it by', () => {
    const { log, lines } = createTestLog(format);
    const line = `[Cleanup] Session ${STREAM_SID} removed`;
    log.info({ callId: 'c1', callSid: CALL_SID, streamSid: STREAM_SID, ending: 'agentEnded' }, line);
    if (format === 'pretty') expect(lines[0]).toMatch(new RegExp(`${STREAM_SID} removed$`, 'm'));
    else expect(JSON.parse(lines[0] ?? '')).toMatchObject({ msg: line, callId: 'c1', ending: 'agentEnded' });
  });

  it('writes one line for one line, whatever a caller sends', () => {
    const { log, lines } = createTestLog(format);
    const forged =
      'x\r\n14:00:00.000 INFO  [Cleanup] Session MZ1 removed\u2028\u0085\u001b[2J\u009b1m\u202e\u0000';
    log.info({ [forged]: forged, err: new Error(forged, { cause: forged }) }, forged);
    log.child({ forged }).info({}, 'child');
    for (const line of lines) {
      expect(line.endsWith('\n')).toBe(true);
      expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202e]/u);
    }
    expect(lines[0]).toContain('[Cleanup] Session MZ1 removed');
  });

  it('bounds what it is given, and fails at nothing', () => {
    const { log, lines } = createTestLog(format);
    const round: Record<string, unknown> = { bytes: Buffer.alloc(160), big: 12n, fn: () => {} };
    round.itself = round;
    log.info(
      { round, long: 'a '.repeat(100_000), many: Array(10_000).fill(1), when: new Date(Number.NaN) },
      'big',
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]?.length).toBeLessThan(5_000);
    expect(lines[0]).toContain('[160 bytes]');
    expect(lines[0]).toContain('… (198000 more)');
  });

  it('says nothing below its level', () => {
    const { log, lines } = createTestLog(format, 'warn');
    for (const level of ['debug', 'info', 'warn', 'error'] as const) log[level]({}, level);
    log.child({ a: 1 }).info({}, 'info');
    expect(lines).toHaveLength(2);
  });
});

const CONTRACT_LINES = [
  '[Session Start] MZ123 → CA456',
  '[Audio Buffer] 20 chunks buffered (400ms)',
  '[VAPI Response] Received in 287ms',
  '[Barge-in] Flushed buffer for MZ123 (42 chunks dropped)',
  '[Cleanup] Session MZ123 removed',
];

describe('The lines that people search for', () => {
  it.each(CONTRACT_LINES)('stand as they are in pretty: %s', (words) => {
    const { log, lines, clock } = createTestLog('pretty');
    log.info({}, words);
    const time = new Date(clock.epochMs());
    expect(lines).toEqual([
      expect.stringMatching(
        new RegExp(`^\\d\\d:\\d\\d:${time.getSeconds() === 1 ? '01' : ''}\\.234 INFO  \\S`),
      ),
    ]);
    expect(lines[0]?.endsWith(` INFO  ${words}\n`)).toBe(true);
  });

  it.each(CONTRACT_LINES)('are the msg in json: %s', (words) => {
    const { log, lines } = createTestLog('json');
    log.child({ callSid: 'CA456' }).info({ streamSid: 'MZ123' }, words);
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { level: 'info', time: '2026-01-01T14:23:01.234Z', callSid: 'CA456', streamSid: 'MZ123', msg: words },
    ]);
  });

  it('cannot be dated, graded or worded by a field', () => {
    const { log, lines } = createTestLog('json');
    log.info({ level: 'error', time: 'then', msg: 'other' }, 'true words');
    const line = JSON.parse(lines[0] ?? '');
    expect(line).toMatchObject({ level: 'info', time: '2026-01-01T14:23:01.234Z', msg: 'true words' });
    expect(line).toMatchObject({ level_: 'error', time_: 'then', msg_: 'other' });
  });

  it('tell an error by type, message and the first steps of its stack, on one line', () => {
    const { log, lines } = createTestLog('json');
    log.error(
      { err: Object.assign(new TypeError('no answer', { cause: new Error('deep') }), { code: 'EX' }) },
      'x',
    );
    const { err } = JSON.parse(lines[0] ?? '');
    expect(err).toMatchObject({
      type: 'TypeError',
      message: 'no answer',
      code: 'EX',
      cause: { message: 'deep' },
    });
    expect(err.stack).toMatch(/^at .* < at /);
  });
});
