import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { bannerOf } from '../../src/server/banner.ts';
import { listenFault } from '../../src/server/listen-fault.ts';
import { readSettings } from '../../src/settings.ts';

function banner(env: Record<string, string>): string {
  const read = readSettings(env, { cores: 1, readFile: () => '{"name":"Ada"}' });
  if (!read.ok) throw new Error(read.words);
  return bannerOf(read.settings, 3001).join('\n');
}

describe('what the server says once it listens', () => {
  it('is where, that the agent is simulated, and how to call it', () => {
    const text = banner({});
    expect(text).toContain('http://localhost:3001');
    expect(text).toContain('SIMULATED');
    expect(text).toContain('npm run call -- src/simulation/speech/caller/appointment.wav');
  });

  it('is who answers, and what to tell Twilio, with a key', () => {
    const text = banner({
      VAPI_API_KEY: 'private-canary',
      PUBLIC_URL: 'https://bridge.example.com',
      TWILIO_AUTH_TOKEN: 'token-canary',
    });
    expect(text).toContain('http://localhost:3001, for the world at https://bridge.example.com');
    expect(text).toContain("Vapi (transport, mulaw) with the tutorial's assistant");
    expect(text).toContain('https://bridge.example.com/webhook/twilio; signed requests only');
    expect(text).not.toContain('SIMULATED');
    expect(text).not.toContain('canary');
  });

  it('warns where anybody is let in, and names the address that it was told', () => {
    const text = banner({ VAPI_API_KEY: 'k', HOST: '127.0.0.1', VAPI_ASSISTANT_FILE: 'ada.json' });
    expect(text).toContain('http://127.0.0.1:3001');
    expect(text).toContain('with your assistant');
    expect(text).toContain('UNSIGNED requests are let in');
  });
});

describe('what the server says when it cannot listen', () => {
  const failure = (port: number, host: string) =>
    new Promise<unknown>((resolve) => {
      createServer()
        .on('error', resolve)
        .listen(port, host, () => resolve('it listens'));
    });

  it('is that the port is taken, and the remedy', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    expect(listenFault(await failure(port, '127.0.0.1'), port, '127.0.0.1')).toBe(
      `PORT ${port} is taken. Set it to a free one, or stop what listens there.`,
    );
    taken.close();
  });

  it('is that the address is no address of this machine', async () => {
    expect(listenFault(await failure(0, '192.0.2.1'), 3000, '192.0.2.1')).toBe(
      'HOST 192.0.2.1 is no address of this machine. Set it to one, or leave it out.',
    );
  });

  it('is that the port is not for this user', () => {
    const denied = Object.assign(new Error('listen EACCES'), { code: 'EACCES' });
    expect(listenFault(denied, 80, '0.0.0.0')).toBe(
      'PORT 80 may not be opened by this user. Set it to one from 1024 on.',
    );
  });

  it('is at least the code of what nobody thought of', () => {
    const strange = Object.assign(new Error('listen ENODEV'), { code: 'ENODEV' });
    expect(listenFault(strange, 80, '::')).toBe('PORT 80 of HOST :: cannot be opened (ENODEV).');
  });
});
