import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { sameSecret } from './access.ts';

/** How long a viewer stays signed in, in s. */
const SESSION_S = 12 * 60 * 60;

const COOKIE = 'inspector_session';

/** Signs viewers in: their cookie says until when, and is proof of the token by which it was made. */
export interface Sessions {
  /** The value of `Set-Cookie` for who has shown the token. */
  begin(secure: boolean): string;
  /** The value of `Set-Cookie` that ends a session in the browser that had it. */
  end(secure: boolean): string;
  /** Whether a request comes with a session that lasts. */
  holds(headers: IncomingHttpHeaders): boolean;
}

/** Makes the sessions for one token. Nothing is remembered: another token ends them all. */
export function createSessions(adminToken: string, epochMs: () => number): Sessions {
  const key = createHmac('sha256', adminToken).update('session of the inspector').digest();
  const proofOf = (until: string) => createHmac('sha256', key).update(until).digest('base64url');
  const nowS = () => Math.floor(epochMs() / 1000);

  function cookie(value: string, maxAgeS: number, secure: boolean): string {
    const rules = `HttpOnly; SameSite=Strict; Path=/; Max-Age=${maxAgeS}`;
    return `${COOKIE}=${value}; ${rules}${secure ? '; Secure' : ''}`;
  }

  return {
    begin(secure) {
      const until = String(nowS() + SESSION_S);
      return cookie(`${until}.${proofOf(until)}`, SESSION_S, secure);
    },
    end: (secure) => cookie('', 0, secure),
    holds({ cookie: cookies = '' }) {
      const [, until = '', proof = ''] =
        /(?:^|;\s*)inspector_session=(\d{1,12})\.([\w-]{43})(?:;|$)/.exec(cookies) ?? [];
      return until !== '' && Number(until) > nowS() && sameSecret(proof, proofOf(until));
    },
  };
}
