import fc from 'fast-check';
import twilio from 'twilio';
import { describe, expect, it } from 'vitest';
import { createSignatureChecker, type RequestHeaders } from '../../src/telephony/signatures.ts';

const TOKEN = '12345';
const PUBLIC_URL = 'https://bridge.example.com';
/** What a listener behind a proxy sees: never what Twilio signed. */
const SEEN = 'http://10.0.0.7:3000';
const PATH = '/webhook/twilio';
const PARAMS = { CallSid: 'CA00000000000000000000000000000001', From: '+15551234567', CallStatus: 'ringing' };

const checker = createSignatureChecker({ authTokens: [TOKEN], publicUrl: PUBLIC_URL });

function sign(url: string, params: Record<string, unknown> = {}, token = TOKEN): string {
  return twilio.getExpectedTwilioSignature(token, url, params);
}

function signedWith(signature: string | undefined, more: RequestHeaders = {}): RequestHeaders {
  return { host: '10.0.0.7:3000', ...more, 'x-twilio-signature': signature };
}

function webhook(headers: RequestHeaders, path = PATH, params: Record<string, unknown> = PARAMS): boolean {
  return checker.webhook({ path, headers, params, seenUrl: SEEN });
}

function upgrade(headers: RequestHeaders, path = '/media/T'): boolean {
  return checker.upgrade({ path, headers, seenUrl: SEEN });
}

describe('the signature of a webhook', () => {
  it('agrees with the examples of Twilio', () => {
    const documented = createSignatureChecker({ authTokens: [TOKEN], publicUrl: 'https://example.com' });
    const params = {
      Digits: '1234',
      To: '+18005551212',
      From: '+14158675310',
      Caller: '+14158675310',
      CallSid: 'CA1234567890ABCDE',
    };
    const headers = signedWith('L/OH5YylLD5NRKLltdqwSvS0BnU=');
    const path = '/myapp.php?foo=1&bar=2';
    expect(documented.webhook({ path, headers, params, seenUrl: SEEN })).toBe(true);

    const second = createSignatureChecker({ authTokens: [TOKEN], publicUrl: 'https://mycompany.com' });
    const secondParams = { ...params, Caller: '+12349013030', From: '+12349013030' };
    const secondHeaders = signedWith('3KI2uRuYyAdhZIJXcpU0izDUzWI=');
    expect(
      second.webhook({ path: '/myapp', headers: secondHeaders, params: secondParams, seenUrl: SEEN }),
    ).toBe(true);
  });

  it('is asked for the public address, whatever the listener sees', () => {
    expect(webhook(signedWith(sign(PUBLIC_URL + PATH, PARAMS)))).toBe(true);
    expect(webhook(signedWith(sign(SEEN + PATH, PARAMS)))).toBe(false);
  });

  it('refuses a request without one', () => {
    for (const signature of [undefined, '', ' ', 'x', 'x'.repeat(28), 'ü'.repeat(28)])
      expect(webhook(signedWith(signature))).toBe(false);
    const good = sign(PUBLIC_URL + PATH, PARAMS);
    expect(webhook({ 'x-twilio-signature': [good] })).toBe(false);
    expect(webhook({ 'x-twilio-signature': `${good}, ${good}` })).toBe(false);
  });

  it('refuses one that was made for another address, other fields or with another token', () => {
    expect(webhook(signedWith(sign(`${PUBLIC_URL}/webhook/twilio/after`, PARAMS)))).toBe(false);
    expect(webhook(signedWith(sign(`${PUBLIC_URL}${PATH}?x=1`, PARAMS)))).toBe(false);
    expect(webhook(signedWith(sign(`${PUBLIC_URL}${PATH}/`, PARAMS)))).toBe(false);
    expect(webhook(signedWith(sign(PUBLIC_URL + PATH, { ...PARAMS, From: '+15550000000' })))).toBe(false);
    expect(webhook(signedWith(sign(PUBLIC_URL + PATH, {})))).toBe(false);
    expect(webhook(signedWith(sign(PUBLIC_URL + PATH, PARAMS, '12346')))).toBe(false);
    const good = sign(PUBLIC_URL + PATH, PARAMS);
    expect(webhook(signedWith(good), PATH, { ...PARAMS, Extra: '1' })).toBe(false);
  });

  it('refuses one that was made for http or wss', () => {
    expect(webhook(signedWith(sign(`http://bridge.example.com${PATH}`, PARAMS)))).toBe(false);
    expect(webhook(signedWith(sign(`wss://bridge.example.com${PATH}`, PARAMS)))).toBe(false);
  });

  it('refuses everything without a token, or with one that is empty', () => {
    for (const authTokens of [[], [''], ['  '], [TOKEN, '']]) {
      const closed = createSignatureChecker({ authTokens, publicUrl: PUBLIC_URL });
      for (const token of ['', '  ', TOKEN]) {
        const headers = signedWith(sign(PUBLIC_URL + PATH, PARAMS, token));
        expect(closed.webhook({ path: PATH, headers, params: PARAMS, seenUrl: SEEN })).toBe(false);
        const wsHeaders = signedWith(sign('wss://bridge.example.com/media/T', {}, token));
        expect(closed.upgrade({ path: '/media/T', headers: wsHeaders, seenUrl: SEEN })).toBe(false);
      }
    }
  });

  it('accepts the old and the new token while they are being changed', () => {
    const both = createSignatureChecker({ authTokens: ['new', 'old'], publicUrl: PUBLIC_URL });
    for (const [token, accepted] of [
      ['new', true],
      ['old', true],
      ['older', false],
    ] as const) {
      const headers = signedWith(sign(PUBLIC_URL + PATH, PARAMS, token));
      expect(both.webhook({ path: PATH, headers, params: PARAMS, seenUrl: SEEN })).toBe(accepted);
    }
  });

  it('lets no header speak for the public address', () => {
    const evil = {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'http',
      forwarded: 'host=evil.example;proto=http',
      'x-original-url': '/elsewhere',
    };
    expect(webhook(signedWith(sign(`http://evil.example${PATH}`, PARAMS), evil))).toBe(false);
    expect(webhook(signedWith(sign(`https://evil.example${PATH}`, PARAMS), evil))).toBe(false);
    expect(webhook(signedWith(sign(PUBLIC_URL + PATH, PARAMS), evil))).toBe(true);
  });

  it('refuses rather than breaks on parameters that are none', () => {
    const headers = signedWith(sign(PUBLIC_URL + PATH));
    const none = JSON.parse('null');
    expect(checker.webhook({ path: PATH, headers, params: none, seenUrl: SEEN })).toBe(false);
  });

  it('stands for any form that Twilio may send, and for no other', () => {
    const form = fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.array(fc.string(), { minLength: 1 })));
    fc.assert(
      fc.property(form, fc.string({ minLength: 1 }), (params, more) => {
        const headers = signedWith(sign(PUBLIC_URL + PATH, params));
        expect(webhook(headers, PATH, params)).toBe(true);
        expect(webhook(headers, PATH, { ...params, '\u{10ffff}more': more })).toBe(false);
      }),
    );
  });
});

