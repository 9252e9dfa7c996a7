import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { stateName } from '../../src/call/state-name.ts';
import type { CallRecording } from '../../src/inspector/messages.ts';
import { STORY_VERSION, type Story, storyOf } from '../../src/inspector/story.ts';
import { playScene, type Scene } from './scenes.ts';

const DIRECTORY = new URL('./stories/', import.meta.url);

const at = z.number().min(0);
const act = <const Does extends string, Fields extends z.ZodRawShape>(does: Does, fields: Fields) =>
  z.strictObject({ at, does: z.literal(does), ...fields });

const storyForm: z.ZodType<Story> = z.strictObject({
  format: z.literal('vapi-twilio-bridge.story'),
  version: z.literal(STORY_VERSION),
  name: z.string(),
  settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  caller: z.array(
    z.discriminatedUnion('does', [
      act('connects', {}),
      act('speaks', { forMs: at }),
      act('presses a key', {}),
      act('is not heard', { forMs: at }),
      act('hangs up', {}),
      act('is cut off', {}),
      act('goes deaf', {}),
      act('is reported over', {}),
      act('has its stream fail', {}),
    ]),
  ),
  arrival: z.strictObject({
    answer: z.nullable(z.strictObject({ as: z.string(), afterMs: at })),
    socket: z.nullable(
      z.strictObject({ does: z.enum(['opens', 'is refused', 'is not answered']), afterMs: at }),
    ),
  }),
  agent: z.array(
    z.discriminatedUnion('does', [
      act('speaks', { forMs: at, pace: z.enum(['real-time', 'at-once']) }),
      act('speech-update', { role: z.enum(['user', 'assistant']), status: z.enum(['started', 'stopped']) }),
      act('transcript', { final: z.boolean(), acknowledgement: z.boolean(), interruption: z.boolean() }),
      act('user-interrupted', {}),
      act('hang', {}),
      act('ends the call', {}),
      act('closes', { code: z.number() }),
      act('goes deaf', {}),
    ]),
  ),
  operator: z.array(z.discriminatedUnion('does', [act('hangs up', {})])),
  expect: z.strictObject({
    states: z.array(z.strictObject({ at, state: z.string() })),
    toleranceMs: at,
    ignores: z.array(z.string()),
    ending: z.string(),
    bargeIns: z.array(z.string()),
  }),
});

export type StoryRead = { ok: true; story: Story } | { ok: false; words: string };

/** Reads a story; a saved call is made into one. `name` is that of its file. */
export function readStory(text: string, name: string): StoryRead {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, words: `${name} is not JSON.` };
  }
  if (isRecording(value)) return storyOf(value, stateName, name);
  const read = storyForm.safeParse(value);
  return read.success
    ? { ok: true, story: read.data }
    : { ok: false, words: `${name} is neither a story nor a saved call:\n${z.prettifyError(read.error)}` };
}

function isRecording(value: unknown): value is CallRecording {
  return (
    typeof value === 'object' &&
    value !== null &&
    'format' in value &&
    value.format === 'vapi-twilio-bridge.call'
  );
}

/** As wide as a line of a story's file may be. */
const WIDTH = 110;

/** A story as it is written in files: one act a line, or all of a few on one; formatting the file changes nothing. */
export function storyText(story: Story): string {
  return `${written(story, '')}\n`;
}

/** `before` is what stands in the line already. */
function written(value: unknown, before: string): string {
  const indent = /^ */.exec(before)?.[0] ?? '';
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const inLine = `[${value.map(inOneLine).join(', ')}]`;
    // With the comma that may follow.
    if (before.length + inLine.length < WIDTH) return inLine;
    return `[\n${value.map((entry) => inner + inOneLine(entry)).join(',\n')}\n${indent}]`;
  }
  if (typeof value !== 'object' || value === null || isAct(value)) return inOneLine(value);
  const lines = Object.entries(value).map(([name, field]) => {
    const key = `${inner}${JSON.stringify(name)}: `;
    return key + written(field, key);
  });
  return `{\n${lines.join(',\n')}\n${indent}}`;
}

const isAct = (value: object) => ['at', 'as', 'does'].some((name) => name in value);

function inOneLine(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(
    ([name, field]) => `${JSON.stringify(name)}: ${JSON.stringify(field)}`,
  );
  return `{ ${fields.join(', ')} }`;
}

/** The stories that are kept, by the names of their files. */
export function keptStories(): readonly { file: string; text: string }[] {
  return readdirSync(DIRECTORY)
    .filter((file) => file.endsWith('.json'))
    .map((file) => ({ file, text: readFileSync(new URL(file, DIRECTORY), 'utf8') }));
}

/** Has the call of a scene, and makes a story of its recording. */
export async function recordScene(scene: Scene): Promise<StoryRead> {
  const { world, placed } = await playScene(scene);
  const recording = world.recordingOf(placed.call.callId);
  if (!recording) return { ok: false, words: 'The call was not recorded.' };
  return storyOf(recording, stateName, scene.name);
}

export function keepStory({ file }: Scene, story: Story): void {
  writeFileSync(new URL(`${file}.json`, DIRECTORY), storyText(story));
}
