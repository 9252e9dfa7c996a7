import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { httpFetch } from '../../src/http-fetch.ts';
import { realClock } from '../../src/real-clock.ts';
import { type PhoneCallOptions, placePhoneCall } from '../../src/simulation/phone-call.ts';
import { serveVapi } from '../../src/simulation/serve-vapi.ts';
import { createSimulatedAgent } from '../../src/simulation/simulated-agent.ts';
import { openWebSocket } from '../../src/web-sockets.ts';
import { runProgram } from './program.ts';
import { ACCOUNT_SID, AUTH_TOKEN, PUBLIC_URL, sign, VAPI_KEY } from './server-world.ts';

export const ADMIN_TOKEN = 'admin-token-canary-77aa31';
export const COMING_TOKEN = 'fedcba9876543210fedcba9876543210';
const SECRETS = {
  NODE_ENV: 'production',
  PUBLIC_URL,
  VAPI_API_KEY: VAPI_KEY,
  TWILIO_ACCOUNT_SID: ACCOUNT_SID,
  TWILIO_AUTH_TOKEN: AUTH_TOKEN,
  ADMIN_TOKEN,
};
export const admin = { authorization: `Bearer ${ADMIN_TOKEN}` };
const ports = { clock: realClock, fetch: httpFetch, openSocket: openWebSocket, randomBytes };

/** A caller that says nothing until it is told to hang up. */
function phone(port: number, more: Partial<PhoneCallOptions> = {}) {
  const hangUp = new AbortController();
  const ended = placePhoneCall(ports, {
    to: `http://127.0.0.1:${port}/webhook/twilio`,
    speech: Buffer.alloc(160, 0xff),
    tailMs: 60_000,
    signal: hangUp.signal,
    ...more,
  });
  return { ended, hangUp: () => hangUp.abort() };
}

/** The program in production, with a Vapi and a Twilio REST API of its own. */
export async function runProduction(more: Record<string, string> = {}, imports: string[] = []) {
  const vapi = await serveVapi({
    clock: realClock,
    randomBytes,
    apiKey: VAPI_KEY,
    mind: createSimulatedAgent,
    script: { concurrencyLimit: 100 },
  });
  const hungUp: string[] = [];
  const rest = createServer((request, response) => {
    hungUp.push(`${request.method} ${request.url}`);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"completed"}');
  });
  await new Promise<void>((resolve) => rest.listen(0, '127.0.0.1', resolve));
  const env = {
    ...SECRETS,
    TWILIO_AUTH_TOKEN_SECONDARY: COMING_TOKEN,
    VAPI_BASE_URL: vapi.httpUrl,
    TWILIO_API_BASE_URL: `http://127.0.0.1:${(rest.address() as AddressInfo).port}`,
    ...more,
  };
  const program = runProgram(env, imports);
  const port = await program.port();
  return {
    program,
    env,
    port,
    vapi,
    hungUp,
    call: () => phone(port, { sign, publicUrl: PUBLIC_URL, accountSid: ACCOUNT_SID }),
    async close() {
      rest.closeAllConnections();
      rest.close();
      await vapi.close();
    },
  };
}
