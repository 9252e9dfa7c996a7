import { createHmac, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { config } from 'dotenv';
import { readSpeech, writeWav } from '../audio/wav.ts';
import { httpFetch } from '../http-fetch.ts';
import type { Ports } from '../ports.ts';
import { realClock } from '../real-clock.ts';
import { openWebSocket } from '../web-sockets.ts';
import { askBridge, bridgeLines } from './bridge-figures.ts';
import { type PhoneCallOptions, type PhoneCallResult, placePhoneCall } from './phone-call.ts';
import { callLines, eventLine, isFaultless, remedyOf, shortLine, totalLines } from './phone-report.ts';

const USAGE = `A simulated phone: calls the bridge as Twilio does, says a recording, and listens.

  npm run call -- speech.wav [--to ADDRESS] [--out heard.wav] [--calls N] [--seconds S]

  speech.wav   what you say: a WAV file, or headerless µ-law at 8 kHz under a name in .ulaw;
               src/simulation/speech/caller/ holds some to begin with
  --to         ws://HOST/media, or http://HOST/webhook/twilio to be answered TwiML first
               (ws://127.0.0.1:3000/media, with the port of PORT if that is set)
  --out        where to write what you heard (of the first call, if there are several)
  --calls      how many people call at once, 1 to 500 (1)
  --seconds    hang up after this long, 1 to 14400 (300)

TWILIO_AUTH_TOKEN, TWILIO_ACCOUNT_SID, PUBLIC_URL and ADMIN_TOKEN are read from the environment or .env, as the server
reads them: with them the phone signs its requests and may ask for the server's figures.
The exit code is 0 if every call was had, did not break and kept to Twilio's rules, else 1.
`;

const MOST_CALLS = 500;
const LONGEST_SECONDS = 14_400;
/** Callers come one after the other, but all within twenty seconds. */
const STAGGER_MS = 100;
const STAGGER_WITHIN_MS = 20_000;

interface Arguments {
  file: string;
  to: string;
  out?: string;
  calls: number;
  seconds: number;
}

type Environment = Record<string, string | undefined>;

const ports: Ports = { clock: realClock, openSocket: openWebSocket, fetch: httpFetch, randomBytes };
const print = (...lines: string[]) => process.stdout.write(lines.map((line) => `${line}\n`).join(''));
const wait = (ms: number) => new Promise<void>((resolve) => realClock.setTimeout(resolve, ms));

/** Twilio's signature: HMAC-SHA1 over the address and the fields in the order of their names. */
function signer(authToken: string): NonNullable<PhoneCallOptions['sign']> {
  return (url, fields) => {
    const form = Object.keys(fields)
      .sort()
      .map((name) => name + fields[name])
      .join('');
    return createHmac('sha1', authToken)
      .update(url + form, 'utf8')
      .digest('base64');
  };
}

function numberIn(name: string, text: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new Error(`--${name} is ${text}. Give a whole number from 1 to ${most}.`);
}

/** What was asked for; undefined if it was only help. Throws an error in plain words. */
function readArguments(argv: string[], env: Environment): Arguments | undefined {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      to: { type: 'string', default: `ws://127.0.0.1:${env.PORT || 3000}/media` },
      out: { type: 'string' },
      calls: { type: 'string', default: '1' },
      seconds: { type: 'string', default: '300' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) {
    throw new Error(`Say which recording to play: npm run call -- speech.wav\n\n${USAGE}`);
  }
  return {
    file,
    to: values.to,
    calls: numberIn('calls', values.calls, MOST_CALLS),
    seconds: numberIn('seconds', values.seconds, LONGEST_SECONDS),
    ...(values.out === undefined ? {} : { out: values.out }),
  };
}

async function loadSpeech(file: string): Promise<Buffer> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new Error(`There is no file ${file}. Give the path of a recording.`);
    throw new Error(`${file} cannot be read (${error.code}). Give the path of a recording.`);
  });
  const speech = readSpeech(bytes, basename(file));
  if (!speech.ok) throw new Error(speech.words);
  return speech.mulaw;
}

async function save(out: string, call: PhoneCallResult): Promise<void> {
  await writeFile(out, writeWav(call.heard)).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${out} cannot be written (${error.code}). Name another file with --out.`);
  });
  print(`  ${'heard'.padEnd(16)}${out}`);
}

async function callOnce(asked: Arguments, options: PhoneCallOptions, adminToken?: string): Promise<boolean> {
  const onEvent: PhoneCallOptions['onEvent'] = (event) => print(eventLine(event));
  const call = await placePhoneCall(ports, { ...options, onEvent });
  if (call.endedBy === 'refused') throw new Error(`${call.ending} ${remedyOf(call, asked.to)}`.trim());
  print('', ...callLines(call));
  if (asked.out !== undefined) await save(asked.out, call);
  print(...bridgeLines(await askBridge(ports, asked.to, call.callSid, adminToken)));
  return isFaultless(call);
}

async function callTogether(asked: Arguments, options: PhoneCallOptions): Promise<boolean> {
  const gapMs = Math.min(STAGGER_MS, STAGGER_WITHIN_MS / asked.calls);
  const placed = Array.from({ length: asked.calls }, async (_, index) => {
    await wait(index * gapMs);
    const call = await placePhoneCall(ports, options);
    print(shortLine(index + 1, call));
    return call;
  });
  const calls = await Promise.all(placed);
  print('', ...totalLines(calls));
  const [first] = calls;
  if (first && asked.out !== undefined) await save(asked.out, first);
  const refused = calls.find((call) => call.endedBy === 'refused');
  if (refused) print(remedyOf(refused, asked.to));
  return calls.every(isFaultless);
}

async function main(argv: string[], env: Environment): Promise<boolean> {
  const asked = readArguments(argv, env);
  if (!asked) {
    print(USAGE.trimEnd());
    return true;
  }
  const hangUp = new AbortController();
  // A second Ctrl-C finds no listener and ends the process.
  process.once('SIGINT', () => hangUp.abort());
  const { TWILIO_AUTH_TOKEN, TWILIO_ACCOUNT_SID, PUBLIC_URL, ADMIN_TOKEN } = env;
  const options: PhoneCallOptions = {
    to: asked.to,
    speech: await loadSpeech(asked.file),
    maxMs: asked.seconds * 1_000,
    signal: hangUp.signal,
    ...(TWILIO_AUTH_TOKEN ? { sign: signer(TWILIO_AUTH_TOKEN) } : {}),
    ...(TWILIO_ACCOUNT_SID ? { accountSid: TWILIO_ACCOUNT_SID } : {}),
    ...(PUBLIC_URL ? { publicUrl: PUBLIC_URL } : {}),
  };
  print(`Calling ${asked.to}. Ctrl-C hangs up.`);
  return asked.calls === 1 ? callOnce(asked, options, ADMIN_TOKEN) : callTogether(asked, options);
}

config({ quiet: true });
main(process.argv.slice(2), process.env).then(
  (faultless) => {
    process.exitCode = faultless ? 0 : 1;
  },
  (error: Error) => {
    print(error.message);
    process.exitCode = 1;
  },
);
