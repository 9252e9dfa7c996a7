import type { AgentRefusal, CreateOutcome } from '../../machines/vapi-socket.ts';
import type { Clock, OpenCalls, Overhear } from '../ports.ts';
import type { CallCreated, CallRefused, CreateCallSpec, RefusalKind } from '../wire/vapi.ts';
import { type BreakerState, createBreaker, type Trouble, type Verdict } from './breaker.ts';
import { createGovernor, type Place } from './governor.ts';
import { createLostCalls } from './lost-calls.ts';
import { isVapiAddress } from './vapi-addresses.ts';
import { type Answered, createVapiHttp, type EndableCall, type VapiHttpOptions } from './vapi-http.ts';

/** A call at Vapi that is ours to end. */
export interface MadeCall extends EndableCall {
  /** A secret; empty where there is no way in. */
  socketUrl: string;
  /** It is over: its slot is free again. */
  left(): void;
  /** To end it failed: its slot is not free before that was tried again, or given up. */
  notEnded(): void;
}

/** What came of asking. A refusal may leave a call behind, too. */
export interface Asked {
  outcome: CreateOutcome;
  call?: MadeCall;
}

/** How things stand between this server and Vapi. */
export interface DeskReadings {
  breaker: BreakerState;
  /** Why calls are not asked for now. */
  trouble: Trouble | undefined;
  slots: { used: number; cap: number | undefined };
  /** Requests for calls, by the status of the answer: `none` without one, `notAsked` where none was made. */
  creates: Readonly<Record<string, number>>;
}

/** Where every call of a server asks for its agent: one breaker, one governor, one search for what got lost. */
export interface VapiDesk {
  /**
   * Asks for a call, once, unless it is no longer wanted when its turn comes. Never rejects. The name has to be no other
   * call's: by it the call is found if it gets lost.
   */
  ask(
    spec: CreateCallSpec,
    signal: AbortSignal,
    overhear: Overhear,
    isWanted?: () => boolean,
  ): Promise<Asked>;
  /** Whether it is over now. Never rejects. */
  end(call: MadeCall, signal: AbortSignal, overhear: Overhear): Promise<boolean>;
  /** Ends a call that is known by its id alone. Whether that succeeded; never rejects. */
  endOrphan(vapiCallId: string, signal: AbortSignal): Promise<boolean>;
  readonly readings: DeskReadings;
  /** The server leaves: what is lost is looked for once more. */
  close(): Promise<void>;
}

export interface VapiDeskOptions extends VapiHttpOptions {
  clock: Clock;
  /** Requests for calls, at most. */
  createsPerSecond?: number | undefined;
  /** What an operator should know. */
  tell?: ((words: string) => void) | undefined;
  /** Remembers the calls that are open, for when this process no longer can. */
  openCalls?: OpenCalls | undefined;
}

/** A caller who hears nothing does not wait longer for a second request. */
const LONGEST_WAIT_MS = 2_000;
/** A request that is not answered by then has failed; a call waits no longer for it either. */
const ANSWER_TIMEOUT_MS = 8_000;

/** What each refusal shows of Vapi. One of what was asked for shows that the key is known and that Vapi works. */
const VERDICTS: Record<RefusalKind, Verdict> = {
  keyRefused: 'keyRefused',
  unpaid: 'unpaid',
  blocked: 'failing',
  broken: 'failing',
  rateLimited: 'unclear',
  outOfSlots: 'well',
  rejected: 'well',
  noSocketUrl: 'well',
};

/** Without a way in, and without anybody who tries again. */
function madeCall(vapiCallId: string, { leave }: Place): MadeCall {
  return { vapiCallId, socketUrl: '', left: leave, notEnded: leave };
}

