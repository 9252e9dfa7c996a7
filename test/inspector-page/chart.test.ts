import ELK from 'elkjs/lib/elk.bundled.js';
import { describe, expect, it } from 'vitest';
import type {
  MachineDefinition,
  StateDefinition,
  TransitionDefinition,
} from '../../src/inspector/messages.ts';
import { layOut, type Rect } from '../../src/inspector/page/views/chart/lay-out.ts';
import { readChart } from '../../src/inspector/page/views/chart/read-chart.ts';
import { isSeen, sceneOf, viewportFor } from '../../src/inspector/page/views/chart/scene.ts';

function state(id: string, more: Partial<StateDefinition> = {}): StateDefinition {
  const path = id.split('.');
  const parent = path.length > 1 ? path.slice(0, -1).join('.') : null;
  const plain = { kind: 'atomic' as const, initial: null, invokes: [], entry: [], exit: [] };
  return { ...plain, id, key: path.at(-1) ?? id, parent, ...more };
}

function way(source: string, event: string, targets: string[], guard = ''): TransitionDefinition {
  const [, delay = null] = /^after (.+)$/.exec(event) ?? [];
  return { name: `${source} ─ ${event}`, source, event, guard, targets, actions: [], delay };
}

/** Two acts, each a chart of its own, and an end. */
const PLAY: MachineDefinition = {
  machine: 'call',
  version: '1',
  states: [
    state('call', { kind: 'compound', initial: 'call.live' }),
    state('call.live', { kind: 'compound', initial: 'call.live.talk' }),
    state('call.live.talk'),
    state('call.live.hold', { kind: 'compound', initial: 'call.live.hold.a' }),
    state('call.live.hold.a'),
    state('call.live.hold.b'),
    state('call.closing', { kind: 'parallel' }),
    state('call.closing.one', { kind: 'compound', initial: 'call.closing.one.off' }),
    state('call.closing.one.off', { kind: 'final' }),
    state('call.closed', { kind: 'final' }),
  ],
  transitions: [
    way('call.live', 'gone', ['call.closing.one.off']),
    way('call.live', 'noted', []),
    way('call.live', 'noted', [], 'else'),
    way('call.live.talk', 'pause', ['call.live.hold'], 'first'),
    way('call.live.talk', 'drop', ['call.live.hold.b']),
    way('call.live.talk', 'pause', ['call.live.hold'], 'second'),
    way('call.live.hold', 'after limit', ['call.live.talk']),
    way('call.live.hold.a', 'more', ['call.live.hold.b']),
    way('call.closing', 'all done', ['call.closed']),
  ],
};

describe('The drawing of a chart', () => {
  const chart = readChart(PLAY);
  const [live, closing] = chart.root.children;
  const talk = live?.children[0];

  it('gives ways into another act a line that names the target, and one arrow for all of them', () => {
    expect(live?.doors).toMatchObject([{ event: 'gone', to: 'closing › off', arrow: null }]);
    expect(closing?.doors).toMatchObject([{ event: 'all done', to: 'closed' }]);
    const acts = chart.arrows.filter(({ kind }) => kind === 'act');
    expect(acts.map(({ key }) => key)).toEqual(['call.live → call.closing', 'call.closing → call.closed']);
  });

  it('puts ways along the same arrow next to each other', () => {
    expect(talk?.ways.map(({ places }) => places)).toEqual([[3], [5], [4]]);
    const arrow = chart.arrows.find(({ key }) => key === 'call.live.talk → call.live.hold');
    expect(arrow).toMatchObject({ places: [3, 5], back: false });
  });

  it('has one line for an event that is only heard, whichever alternative acts on it', () => {
    expect(live?.hears).toMatchObject([{ event: 'noted', places: [1, 2], guard: '' }]);
  });

  it('knows which arrows lead back', () => {
    const arrow = chart.arrows.find(({ from }) => from === 'call.live.hold:any');
    expect(arrow).toMatchObject({ to: 'call.live.talk', back: true, places: [6] });
  });

  it('places every state once, children within their box, and no leaf upon another', async () => {
    const { placed, arrows } = await layOut(new ELK.default(), chart);
    const boxes = placed.filter(({ part }) => part !== 'list');
    expect(boxes.map(({ state: { id } }) => id).sort()).toEqual(PLAY.states.map(({ id }) => id).sort());
    const rectOf = (id: string) => boxes.find(({ state: one }) => one.id === id);
    for (const { state: one, ...inner } of boxes) {
      const outer = rectOf(PLAY.states.find(({ id }) => id === one.id)?.parent ?? '');
      if (outer) expect(contains(outer, inner), one.id).toBe(true);
    }
    const leaves = placed.filter(({ part }) => part !== 'box');
    for (const [place, leaf] of leaves.entries()) {
      for (const other of leaves.slice(place + 1)) expect(overlaps(leaf, other)).toBe(false);
    }
    expect(arrows).toHaveLength(chart.arrows.length);
    for (const { points } of arrows) expect(points.length).toBeGreaterThanOrEqual(2);
  });

  it('shows the whole where it can be read, and else where the call is', async () => {
    const drawing = await layOut(new ELK.default(), chart);
    const active = new Set(['call', 'call.live', 'call.live.hold', 'call.live.hold.a']);
    const [large, small] = [
      { width: 3_000, height: 2_000 },
      { width: 320, height: 240 },
    ];
    expect(sceneOf(drawing, active, large)).toEqual({
      x: 0,
      y: 0,
      width: drawing.width,
      height: drawing.height,
    });
    const scene = sceneOf(drawing, active, small);
    const leaf = drawing.placed.find(({ state: { id } }) => id === 'call.live.hold.a');
    expect(leaf && contains(scene, leaf)).toBe(true);
    expect(scene.width).toBeLessThan(drawing.width);
    expect(leaf && isSeen(leaf, viewportFor(scene, small), small)).toBe(true);
  });
});

function contains(outer: Rect, inner: Rect): boolean {
  return (
    inner.x >= outer.x &&
    inner.y >= outer.y &&
    inner.x + inner.width <= outer.x + outer.width &&
    inner.y + inner.height <= outer.y + outer.height
  );
}

function overlaps(one: Rect, other: Rect): boolean {
  return (
    one.x < other.x + other.width &&
    other.x < one.x + one.width &&
    one.y < other.y + other.height &&
    other.y < one.y + one.height
  );
}
