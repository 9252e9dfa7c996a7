import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';

const at = (path: string) => new URL(`../../${path}`, import.meta.url);

/** A file of this repository, by its path from the top. */
export const read = (path: string) => readFileSync(at(path), 'utf8');

/** The documents of a YAML file. Throws on whatever a strict reader of YAML 1.2 objects to. */
export function readYaml(path: string): unknown[] {
  return parseAllDocuments(read(path), { strict: true, uniqueKeys: true }).map((document) => {
    for (const fault of [...document.errors, ...document.warnings]) throw fault;
    return document.toJS() as unknown;
  });
}

/** What stands in a document under a path such as `spec.template.spec`; `undefined` where there is nothing. */
export function under(document: unknown, path: string): unknown {
  let inner = document;
  for (const key of path.split('.')) {
    if (typeof inner !== 'object' || inner === null) return undefined;
    inner = (inner as Record<string, unknown>)[key];
  }
  return inner;
}

/** The same, where it is a list; an empty one where there is nothing. */
export function listUnder(document: unknown, path: string): unknown[] {
  const inner = under(document, path);
  return Array.isArray(inner) ? inner : [];
}

/** The anchors of a page's headings, as they are made of their words where the page is shown. */
export function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, words = '']) =>
    words
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
}
