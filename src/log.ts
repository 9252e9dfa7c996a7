import { type Logger, pino } from 'pino';
import { type LogFields, presentable, presentableText } from './log-fields.ts';
import type { Clock } from './ports.ts';
import { createPrettyLines } from './pretty-lines.ts';
import { realClock } from './real-clock.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Says what happens, to people and their programs. Whatever it is given, no secret and no forged line comes out. */
export interface Log {
  debug(fields: LogFields, msg: string): void;
  info(fields: LogFields, msg: string): void;
  warn(fields: LogFields, msg: string): void;
  error(fields: LogFields, msg: string): void;
  /** The same log, with these fields in every line. */
  child(fields: LogFields): Log;
}

export interface LogOptions {
  /** `pretty` for people at a terminal: `14:23:01.234 INFO  <msg> {fields}`; `json`: a JSON object a line. */
  format: 'pretty' | 'json';
  /** The least that is said; `info` unless told. */
  level?: LogLevel;
  /** Takes each line with its line feed; standard output unless told. */
  destination?: { write(line: string): void };
  /** Dates the lines; the real clock unless told. */
  clock?: Pick<Clock, 'epochMs'>;
}

/** The most, bytes, that may wait for a reader of standard output that does not read; what goes beyond is dropped. */
const MOST_WAITING_BYTES = 4 * 1024 * 1024;

/** Starts a log. Nothing in it runs on another thread, so that the last lines before an exit are not lost. */
export function createLog({ format, level = 'info', destination, clock = realClock }: LogOptions): Log {
  const pretty = format === 'pretty';
  const out = destination ?? pino.destination({ dest: 1, sync: pretty, maxLength: MOST_WAITING_BYTES });
  const coloured = destination === undefined && process.stdout.isTTY === true;
  const logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date(clock.epochMs()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      // Errors come told already; pino's own way would put their line feeds back.
      serializers: { err: (told) => told },
    },
    pretty ? createPrettyLines(out, coloured) : out,
  );
  return wrap(logger);
}

function wrap(logger: Logger): Log {
  const says = (level: LogLevel) => (fields: LogFields, msg: string) => {
    if (logger.isLevelEnabled(level)) logger[level](presentable(fields), presentableText(msg));
  };
  return {
    debug: says('debug'),
    info: says('info'),
    warn: says('warn'),
    error: says('error'),
    child: (fields) => wrap(logger.child(presentable(fields))),
  };
}
