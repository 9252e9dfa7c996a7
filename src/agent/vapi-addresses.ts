/**
 * Whether an address that Vapi's answer names is one to go to: Vapi's own, over TLS, or that of the host that was
 * asked (a proxy, or a double of Vapi), as securely as that was. What an answer says is from outside, and the call's
 * audio goes where its address leads.
 */
export function isVapiAddress(address: string, baseUrl: string): boolean {
  const { protocol, hostname } = new URL(address);
  const base = new URL(baseUrl);
  const isSecure = protocol === 'wss:' || protocol === 'https:';
  if (isSecure && /(?:^|\.)vapi\.ai$/.test(hostname)) return true;
  return hostname === base.hostname && (isSecure || base.protocol === 'http:');
}
