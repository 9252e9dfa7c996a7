const WORDS: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  UND_ERR_SOCKET: 'connection reset',
  ENOTFOUND: 'host name not found',
  EAI_AGAIN: 'host name cannot be looked up now',
  ETIMEDOUT: 'connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'connection timed out',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
};

/** Failures to reach the far end at all. */
const NEVER_SENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** Whether a request that failed so cannot have reached anybody, so that making it again does nothing twice. */
export function isNeverSent(error: unknown): boolean {
  return NEVER_SENT.has(failureCode(error) ?? '');
}

/** The `code` of a Node error or of what caused it (`fetch` hides the true error in `cause`); none has none. */
export function failureCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return failureCode(error.cause);
}

/**
 * Says in words why the network failed, made from the error's code alone: Node's own messages hold the address, and
 * the address of an agent's socket is a secret.
 */
export function failureWords(error: unknown): string {
  const code = failureCode(error);
  return code === undefined ? 'connection failed' : (WORDS[code] ?? `connection failed (${code})`);
}
