import type { ViewerMessage } from './messages.ts';

/** Whose meters a viewer can ask for at once. */
const MOST_METERED = 100;
/** Ids are 16 digits long. */
const LONGEST_ID = 64;

/** What a viewer says, or in words why that means nothing. Total: any text has an answer. */
export function readViewerMessage(text: string): ViewerMessage | { type: 'unreadable'; words: string } {
  const unreadable = (words: string) => ({ type: 'unreadable' as const, words });
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    return unreadable('That was no JSON.');
  }
  if (typeof said !== 'object' || said === null || !('type' in said)) {
    return unreadable('That was no object with a type.');
  }
  switch (said.type) {
    case 'watch': {
      const callId = 'callId' in said ? said.callId : undefined;
      if (callId !== null && !isId(callId)) return unreadable('To watch takes a callId, or null for none.');
      return { type: 'watch', callId };
    }
    case 'meter': {
      const callIds = 'callIds' in said ? said.callIds : undefined;
      if (!Array.isArray(callIds) || callIds.length > MOST_METERED || !callIds.every(isId)) {
        return unreadable(`To meter takes callIds, ${MOST_METERED} at most.`);
      }
      return { type: 'meter', callIds };
    }
    default:
      return unreadable('There is only watch and meter to say; actions are HTTP requests.');
  }
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= LONGEST_ID;
}
