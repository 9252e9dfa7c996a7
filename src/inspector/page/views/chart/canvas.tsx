import '@xyflow/react/dist/base.css';
import { ReactFlow, ReactFlowProvider, useReactFlow, useStoreApi, ViewportPortal } from '@xyflow/react';
import { memo, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { prefersCalm } from '../use-ticking.ts';
import { Arrows } from './arrows.tsx';
import type { Drawing } from './lay-out.ts';
import { Box, type ChartNode, Leaf, List } from './nodes.tsx';
import { activeLeaves, isSeen, READABLE, sceneOf, unionOf, viewportFor } from './scene.ts';

const NODE_TYPES = { box: Box, leaf: Leaf, list: List };
const MOVE_MS = 320;

interface Props {
  drawing: Drawing;
  /** The states to keep in sight. */
  active: ReadonlySet<string>;
}

/** A drawing to be looked at: moved, zoomed, and kept where the active states are until the viewer moves it. */
export const Canvas = memo(function Canvas(props: Props) {
  return (
    <ReactFlowProvider>
      <Surface {...props} />
    </ReactFlowProvider>
  );
});

function nodesOf({ placed }: Drawing): ChartNode[] {
  return placed.map((one) => ({
    id: one.part === 'list' ? `${one.state.id}:any` : one.state.id,
    type: one.part,
    position: { x: one.x, y: one.y },
    width: one.width,
    height: one.height,
    zIndex: one.part === 'box' ? one.state.depth : 20,
    data: { placed: one },
  }));
}

function Surface({ drawing, active }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const nodes = useMemo(() => nodesOf(drawing), [drawing]);
  const [follows, setFollows] = useState(true);
  const { setViewport, getViewport } = useReactFlow();
  const store = useStoreApi();

  const screenOf = useCallback(() => {
    const { width, height } = store.getState();
    return width > 0 && height > 0 ? { width, height } : null;
  }, [store]);

  /** Names are drawn large where the lines are too small to be read. */
  const note = useCallback((zoom: number) => {
    const element = frame.current;
    if (!element) return;
    element.dataset.far = String(zoom < READABLE * 0.9);
    element.style.setProperty('--zoom', zoom.toFixed(3));
  }, []);

  const show = useCallback(
    (what: 'scene' | 'whole', duration: number) => {
      const screen = screenOf();
      if (!screen) return;
      const whole = { x: 0, y: 0, width: drawing.width, height: drawing.height };
      const scene = what === 'whole' ? whole : sceneOf(drawing, active, screen);
      const viewport = viewportFor(scene, screen, what === 'whole' ? 0.05 : READABLE);
      note(viewport.zoom);
      void setViewport(viewport, { duration: prefersCalm() ? 0 : duration });
    },
    [drawing, active, screenOf, setViewport, note],
  );

  const isFirst = useRef(true);
  useEffect(() => {
    if (!follows) return;
    const screen = screenOf();
    const leaves = activeLeaves(drawing, active);
    if (!screen) return;
    const first = isFirst.current;
    isFirst.current = false;
    if (!first && leaves.length > 0 && isSeen(unionOf(leaves), getViewport(), screen)) return;
    show('scene', first ? 0 : MOVE_MS);
  }, [follows, drawing, active, screenOf, getViewport, show]);

  // The screen is measured after the first picture, and again whenever the window changes.
  const latest = useRef({ show, follows });
  latest.current = { show, follows };
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const observer = new ResizeObserver(() => {
      requestAnimationFrame(() => latest.current.follows && latest.current.show('scene', 0));
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  return (
    <div className="chart-canvas" ref={frame}>
      <ReactFlow
        nodes={nodes}
        edges={[]}
        nodeTypes={NODE_TYPES}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        elementsSelectable={false}
        zoomOnDoubleClick={false}
        minZoom={0.08}
        maxZoom={2}
        proOptions={{ hideAttribution: true }}
        onMove={(_, { zoom }) => note(zoom)}
        onMoveStart={(event) => {
          if (event) setFollows(false);
        }}
      >
        <ViewportPortal>
          <Arrows drawing={drawing} />
        </ViewportPortal>
      </ReactFlow>
      <div className="chart-tools">
        <button
          type="button"
          onClick={() => {
            setFollows(false);
            show('whole', MOVE_MS);
          }}
        >
          Whole chart
        </button>
        <button
          type="button"
          aria-pressed={follows}
          onClick={() => {
            setFollows(true);
            show('scene', MOVE_MS);
          }}
        >
          Follow
        </button>
      </div>
    </div>
  );
}
