import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Who may enter a room: its own files always may. `types` may be imported, but only as types. */
interface Room {
  rooms?: string[];
  types?: string[];
  /** Packages; `node:*` stands for all of Node's own. */
  packages?: string[];
}

/** Rooms within a room, whose own rules they have. */
const INNER_ROOMS = ['inspector/page', 'inspector/windows', 'inspector/xstate4'];

/** A file directly under `src/` counts as a room of its own name. */
const ROOMS: Record<string, Room> = {
  machines: { packages: ['xstate'] },
  wire: {},
  audio: { types: ['ports'] },
  telephony: {
    rooms: ['wire', 'audio', 'failure-words', 'pulse', 'rate-limit'],
    types: ['machines', 'ports'],
    packages: ['xstate', 'twilio', 'node:crypto'],
  },
  agent: {
    rooms: ['wire', 'audio', 'failure-words', 'pulse', 'rate-limit'],
    types: ['machines', 'ports'],
    packages: ['xstate'],
  },
  call: {
    rooms: ['telephony', 'agent', 'audio', 'machines'],
    types: ['ports', 'number-rules'],
    packages: ['xstate'],
  },
  cluster: { rooms: ['inspector'], types: ['ports'], packages: ['node:cluster', 'node:net'] },
  server: {
    rooms: ['call', 'telephony', 'inspector', 'wire', 'web-sockets', 'cluster'],
    types: ['ports', 'process-gauges', 'settings'],
    packages: ['express', 'ws', 'node:*'],
  },
  inspector: {
    rooms: ['scrub'],
    types: ['xstate', 'ports', 'inspector/windows', '@opentelemetry/api'],
    packages: ['prom-client', 'node:crypto'],
  },
  /** Runs in a browser; `npm run build:inspector` makes files of it. */
  'inspector/page': {
    rooms: ['inspector'],
    packages: [
      '@vitejs/plugin-react',
      '@xyflow/react',
      '@xyflow/react/dist/base.css',
      'elkjs/lib/elk-api.js',
      'elkjs/lib/elk-worker.min.js?worker',
      'node:fs/promises',
      'node:url',
      'react',
      'react-dom',
      'react-dom/client',
      'uplot',
      'vite',
    ],
  },
  'inspector/windows': {
    types: ['inspector', '@statelyai/inspect'],
    packages: ['node:*', 'ws', '@vapi-twilio-bridge/xstate4-window'],
  },
  /** A package of its own, with a statechart library of its own. */
  'inspector/xstate4': {},
  simulation: {
    rooms: ['wire', 'audio', 'http-fetch', 'real-clock', 'web-sockets'],
    types: ['ports'],
    packages: ['dotenv', 'ws', 'node:*'],
  },
  orphans: { types: ['ports'], packages: ['node:crypto', 'node:fs/promises', 'node:path'] },
  settings: { rooms: ['variables', 'number-rules', 'wire'] },
  'number-rules': { packages: ['zod'] },
  variables: { packages: ['zod'] },
  log: { rooms: ['log-fields', 'pretty-lines', 'real-clock'], types: ['ports'], packages: ['pino'] },
  'log-fields': { rooms: ['scrub'] },
  'http-fetch': { rooms: ['failure-words', 'user-agent'], types: ['ports'] },
  'web-sockets': { rooms: ['failure-words', 'user-agent'], types: ['ports'], packages: ['ws'] },
  'real-clock': { types: ['ports'] },
  'process-gauges': { packages: ['node:fs', 'node:perf_hooks', 'node:v8'] },
  'trace-export': {
    rooms: ['failure-words'],
    types: ['ports'],
    packages: [
      '@opentelemetry/api',
      '@opentelemetry/exporter-trace-otlp-http',
      '@opentelemetry/resources',
      '@opentelemetry/sdk-trace',
    ],
  },
  'own-words': { rooms: ['audio'], types: ['call'], packages: ['node:fs', 'node:path'] },
  ports: {},
  pulse: { types: ['ports'] },
  'rate-limit': { types: ['ports'] },
  scrub: {},
  'pretty-lines': {},
  'failure-words': {},
  'user-agent': {},
};

/** Where the inspector's page reaches the world. */
const BROWSER = 'src/inspector/page/browser.ts';

