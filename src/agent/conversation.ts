/** One turn of a conversation, as the caller knows it: what was said, and of the agent's words only what was heard. */
export interface Said {
  who: 'caller' | 'agent';
  text: string;
}

/** What a call hands on to whoever goes on with it. Confidential: it holds what was said. */
export interface Handover {
  /** Oldest first. */
  said: readonly Said[];
  /** How often the agent was replaced so far. */
  replacements: number;
}

/** So much of what was said is kept, in bytes of UTF-8 and in turns; the oldest goes first. */
const MOST_BYTES = 8_192;
const MOST_TURNS = 100;

/** A turn that is being gathered. */
interface Turn {
  who: Said['who'];
  /** What is known for good, and what may still be understood otherwise. */
  text: string;
  partial: string;
  /** Which part of it was heard. */
  heard: number;
}

/** What was said in a call, as the caller heard it. It stays in here: no log, no figure and no snapshot holds it. */
export interface Conversation {
  /** Something was written down of what either side says. Of the caller only what is final counts. */
  transcribed(who: Said['who'], text: string, final: boolean): void;
  /** The agent begins to speak anew. */
  agentBegan(): void;
  /** Of the agent's turn so many ms were heard, and so many dropped unheard. */
  cut(heardMs: number, droppedMs: number): void;
  /** Oldest first. */
  said(): Said[];
}

/** Begins a conversation, or goes on with one. */
export function createConversation(before: readonly Said[] = []): Conversation {
  let turns: Turn[] = before.map(({ who, text }) => ({ who, text, partial: '', heard: 1 }));
  /** The agent's turn that its transcripts belong to; they come while it speaks, and shortly after. */
  let agents: Turn | null = null;

  function begin(who: Said['who']): Turn {
    const turn: Turn = { who, text: '', partial: '', heard: 1 };
    turns.push(turn);
    return turn;
  }

  function forgetOldest(): void {
    let bytes = 0;
    const kept = turns.findLastIndex((turn) => {
      bytes += Buffer.byteLength(turn.text) + Buffer.byteLength(turn.partial);
      return bytes > MOST_BYTES;
    });
    if (kept >= 0) turns = turns.slice(Math.min(kept + 1, turns.length - 1));
    if (turns.length > MOST_TURNS) turns = turns.slice(-MOST_TURNS);
  }

  return {
    transcribed(who, text, final) {
      if (who === 'caller' && !final) return;
      let turn: Turn;
      if (who === 'agent') {
        agents ??= begin('agent');
        turn = agents;
      } else {
        const last = turns.at(-1);
        turn = last?.who === 'caller' ? last : begin('caller');
      }
      turn.partial = final ? '' : tailOf(text);
      if (final) turn.text = tailOf(`${turn.text} ${text}`.trim());
      forgetOldest();
    },
    agentBegan() {
      agents = null;
    },
    cut(heardMs, droppedMs) {
      if (agents && droppedMs > 0) agents.heard = heardMs / (heardMs + droppedMs);
    },
    said: () =>
      turns.flatMap(({ who, text, partial, heard }) => {
        const known = heardPart(`${text} ${partial}`.trim(), heard);
        return known === '' ? [] : [{ who, text: known }];
      }),
  };
}

/** The words of `text` that were heard, by the part of its time that was: nobody tells which word is when. */
function heardPart(text: string, heard: number): string {
  if (heard >= 1) return text;
  const words = text.split(/\s+/);
  const known = words.slice(0, Math.round(words.length * heard)).join(' ');
  return known === '' ? '' : `${known} …`;
}

/** The last of a text that is longer than all that is kept. */
function tailOf(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= MOST_BYTES) return text;
  return bytes
    .subarray(bytes.length - MOST_BYTES)
    .toString()
    .replace(/^\uFFFD+/, '');
}

const LINE_BROKE =
  'The line between you and the caller broke for a moment and is restored; the caller is still there. Do not greet again: go on where this conversation stopped. The messages that follow tell what the caller has said and heard so far.';

/** A message of a conversation, as a language model knows it. */
export interface HistoryMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

/**
 * What a new agent is told of a conversation that it goes on with. What the caller said stays the caller's: in a system
 * message it would be taken for an instruction.
 */
export function historyOf(said: readonly Said[]): HistoryMessage[] {
  if (said.length === 0) return [];
  const turns = said.map(({ who, text }): HistoryMessage => {
    return { role: who === 'caller' ? 'user' : 'assistant', content: text };
  });
  return [{ role: 'system', content: LINE_BROKE }, ...turns];
}
