import { createHash } from 'node:crypto';
import twilio from 'twilio';
import { describe, expect, it } from 'vitest';
import type { Ports } from '../../src/ports.ts';
import {
  type PhoneCallOptions,
  type PhoneCallResult,
  type PhoneEvent,
  placePhoneCall,
} from '../../src/simulation/phone-call.ts';
import {
  createMemoryNetwork,
  type MemoryHeaders,
  type MemoryRequest,
  type MemorySocket,
} from '../support/memory-network.ts';
import { createVirtualClock, type VirtualClock } from '../support/virtual-clock.ts';

const LOUD = 0x10;
const loud = (ms: number) => Buffer.alloc(ms * 8, LOUD);
const pause = (ms: number) => Buffer.alloc(ms * 8, 0xff);

/** What a server does on one stream; `say` queues agent audio at Twilio. */
interface Bridge {
  socket: MemorySocket;
  headers: MemoryHeaders;
  path: string;
  start: { callSid: string; streamSid: string; accountSid: string; customParameters: Record<string, string> };
  atMs: number;
  frames: Buffer[];
  say(ms: number): void;
  send(message: Record<string, unknown>): void;
}

interface Town {
  clock: VirtualClock;
  ports: Ports;
  bridges: Bridge[];
  requests: MemoryRequest[];
  network: ReturnType<typeof createMemoryNetwork>;
}

/** A server at bridge:3000: `behave` is called as each stream starts, `answer` for each request. */
function createTown(
  behave: (bridge: Bridge, clock: VirtualClock) => void = () => {},
  answer: (request: MemoryRequest) => string | number = () => 404,
): Town {
  const clock = createVirtualClock();
  const network = createMemoryNetwork({ clock });
  const bridges: Bridge[] = [];
  const requests: MemoryRequest[] = [];
  let seed = 0;

  network.serve('ws://bridge:3000', (path, headers, socket) => {
    const frames: Buffer[] = [];
    socket.listen({
      text(text) {
        const message = JSON.parse(text);
        if (message.event === 'media') frames.push(Buffer.from(message.media.payload, 'base64'));
        if (message.event !== 'start') return;
        const { streamSid } = message;
        const send = (fields: Record<string, unknown>) =>
          socket.sendText(JSON.stringify({ ...fields, streamSid }));
        const say = (ms: number) => send({ event: 'media', media: { payload: loud(ms).toString('base64') } });
        const bridge = {
          socket,
          headers,
          path,
          start: message.start,
          atMs: clock.now(),
          frames,
          say,
          send,
        };
        bridges.push(bridge);
        behave(bridge, clock);
      },
      binary() {},
      ponged() {},
      closed() {},
    });
    return true;
  });
  network.serveHttp('http://bridge:3000', (request) => {
    requests.push(request);
    const answered = answer(request);
    return typeof answered === 'number' ? { status: answered } : { status: 200, body: answered };
  });
  const randomBytes = (count: number) => {
    seed += 1;
    return createHash('sha256').update(String(seed)).digest().subarray(0, count);
  };
  const ports = { clock, openSocket: network.openSocket, fetch: network.fetch, randomBytes };
  return { clock, network, ports, bridges, requests };
}

async function call(
  town: Town,
  options: Partial<PhoneCallOptions> = {},
  forMs = 60_000,
): Promise<PhoneCallResult> {
  const placed = placePhoneCall(town.ports, {
    to: 'ws://bridge:3000/media',
    speech: loud(1_000),
    tailMs: 1_000,
    ...options,
  });
  await town.clock.run(forMs);
  return placed;
}

const twimlTo = (url: string, more = '') =>
  `<Response><Connect${more}><Stream url="${url}"><Parameter name="nonce" value="n1"/></Stream></Connect></Response>`;