/** What only the named files may do. Everybody else is given it. */
const WORLDLY: Array<{ what: string; word: RegExp; only: string[] }> = [
  { what: 'new WebSocket', word: /\bnew WebSocket\b/, only: ['src/web-sockets.ts', BROWSER] },
  { what: 'fetch', word: /(?<![\w.])fetch\(/, only: ['src/http-fetch.ts', BROWSER] },
  { what: 'process.env', word: /\bprocess\.env\b/, only: ['src/main.ts', 'src/simulation/phone-main.ts'] },
  { what: 'Date.now', word: /\bDate\.now\b|\bnew Date\(\)/, only: ['src/real-clock.ts', BROWSER] },
  { what: 'performance.now', word: /\bperformance\.now\b|\bhrtime\b/, only: ['src/real-clock.ts'] },
  {
    what: 'setTimeout',
    // Not the ports of that name: `setTimeout(fn: () => void, ms: number): unknown;` and `setTimeout(fn, ms) {`.
    word: /(?<![\w.])setTimeout\((?!fn(?:: \(\) => void)?, ms(?:: number)?\)(?:: unknown;| \{))/,
    only: ['src/real-clock.ts', BROWSER],
  },
  { what: 'setInterval', word: /(?<![\w.])setInterval\(/, only: [] },
  { what: 'console', word: /\bconsole\./, only: [] },
];

/** What no statechart may know of. */
const UNKNOWN_TO_MACHINES =
  /\b(?:Date|setTimeout|setInterval|setImmediate|performance|process|console|Buffer)\b/;

interface Source {
  path: string;
  text: string;
}

interface Import {
  from: string;
  typesOnly: boolean;
}

function sourcesUnder(directory: string): Source[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name) && !name.includes('node_modules'))
    .map((name) => join(directory, name))
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }));
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, '');
}

