import type { Response } from 'express';

/** Why a viewer sees the sign-in page. */
export type SignInCause = 'first' | 'wrong' | 'tooOften' | 'noToken';

const WORDS: Record<SignInCause, { status: number; text: string; isFault: boolean }> = {
  first: { status: 401, text: 'Sign in with the token that the server was given.', isFault: false },
  wrong: {
    status: 401,
    text: 'That is not the token. Look for ADMIN_TOKEN among the server’s settings.',
    isFault: true,
  },
  tooOften: {
    status: 429,
    text: 'Too many wrong tokens came from your address. Try again in a minute.',
    isFault: true,
  },
  noToken: {
    status: 401,
    text: 'Without ADMIN_TOKEN only the machine that the server runs on may look. Set ADMIN_TOKEN and start the server again.',
    isFault: false,
  },
};

const FORM = `<form method="post" action="/inspector/session">
        <label for="token">Token <code>ADMIN_TOKEN</code></label>
        <input id="token" name="token" type="password" autocomplete="current-password" required autofocus maxlength="500" spellcheck="false">
        <button type="submit">Sign in</button>
      </form>`;

const STYLE = `:root{color-scheme:dark light;--ground:#0b0d11;--surface:#111419;--field:#0b0d11;--line:#323944;--text:#e8ebf0;--soft:#a7b0be;--accent:#7f8cf5;--on:#0b0d11;--bad:#f28b9e;--caller:#5aa9f0;--agent:#3dbb7d}
@media (prefers-color-scheme:light){:root{--ground:#f4f5f7;--surface:#fff;--field:#fff;--line:#c9ced8;--text:#14181f;--soft:#4a5464;--accent:#5c69e6;--on:#fff;--bad:#b32644;--caller:#1f77c9;--agent:#1f9d61}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;min-height:100dvh;display:grid;place-items:center;padding:24px;background:var(--ground);color:var(--text);font:15px/1.5 ui-sans-serif,-apple-system,"Segoe UI",Inter,Roboto,"Liberation Sans",sans-serif}
main{width:100%;max-width:380px;padding:32px;background:var(--surface);border:1px solid var(--line);border-radius:14px}
svg{display:block;margin-bottom:20px}
h1{margin:0 0 6px;font-size:20px;font-weight:650;letter-spacing:-.01em}
p{margin:0;color:var(--soft)}
p.fault{color:var(--bad)}
form{margin-top:24px}
label{display:flex;justify-content:space-between;margin-bottom:6px;font-size:13px;color:var(--soft)}
code{font:12px ui-monospace,"SF Mono","DejaVu Sans Mono",monospace}
input,button{width:100%;height:42px;padding:0 12px;border-radius:8px;font:inherit}
input{background:var(--field);border:1px solid var(--line);color:var(--text)}
button{margin-top:12px;border:0;background:var(--accent);color:var(--on);font-weight:600;cursor:pointer}
button:hover{filter:brightness(1.08)}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}`;

const MARK = `<svg width="44" height="28" viewBox="0 0 44 28" fill="none" stroke-width="3" stroke-linecap="round" aria-hidden="true"><g stroke="var(--caller)"><path d="M2 12v4M9 7v14M16 3v22"/></g><g stroke="var(--agent)"><path d="M28 3v22M35 7v14M42 12v4"/></g></svg>`;

function pageOf(cause: SignInCause): string {
  const { text, isFault } = WORDS[cause];
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Sign in · Inspector</title>
    <style>${STYLE}</style>
  </head>
  <body>
    <main>
      ${MARK}
      <h1>Inspector</h1>
      <p${isFault ? ' class="fault" role="alert"' : ''}>${text}</p>
      ${cause === 'noToken' ? '' : FORM}
    </main>
  </body>
</html>
`;
}

/** Shows the page on which a viewer signs in, or is told why that cannot be. It needs no script and no other file. */
export function showSignIn(response: Response, cause: SignInCause): void {
  response
    .status(WORDS[cause].status)
    .set(
      'Content-Security-Policy',
      "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    )
    .set('Cache-Control', 'no-store')
    // With none at all the form would be sent as from nowhere, which is from another site.
    .set('Referrer-Policy', 'same-origin')
    .set('X-Content-Type-Options', 'nosniff')
    .type('text/html')
    .send(pageOf(cause));
}
