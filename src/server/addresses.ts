import type { IncomingMessage } from 'node:http';

/** `http://` and the host that a request was sent to, as the listener saw it. */
export function seenUrl({ headers }: IncomingMessage): string {
  return `http://${headers.host ?? 'localhost'}`;
}

/**
 * The addresses by which Twilio reaches this server, without a slash at the end. Without a public address they are
 * taken from the request, as a tunnel such as ngrok forwards it: good enough for development, and refused elsewhere,
 * because whoever sends a request writes its headers.
 */
export function addressesFor(
  request: IncomingMessage,
  publicUrl: string | undefined,
): { http: string; ws: string } {
  const http = publicUrl ?? forwardedUrl(request);
  // Twilio opens no other sockets than wss (error 31922).
  return { http, ws: http.replace(/^https?/, 'wss') };
}

function forwardedUrl(request: IncomingMessage): string {
  const first = (name: string) =>
    String(request.headers[name] ?? '')
      .split(',')[0]
      ?.trim();
  const proto = first('x-forwarded-proto') === 'https' ? 'https' : 'http';
  return `${proto}://${first('x-forwarded-host') || request.headers.host || 'localhost'}`;
}