function importsOf({ text }: Source): Import[] {
  const statements = withoutComments(text).matchAll(/^(?:import|export)\s(?:([^;']*?)\sfrom\s)?'([^']+)'/gm);
  const found = [...statements].map(([, what = '', from = '']) => ({ from, typesOnly: isTypesOnly(what) }));
  const dynamic = [...withoutComments(text).matchAll(/\bimport\(\s*['"`]([^'"`]+)/g)];
  return [...found, ...dynamic.map(([, from = '']) => ({ from, typesOnly: false }))];
}

function isTypesOnly(what: string): boolean {
  if (/^type\s/.test(what)) return true;
  const names = /^\{([^}]*)\}$/
    .exec(what.trim())?.[1]
    ?.split(',')
    .filter((name) => name.trim() !== '');
  return names?.every((name) => /^\s*type\s/.test(name)) ?? false;
}

function roomOf(path: string): string {
  const [top = '', second = ''] = path.split('/');
  if (top === 'machines') return top;
  return INNER_ROOMS.find((room) => path.startsWith(`src/${room}/`)) ?? second.replace(/\.ts$/, '');
}

/** What is wrong with one import, or nothing. */
function wrongArrow({ path }: Source, { from, typesOnly }: Import): string | undefined {
  const room = roomOf(path);
  if (room === 'main') return undefined;
  const { rooms = [], types = [], packages = [] } = ROOMS[room] ?? {};
  if (!from.startsWith('.')) {
    const pattern = from.startsWith('node:') ? [from, 'node:*'] : [from];
    const allowed = pattern.some((name) => packages.includes(name)) || (typesOnly && types.includes(from));
    return allowed ? undefined : `${path} imports ${from}`;
  }
  const target = roomOf(normalize(join(dirname(path), from)));
  if (target === room || rooms.includes(target)) return undefined;
  if (types.includes(target)) return typesOnly ? undefined : `${path} imports more than types of ${target}`;
  return `${path} imports ${target}`;
}

function wrongArrows(sources: Source[]): string[] {
  return sources.flatMap((source) => importsOf(source).flatMap((arrow) => wrongArrow(source, arrow) ?? []));
}

function worldlyWords(sources: Source[]): string[] {
  return sources.flatMap(({ path, text }) => {
    const code = withoutComments(text);
    const given = /[{,]\s*fetch\s*[,}]/.test(code);
    return WORLDLY.filter(({ word, only }) => !only.includes(path) && word.test(code))
      .filter(({ what }) => !(what === 'fetch' && given))
      .map(({ what }) => `${path} uses ${what}`);
  });
}

function worldlyMachines(sources: Source[]): string[] {
  return sources
    .filter(({ path }) => roomOf(path) === 'machines')
    .flatMap(({ path, text }) => {
      const found = UNKNOWN_TO_MACHINES.exec(withoutComments(text));
      return found ? [`${path} knows of ${found[0]}`] : [];
    });
}

describe('the rooms of the program', () => {
  const sources = [...sourcesUnder('src'), ...sourcesUnder('machines')];

  it('are all known', () => {
    const rooms = new Set(sources.map(({ path }) => roomOf(path)));
    expect([...rooms].filter((room) => room !== 'main' && !(room in ROOMS))).toEqual([]);
    expect(Object.keys(ROOMS).filter((room) => !rooms.has(room))).toEqual([]);
  });

  it('are entered only by those who may', () => {
    expect(sources.length).toBeGreaterThan(80);
    expect(sources.flatMap(importsOf).length).toBeGreaterThan(200);
    expect(wrongArrows(sources)).toEqual([]);
  });

  it('are given the world and do not reach for it', () => {
    expect(worldlyWords(sources)).toEqual([]);
  });

  it('leave the statecharts out of the world', () => {
    expect(worldlyMachines(sources)).toEqual([]);
  });
});

describe('the check of the rooms', () => {
  const planted = (path: string, text: string) => wrongArrows([{ path, text }]);

  it.each([
    ['src/wire/x.ts', "import { y } from '../audio/framer.ts';"],
    ['src/audio/x.ts', "import { realClock } from '../real-clock.ts';"],
    ['src/audio/x.ts', "import { type Clock, openIt } from '../ports.ts';"],
    ['src/telephony/x.ts', "import type { Dialect } from '../agent/dialect.ts';"],
    ['src/telephony/x.ts', "import { callMachine } from '../../machines/call.ts';"],
    ['src/agent/x.ts', "export * from '../telephony/twiml.ts';"],
    ['src/call/x.ts', "import type {\n  A,\n  B,\n} from '../wire/twilio.ts';"],
    ['src/call/x.ts', "import { createServer } from '../server/server.ts';"],
    ['src/server/x.ts', "import type { CallContext } from '../../machines/call-facts.ts';"],
    ['src/server/x.ts', "import type { A } from '../agent/dialect.ts';"],
    ['src/inspector/x.ts', "import { createActor } from 'xstate';"],
    ['src/inspector/x.ts', "import type { Call } from '../call/open-call.ts';"],
    ['src/simulation/x.ts', "import { openCall } from '../call/open-call.ts';"],
    ['src/server/x.ts', "import { serveVapi } from '../simulation/serve-vapi.ts';"],
    ['src/server/x.ts', "import '../main.ts';"],
    ['src/call/x.ts', "const twilio = await import('twilio');"],
    ['src/wire/x.ts', "import { createHash } from 'node:crypto';"],
    ['machines/x.ts', "import { Buffer } from 'node:buffer';"],
    ['machines/x.ts', "import type { Clock } from '../src/ports.ts';"],
    ['machines/x.ts', "import { WebSocket } from 'ws';"],
  ])('finds a wrong arrow in %s: %s', (path, text) => {
    expect(planted(path, text)).toHaveLength(1);
  });

  it.each([
    ['src/audio/x.ts', "import type { Clock } from '../ports.ts';"],
    ['src/audio/x.ts', "import { type Clock } from '../ports.ts';"],
    ['src/server/x.ts', "import { createServer } from 'node:http';\nimport { y } from './y.ts';"],
    ['src/main.ts', "import { serveVapi } from './simulation/serve-vapi.ts';"],
    ['src/wire/x.ts', "// import { y } from '../audio/framer.ts';"],
  ])('lets pass what is right in %s: %s', (path, text) => {
    expect(planted(path, text)).toEqual([]);
  });

  it.each([
    'const socket = new WebSocket(url);',
    'await fetch(url);',
    'const { PORT } = process.env;',
    'const at = Date.now();',
    'const today = new Date();',
    'const at = performance.now();',
    'setTimeout(() => stop(), 5);',
    'setTimeout(fn, 5);',
    'setInterval(tick, 20);',
    "console.log('x');",
  ])('finds the world in "%s"', (text) => {
    expect(worldlyWords([{ path: 'src/call/x.ts', text }])).toHaveLength(1);
  });

  it.each([
    'await ports.fetch(url);',
    'const f = ({ clock, fetch }: Ports) => fetch(url);',
    'clock.setTimeout(() => stop(), 5);',
    'new Date(epochMs).toISOString();',
    '// Date.now is forbidden',
    "const site = 'https://x'; const sockets = new WebSocketServer(limits);",
  ])('sees no world in "%s"', (text) => {
    expect(worldlyWords([{ path: 'src/call/x.ts', text }])).toEqual([]);
  });

  it.each(['const at = Date.now();', 'setTimeout(f, 5);', 'console.log(x);', 'Buffer.alloc(2);'])(
    'finds the world in a statechart: "%s"',
    (text) => {
      expect(worldlyMachines([{ path: 'machines/x.ts', text }])).toHaveLength(1);
    },
  );
});
