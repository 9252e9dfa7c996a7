/** One element of a TwiML document. `text` is what stands directly in it. */
export interface Verb {
  name: string;
  attributes: Record<string, string>;
  text: string;
  children: Verb[];
}

const TOKEN = /<!--[\s\S]*?-->|<[?!][^>]*>|<(\/?)([A-Za-z][\w.:-]*)((?:"[^"]*"|'[^']*'|[^<>"'])*)>|[^<]+|</g;
const ATTRIBUTE = /([\w.:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescapeXml(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w+));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

function readAttributes(text: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [, name = '', double, single] of text.matchAll(ATTRIBUTE)) {
    attributes[name] = unescapeXml(double ?? single ?? '');
  }
  return attributes;
}

/**
 * The verbs of a TwiML document, in order; undefined when the text is no `<Response>`, or its elements do not nest.
 * Knows elements, attributes, text and comments: all that TwiML has.
 */
export function readTwiml(xml: string): Verb[] | undefined {
  const root: Verb = { name: '', attributes: {}, text: '', children: [] };
  const open = [root];
  for (const [token, slash, name, rest = ''] of xml.matchAll(TOKEN)) {
    const parent = open.at(-1);
    if (!parent) return undefined;
    if (name === undefined) {
      if (token === '<') return undefined;
      if (!token.startsWith('<')) parent.text += unescapeXml(token);
      continue;
    }
    if (slash === '/') {
      if (open.length < 2 || parent.name !== name) return undefined;
      open.pop();
      continue;
    }
    const verb: Verb = { name, attributes: readAttributes(rest), text: '', children: [] };
    parent.children.push(verb);
    if (!rest.trimEnd().endsWith('/')) open.push(verb);
  }
  const response = root.children[0];
  if (open.length !== 1 || root.children.length !== 1 || response?.name !== 'Response') return undefined;
  return response.children;
}

/** The `<Parameter>`s of a `<Stream>`, by name. */
export function parametersOf(stream: Verb): Record<string, string> {
  const parameters = stream.children.filter((child) => child.name === 'Parameter');
  return Object.fromEntries(
    parameters.map(({ attributes }) => [attributes.name ?? '', attributes.value ?? '']),
  );
}
