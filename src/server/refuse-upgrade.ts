import type { Duplex } from 'node:stream';

const REASONS = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
} as const;

/** Why a socket is not let in, as HTTP says it. */
export type RefusalStatus = keyof typeof REASONS;

/** Answers a handshake with a status and closes its line. */
export function refuseUpgrade(line: Duplex, status: RefusalStatus): void {
  // Node's time limits end with the upgrade: a line that is only half closed would stay for as long as its far end.
  line.once('finish', () => line.destroy());
  line.end(`HTTP/1.1 ${status} ${REASONS[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
