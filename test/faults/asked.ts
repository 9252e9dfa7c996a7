import type { Ports } from '../../src/ports.ts';

/** One request of the bridge to Vapi's HTTP side. */
export interface Asked {
  method: string;
  path: string;
}

export interface Answered {
  status: number;
  body: string;
}

/**
 * Spoils what a bridge is given: notes every HTTP request in `asked`, and answers the request for a call with `answer`
 * where there is one.
 */
export function noting(asked: Asked[], answer?: Answered): (ports: Ports) => Ports {
  return (ports) => ({
    ...ports,
    fetch(url, init) {
      const { method } = init;
      asked.push({ method, path: new URL(url).pathname });
      if (!answer || method !== 'POST') return ports.fetch(url, init);
      const { status, body } = answer;
      return Promise.resolve({ status, headers: { get: () => null }, text: () => Promise.resolve(body) });
    },
  });
}
