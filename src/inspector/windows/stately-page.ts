import { createHash } from 'node:crypto';
import type { Page } from './read-only-door.ts';

/** Where the hosted Stately Inspector is. */
export const STATELY = 'https://stately.ai/inspect';

/** A socket that is lost is opened again after this long. */
const RETRY_MS = 2_000;

/**
 * The page that holds the hosted tool at `address` in a frame and hands it, and nobody else, what this window says. Each
 * time the tool says that it is there, it gets the full picture on a new socket; nothing is taken from it.
 */
export function statelyPage(address: string): Page {
  const site = new URL(address).origin;
  const script = `
const frame = document.querySelector('iframe');
const site = ${JSON.stringify(site)};
let socket, retry;
function open() {
  window.clearTimeout(retry);
  if (socket) { socket.onclose = null; socket.close(); }
  socket = new window.WebSocket('ws://' + location.host);
  socket.onmessage = ({ data }) => frame.contentWindow.postMessage(JSON.parse(data), site);
  socket.onclose = () => { retry = window.setTimeout(open, ${RETRY_MS}); };
}
addEventListener('message', ({ source, origin, data }) => {
  if (source === frame.contentWindow && origin === site && data?.type === '@statelyai.connected') open();
});
frame.src = ${JSON.stringify(address)};
`;
  const style = 'html, body, iframe { margin: 0; width: 100%; height: 100%; border: 0; overflow: hidden }';
  const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Calls in the Stately Inspector</title>
<style>${style}</style>
<iframe title="Stately Inspector"></iframe>
<script>${script}</script>
</html>
`;
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    `frame-src ${site}`,
    "connect-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ];
  return { html, policy: policy.join('; ') };
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
