import type { FeedMessage } from '../../src/inspector/messages.ts';
import type { ViewerLine } from '../../src/inspector/viewer.ts';

/** A viewer's end of a line, which writes down what it is told. */
export interface SeenLine extends ViewerLine {
  readonly texts: readonly string[];
  readonly pings: number;
  readonly closedWith: { code: number; words: string } | undefined;
  /** What waits to be sent, in bytes. */
  unsent: number;
  /** Every message of this type, oldest first. */
  of<Type extends FeedMessage['type']>(type: Type): Extract<FeedMessage, { type: Type }>[];
}

export function createSeenLine(): SeenLine {
  const texts: string[] = [];
  let pings = 0;
  let closedWith: SeenLine['closedWith'];
  return {
    texts,
    unsent: 0,
    get pings() {
      return pings;
    },
    get closedWith() {
      return closedWith;
    },
    send: (text) => void texts.push(text),
    unsentBytes() {
      return this.unsent;
    },
    ping() {
      pings += 1;
    },
    close(code, words) {
      closedWith = { code, words };
    },
    of<Type extends FeedMessage['type']>(type: Type) {
      const all = texts.flatMap((text) => JSON.parse(text) as FeedMessage[]);
      return all.filter((message): message is Extract<FeedMessage, { type: Type }> => message.type === type);
    },
  };
}
