import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createTwilioRest } from '../../src/telephony/twilio-rest.ts';

const ACCOUNT = 'AC00000000000000000000000000000000';
const TOKEN = 'canary-auth-token';
const CALL = 'CA00000000000000000000000000000001';
const SECRETS = [TOKEN, Buffer.from(`${ACCOUNT}:${TOKEN}`).toString('base64')];

interface Heard {
  method: string | undefined;
  url: string | undefined;
  authorization: string | undefined;
  body: string;
}

type Answer = (response: ServerResponse, attempt: number, request: IncomingMessage) => void;

const shutDown: (() => void)[] = [];
afterEach(() => {
  vi.unstubAllEnvs();
  for (const stop of shutDown.splice(0)) stop();
});

/** Twilio's REST API as far as a hang-up goes: a real server on this machine that answers as it is told. */
async function startTwilio(answer: Answer): Promise<{ baseUrl: string; heard: Heard[] }> {
  const heard: Heard[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { method, url, headers } = request;
    heard.push({ method, url, authorization: headers.authorization, body });
    answer(response, heard.length, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  shutDown.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, heard };
}

function json(status: number, body: unknown): Answer {
  return (response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

const completed = json(200, { sid: CALL, status: 'completed' });

function rest(apiBaseUrl: string, timeoutMs?: number) {
  const timeout = timeoutMs === undefined ? {} : { timeoutMs };
  return createTwilioRest({ accountSid: ACCOUNT, authToken: TOKEN, apiBaseUrl, ...timeout });
}

describe('hanging up over REST', () => {
  it('asks Twilio, as the account, to complete the call', async () => {
    const { baseUrl, heard } = await startTwilio(completed);
    expect(await rest(baseUrl).hangUp(CALL)).toEqual({ ok: true, already: false });
    expect(heard).toEqual([
      {
        method: 'POST',
        url: `/2010-04-01/Accounts/${ACCOUNT}/Calls/${CALL}.json`,
        authorization: `Basic ${Buffer.from(`${ACCOUNT}:${TOKEN}`).toString('base64')}`,
        body: 'Status=completed',
      },
    ]);
  });

  it('finds an API that stands below a path', async () => {
    const { baseUrl, heard } = await startTwilio((response, attempt, request) =>
      (attempt === 1 ? json(429, { code: 20429, message: 'Too many' }) : completed)(
        response,
        attempt,
        request,
      ),
    );
    expect(await rest(`${baseUrl}/twilio/$&`).hangUp(CALL)).toEqual({ ok: true, already: false });
    const path = `/twilio/$&/2010-04-01/Accounts/${ACCOUNT}/Calls/${CALL}.json`;
    expect(heard.map(({ url }) => url)).toEqual([path, path]);
  });

  it('counts a call that has ended already as done', async () => {
    const ended = [
      json(400, { code: 21220, message: 'Call is not in-progress. Cannot redirect.', status: 400 }),
      json(404, { code: 20404, message: 'The requested resource was not found', status: 404 }),
      ((response) => response.writeHead(404).end('no such call')) satisfies Answer,
    ];
    for (const answer of ended) {
      const { baseUrl } = await startTwilio(answer);
      expect(await rest(baseUrl).hangUp(CALL)).toEqual({ ok: true, already: true });
    }
  });

  it('asks again once when there were too many requests', async () => {
    const { baseUrl, heard } = await startTwilio((response, attempt, request) =>
      (attempt === 1 ? json(429, { code: 20429, message: 'Too many' }) : completed)(
        response,
        attempt,
        request,
      ),
    );
    expect(await rest(baseUrl).hangUp(CALL)).toEqual({ ok: true, already: false });
    expect(heard).toHaveLength(2);
    expect(heard[1]?.body).toBe('Status=completed');
  });

  it('gives up when there are still too many', async () => {
    const { baseUrl, heard } = await startTwilio(json(429, { code: 20429, message: 'Too many' }));
    expect(await rest(baseUrl).hangUp(CALL)).toEqual({
      ok: false,
      words: 'Twilio did not end the call: HTTP 429, error 20429.',
    });
    expect(heard).toHaveLength(2);
  });

  it('names the settings to look at when Twilio does not know the account', async () => {
    const { baseUrl } = await startTwilio(json(401, { code: 20003, message: 'Authenticate', status: 401 }));
    expect(await rest(baseUrl).hangUp(CALL)).toEqual({
      ok: false,
      words:
        'Twilio did not end the call: HTTP 401, error 20003; check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.',
    });
  });

  it('asks with the secondary token where the primary one is refused, and only there', async () => {
    const secondary = 'canary-coming-token';
    const basic = (token: string) => `Basic ${Buffer.from(`${ACCOUNT}:${token}`).toString('base64')}`;
    const options = { accountSid: ACCOUNT, authToken: TOKEN, secondaryAuthToken: secondary };
    const rotated = await startTwilio((response, attempt, request) =>
      (request.headers.authorization === basic(secondary) ? completed : json(401, { code: 20003 }))(
        response,
        attempt,
        request,
      ),
    );
    const after = createTwilioRest({ ...options, apiBaseUrl: rotated.baseUrl });
    expect(await after.hangUp(CALL)).toEqual({ ok: true, already: false });
    expect(rotated.heard.map(({ authorization }) => authorization)).toEqual([basic(TOKEN), basic(secondary)]);

    for (const answer of [completed, json(500, {}), json(400, { code: 21220, status: 400 })]) {
      const { baseUrl, heard } = await startTwilio(answer);
      await createTwilioRest({ ...options, apiBaseUrl: baseUrl }).hangUp(CALL);
      expect(heard.map(({ authorization }) => authorization)).toEqual([basic(TOKEN)]);
    }

    const strange = await startTwilio(json(401, { code: 20003, status: 401 }));
    expect(await createTwilioRest({ ...options, apiBaseUrl: strange.baseUrl }).hangUp(CALL)).toMatchObject({
      ok: false,
    });
    expect(strange.heard).toHaveLength(2);
  });

  it('does not wait for ever', async () => {
    const { baseUrl } = await startTwilio(() => {});
    expect(await rest(baseUrl, 50).hangUp(CALL)).toEqual({
      ok: false,
      words: 'Twilio did not end the call: no answer within 50 ms.',
    });
  });

  it('says so when nobody answers, or something else than Twilio', async () => {
    const { baseUrl } = await startTwilio(completed);
    for (const stop of shutDown.splice(0)) stop();
    expect(await rest(baseUrl).hangUp(CALL)).toEqual({
      ok: false,
      words: 'Twilio did not end the call: connection refused.',
    });
    const cut = await startTwilio((response) => response.destroy());
    expect(await rest(cut.baseUrl).hangUp(CALL)).toEqual({
      ok: false,
      words: 'Twilio did not end the call: connection reset.',
    });
    const page = await startTwilio((response) => response.writeHead(200).end('<html>Sign in</html>'));
    expect(await rest(page.baseUrl).hangUp(CALL)).toEqual({
      ok: false,
      words: 'Twilio did not end the call: its answer could not be read.',
    });
  });

  it('does not follow a redirection', async () => {
    const elsewhere = await startTwilio(completed);
    const { baseUrl } = await startTwilio((response) =>
      response.writeHead(307, { location: `${elsewhere.baseUrl}/` }).end(),
    );
    expect(await rest(baseUrl).hangUp(CALL)).toMatchObject({ ok: false });
    expect(elsewhere.heard).toEqual([]);
  });

  it('repeats neither the token nor anything that came back', async () => {
    const echoes: Answer[] = [
      (response, _, request) =>
        json(500, { code: TOKEN, message: `${request.headers.authorization} ${TOKEN}\nforged line` })(
          response,
          1,
          request,
        ),
      (response) => response.writeHead(502).end(`<html>${SECRETS.join()}</html>`),
      (response) => response.writeHead(200).end(SECRETS.join()),
      json(400, { type: TOKEN, title: TOKEN, status: 400, code: 1, detail: TOKEN }),
      json(400, null),
      json(400, [TOKEN]),
    ];
    for (const echo of echoes) {
      const { baseUrl } = await startTwilio(echo);
      const result = await rest(baseUrl).hangUp(CALL);
      expect(result.ok).toBe(false);
      const words = result.ok ? '' : result.words;
      expect(words).toMatch(/^Twilio did not end the call: [\w ,;]+\.$/);
      for (const secret of SECRETS) expect(words).not.toContain(secret);
    }
  });

  it('does not let an id reach beyond the call', async () => {
    const { baseUrl, heard } = await startTwilio(completed);
    for (const id of [
      '',
      '..',
      '../Accounts',
      '..\\..\\x',
      'CA1#',
      'CA1?x=1',
      'CA1%2f..',
      'CA 1',
      `CA${'1'.repeat(99)}`,
    ])
      expect(await rest(baseUrl).hangUp(id)).toMatchObject({ ok: false });
    expect(heard).toEqual([]);
  });

  it('goes where it is told, though the package would follow the environment', async () => {
    const { baseUrl, heard } = await startTwilio(completed);
    vi.stubEnv('TWILIO_EDGE', 'dublin');
    vi.stubEnv('TWILIO_REGION', 'ie1');
    expect(await rest(baseUrl, 500).hangUp(CALL)).toEqual({ ok: true, already: false });
    expect(heard).toHaveLength(1);
  });
});
