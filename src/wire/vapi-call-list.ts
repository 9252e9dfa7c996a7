import { identifierFrom, isFields } from './fields.ts';

/** A call as Vapi's list shows it. */
export interface ListedCall {
  vapiCallId: string;
  name: string;
  ended: boolean;
}

/** More than were ever made within the few seconds that are asked for. */
const MOST_LISTED = 100;

/** The path of the list of calls made since `epochMs`, the newest first (docs/wire.md, "A call that may exist"). */
export function callListPath(epochMs: number): string {
  return `/call?limit=${MOST_LISTED}&createdAtGe=${encodeURIComponent(new Date(epochMs).toISOString())}`;
}

/** Reads the answer to it: the calls that have a name, or nothing where it is no list. Never throws. */
export function readCallList(status: number, body: string): ListedCall[] | undefined {
  if (status !== 200) return undefined;
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (!Array.isArray(answer)) return undefined;
  return answer.flatMap((call: unknown) => {
    const vapiCallId = isFields(call) ? identifierFrom(call.id) : undefined;
    if (!isFields(call) || vapiCallId === undefined || typeof call.name !== 'string') return [];
    return [{ vapiCallId, name: call.name, ended: call.status === 'ended' }];
  });
}
