const GRAY = 90;
/** Fields that a program finds a call by. A person reads the text, which stands alone on its line. */
const FOR_PROGRAMS: ReadonlySet<string> = new Set(['callId', 'callSid', 'streamSid', 'ending', 'worker']);

const COLOURS: Record<string, number> = { debug: 36, info: 32, warn: 33, error: 31 };

/**
 * Makes JSON log lines fit to be read at a terminal: `14:23:01.234 INFO  <msg> {"other":"fields"}`, the time where the
 * reader is. One line for one line and no field with a meaning of its own: `pino-pretty` spreads errors over many
 * lines and gives `caller`, `type` and `stack` a meaning, by which a field can pass for a line.
 */
export function createPrettyLines(out: { write(line: string): void }, coloured: boolean) {
  const paint = (text: string, colour = GRAY) => (coloured ? `\u001b[${colour}m${text}\u001b[0m` : text);

  return {
    write(json: string) {
      const line: { level: string; time: string; msg: string } = JSON.parse(json);
      const { level, time, msg, ...rest } = line;
      const label = paint(level.toUpperCase().padEnd(5), COLOURS[level]);
      const shown = Object.entries(rest).filter(([name]) => !FOR_PROGRAMS.has(name));
      const fields = shown.length === 0 ? '' : ` ${paint(JSON.stringify(Object.fromEntries(shown)))}`;
      out.write(`${paint(timeOfDay(new Date(time)))} ${label} ${msg}${fields}\n`);
    },
  };
}

function timeOfDay(time: Date): string {
  const two = (part: number) => `${part}`.padStart(2, '0');
  const three = `${time.getMilliseconds()}`.padStart(3, '0');
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${three}`;
}
