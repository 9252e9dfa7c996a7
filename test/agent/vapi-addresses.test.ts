import { describe, expect, it } from 'vitest';
import { createTransport } from '../../src/agent/transport.ts';
import { isVapiAddress } from '../../src/agent/vapi-addresses.ts';
import { createVapiDesk } from '../../src/agent/vapi-desk.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

const VAPI = 'https://api.vapi.ai';

describe('an address in Vapi’s answer', () => {
  it.each([
    ['wss://phone-call-websocket.aws-us-west-2-backend-production1.vapi.ai/x/transport', VAPI],
    ['https://vapi.ai/x/control', VAPI],
    ['wss://calls.vapi.ai/x', 'https://proxy.example.com'],
    ['wss://proxy.example.com:8443/x', 'https://proxy.example.com'],
    ['ws://127.0.0.1:4000/x', 'http://127.0.0.1:3999'],
  ])('is gone to: %s, asked of %s', (address, baseUrl) => {
    expect(isVapiAddress(address, baseUrl)).toBe(true);
  });

  it.each([
    ['ws://calls.vapi.ai/x', VAPI],
    ['wss://vapi.ai.example.com/x', VAPI],
    ['wss://notvapi.ai/x', VAPI],
    ['wss://169.254.169.254/latest', VAPI],
    ['wss://localhost/x', VAPI],
    ['wss://user@example.com/?vapi.ai', VAPI],
    ['ws://proxy.example.com/x', 'https://proxy.example.com'],
  ])('F10 is not: %s, asked of %s', (address, baseUrl) => {
    expect(isVapiAddress(address, baseUrl)).toBe(false);
  });
});

describe('S26 a call whose socket leads elsewhere', () => {
  it('is not dialled, and is ended without going to its control address', async () => {
    const asked: string[] = [];
    const dialled: string[] = [];
    const body = {
      id: 'call-1',
      status: 'queued',
      transport: { websocketCallUrl: 'wss://elsewhere.example.com/socket' },
      monitor: { controlUrl: 'https://169.254.169.254/control' },
    };
    const transport = createTransport({
      ports: {
        openSocket(url) {
          dialled.push(url);
          throw new Error('nothing is to be dialled');
        },
      },
      desk: createVapiDesk({
        clock: createVirtualClock(),
        async fetch(url, { method }) {
          asked.push(`${method} ${url}`);
          return { status: 201, headers: { get: () => null }, text: async () => JSON.stringify(body) };
        },
        apiKey: 'key',
        baseUrl: VAPI,
      }),
      handshakeTimeoutMs: 1_000,
      spec: { name: 'c', assistant: { id: 'a' }, format: 'mulaw', maxDurationSeconds: 600 },
    });
    const { signal } = new AbortController();
    const outcome = await transport.create(signal);
    expect(outcome).toMatchObject({ created: false, refusal: 'noSocketUrl', vapiCallId: 'call-1' });
    expect(JSON.stringify(outcome)).not.toContain('elsewhere');
    await transport.end(signal);
    expect(asked).toEqual([`POST ${VAPI}/call`, `DELETE ${VAPI}/call/call-1`]);
    expect(dialled).toEqual([]);
  });
});
