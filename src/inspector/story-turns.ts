import type { JournalRecord, SoundRecord, TransitionRecord } from './messages.ts';

/** A turn of the agent: when the first of it came from there, and how much sound it was. */
export interface AgentTurn {
  at: number;
  does: 'speaks';
  forMs: number;
  pace: 'real-time' | 'at-once';
}

/** More than this waits only of an agent that leaves the pacing to the line; of one that paces itself, lead and fill. */
const AHEAD_MS = 500;
/** Marks come back within a second. */
const MOST_ECHO_MS = 1_000;
/** What a turn has left, at least, when the call ends within it. */
const UNSAID_MS = 400;

/** The turn that the caller is hearing. */
interface Open {
  at: number;
  /** How long it was heard before it was last paused, and when it was taken up again. */
  heardMs: number;
  since: number | null;
  pace: AgentTurn['pace'];
}

/** Finds the turns of the agent, from when the caller began to hear each until it was over, or was dropped. */
export function agentTurnsOf(records: readonly JournalRecord[]): AgentTurn[] {
  const sounds = agentSoundsOf(records);
  const turns: AgentTurn[] = [];
  let open: Open | null = null;

  /** Since it began, or was taken up again, it was heard for so long, with the holes that the agent left in it. */
  function played({ since }: Open, until: number): number {
    if (since === null) return 0;
    const last = sounds.findLast(({ from, at }) => from < until && at > since);
    return Math.max(0, (last ? Math.min(last.at, until) : until) - since);
  }

  function close(turn: Open, forMs: number): void {
    turns.push({ at: Math.round(turn.at), does: 'speaks', forMs: Math.round(forMs), pace: turn.pace });
    open = null;
  }

  function take({ at, event }: TransitionRecord): void {
    const said = (name: string) => Number(event[name] ?? 0);
    switch (event.type) {
      case 'agent.began':
        if (open) open.since = at;
        else open = { at: said('receivedAt'), heardMs: 0, since: at, pace: 'real-time' };
        return;
      case 'agent.paused':
        if (!open) return;
        if (said('keptMs') > AHEAD_MS) open.pace = 'at-once';
        open.heardMs += played(open, at);
        open.since = null;
        return;
      case 'agent.resumed':
        if (open) open.heardMs = Math.max(0, open.heardMs - said('repeatedMs'));
        return;
      case 'agent.finishing':
        if (open && said('leftMs') > AHEAD_MS) open.pace = 'at-once';
        return;
      case 'agent.finished':
        if (open) close(open, open.heardMs + played(open, at));
        return;
      case 'agent.flushed':
        if (!open) return;
        if (said('flushedMs') > AHEAD_MS) open.pace = 'at-once';
        close(open, open.heardMs + played(open, at) + said('flushedMs'));
    }
  }

  for (const record of records)
    if (record.type === '@xstate.transition' && record.actor === 'call') take(record);
  const last = records.at(-1)?.at ?? 0;
  const unfinished = open as Open | null;
  if (unfinished) close(unfinished, unfinished.heardMs + played(unfinished, last) + UNSAID_MS);
  return turns;
}

/** How long after the end of a turn's sound, by the clock, its last mark was usually back: the median, in ms. */
export function markEchoOf(records: readonly JournalRecord[]): number {
  const sounds = agentSoundsOf(records);
  const echoes: number[] = [];
  for (const record of records) {
    if (record.type !== '@xstate.transition' || record.actor !== 'call') continue;
    if (record.event.type !== 'agent.finished') continue;
    const last = sounds.findLast(({ from }) => from < record.at);
    const echoMs = record.at - (last?.at ?? record.at);
    // A mark that never came is taken for one after two seconds: no echo tells of that.
    if (echoMs >= 0 && echoMs < MOST_ECHO_MS) echoes.push(echoMs);
  }
  const median = echoes.sort((one, other) => one - other)[echoes.length >> 1];
  return Math.round(median ?? 0);
}

function agentSoundsOf(records: readonly JournalRecord[]): SoundRecord[] {
  return records.filter(
    (record): record is SoundRecord => record.type === 'sound' && record.side === 'agent',
  );
}
