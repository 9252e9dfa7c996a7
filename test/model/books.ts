import { fileURLToPath } from 'node:url';

/** Where the book of a machine is kept: what it does, edge by edge, for people to review and for tests to compare. */
export function bookFileOf(name: string): string {
  return fileURLToPath(new URL(`./books/${name}.txt`, import.meta.url));
}
