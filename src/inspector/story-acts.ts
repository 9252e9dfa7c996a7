import type { JournalRecord, SoundRecord, TransitionRecord, WireRecord } from './messages.ts';
import type { AgentAct, AgentArrival, CallerAct } from './story.ts';
import { agentTurnsOf } from './story-turns.ts';

const whole = Math.round;

function wiresOf(records: readonly JournalRecord[], ...between: [from: string, to: string]): WireRecord[] {
  const [from, to] = between;
  return records.filter(
    (record): record is WireRecord => record.type === 'wire' && record.from === from && record.to === to,
  );
}

/** Before this record (by its number) an end was not yet being left by the bridge. */
function leftAt(records: readonly JournalRecord[], to: 'twilio' | 'vapi'): number {
  const leaving = wiresOf(records, 'bridge', to).find(({ message }) =>
    /^(close|cut|end-call)$/.test(message),
  );
  return leaving?.seq ?? Number.POSITIVE_INFINITY;
}

/** What the caller and the phone company did, until the bridge left them. */
export function callerActsOf(
  records: readonly JournalRecord[],
  ofCall: readonly TransitionRecord[],
): CallerAct[] {
  const wires = wiresOf(records, 'twilio', 'bridge');
  const left = Math.min(leftAt(records, 'twilio'), hungUpAt(ofCall));
  const stops = wires.find(({ message }) => message === 'stop');
  const acts: CallerAct[] = [];

  for (const { seq, at: exact, message, facts } of wires) {
    const at = whole(exact);
    if (message === 'start' && facts.admitted === true) acts.push({ at, does: 'connects' });
    if (seq > left) continue;
    if (message === 'dtmf') acts.push({ at, does: 'presses a key' });
    if (message === 'media again') {
      const forMs = Number(facts.afterMs);
      acts.push({ at: at - forMs, does: 'is not heard', forMs });
    }
    if (message === 'stop') acts.push({ at, does: 'hangs up' });
    if (message === 'close' && !stops) acts.push({ at, does: 'is cut off' });
    if (message === 'stream-error') acts.push({ at, does: 'has its stream fail' });
    if (/^(completed|busy|failed|no-answer|canceled)$/.test(message))
      acts.push({ at, does: 'is reported over' });
  }
  for (const { at, from } of soundsOf(records, 'caller'))
    acts.push({ at: whole(from), does: 'speaks', forMs: whole(at) - whole(from) });
  return acts.sort((one, other) => one.at - other.at);
}

function soundsOf(records: readonly JournalRecord[], side: SoundRecord['side']): SoundRecord[] {
  return records.filter((record): record is SoundRecord => record.type === 'sound' && record.side === side);
}

/** What Twilio says once it was asked to end the call is its answer, and no act of the caller. */
function hungUpAt(ofCall: readonly TransitionRecord[]): number {
  const hangsUp = ofCall.find(({ value }) => JSON.stringify(value).includes('"hangingUp"'));
  return hangsUp?.seq ?? Number.POSITIVE_INFINITY;
}

/** What the agent did on its socket, until the bridge left it. */
export function agentActsOf(records: readonly JournalRecord[]): AgentAct[] {
  const left = leftAt(records, 'vapi');
  const acts: AgentAct[] = [];
  let open = false;
  let ended = false;

  for (const { seq, at: exact, message, facts } of wiresOf(records, 'vapi', 'bridge')) {
    const at = whole(exact);
    const { role, status, final, acknowledgement, interruption, code } = facts;
    if (message === 'open') open = true;
    if (seq > left || !open) continue;
    if (message === 'speech-update')
      acts.push({
        at,
        does: message,
        role: role === 'user' ? role : 'assistant',
        status: status === 'started' ? status : 'stopped',
      });
    if (message === 'transcript' && role === 'user')
      acts.push({
        at,
        does: message,
        final: final === true,
        acknowledgement: acknowledgement === true,
        interruption: interruption === true,
      });
    if (message === 'user-interrupted' || message === 'hang') acts.push({ at, does: message });
    if (message === 'status-update' && status === 'ended') {
      ended = true;
      acts.push({ at, does: 'ends the call' });
    }
    if (message === 'close' && !ended) acts.push({ at, does: 'closes', code: Number(code) });
  }
  acts.push(...agentTurnsOf(records));
  return acts.sort((one, other) => one.at - other.at || rank(one) - rank(other));
}

/** Within a millisecond: what announces a turn comes before it, and an end after it. */
function rank({ does }: AgentAct): number {
  if (does === 'speaks') return 1;
  return does === 'ends the call' || does === 'closes' ? 2 : 0;
}

/** How the agent was had. */
export function arrivalOf(records: readonly JournalRecord[]): AgentArrival {
  const asked = wiresOf(records, 'bridge', 'vapi');
  const told = wiresOf(records, 'vapi', 'bridge');
  const request = asked.find(({ message }) => message === 'POST /call');
  const dialled = asked.find(({ message }) => message === 'dial');
  const answer = request && told.find(({ seq }) => seq > request.seq);
  const met = dialled && told.find(({ seq }) => seq > dialled.seq);
  return {
    answer:
      request && answer ? { as: String(answer.facts.outcome), afterMs: whole(answer.at - request.at) } : null,
    socket: dialled
      ? {
          does: !met ? 'is not answered' : met.message === 'open' ? 'opens' : 'is refused',
          afterMs: met ? whole(met.at - dialled.at) : 0,
        }
      : null,
  };
}
