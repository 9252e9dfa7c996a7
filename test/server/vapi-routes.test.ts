import { describe, expect, it } from 'vitest';
import { ask, closeWorldsAfterEach, openWorld, type WorldOptions } from './server-world.ts';

closeWorldsAfterEach();

const SECRET = 'vapi-secret-canary-90b1';
const ASSISTANT = { assistant: { name: 'Ada', model: { messages: ['the prompt'] } } };
const QUESTION = { message: { type: 'assistant-request', call: { id: 'x' } } };

async function tell(body: unknown, options: WorldOptions = {}, headers: Record<string, string> = {}) {
  const world = await openWorld({ assistant: ASSISTANT, ...options });
  const answer = await ask(world.port, '/webhook/vapi', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { ...answer, refusals: world.refusals, failures: world.failures };
}

describe('POST /webhook/vapi', () => {
  it('answers which assistant is to answer', async () => {
    const { status, text } = await tell(QUESTION);
    expect(status).toBe(200);
    expect(JSON.parse(text)).toEqual(ASSISTANT);
  });

  it.each(['end-of-call-report', 'status-update', 'hang', 'unheard-of'])('acknowledges %s', async (type) => {
    expect(await tell({ message: { type } })).toMatchObject({ status: 200, text: '{}' });
  });

  it.each(['{}', '[]', '{"message":null}', '{"message":"assistant-request"}', '{"__proto__":{"message":1}}'])(
    'acknowledges what has no type: %s',
    async (body) => {
      expect(await tell(body)).toMatchObject({ status: 200, text: '{}' });
    },
  );

  it('takes a report of a long conversation', async () => {
    const transcript = 'x'.repeat(1_900_000);
    expect((await tell({ message: { type: 'end-of-call-report', transcript } })).status).toBe(200);
  });

  it.each([
    ['cannot be read', '{"message":', 400, 'Bad Request'],
    ['is too long', `{"x":"${'x'.repeat(2 * 1024 * 1024)}"}`, 413, 'Payload Too Large'],
  ])('refuses a body that %s', async (_, body, status, words) => {
    const answer = await tell(body);
    expect(answer).toMatchObject({ status, text: `The request was not handled: ${words}.\n` });
    expect(answer.failures).toEqual([]);
  });
});

describe('Vapi’s secret', () => {
  it.each<[string, Record<string, string>]>([
    ['X-Vapi-Secret', { 'x-vapi-secret': SECRET }],
    ['a bearer token', { authorization: `Bearer ${SECRET}` }],
  ])('lets in who sends it as %s', async (_, headers) => {
    const answer = await tell(QUESTION, { vapiSecret: SECRET, openAssistant: false }, headers);
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toEqual(ASSISTANT);
  });

  it.each<[string, Record<string, string>]>([
    ['nothing', {}],
    ['another', { 'x-vapi-secret': `${SECRET}x` }],
    ['an empty one', { 'x-vapi-secret': '' }],
    ['it as a cookie', { cookie: `secret=${SECRET}` }],
  ])('keeps out who sends %s', async (_, headers) => {
    for (const body of [QUESTION, { message: { type: 'end-of-call-report' } }]) {
      const answer = await tell(body, { vapiSecret: SECRET }, headers);
      expect(answer).toMatchObject({ status: 401, text: '' });
      expect(answer.refusals).toEqual(["a request to /webhook/vapi without Vapi's secret"]);
    }
  });

  it('is not read before a body of any size is refused', async () => {
    const body = `{"x":"${'x'.repeat(2 * 1024 * 1024)}"}`;
    expect((await tell(body, { vapiSecret: SECRET })).status).toBe(401);
  });

  it('is needed in production to be told the assistant, whose prompt is nobody’s business', async () => {
    const answer = await tell(QUESTION, { openAssistant: false });
    expect(answer).toMatchObject({ status: 401, text: '' });
    expect(answer.refusals.join()).toContain('VAPI_WEBHOOK_SECRET');
    expect((await tell({ message: { type: 'hang' } }, { openAssistant: false })).status).toBe(200);
  });
});
