import twilio from 'twilio';

/** Headers as Node hands them over: names in lower case. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface UpgradeRequest {
  /** The request target as it stood on the request line, still percent-encoded: `/media/<ticket>`. */
  path: string;
  headers: RequestHeaders;
  /**
   * Scheme and host by which the request came, as the listener saw them: `http://` and the Host header. A path after
   * them is ignored. Used only where no public address is set.
   */
  seenUrl: string;
}

export interface WebhookRequest extends UpgradeRequest {
  /** All fields of the form, none left out and none trimmed: the signature covers every one. */
  params: Readonly<Record<string, unknown>>;
}

export interface SignatureChecker {
  /** Whether Twilio sent this form. */
  webhook(request: WebhookRequest): boolean;
  /** Whether Twilio asks for this WebSocket. */
  upgrade(request: UpgradeRequest): boolean;
}

export interface SignatureCheckerOptions {
  /** The account's auth token; during a rotation, the old one and the new one. With none, or an empty one, nothing passes. */
  authTokens: readonly string[];
  /**
   * `https://host[:port][/prefix]`, no slash at the end. Without it the address is taken from the request, which only
   * development may do: whoever sends the request writes its headers.
   */
  publicUrl?: string | undefined;
}

/**
 * Checks `X-Twilio-Signature`. It has neither a time nor a nonce, so a request that was overheard stays valid for
 * ever: the signature says who wrote a request, and only the ticket says that it comes for the first time.
 */
export function createSignatureChecker({ authTokens, publicUrl }: SignatureCheckerOptions): SignatureChecker {
  // `validateRequest` accepts what anybody signs with an empty token.
  const trusted = authTokens.every((token) => token.trim() !== '') ? authTokens : [];

  function signed(
    headers: RequestHeaders,
    urls: readonly string[],
    params: Readonly<Record<string, unknown>>,
  ): boolean {
    const signature = headers['x-twilio-signature'];
    if (typeof signature !== 'string') return false;
    return trusted.some((token) => urls.some((url) => matches(token, signature, url, params)));
  }

  return {
    webhook({ path, headers, params, seenUrl }) {
      const base = publicUrl ?? seenBase(seenUrl, headers);
      return base !== undefined && isPlain(path) && signed(headers, [base + path], params);
    },
    upgrade({ path, headers, seenUrl }) {
      const base = publicUrl ?? seenBase(seenUrl, headers);
      if (base === undefined || !isPlain(path) || path.includes('?')) return false;
      // http becomes ws and https wss: Twilio signs the address that stands in the TwiML.
      const url = base.replace(/^http/, 'ws') + path;
      // Twilio may sign either form (its documentation: try the address with a slash appended).
      return signed(headers, [url, url.endsWith('/') ? url.slice(0, -1) : `${url}/`], {});
    },
  };
}

function matches(
  token: string,
  signature: string,
  url: string,
  params: Readonly<Record<string, unknown>>,
): boolean {
  try {
    return twilio.validateRequest(token, signature, url, params);
  } catch {
    // It throws on an address that is none and on parameters that are no object.
    return false;
  }
}

/**
 * Whether the path is the one that it stands for. `validateRequest` also tries the address with `..` resolved, with
 * `%2e` and backslashes read as dots and slashes, and would let a signature for one path pass for another.
 */
function isPlain(path: string): boolean {
  const beforeQuery = path.split('?', 1)[0];
  const probe = `http://host${beforeQuery}`;
  return path.startsWith('/') && URL.canParse(probe) && new URL(probe).href === probe;
}

/** A tunnel in front of a development server ends TLS and says so; its Host header is the public one. */
function seenBase(seenUrl: string, headers: RequestHeaders): string | undefined {
  if (!URL.canParse(seenUrl)) return undefined;
  const { protocol, host } = new URL(seenUrl);
  const forwarded = headers['x-forwarded-proto'];
  const scheme = typeof forwarded === 'string' ? forwarded.split(',', 1)[0]?.trim() : protocol.slice(0, -1);
  return scheme === 'https' || scheme === 'http' ? `${scheme}://${host}` : undefined;
}