describe('a phone call to a media socket', () => {
  it('speaks, listens, hangs up, and gives an account of it', async () => {
    const town = createTown((bridge, clock) => {
      clock.setTimeout(() => bridge.say(2_000), 1_600);
      clock.setTimeout(() => bridge.send({ event: 'mark', mark: { name: 'm' } }), 1_600);
    });
    const events: PhoneEvent[] = [];
    const result = await call(town, { onEvent: (event) => events.push(event) });
    expect(result).toMatchObject({
      endedBy: 'caller',
      ending: 'The caller hung up.',
      firstHeardMs: 1_600,
      firstResponseMs: 600,
      bargeIns: [],
      talkOverMs: 0,
      durationMs: 4_600,
      streams: 1,
      framesSent: 230,
      framesLost: 0,
      marksReceived: 1,
      marksEchoed: 1,
      mediaMessages: 1,
      violations: [],
    });
    expect(result.callSid).toMatch(/^CA[0-9a-f]{32}$/);
    expect(result.heard).toEqual(Buffer.concat([pause(1_600), loud(2_000), pause(1_000)]));
    expect(Buffer.concat(town.bridges[0]?.frames.slice(0, 50) ?? [])).toEqual(loud(1_000));
    expect(events.map(({ atMs, words }) => `${atMs} ${words}`)).toEqual([
      '0 the stream is open',
      '0 the caller speaks',
      '1000 the caller is silent',
      '1600 the agent speaks',
      '3600 the agent is silent',
    ]);
    expect(town.network.openSockets).toBe(0);
    expect(town.clock.armed).toBe(0);
  });

  it('measures how soon the agent falls silent when the caller interrupts', async () => {
    const town = createTown((bridge, clock) => {
      bridge.say(5_000);
      clock.setTimeout(() => bridge.send({ event: 'clear' }), 2_180);
    });
    const result = await call(town, { speech: Buffer.concat([pause(2_000), loud(600)]) });
    expect(result.bargeIns).toEqual([{ atMs: 2_000, clearAfterMs: 180, silentAfterMs: 180 }]);
    expect(result.clears).toEqual([{ atMs: 2_180, droppedMs: 2_820 }]);
    expect(result.talkOverMs).toBe(180);
  });

  it('collects what the server does wrong', async () => {
    const town = createTown((bridge) => {
      bridge.socket.sendBinary(loud(20));
      bridge.send({ event: 'keepalive' });
    });
    const result = await call(town);
    expect(result.violations.map((violation) => violation.code)).toEqual([31950, 31951]);
  });

  it('counts the speech that the server did not wait for as lost', async () => {
    const town = createTown((bridge, clock) => {
      clock.setTimeout(() => bridge.socket.close(1000, 'bye'), 510);
    });
    const result = await call(town);
    expect(result).toMatchObject({ endedBy: 'bridge', ending: 'The server ended the call (bye).' });
    expect(result).toMatchObject({ durationMs: 510, framesSent: 26, framesLost: 24 });
  });

  it('notices a broken line', async () => {
    const town = createTown((bridge, clock) => {
      clock.setTimeout(() => bridge.socket.terminate(), 510);
    });
    const result = await call(town);
    expect(result).toMatchObject({ endedBy: 'line', ending: 'The line broke: connection lost.' });
  });

  it('hangs up properly when told to', async () => {
    const town = createTown();
    const hangUp = new AbortController();
    town.clock.setTimeout(() => hangUp.abort(), 300);
    const result = await call(town, { signal: hangUp.signal });
    expect(result).toMatchObject({ endedBy: 'caller', durationMs: 300, framesLost: 0 });
    expect(town.clock.armed).toBe(0);
  });

  it('does not call at all when told to hang up before', async () => {
    const town = createTown();
    const result = await call(town, { signal: AbortSignal.abort() });
    expect(result).toMatchObject({ endedBy: 'caller', streams: 0 });
    expect(town.bridges).toEqual([]);
  });

  it('ends after the longest time', async () => {
    const town = createTown((bridge) => bridge.say(600_000));
    const result = await call(town, { maxMs: 7_000 });
    expect(result).toMatchObject({ endedBy: 'caller', durationMs: 7_000 });
  });

  it('says what is wrong when nobody answers, or the door is shut', async () => {
    const town = createTown();
    town.network.serve('ws://shut:1', () => 403);
    town.network.serve('ws://mute:1', () => 'silence');
    expect((await call(town, { to: 'ws://nobody:1/media' })).refusal).toEqual({
      kind: 'unreachable',
      words: 'Nothing answers at ws://nobody:1/media (connection refused).',
    });
    expect((await call(town, { to: 'ws://shut:1/media' })).refusal).toEqual({
      kind: 'forbidden',
      words: 'ws://shut:1/media is refused with 403.',
    });
    expect((await call(town, { to: 'ws://mute:1/media' })).refusal?.kind).toBe('unreachable');
    expect((await call(town, { to: 'somewhere' })).refusal?.words).toBe(
      'somewhere is no address of a server.',
    );
  });
});

