import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import twilio from 'twilio';
import type { Sign } from '../../src/simulation/twilio-requests.ts';

/** Twilio's account and its REST API, as far as a bridge uses it: to hang up. */
export interface TwilioStandIn {
  accountSid: string;
  authToken: string;
  apiUrl: string;
  sign: Sign;
  /** What to do when the server has this call ended. */
  hangsUp(callSid: string, hangUp: () => void): void;
  forget(callSid: string): void;
  close(): Promise<void>;
}

/** Serves it on a free port of 127.0.0.1. */
export async function openTwilioStandIn(): Promise<TwilioStandIn> {
  const accountSid = `AC${randomBytes(16).toString('hex')}`;
  const authToken = randomBytes(16).toString('hex');
  const phones = new Map<string, () => void>();
  const server = createServer((request, response) => {
    request.resume();
    const [, callSid = ''] = /\/Calls\/(CA\w+)\.json$/.exec(request.url ?? '') ?? [];
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ sid: callSid, status: 'completed' }));
    phones.get(callSid)?.();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    accountSid,
    authToken,
    apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sign: (url, fields) => twilio.getExpectedTwilioSignature(authToken, url, fields),
    hangsUp: (callSid, hangUp) => void phones.set(callSid, hangUp),
    forget: (callSid) => void phones.delete(callSid),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
