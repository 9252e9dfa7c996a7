import { connect, type Socket } from 'node:net';

/** What a stranger does once it has come, until its socket is gone. Returns what is to be undone then. */
type Conduct = (line: Socket, port: number) => (() => void) | undefined;

const DRIP_EVERY_MS = 500;
const PIECE_EVERY_MS = 10;
/** RFC 6455 5.2. */
const FINAL = 0x80;
const TEXT = 0x1;
const MASKED = 0x80;
/** A thousand messages a second, in lots. */
const FLOOD_EVERY_MS = 20;
const FLOOD_LOT = 20;

const repeating = (everyMs: number, act: () => void) => {
  const timer = setInterval(act, everyMs);
  return () => clearInterval(timer);
};

/** A WebSocket frame as a client sends it, masked with zeros. `first` is its first byte. */
export function clientFrame(first: number, payload: Buffer): Buffer {
  const { length } = payload;
  const head =
    length < 126
      ? Buffer.from([first, MASKED | length])
      : Buffer.from([first, MASKED | 126, length >>> 8, length & 0xff]);
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}

const text = (words: string) => clientFrame(FINAL | TEXT, Buffer.from(words));

const upgrade = (path: string, port: number, more = '') =>
  `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
  `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${more}\r\n`;

/** Comes in by `/media`, where a server lets strangers in, and then does `then`. */
const inside =
  (then: (line: Socket) => (() => void) | undefined): Conduct =>
  (line, port) => {
    let undo: (() => void) | undefined;
    line.write(upgrade('/media', port));
    line.once('data', (answer) => {
      if (answer.toString('latin1').startsWith('HTTP/1.1 101')) undo = then(line);
    });
    return () => undo?.();
  };

const once =
  (bytes: () => Buffer) =>
  (line: Socket): undefined => {
    line.write(bytes());
  };

let started = 0;
const startMessage = () => {
  started += 1;
  return `{"event":"start","start":{"streamSid":"MZ-stranger-${started}","callSid":"CA-stranger-${started}"}}`;
};

/** Paths that only look like one of ours, and things that are not for strangers. */
const PATHS = [
  '/media/../calls',
  '/media/%2e%2e/calls',
  '//media',
  '/media/%00',
  '/MEDIA',
  '/media?x=1',
  '/calls/../../etc/passwd',
  '/metrics',
  '/inspector',
  '/webhook/twilio',
  `/${'x'.repeat(4_000)}`,
];
let asked = 0;

/** How strangers behave, by the row of the catalogue of faults. */
export const KINDS: Readonly<Record<string, Conduct>> = {
  'F61 says nothing': () => undefined,
  'F62 slow headers': (line) => {
    line.write('POST /webhook/twilio HTTP/1.1\r\nHost: x\r\n');
    return repeating(DRIP_EVERY_MS, () => line.write('x: y\r\n'));
  },
  'F62 slow body': (line) => {
    line.write(
      'POST /webhook/twilio HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n',
    );
    line.write('Content-Length: 1000\r\n\r\nCallSid=');
    return repeating(DRIP_EVERY_MS, () => line.write('C'));
  },
  'F63 upgrade, then silence': inside(() => undefined),
  'F64 fragments of a byte': inside((line) => {
    line.write(clientFrame(TEXT, Buffer.from('{')));
    return repeating(PIECE_EVERY_MS, () => line.write(clientFrame(0, Buffer.from('x'))));
  }),
  'F65 too large': inside((line) => {
    line.write(Buffer.from([FINAL | TEXT, MASKED | 127, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0]));
    line.write(Buffer.alloc(70_000, 'x'));
    return undefined;
  }),
  'F66 unmasked': inside(once(() => Buffer.from([FINAL | TEXT, 2, 0x7b, 0x7d]))),
  'F66 reserved bit': inside(once(() => clientFrame(0xc0 | TEXT, Buffer.from('{}')))),
  'F66 no UTF-8': inside(once(() => clientFrame(FINAL | TEXT, Buffer.from([0xff, 0xfe])))),
  'F67 flood': inside((line) => {
    line.write(text(startMessage()));
    const lot = Buffer.concat(Array.from({ length: FLOOD_LOT }, () => text('{"event":"nothing"}')));
    return repeating(FLOOD_EVERY_MS, () => line.write(lot));
  }),
  'F68 depth': inside((line) =>
    repeating(DRIP_EVERY_MS / 2, () => line.write(text(`{"event":${'['.repeat(16_000)}`))),
  ),
  'S8 wrong ticket': (line, port) => {
    const ticket = `${'x'.repeat(43)}.${'y'.repeat(43)}`;
    line.write(upgrade(`/media/${ticket}`, port));
    return undefined;
  },
  'S14 other paths': (line, port) => {
    asked += 1;
    const path = PATHS[asked % PATHS.length] ?? '/';
    const forwarded = 'X-Forwarded-For: 203.0.113.9\r\nAuthorization: Bearer wrong\r\n';
    if (asked % 2 === 0) line.write(upgrade(path, port, forwarded));
    else line.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${forwarded}\r\n`);
    return undefined;
  },
};

/** A stranger of this kind, at the door of a server on 127.0.0.1. `gone` is told once. */
export function openStranger(kind: string, port: number, gone: () => void): { leave(): void } {
  const line = connect({ host: '127.0.0.1', port });
  let undo: (() => void) | undefined;
  line.on('error', () => {});
  line.on('connect', () => {
    undo = KINDS[kind]?.(line, port);
    line.resume();
  });
  line.on('close', () => {
    undo?.();
    gone();
  });
  return { leave: () => line.destroy() };
}