/** Opens the desk of one server. */
export function createVapiDesk({
  clock,
  createsPerSecond,
  tell,
  openCalls,
  ...service
}: VapiDeskOptions): VapiDesk {
  const http = createVapiHttp({ clock, ...service });
  const breaker = createBreaker({ clock, tell });
  const governor = createGovernor({ clock, perSecond: createsPerSecond });
  const lost = createLostCalls({ clock, http, tell });
  const creates: Record<string, number> = {};

  const count = (status: string) => {
    creates[status] = (creates[status] ?? 0) + 1;
  };

  function notAsked(refusal: AgentRefusal, words: string): Asked {
    count('notAsked');
    return { outcome: { created: false, refusal, words } };
  }

  function created(call: CallCreated, place: Place): Asked {
    const { vapiCallId, websocketCallUrl, controlUrl } = call;
    place.made(call);
    const made = madeCall(vapiCallId, place);
    if (controlUrl !== undefined && isVapiAddress(controlUrl, service.baseUrl)) made.controlUrl = controlUrl;
    if (!isVapiAddress(websocketCallUrl, service.baseUrl)) {
      const words = `Vapi created call ${vapiCallId} with a socket that is not Vapi's, or not encrypted; it was not dialled. Check VAPI_BASE_URL, and who answers there.`;
      return { outcome: { created: false, refusal: 'noSocketUrl', words, vapiCallId }, call: made };
    }
    return { outcome: { created: true, vapiCallId }, call: { ...made, socketUrl: websocketCallUrl } };
  }

  function refused(status: number, answer: CallRefused, place: Place, mayExist: () => void): Asked {
    const { kind: refusal, words, vapiCallId, retryAfterMs } = answer;
    if (refusal === 'outOfSlots') place.blocked();
    if (refusal === 'rateLimited') governor.slowDown(retryAfterMs);
    const outcome = { created: false, refusal, words } as const;
    if (vapiCallId !== undefined)
      return { outcome: { ...outcome, vapiCallId }, call: madeCall(vapiCallId, place) };
    // A page in place of the answer, or a gateway that waited in vain: what is behind it may have acted.
    if (status < 300 || status === 408 || status === 504) {
      mayExist();
      return { outcome };
    }
    place.leave();
    const isPassing = status === 429 || status >= 500;
    return isPassing && (retryAfterMs ?? 0) <= LONGEST_WAIT_MS
      ? { outcome: { ...outcome, askAgainAfterMs: retryAfterMs ?? 0 } }
      : { outcome };
  }

  function outcomeOf(answered: Answered, place: Place, mayExist: () => void): Asked {
    if (answered.status === null) {
      const outcome = { created: false, refusal: 'unreachable', words: answered.words } as const;
      if (!answered.neverSent) mayExist();
      else place.leave();
      return { outcome: answered.neverSent ? { ...outcome, askAgainAfterMs: 0 } : outcome };
    }
    const { status, outcome } = answered;
    return outcome.kind === 'created' ? created(outcome, place) : refused(status, outcome, place, mayExist);
  }

  function remembered(asked: Asked): Asked {
    const { call } = asked;
    if (!call || !openCalls) return asked;
    const { vapiCallId } = call;
    openCalls.opened(vapiCallId);
    function left(): void {
      openCalls?.ended(vapiCallId);
      call?.left();
    }
    const notEnded = () => openCalls.notEnded(vapiCallId, call.left);
    return { ...asked, call: { ...call, left, notEnded } };
  }

  return {
    async ask(spec, signal, overhear, isWanted = () => true) {
      const { shut } = breaker;
      if (shut) return notAsked('notAsked', shut.words);
      const place = await governor.enter(signal);
      if ('refusal' in place) return notAsked(place.refusal, place.words);
      if (signal.aborted || !isWanted()) {
        place.leave();
        return notAsked('notAsked', 'Vapi was not asked for this call: it was over before its turn came.');
      }
      const leave = breaker.enter();
      if ('words' in leave) {
        place.leave();
        return notAsked('notAsked', leave.words);
      }
      const askedAt = clock.epochMs();
      const tooLate = `Vapi did not answer the request for a call within ${ANSWER_TIMEOUT_MS} ms. See Vapi's status page, and check the network.`;
      const patience = clock.setTimeout(() => leave.report('failing', tooLate), ANSWER_TIMEOUT_MS);
      const answered = await http.create(spec, signal, overhear);
      clock.clearTimeout(patience);
      count(answered.status === null ? 'none' : String(answered.status));
      if (answered.status === null) leave.report(signal.aborted ? 'unclear' : 'failing', answered.words);
      else if (answered.outcome.kind === 'created') leave.report('well');
      else leave.report(VERDICTS[answered.outcome.kind], answered.outcome.words);
      return remembered(
        outcomeOf(answered, place, () => lost.lookFor({ name: spec.name, askedAt, settled: place.leave })),
      );
    },
    async end(call, signal, overhear) {
      const ended = await http.end(call, signal, overhear);
      if (ended) call.left();
      else call.notEnded();
      return ended;
    },
    endOrphan: (vapiCallId, signal) => http.end({ vapiCallId }, signal, () => {}),
    get readings() {
      return {
        breaker: breaker.state,
        trouble: breaker.shut?.trouble,
        slots: governor.slots,
        creates,
      };
    },
    close: lost.close,
  };
}
