import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Calls } from '../call/calls.ts';
import type { Call } from '../call/open-call.ts';
import type { Socket } from '../ports.ts';
import type { Admission } from '../telephony/caller-line.ts';
import type { SignatureChecker } from '../telephony/signatures.ts';
import type { TicketOffice } from '../telephony/tickets.ts';
import { NONCE_PARAMETER } from '../telephony/twiml.ts';
import { acceptedSocket, CLOSE_TIMEOUT_MS } from '../web-sockets.ts';
import { isFromAnotherSite } from './access.ts';
import { seenUrl } from './addresses.ts';
import type { Owners } from './owners.ts';
import { type RefusalStatus, refuseUpgrade } from './refuse-upgrade.ts';

export interface MediaDoorOptions {
  calls: Calls;
  tickets: TicketOffice;
  signatures: SignatureChecker | undefined;
  /** Whether a socket may come without a ticket: in development, without Twilio's credentials. */
  bareSockets: boolean;
  /** Twilio's account, when it is known; a stream of another is turned away. */
  accountSid: string | undefined;
  /** Whether no new call is taken. */
  turnsAway(): boolean;
  refused(what: string): void;
  /** Hands a socket on that is another process's; `null`: one without a ticket. `false` if there is none for it. */
  elsewhere?: Owners['take'] | undefined;
}

/** Twilio's messages are below 1 kB. */
const LIMITS = {
  maxPayload: 64 * 1024,
  maxFragments: 4,
  maxBufferedChunks: 256,
  perMessageDeflate: false,
  closeTimeout: CLOSE_TIMEOUT_MS,
};

/** Why a socket is not let in: to the far end as a status, to the log in words. */
interface Refusal {
  status: RefusalStatus;
  words: string;
  /** The call that it is for, if that may be elsewhere; `null`: any. */
  callSid?: string | null;
}

/** What to do with a socket once its handshake is done. */
type Welcome = (socket: Socket) => void;

export interface MediaDoor {
  upgrade(request: IncomingMessage, line: Duplex, head: Buffer): void;
  /** Cuts every socket that still is open. */
  close(): void;
}

/** Closes a socket that there is no call for, deaf to what it still says. */
function turnAway(socket: Socket, code: number, words: string): void {
  socket.listen({ text() {}, binary() {}, ponged() {}, closed() {} });
  socket.close(code, words);
}

/** The door for `WS /media/<ticket>` and, in development, `WS /media`: decides before the handshake is answered. */
export function createMediaDoor(options: MediaDoorOptions): MediaDoor {
  const { calls, tickets, signatures, accountSid } = options;
  const sockets = new WebSocketServer({ noServer: true, ...LIMITS });

  function decide(request: IncomingMessage): Welcome | Refusal {
    const path = request.url ?? '';
    const [, ticket] = /^\/media(?:\/([^/?]+))?\/?$/.exec(path) ?? [null, null];
    if (ticket === null) return { status: 404, words: 'there is no such socket' };
    if (signatures && !signatures.upgrade({ path, headers: request.headers, seenUrl: seenUrl(request) })) {
      return { status: 403, words: "a media socket without Twilio's signature" };
    }
    if (ticket === undefined) return decideBare(request);
    // Browsers always say where they come from, and Twilio never does.
    if (request.headers.origin !== undefined)
      return { status: 403, words: 'a media socket from a page of a browser' };
    return decideTicket(ticket);
  }

  function decideBare(request: IncomingMessage): Welcome | Refusal {
    if (!options.bareSockets) return { status: 403, words: 'a media socket without a ticket' };
    if (isFromAnotherSite(request))
      return { status: 403, words: 'a media socket from a page of another site' };
    if (options.turnsAway()) return { status: 503, words: 'no room for another call', callSid: null };
    return (socket) => {
      const call = calls.open({ callSid: null });
      if (call) call.attach(socket, () => ({ ok: true }));
      else turnAway(socket, 1013, 'no room for another call');
    };
  }

  function decideTicket(ticket: string): Welcome | Refusal {
    const checked = tickets.check(ticket);
    if (!checked.ok) return { status: 403, words: `a media socket with a ticket that is ${checked.why}` };
    const call = calls.find(checked.callSid);
    if (!call) {
      const { callSid } = checked;
      return { status: 404, words: 'a media socket for a call that is not known', callSid };
    }
    return (socket) => welcome(socket, call, ticket);
  }

  function welcome(socket: Socket, call: Call, ticket: string): void {
    // Twilio asks what comes next once the socket is closed, and so the caller is not left alone.
    if (call.outcome !== null) {
      turnAway(socket, 1000, 'this call is over');
      return;
    }
    call.attach(socket, ({ callSid, accountSid: from, parameters }): Admission => {
      if (accountSid !== undefined && from !== '' && from !== accountSid) {
        options.refused('a stream of another Twilio account');
        return { ok: false, words: 'a stream of another account' };
      }
      const redeemed = tickets.redeem(ticket, { callSid, nonce: parameters.get(NONCE_PARAMETER) });
      if (redeemed.ok) return { ok: true };
      options.refused(`a stream whose proof is wrong (${redeemed.why})`);
      return { ok: false, words: `the ticket was refused: ${redeemed.why}` };
    });
  }

  async function refuseOrHandOn(refusal: Refusal, request: IncomingMessage, line: Duplex, head: Buffer) {
    const { callSid, words, status } = refusal;
    if (callSid !== undefined && (await options.elsewhere?.(callSid, request, line, head))) return;
    options.refused(words);
    refuseUpgrade(line, status);
  }

  return {
    upgrade(request: IncomingMessage, line: Duplex, head: Buffer): void {
      line.on('error', () => line.destroy());
      const decision = decide(request);
      if (typeof decision === 'function') {
        sockets.handleUpgrade(request, line, head, (ws) => decision(acceptedSocket(ws)));
        return;
      }
      void refuseOrHandOn(decision, request, line, head);
    },
    close() {
      for (const ws of sockets.clients) ws.terminate();
    },
  };
}
