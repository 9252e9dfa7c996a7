import type { Time } from '../ports.ts';
import { createStore, type Store } from './store.ts';

export interface Notice {
  id: number;
  kind: 'good' | 'bad';
  words: string;
}

/** Short words to the viewer that go away by themselves. */
export interface Notices {
  shown: Store<readonly Notice[]>;
  say(kind: Notice['kind'], words: string): void;
  dismiss(id: number): void;
}

const SHOWN_MS = { good: 4_000, bad: 12_000 };
const MOST = 3;

export function createNotices(time: Time, schedule: (fn: () => void) => void): Notices {
  const shown = createStore<readonly Notice[]>([], schedule);
  let last = 0;
  const dismiss = (id: number) => shown.set((all) => all.filter((notice) => notice.id !== id));

  return {
    shown,
    dismiss,
    say(kind, words) {
      last += 1;
      const id = last;
      shown.set((all) => [...all, { id, kind, words }].slice(-MOST));
      time.after(SHOWN_MS[kind], () => dismiss(id));
    },
  };
}
