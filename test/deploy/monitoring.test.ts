import { describe, expect, it } from 'vitest';
import type { EndingReason } from '../../machines/call-facts.ts';
import { createMetrics } from '../../src/inspector/metrics.ts';
import { anchorsOf, listUnder, read, readYaml, under } from './files.ts';

const alerts = readYaml('deploy/prometheus/alerts.yml')
  .flatMap((file) => listUnder(file, 'groups'))
  .flatMap((group) => listUnder(group, 'rules'));
const dashboard: unknown = JSON.parse(read('deploy/grafana/bridge.json'));
const panels = listUnder(dashboard, 'panels').filter((panel) => under(panel, 'type') !== 'row');
const runbook = anchorsOf(read('docs/runbook.md'));

/** Metric → its type, as the server tells Prometheus. */
const { text } = await createMetrics(() => 0).read();
const types = new Map(
  [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type]) => [name, type]),
);
const series = new Set(
  [...types].flatMap(([name, type]) =>
    type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name],
  ),
);
const ours = [...types.keys()].filter((name) => !/^bridge_(process|nodejs)_/.test(name));

const inAlerts = alerts.map((alert) => String(under(alert, 'expr')));
const inDashboard = [
  ...panels.flatMap((panel) => listUnder(panel, 'targets')).map((target) => String(under(target, 'expr'))),
  ...listUnder(dashboard, 'templating.list').map((it) => String(under(it, 'definition') ?? '')),
  ...listUnder(dashboard, 'annotations.list').map((it) => String(under(it, 'expr'))),
];
const expressions = [...inAlerts, ...inDashboard];
const namesIn = (words: string) => words.match(/\bbridge_\w+/g) ?? [];

const ENDINGS: Record<EndingReason | 'internalError', true> = {
  callerHungUp: true,
  callerLost: true,
  callerNeverCame: true,
  callerRefused: true,
  agentEnded: true,
  agentLost: true,
  agentUnavailable: true,
  timeToLive: true,
  hungUp: true,
  drained: true,
  internalError: true,
};

describe('what is asked of Prometheus', () => {
  it.each(expressions.filter((it) => namesIn(it).length > 0))('is there: %s', (expression) => {
    for (const name of namesIn(expression)) expect(series).toContain(name);
  });

  it('is of labels that are there', () => {
    const labels = [
      'instance',
      'job',
      'le',
      'ending',
      'outcome',
      'cause',
      'direction',
      'status',
      'slot',
      'to',
      'reason',
      'rung',
      'result',
      'leg',
    ];
    for (const expression of expressions) {
      const grouped = [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, names = '']) =>
        names.split(', '),
      );
      const matched = [...expression.matchAll(/(\w+)=~?"/g)].map(([, name]) => name);
      for (const label of [...grouped, ...matched]) expect(labels, expression).toContain(label);
    }
  });

  it('is of an instance, and not of each of its workers', () => {
    for (const expression of expressions.filter((it) => /\bbridge_\w+(?!.*, instance\)$)/.test(it)))
      expect(expression).toMatch(/\b(sum|max)\b/);
  });

  it('is of endings that there are', () => {
    const asked = expressions.flatMap((expression) =>
      [...expression.matchAll(/ending=~?"([^"]+)"/g)].flatMap(([, names = '']) => names.split('|')),
    );
    expect(asked.length).toBeGreaterThan(0);
    for (const ending of asked) expect(Object.keys(ENDINGS)).toContain(ending);
  });

  it('is a rate of what only grows, and of nothing else', () => {
    for (const expression of expressions)
      for (const [, name = ''] of expression.matchAll(/(?:rate|increase)\((\w+)/g)) {
        const metric = name.replace(/_(bucket|sum|count)$/, '');
        expect(['counter', 'histogram'], name).toContain(types.get(types.has(name) ? name : metric));
      }
  });
});

describe('the alert', () => {
  it.each(alerts.map((alert) => [String(under(alert, 'alert')), alert] as const))(
    '%s says how urgent it is, what is wrong, and where in the runbook to look',
    (name, alert) => {
      expect(name).toMatch(/^Bridge[A-Z]/);
      expect(['page', 'ticket']).toContain(under(alert, 'labels.severity'));
      expect(under(alert, 'annotations.summary')).toContain('{{ $labels.instance }}');
      const [page, anchor] = String(under(alert, 'annotations.runbook')).split('#');
      expect(page).toBe('docs/runbook.md');
      expect(runbook).toContain(anchor);
    },
  );

  it('that wakes somebody has lasted for a while', () => {
    for (const alert of alerts.filter((it) => under(it, 'labels.severity') === 'page'))
      expect(under(alert, 'for'), String(under(alert, 'alert'))).toMatch(/^\d+m$/);
  });

  it('has a name of its own', () => {
    const names = alerts.map((alert) => under(alert, 'alert'));
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('the dashboard', () => {
  it.each(ours)('shows %s', (name) => {
    expect(inDashboard.flatMap(namesIn).map((it) => it.replace(/_bucket$/, ''))).toContain(name);
  });

  it('takes its figures from the source that is chosen, whatever it is called', () => {
    expect(panels.length).toBeGreaterThan(10);
    for (const panel of panels) {
      expect(under(panel, 'datasource.type')).toBe('prometheus');
      expect(under(panel, 'datasource.uid')).toMatch(/^\$\{datasource\}$/);
    }
  });

  it('has panels that do not lie over one another', () => {
    const taken = new Set<string>();
    for (const panel of listUnder(dashboard, 'panels')) {
      const { x = 0, y = 0, w = 0, h = 0 } = under(panel, 'gridPos') as Record<string, number>;
      expect(x + w).toBeLessThanOrEqual(24);
      for (let row = y; row < y + h; row += 1)
        for (let column = x; column < x + w; column += 1) {
          expect(taken.has(`${column},${row}`), String(under(panel, 'title'))).toBe(false);
          taken.add(`${column},${row}`);
        }
    }
  });
});

describe('the runbook', () => {
  it.each(Object.keys(ENDINGS))('says what %s means for the caller', (ending) => {
    expect(read('docs/runbook.md')).toMatch(new RegExp(`^\\| \`${ending}\``, 'm'));
  });
});
