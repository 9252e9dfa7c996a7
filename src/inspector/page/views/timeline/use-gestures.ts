import { type PointerEvent, type RefObject, useEffect, useRef } from 'react';

interface Gestures {
  /** The pointer is pressed or dragged at `x`, in px from the left. */
  seek(x: number): void;
  /** `factor` times as much is to be seen, with what is at `x` staying there. */
  zoom(x: number, factor: number): void;
  /** The window is to move by so many px. */
  pan(px: number): void;
}

/** What fingers, mice and wheels do on the timeline: one seeks, two zoom, a wheel zooms or, sideways, moves. */
export function useGestures(element: RefObject<HTMLElement | null>, gestures: Gestures) {
  const latest = useRef(gestures);
  latest.current = gestures;
  const fingers = useRef(new Map<number, number>());

  // React hears wheels passively, and then the page would scroll as well.
  useEffect(() => {
    const target = element.current;
    if (!target) return;
    const turn = (event: WheelEvent) => {
      event.preventDefault();
      const { deltaX, deltaY, shiftKey, clientX } = event;
      if (shiftKey || Math.abs(deltaX) > Math.abs(deltaY)) latest.current.pan(deltaX || deltaY);
      else latest.current.zoom(clientX - leftOf(target), Math.exp(Math.max(-60, Math.min(60, deltaY)) / 250));
    };
    target.addEventListener('wheel', turn, { passive: false });
    return () => target.removeEventListener('wheel', turn);
  }, [element]);

  const release = ({ pointerId }: PointerEvent) => void fingers.current.delete(pointerId);
  return {
    onPointerDown({ pointerId, clientX, button, currentTarget }: PointerEvent) {
      if (button !== 0) return;
      currentTarget.setPointerCapture(pointerId);
      fingers.current.set(pointerId, clientX);
      if (fingers.current.size === 1) latest.current.seek(clientX - leftOf(currentTarget));
    },
    onPointerMove({ pointerId, clientX, currentTarget }: PointerEvent) {
      const { current } = fingers;
      if (!current.has(pointerId)) return;
      const before = [...current.values()];
      current.set(pointerId, clientX);
      if (current.size === 1) return latest.current.seek(clientX - leftOf(currentTarget));
      const after = [...current.values()];
      const apart = ([one = 0, other = 0]: number[]) => Math.max(20, Math.abs(one - other));
      const centre = ((after[0] ?? 0) + (after[1] ?? 0)) / 2;
      latest.current.zoom(centre - leftOf(currentTarget), apart(before) / apart(after));
    },
    onPointerUp: release,
    onPointerCancel: release,
  };
}

const leftOf = (target: Element) => target.getBoundingClientRect().left;
