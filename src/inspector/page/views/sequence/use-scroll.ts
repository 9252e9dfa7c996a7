import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useSize } from '../use-size.ts';
import { LINE } from './item-line.tsx';

export interface Scroll {
  /** The first pixel on the screen, and how many there are. */
  top: number;
  height: number;
  /** Whether the list moves with the moment that is shown. */
  follows: boolean;
  follow(): void;
  handlers: { onScroll(): void; onWheel(): void; onPointerDown(): void; onTouchMove(): void };
}

/**
 * Scrolls a list of lines: after the first `shown` of them as long as nobody scrolls elsewhere, and to the `chosen`
 * line whenever another one is chosen. `chosenPlace` is -1 where that is not listed.
 */
export function useScroll(
  scroller: RefObject<HTMLElement | null>,
  shown: number,
  chosen: number | null,
  chosenPlace: number,
): Scroll {
  const { height } = useSize(scroller);
  const [top, setTop] = useState(0);
  const [follows, setFollows] = useState(true);
  const byHand = useRef(false);
  const sought = useRef<number | null>(null);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!follows || !element) return;
    byHand.current = false;
    element.scrollTop = Math.max(0, shown * LINE - height);
    setTop(element.scrollTop);
  }, [scroller, follows, shown, height]);

  useEffect(() => {
    const element = scroller.current;
    if (sought.current === chosen || !element || height === 0) return;
    sought.current = chosen;
    const y = chosenPlace * LINE;
    if (y < 0 || (y >= element.scrollTop && y + LINE <= element.scrollTop + height)) return;
    setFollows(false);
    element.scrollTop = y - height / 2;
  }, [scroller, chosen, chosenPlace, height]);

  const moving = () => {
    byHand.current = true;
  };
  return {
    top,
    height,
    follows,
    follow: () => setFollows(true),
    handlers: {
      onScroll() {
        const element = scroller.current;
        if (!element) return;
        setTop(element.scrollTop);
        if (!byHand.current) return;
        const end = shown * LINE;
        setFollows(end >= element.scrollTop && end <= element.scrollTop + height + LINE);
      },
      onWheel: moving,
      onPointerDown: moving,
      onTouchMove: moving,
    },
  };
}
