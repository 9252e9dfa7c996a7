import type { Router } from 'express';
import express from 'express';
import type { Calls } from '../call/calls.ts';
import type { Call, CallEnding } from '../call/open-call.ts';
import type { ListedCall } from '../cluster/cluster-port.ts';
import type { TimelineEntry } from '../inspector/timelines.ts';

/** A call in a list. */
function summaryOf(call: Call) {
  const { callId, callSid, streamSid, state, startedAt, ending } = call;
  return { callId, callSid, streamSid, state, startedAt, ending: endingOf(ending) };
}

function endingOf(ending: CallEnding | null) {
  return ending && { reason: ending.reason, words: ending.words };
}

/** The calls of this process, as they are listed. */
export const listOf = (calls: Pick<Calls, 'list'>) => calls.list().map(summaryOf);

/** Alive first, newest first. */
function byAge(one: ListedCall, other: ListedCall): number {
  if ((one.ending === null) !== (other.ending === null)) return one.ending === null ? -1 : 1;
  return other.startedAt.localeCompare(one.startedAt);
}

/**
 * `GET /calls` and `GET /calls/:callSid`: what calls are doing, and what the last ones did.
 *
 * @param others the calls of other processes, where there are any
 */
export function createCallRoutes(
  calls: Calls,
  timelineOf: (callId: string) => readonly TimelineEntry[],
  others?: (() => Promise<readonly ListedCall[]>) | undefined,
): Router {
  const routes = express.Router();

  routes.get('/calls', async (_, response) => {
    const mine = listOf(calls);
    response.json(others ? [...mine, ...(await others())].sort(byAge) : mine);
  });

  routes.get('/calls/:callSid', (request, response) => {
    const call = calls.find(request.params.callSid);
    if (!call) {
      response.status(404).json({ error: 'No call of this CallSid is alive or among the last that ended.' });
      return;
    }
    response.json({ ...summaryOf(call), timeline: timelineOf(call.callId), figures: rounded(call.figures) });
  });

  return routes;
}

/** Milliseconds without their fractions. */
function rounded(value: unknown): unknown {
  if (typeof value === 'number') return Math.round(value);
  if (Array.isArray(value)) return value.map(rounded);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, rounded(inner)]));
}
