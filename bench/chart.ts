/** One line of a chart, or one group of bars. */
export interface Series {
  name: string;
  points: ReadonlyArray<{ x: number; y: number; least: number; most: number }>;
}

export interface ChartOptions {
  title: string;
  x: string;
  y: string;
  series: readonly Series[];
  /** Where more than a few powers of ten lie between the values. */
  logarithmic?: boolean;
}

const WIDTH = 760;
const HEIGHT = 380;
const LEFT = 64;
const RIGHT = 210;
const TOP = 44;
const BOTTOM = 52;
/** Told apart by whoever sees few colours (Okabe and Ito), and on white as well as on black. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#8c7a00', '#56b4e9'];

/** Follows the reader's own choice of light or dark. */
const STYLE = `<style>
text{font:12px system-ui,sans-serif;fill:#24292f}.title{font-size:14px;font-weight:600}.grid{stroke:#8c959f;stroke-opacity:.35}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.grid{stroke:#8b949e}}
</style>`;

/** Lines over the number of calls, each point with the range of its rounds. The calls stand evenly spaced. */
export function lineChart({ title, x, y, series, logarithmic = false }: ChartOptions): string {
  const places = [...new Set(series.flatMap(({ points }) => points.map((point) => point.x)))].sort(
    (a, b) => a - b,
  );
  const values = series.flatMap(({ points }) => points.flatMap(({ least, most }) => [least, most]));
  const { ticks, at } = logarithmic ? logarithmicScale(values) : linearScale(values);
  const across = (value: number) =>
    LEFT + ((places.indexOf(value) + 0.5) / Math.max(1, places.length)) * (WIDTH - LEFT - RIGHT);
  const up = (value: number) => HEIGHT - BOTTOM - at(value) * (HEIGHT - TOP - BOTTOM);
  const parts = [
    label(LEFT, 22, title, 'class="title"'),
    label(LEFT, TOP - 8, y),
    label((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, x, 'text-anchor="middle"'),
    ...ticks.flatMap((tick) => [
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${n(up(tick))}" y2="${n(up(tick))}"/>`,
      label(LEFT - 8, up(tick) + 4, String(tick), 'text-anchor="end"'),
    ]),
    ...places.map((place) =>
      label(across(place), HEIGHT - BOTTOM + 18, String(place), 'text-anchor="middle"'),
    ),
    ...series.flatMap(({ name, points }, i) => {
      const colour = COLOURS[i % COLOURS.length];
      const path = points.map((point) => `${n(across(point.x))},${n(up(point.y))}`).join(' ');
      const nudge = (i - (series.length - 1) / 2) * 2;
      return [
        `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${path}"/>`,
        ...points.map(
          ({ x: place, y: value, least, most }) =>
            `<line stroke="${colour}" x1="${n(across(place) + nudge)}" x2="${n(across(place) + nudge)}" y1="${n(up(least))}" y2="${n(up(most))}"/>` +
            `<circle fill="${colour}" r="3.5" cx="${n(across(place))}" cy="${n(up(value))}"/>`,
        ),
        `<rect fill="${colour}" x="${WIDTH - RIGHT + 14}" y="${TOP + 20 * i}" width="12" height="12"/>`,
        label(WIDTH - RIGHT + 32, TOP + 10 + 20 * i, name),
      ];
    }),
  ];
  return svg(title, HEIGHT, parts);
}

/** Shares of a whole, one bar each. */
export function barChart(title: string, bars: ReadonlyArray<{ name: string; share: number }>): string {
  const most = Math.max(...bars.map(({ share }) => share));
  const parts = bars.flatMap(({ name, share }, i) => {
    const top = TOP + 24 * i;
    const width = (share / most) * (WIDTH - 320);
    return [
      label(240, top + 13, name, 'text-anchor="end"'),
      `<rect fill="${COLOURS[0]}" x="250" y="${top}" width="${n(width)}" height="17"/>`,
      label(256 + width, top + 13, `${(100 * share).toFixed(1)} %`),
    ];
  });
  return svg(title, TOP + 24 * bars.length + 16, [label(16, 22, title, 'class="title"'), ...parts]);
}

function svg(title: string, height: number, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">\n<title>${escaped(title)}</title>\n${STYLE}\n${parts.join('\n')}\n</svg>\n`;
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

function label(x: number, y: number, text: string, more = ''): string {
  return `<text x="${n(x)}" y="${n(y)}" ${more}>${escaped(text)}</text>`;
}

function linearScale(values: readonly number[]) {
  const most = Math.max(1e-9, ...values);
  const rough = most / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const count = Math.ceil(most / step);
  const ticks = Array.from({ length: count + 1 }, (_, i) => Number((i * step).toPrecision(6)));
  return { ticks, at: (value: number) => value / (count * step) };
}

function logarithmicScale(values: readonly number[]) {
  const positive = values.filter((value) => value > 0);
  const low = Math.floor(Math.log10(Math.min(1, ...positive)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(1, ...positive))));
  const ticks = Array.from({ length: high - low + 1 }, (_, i) => Number((10 ** (low + i)).toPrecision(6)));
  return { ticks, at: (value: number) => (Math.log10(Math.max(10 ** low, value)) - low) / (high - low) };
}

function n(value: number): string {
  return String(Math.round(value * 10) / 10);
}