describe('a phone call to a webhook', () => {
  const to = 'http://bridge:3000/webhook/twilio';

  it('asks for TwiML as Twilio does, and takes the stream it names', async () => {
    const town = createTown(undefined, () => twimlTo('wss://bridge:3000/media/ticket'));
    const callSid = `CA${'7'.repeat(32)}`;
    const result = await call(town, { to, callSid });
    expect(result.endedBy).toBe('caller');
    expect(town.requests).toHaveLength(1);
    const form = Object.fromEntries(new URLSearchParams(town.requests[0]?.body));
    expect(form).toMatchObject({
      CallSid: callSid,
      CallStatus: 'ringing',
      Direction: 'inbound',
      ApiVersion: '2010-04-01',
    });
    expect(form.From).toMatch(/^\+\d+$/);
    expect(town.requests[0]?.headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/);
    const [bridge] = town.bridges;
    expect(bridge?.path).toBe('/media/ticket');
    expect(bridge?.start).toMatchObject({
      callSid,
      accountSid: form.AccountSid,
      customParameters: { nonce: 'n1' },
    });
  });

  it('signs requests and upgrade for the public address, and sends them to the door it knows', async () => {
    const token = '12345';
    const publicUrl = 'https://bridge.example.com';
    const town = createTown(undefined, () => twimlTo('wss://bridge.example.com/media/ticket'));
    const sign = (url: string, fields: Record<string, string>) =>
      twilio.getExpectedTwilioSignature(token, url, fields);
    await call(town, { to, publicUrl, sign });
    const [request] = town.requests;
    const form = Object.fromEntries(new URLSearchParams(request?.body));
    const signature = request?.headers['x-twilio-signature'] ?? '';
    expect(twilio.validateRequest(token, signature, `${publicUrl}/webhook/twilio`, form)).toBe(true);
    const upgrade = town.bridges[0]?.headers['x-twilio-signature'] ?? '';
    expect(twilio.validateRequest(token, upgrade, 'wss://bridge.example.com/media/ticket', {})).toBe(true);
  });

  it('asks the action what follows when the server closed the stream, and reconnects', async () => {
    const town = createTown(
      (bridge, clock) => {
        if (bridge.path === '/media/2') return;
        clock.setTimeout(() => bridge.socket.close(1000, ''), 310);
      },
      ({ path }) =>
        path === '/webhook/twilio'
          ? twimlTo('wss://bridge:3000/media/1', ' action="/after"')
          : twimlTo('wss://bridge:3000/media/2'),
    );
    const result = await call(town, { to });
    expect(town.requests.map(({ path }) => path)).toEqual(['/webhook/twilio', '/after']);
    expect(Object.fromEntries(new URLSearchParams(town.requests[1]?.body)).CallStatus).toBe('in-progress');
    expect(result).toMatchObject({ endedBy: 'caller', streams: 2, framesLost: 0 });
    const said = town.bridges.flatMap((bridge) => bridge.frames).filter((frame) => frame.includes(LOUD));
    expect(Buffer.concat(said)).toEqual(loud(1_000));
  });

  it('loses what the caller says between two streams', async () => {
    const town = createTown(
      (bridge, clock) => {
        if (bridge.path === '/media/1') clock.setTimeout(() => bridge.socket.close(1000, ''), 310);
        else bridge.say(100);
      },
      ({ path }) =>
        path === '/webhook/twilio'
          ? `<Response><Connect><Stream url="wss://bridge:3000/media/1"/></Connect><Redirect>/slow</Redirect></Response>`
          : twimlTo('wss://bridge:3000/media/2'),
    );
    const { fetch } = town.ports;
    town.ports.fetch = async (url, init) => {
      if (url.endsWith('/slow')) await new Promise<void>((resolve) => town.clock.setTimeout(resolve, 200));
      return fetch(url, init);
    };
    const result = await call(town, { to });
    // Frames 0 to 15 were sent by 310 ms; at 510 ms the caller is at frame 25.
    expect(result).toMatchObject({ streams: 2, framesLost: 9, firstHeardMs: 510 });
    expect(result.heard.subarray(0, 510 * 8)).toEqual(pause(510));
  });

  it('tells the status callback what becomes of the stream', async () => {
    const stream = '<Stream url="wss://bridge:3000/media/1" statusCallback="http://bridge:3000/status"/>';
    const told = async (behave: (bridge: Bridge, clock: VirtualClock) => void, door = true) => {
      const town = createTown(behave, ({ path }) =>
        path === '/status' ? '' : `<Response><Connect>${stream}</Connect></Response>`,
      );
      if (!door) town.network.serve('ws://bridge:3000', () => 403);
      await call(town, { to });
      return town.requests.slice(1).map(({ body }) => new URLSearchParams(body).get('StreamEvent'));
    };
    expect(await told(() => {})).toEqual(['stream-started', 'stream-stopped']);
    expect(await told((bridge) => bridge.socket.terminate())).toEqual(['stream-started', 'stream-error']);
    expect(await told(() => {}, false)).toEqual(['stream-error']);
  });

  it('notices when the server puts the caller through to a person', async () => {
    const town = createTown(
      (bridge) => bridge.socket.close(1000, ''),
      ({ path }) =>
        path === '/after'
          ? '<Response><Dial><Number>+12025550100</Number></Dial></Response>'
          : twimlTo('wss://bridge:3000/media/1', ' action="http://bridge:3000/after"'),
    );
    expect(await call(town, { to })).toMatchObject({ endedBy: 'dialled', streams: 1 });
  });

  describe('that is handed on', () => {
    const handOn =
      '<Response><Dial action="http://bridge:3000/after-dial"><Number>+12025550100</Number></Dial><Hangup/></Response>';
    const record =
      '<Response><Record action="/after-record" recordingStatusCallback="http://bridge:3000/recording"/><Say>Nothing?</Say><Hangup/></Response>';
    const documents: Record<string, string> = {
      '/webhook/twilio': handOn,
      '/after-dial': record,
      '/after-record': '<Response><Say>Thanks.</Say><Hangup/></Response>',
      '/recording': '',
    };

    /** The paths that Twilio asks and tells, each with the field that matters there. */
    async function handedOn(options: Partial<PhoneCallOptions>) {
      const town = createTown(undefined, ({ path }) => documents[path] ?? 404);
      const result = await call(town, { to, ...options });
      const asked = town.requests.map(({ path, body }) => {
        const form = new URLSearchParams(body);
        return [path, form.get('DialCallStatus') ?? form.get('RecordingStatus') ?? form.get('RecordingSid')];
      });
      return { result, asked };
    }

    it('tells the action of a <Dial> what became of it, also when a person has answered', async () => {
      const { result, asked } = await handedOn({ person: 'completed', leavesMessage: false });
      expect(result).toMatchObject({ endedBy: 'dialled' });
      expect(asked).toEqual([
        ['/webhook/twilio', null],
        ['/after-dial', 'completed'],
      ]);
    });

    it('leaves a message where it is asked for one, and Twilio tells where that is', async () => {
      const { result, asked } = await handedOn({ person: 'busy' });
      expect(result).toMatchObject({ endedBy: 'voicemail', ending: 'The caller leaves a message.' });
      expect(asked).toEqual([
        ['/webhook/twilio', null],
        ['/after-dial', 'busy'],
        ['/recording', 'completed'],
        ['/after-record', expect.stringMatching(/^RE[0-9a-f]{32}$/)],
      ]);
    });

    it('goes on behind a <Record> where nothing is said', async () => {
      const { result, asked } = await handedOn({ person: 'no-answer', leavesMessage: false });
      expect(result.ending).toContain('It says: "Nothing?"');
      expect(asked.map(([path]) => path)).toEqual(['/webhook/twilio', '/after-dial']);
    });
  });

  it('breaks its line where it is told to, stream by stream, and loses only what falls between', async () => {
    const town = createTown(undefined, ({ path }) =>
      path === '/after'
        ? twimlTo('wss://bridge:3000/media/2')
        : twimlTo('wss://bridge:3000/media/1', ' action="http://bridge:3000/after"'),
    );
    const result = await call(town, { to, breaksAfterMs: [300] });
    expect(result).toMatchObject({ endedBy: 'caller', streams: 2, framesLost: 0 });
    expect(town.bridges.map(({ atMs }) => atMs)).toEqual([0, 300]);
    expect(town.clock.armed).toBe(0);
  });

  const url = 'wss://bridge:3000/media/1';
  it.each([
    [
      'a stream that only listens',
      `<Start><Stream url="${url}"/></Start><Pause length="60"/>`,
      'twiml',
      /<Start><Stream>/,
    ],
    ['a server that is busy', '<Say>All lines are busy.</Say><Hangup/>', 'busy', /"All lines are busy\."/],
    ['a rejected call', '<Reject/>', 'busy', /rejects/],
    ['no stream', '<Pause/>', 'twiml', /no <Connect><Stream>/],
    ['a connection of another kind', '<Connect><Room>x</Room></Connect>', 'twiml', /without a <Stream>/],
    ['an open socket', '<Connect><Stream url="ws://bridge:3000/media/1"/></Connect>', 'twiml', /31922/],
    ['a query', `<Connect><Stream url="${url}?a=1"/></Connect>`, 'twiml', /31920/],
    ['both tracks', `<Connect><Stream url="${url}" track="both_tracks"/></Connect>`, 'twiml', /31941/],
    [
      'a long parameter',
      `<Connect><Stream url="${url}"><Parameter name="n" value="${'x'.repeat(499)}"/></Stream></Connect>`,
      'twiml',
      /under 500/,
    ],
    ['TwiML in a circle', '<Redirect>/webhook/twilio</Redirect>', 'twiml', /leads back/],
  ])('says what is wrong with %s', async (_title, verbs, kind, words) => {
    const town = createTown(undefined, () => `<Response>${verbs}</Response>`);
    const result = await call(town, { to });
    expect(result).toMatchObject({
      endedBy: 'refused',
      refusal: { kind, words: expect.stringMatching(words) },
    });
    expect(town.bridges).toEqual([]);
  });

  it.each([
    [403, 'forbidden', /signature/],
    [503, 'http', /answers 503/],
  ])('says what it means that the webhook answers %i', async (status, kind, words) => {
    const town = createTown(undefined, () => status);
    const { refusal } = await call(town, { to });
    expect(refusal).toEqual({ kind, words: expect.stringMatching(words) });
  });

  it('says that what it got is not TwiML', async () => {
    const town = createTown(undefined, () => '<html></html>');
    expect((await call(town, { to })).refusal?.words).toBe('What /webhook/twilio answers is not TwiML.');
  });

  it('does not wait longer than Twilio for TwiML', async () => {
    const town = createTown();
    town.network.serveHttp('http://bridge:3000', () => new Promise(() => {}));
    const placed = placePhoneCall(town.ports, { to, speech: loud(100) });
    let over = false;
    void placed.then(() => {
      over = true;
    });
    await town.clock.run(14_999);
    expect(over).toBe(false);
    await town.clock.run(1);
    expect((await placed).refusal?.kind).toBe('unreachable');
  });

  it('gives up on a refused stream with the reason, without its ticket', async () => {
    const town = createTown(undefined, () => twimlTo('wss://bridge:3000/media/secret'));
    town.network.serve('ws://bridge:3000', () => 403);
    const { ending, refusal } = await call(town, { to });
    expect(refusal?.kind).toBe('forbidden');
    expect(ending).not.toContain('secret');
  });
});
