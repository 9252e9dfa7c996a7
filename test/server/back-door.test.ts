import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { createBackDoor } from '../../src/server/back-door.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('the back door', () => {
  it('answers a request as if it had come by the front door, from where it came', async () => {
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        const { method, url, headers, socket } = request;
        response.writeHead(201, { 'content-type': 'application/json', 'set-cookie': ['a=1', 'b=2'] });
        const { host, 'x-many': many, 'content-length': length } = headers;
        const through = door.cameThrough(request);
        const from = socket.remoteAddress;
        response.end(JSON.stringify({ method, url, host, many, length, body, from, through }));
      });
    });
    servers.push(server);
    const door = createBackDoor(server);

    const answer = await door.ask({
      method: 'POST',
      url: '/calls/CA1/act?x=1',
      headers: ['Host', 'bridge.example.com', 'X-Many', '1', 'X-Many', '2', 'Content-Length', '99'],
      body: base64('grüße'),
      from: '203.0.113.9',
    });
    expect(answer.status).toBe(201);
    expect(answer.headers).toContainEqual(['set-cookie', ['a=1', 'b=2']]);
    expect(answer.headers.map(([name]) => name)).not.toContain('connection');
    expect(JSON.parse(Buffer.from(answer.body, 'base64').toString())).toEqual({
      method: 'POST',
      url: '/calls/CA1/act?x=1',
      host: 'bridge.example.com',
      many: '1, 2',
      length: '7',
      body: 'grüße',
      from: '203.0.113.9',
      through: true,
    });
  });

  it('does not wait for an answer that breaks off', async () => {
    const server = createServer((request) => request.socket.destroy());
    servers.push(server);
    const door = createBackDoor(server);
    const asked = door.ask({ method: 'GET', url: '/', headers: ['Host', 'x'], body: '', from: '' });
    await expect(asked).rejects.toThrow();
  });
});