describe('the signature of a WebSocket upgrade', () => {
  it('is the one of the wss address, with a slash at the end or without', () => {
    for (const path of ['/media', '/media/']) {
      expect(upgrade(signedWith('ASGyPT9kdDVOm79OxfQnw7HcSP8='), path)).toBe(true);
      expect(upgrade(signedWith('s8PR4IzGlCW8C4hFit29c/IbuH8='), path)).toBe(true);
      expect(upgrade(signedWith('k+bG+9TKzlwcKoVkEifGbIQQ/mM='), path)).toBe(false);
      expect(upgrade(signedWith('C9S82mGEXw9m712vXhUGYWVNxaI='), path)).toBe(false);
    }
    expect(upgrade(signedWith('H+tBrEBNW+YZrSz9/uBKkOP7IJ0='), '/')).toBe(true);
    expect(upgrade(signedWith('RHgD+r6R9hrXqrau4lma8gHdCEg='), '/')).toBe(true);
  });

  it('knows the port where the public address has one', () => {
    const ported = createSignatureChecker({
      authTokens: [TOKEN],
      publicUrl: 'https://bridge.example.com:443',
    });
    const headers = signedWith('C9S82mGEXw9m712vXhUGYWVNxaI=');
    expect(ported.upgrade({ path: '/media', headers, seenUrl: SEEN })).toBe(true);
  });

  it('refuses the ws and the https form', () => {
    expect(upgrade(signedWith(sign('ws://bridge.example.com/media/T')))).toBe(false);
    expect(upgrade(signedWith(sign('https://bridge.example.com/media/T')))).toBe(false);
    expect(upgrade(signedWith(sign('http://bridge.example.com/media/T')))).toBe(false);
  });

  it('refuses an upgrade without one, and one that was made for another ticket', () => {
    expect(upgrade({})).toBe(false);
    expect(upgrade(signedWith(''))).toBe(false);
    expect(upgrade(signedWith(sign('wss://bridge.example.com/media/U')))).toBe(false);
    expect(upgrade(signedWith(sign('wss://evil.example/media/T')))).toBe(false);
  });

  it('refuses an address with a query, signed or not', () => {
    for (const path of ['/media/T?x=1', '/media/T?', '/media/T/?x=1', '/?', '?'])
      for (const signed of [`wss://bridge.example.com${path}`, 'wss://bridge.example.com/media/T'])
        expect(upgrade(signedWith(sign(signed)), path)).toBe(false);
  });

  it('refuses a path that only stands for the one that was signed', () => {
    const headers = signedWith(sign('wss://bridge.example.com/media/T'));
    expect(upgrade(headers)).toBe(true);
    const paths = [
      '/media/x/../T',
      '/media/./T',
      '/media/%2e/T',
      '/x/%2e%2e/media/T',
      '/x/%2E%2e/media/T',
      '/media\\T',
      '\\media\\T',
      '//media/T',
      '/media//T',
      '/media/%54',
      '/media/T#x',
      '/media/T\t',
      '/me\ndia/T',
      '/media/T ',
      '/media/Ｔ',
      'media/T',
      '@evil.example/media/T',
      ':443/media/T',
      'wss://bridge.example.com/media/T',
      '',
      '*',
    ];
    for (const path of paths) expect(upgrade(headers, path), path).toBe(false);
  });

  it('opens to nobody who cannot sign, whatever the path', () => {
    const paths = fc.oneof(fc.webPath(), fc.string({ unit: 'binary' }), fc.string());
    const good = sign('wss://bridge.example.com/media/T');
    fc.assert(
      fc.property(paths, (path) => {
        fc.pre(path !== '/media/T' && path !== '/media/T/');
        expect(upgrade(signedWith(good), path)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});

describe('signatures in development, without a public address', () => {
  const local = createSignatureChecker({ authTokens: [TOKEN] });
  const seenUrl = 'http://abc.ngrok.app';

  it('are asked for the address that the request came by', () => {
    const headers = signedWith(sign(`http://abc.ngrok.app${PATH}`, PARAMS));
    expect(local.webhook({ path: PATH, headers, params: PARAMS, seenUrl })).toBe(true);
    expect(local.webhook({ path: PATH, headers, params: PARAMS, seenUrl: `${seenUrl}/any/path` })).toBe(true);
    const wsHeaders = signedWith(sign('ws://abc.ngrok.app/media/T'));
    expect(local.upgrade({ path: '/media/T', headers: wsHeaders, seenUrl })).toBe(true);
  });

  it('believe a tunnel that says it ended TLS', () => {
    for (const proto of ['https', 'https,http', 'https , http']) {
      const forwarded = { 'x-forwarded-proto': proto };
      const headers = signedWith(sign(`https://abc.ngrok.app${PATH}`, PARAMS), forwarded);
      expect(local.webhook({ path: PATH, headers, params: PARAMS, seenUrl })).toBe(true);
      const wsHeaders = signedWith(sign('wss://abc.ngrok.app/media/T'), forwarded);
      expect(local.upgrade({ path: '/media/T', headers: wsHeaders, seenUrl })).toBe(true);
    }
  });

  it('do not follow X-Forwarded-Host, nor a scheme or an address that is none', () => {
    const evil = signedWith(sign(`http://evil.example${PATH}`, PARAMS), {
      'x-forwarded-host': 'evil.example',
    });
    expect(local.webhook({ path: PATH, headers: evil, params: PARAMS, seenUrl })).toBe(false);
    const odd = signedWith(sign(`javascript://abc.ngrok.app${PATH}`, PARAMS), {
      'x-forwarded-proto': 'javascript',
    });
    expect(local.webhook({ path: PATH, headers: odd, params: PARAMS, seenUrl })).toBe(false);
    for (const nowhere of ['', 'nonsense', 'http://', 'http://a b'])
      expect(local.webhook({ path: PATH, headers: evil, params: PARAMS, seenUrl: nowhere })).toBe(false);
  });

  it('are still refused when made with another token', () => {
    const headers = signedWith(sign(`http://abc.ngrok.app${PATH}`, PARAMS, 'other'));
    expect(local.webhook({ path: PATH, headers, params: PARAMS, seenUrl })).toBe(false);
  });
});
