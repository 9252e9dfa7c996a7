import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpFetchError, httpFetch, MAX_BODY_BYTES } from '../src/http-fetch.ts';
import { USER_AGENT } from '../src/user-agent.ts';

const cleanups: Array<() => void> = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

async function serving(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const get = (signal = new AbortController().signal) => ({ method: 'GET', headers: {}, signal });

describe('A request over the network', () => {
  it('sends method, headers, body and who we are, and reads the answer', async () => {
    const url = await serving(async (request, response) => {
      const chunks = await request.toArray();
      response.writeHead(201, { 'Retry-After': '7' });
      response.end(
        `${request.method} ${request.headers['user-agent']} ${request.headers.authorization} ${Buffer.concat(chunks)} → ü`,
      );
    });
    const response = await httpFetch(url, {
      ...get(),
      method: 'POST',
      headers: { Authorization: 'Bearer k' },
      body: '{"a":1}',
    });
    expect(response.status).toBe(201);
    expect(response.headers.get('retry-after')).toBe('7');
    expect(response.headers.get('etag')).toBeNull();
    expect(await response.text()).toBe(`POST ${USER_AGENT} Bearer k {"a":1} → ü`);
  });

  it('hands back a redirect and a body that is not there', async () => {
    const url = await serving((_request, response) => response.writeHead(302, { Location: '/other' }).end());
    const response = await httpFetch(url, get());
    expect([response.status, response.headers.get('location'), await response.text()]).toEqual([
      302,
      '/other',
      '',
    ]);
    const empty = await serving((_request, response) => response.writeHead(204).end());
    expect(await (await httpFetch(empty, get())).text()).toBe('');
  });

  it('reads a body up to its limit and refuses one that never ends', async () => {
    const fitting = await serving((_request, response) => response.end(Buffer.alloc(MAX_BODY_BYTES, 'a')));
    expect(await (await httpFetch(fitting, get())).text()).toHaveLength(MAX_BODY_BYTES);

    let hungUp = false;
    const endless = await serving((_request, response) => {
      const pour = () => {
        while (!hungUp && response.write(Buffer.alloc(64 * 1024)));
      };
      response.on('drain', pour).on('close', () => {
        hungUp = true;
      });
      pour();
    });
    const response = await httpFetch(endless, get());
    await expect(response.text()).rejects.toThrow('The response body is larger than 256 KiB.');
    while (!hungUp) await new Promise((resolve) => setImmediate(resolve));
  });

  it('rejects with the reason of an abort, also while the body is read', async () => {
    const silent = await serving(() => {});
    const first = new AbortController();
    const asked = httpFetch(silent, get(first.signal));
    first.abort(new Error('too slow'));
    await expect(asked).rejects.toThrow('too slow');

    const slow = await serving((_request, response) => void response.write('begin'));
    const second = new AbortController();
    const response = await httpFetch(slow, get(second.signal));
    const text = response.text();
    second.abort(new Error('too slow again'));
    await expect(text).rejects.toThrow('too slow again');
  });

  it('says why there is no answer, without the address', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    for (const [url, message, code] of [
      [`http://127.0.0.1:${port}/secret`, 'connection refused', 'ECONNREFUSED'],
      ['secret', 'connection failed (ERR_INVALID_URL)', 'ERR_INVALID_URL'],
    ] as const) {
      const error: unknown = await httpFetch(url, get()).catch((error) => error);
      expect(error).toBeInstanceOf(HttpFetchError);
      expect(error).toMatchObject({ message, code });
      expect(error).not.toHaveProperty('cause');
    }
  });

  it('says that a server hung up', async () => {
    const url = await serving((request) => request.socket.destroy());
    await expect(httpFetch(url, get())).rejects.toMatchObject({ message: 'connection reset' });
  });
});
