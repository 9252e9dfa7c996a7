/** What the page asks of the browser: the one file that reaches for the network, the clock and what is remembered. */
import type { Answer, FeedEar, FeedSocket, Time } from './ports.ts';

export const time: Time = {
  now: () => Date.now(),
  after(ms, fn) {
    const id = setTimeout(fn, ms);
    return () => clearTimeout(id);
  },
};

/** Calls `fn` with the next picture, or soon where no picture is drawn, as in a tab that nobody looks at. */
export function nextFrame(fn: () => void): void {
  if (document.visibilityState === 'visible') requestAnimationFrame(fn);
  else setTimeout(fn, 250);
}

export function openFeedSocket(ear: FeedEar): FeedSocket {
  const { protocol, host } = window.location;
  const socket = new WebSocket(`${protocol === 'https:' ? 'wss:' : 'ws:'}//${host}/inspector/feed`);
  socket.onopen = () => ear.opened();
  socket.onmessage = ({ data }) => {
    if (typeof data === 'string') ear.text(data);
  };
  socket.onclose = () => ear.closed();
  return {
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close: () => socket.close(),
  };
}

/** Asks the server; never rejects. */
export async function ask(path: string, body?: unknown): Promise<Answer> {
  try {
    const response = await fetch(path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'manual',
      cache: 'no-store',
    });
    return { status: response.status, text: await response.text() };
  } catch {
    return { status: 0, text: '' };
  }
}

/** Hands `text` to the viewer as a file. */
export function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** A choice that the viewer's browser remembers; some browsers keep nothing. */
export function remembered(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // It is asked for again next time.
  }
}
