export interface Window {
  /** The first item to draw, and the one after the last. */
  from: number;
  to: number;
}

/** Which of `count` items of the same height are to be drawn, with some more on either side, so that scrolling shows no gap. */
export function windowOf(view: {
  scrollTop: number;
  height: number;
  rowHeight: number;
  count: number;
  more: number;
}): Window {
  const { rowHeight, count, more } = view;
  const first = Math.floor(Math.max(0, view.scrollTop) / rowHeight);
  const last = Math.ceil((Math.max(0, view.scrollTop) + view.height) / rowHeight);
  const to = Math.min(count, last + more);
  return { from: Math.max(0, Math.min(first - more, to)), to };
}

/** How far to scroll so that item `index` is seen whole; where it is seen already, not at all. */
export function scrollTo(index: number, scrollTop: number, height: number, rowHeight: number): number {
  const top = index * rowHeight;
  if (top < scrollTop) return top;
  return Math.max(scrollTop, top + rowHeight - height);
}
