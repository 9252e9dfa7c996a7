import { z } from 'zod';

const phrases = z.array(z.string().trim().min(1).max(100)).max(500);

/** What callers say over an agent, in one language; see `Phrases` in src/agent/phrases.ts. */
const language = z.strictObject({ acknowledgements: phrases, interruptions: phrases });

const number = z.strictObject({
  bargeIn: z.enum(['reversible', 'confirmed', 'transcript']).optional(),
  language: z.string().optional(),
  protectGreeting: z.boolean().optional(),
  insistOn: z.string().trim().min(1).max(200).optional(),
  tellHeard: z.boolean().optional(),
});

const file = z.strictObject({
  languages: z.record(z.string().regex(/^[a-z]{2,3}(-[A-Z]{2})?$/), language).default({}),
  numbers: z.record(z.string().regex(/^\+[1-9]\d{1,14}$/), number).default({}),
});

/** The rules of `NUMBERS_FILE`: phrases by language, and what holds for a number that is called. */
export type NumberRules = z.output<typeof file>;

/** The language whose phrases are built in. */
export const BUILT_IN_LANGUAGE = 'en';

export const NO_RULES: NumberRules = { languages: {}, numbers: {} };

/** Reads the file's text. `words` say what is wrong, where, and what to put there; numbers are not repeated. */
export function readNumberRules(
  text: string,
): { ok: true; rules: NumberRules } | { ok: false; words: string } {
  let told: unknown;
  try {
    told = JSON.parse(text);
  } catch {
    return { ok: false, words: 'holds no JSON. Put one JSON object there, or leave it out.' };
  }
  const read = file.safeParse(told);
  if (!read.success) {
    const [issue] = read.error.issues;
    const place = placeOf(issue?.path ?? []);
    return {
      ok: false,
      words: `is malformed at ${place}: ${issue?.message ?? 'unknown'}. See docs/interruptions.md.`,
    };
  }
  const unknown = Object.values(read.data.numbers)
    .map((rules) => rules.language)
    .find((name) => name !== undefined && name !== BUILT_IN_LANGUAGE && !(name in read.data.languages));
  if (unknown !== undefined)
    return {
      ok: false,
      words: `names a language that it has no phrases for. Add it under "languages", or leave it out.`,
    };
  return { ok: true, rules: read.data };
}

function placeOf(path: readonly PropertyKey[]): string {
  const names = path.map((name) => (/\d{4}/.test(String(name)) ? '+…' : String(name)));
  return names.length === 0 ? 'its top' : names.join('.');
}
