import { describe, expect, it } from 'vitest';
import { fromPromise } from 'xstate';
import { type CreateOutcome, type VapiLinkOrder, vapiSocketMachine } from '../../machines/vapi-socket.ts';
import { createRecorder, onStage, typesOf } from './stage.ts';

const CREATED: CreateOutcome = { created: true, vapiCallId: 'v1' };

function stage({ creates = true } = {}) {
  const link = createRecorder<VapiLinkOrder>();
  const asked: ((outcome: CreateOutcome | Error) => void)[] = [];
  const ended: (() => void)[] = [];
  const machine = vapiSocketMachine.provide({
    actors: {
      vapiLink: link.logic,
      createCall: fromPromise<CreateOutcome, { callId: string }>(
        () =>
          new Promise((resolve, reject) => {
            asked.push((outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome)));
          }),
      ),
      endCall: fromPromise<void, { callId: string }>(() => new Promise((resolve) => ended.push(resolve))),
    },
  });
  const on = onStage(machine, {
    callId: 'c1',
    creates,
    createTimeoutMs: 8_000,
    retryIntervalMs: 500,
    openTimeoutMs: 4_000,
    muteTimeoutMs: 10_000,
    backOffMs: 700,
    heartbeatIntervalMs: 10_000,
    pongTimeoutMs: 5_000,
    closeTimeoutMs: 2_000,
    endTimeoutMs: 3_000,
  });

  /** Answers the latest request. */
  async function answer(outcome: CreateOutcome | Error) {
    asked.at(-1)?.(outcome);
    await on.clock.settle();
  }

  async function open() {
    on.tell({ type: 'socket.open' });
    if (creates) await answer(CREATED);
    on.tell({ type: 'socket.opened', at: 500 });
    on.tell({ type: 'socket.heard' });
  }

  /** The state of the line, whatever it has left. */
  const state = () => (on.state() as { line: unknown }).line;

  return { ...on, state, link, asked, ended, answer, open };
}

describe("the agent's end", () => {
  it('asks for a call once, opens its socket, and tells the call', async () => {
    const { open, told, state, asked, link } = stage();
    await open();
    expect(state()).toEqual({ linked: { open: 'quiet' } });
    expect(told).toEqual([{ type: 'vapi.opened', at: 500 }]);
    expect(asked).toHaveLength(1);
    expect(link.running).toBe(1);
  });

  it('opens the socket at once where no call has to be created', async () => {
    const { tell, asked, state } = stage({ creates: false });
    tell({ type: 'socket.open' });
    expect(state()).toEqual({ linked: 'opening' });
    expect(asked).toHaveLength(0);
  });

  it('tells in words why there is no call, and never asks again', async () => {
    const { tell, answer, told, asked, alive, ended, clock } = stage();
    tell({ type: 'socket.open' });
    await answer({ created: false, refusal: 'keyRefused', words: 'Vapi refused the key.' });
    expect(told[0]).toEqual({ type: 'vapi.gone', cause: 'unavailable', words: 'Vapi refused the key.' });
    tell({ type: 'socket.close' });
    expect(typesOf(told)).toEqual(['vapi.gone', 'closed']);
    clock.advance(60_000);
    expect(asked).toHaveLength(1);
    expect(ended).toHaveLength(0);
    expect(alive()).toBe(false);
  });

  it.each([
    ['half a second', 0, 500],
    ['as long as it is asked to', 1_500, 1_500],
  ])(
    'asks once more after %s where it is sure that no call was made [one-call]',
    async (_, askAgainAfterMs, ms) => {
      const { tell, answer, told, asked, clock, state } = stage();
      tell({ type: 'socket.open' });
      await answer({ created: false, refusal: 'rateLimited', words: 'Too many.', askAgainAfterMs });
      expect(told).toEqual([]);
      clock.advance(ms - 1);
      expect(asked).toHaveLength(1);
      clock.advance(1);
      expect(asked).toHaveLength(2);
      await answer(CREATED);
      expect(state()).toEqual({ linked: 'opening' });
    },
  );

  it('does not ask a third time, and tells why', async () => {
    const { tell, answer, told, asked, clock, alive } = stage();
    const refused = { created: false, refusal: 'broken', words: 'Broken.', askAgainAfterMs: 0 } as const;
    tell({ type: 'socket.open' });
    await answer(refused);
    clock.advance(500);
    await answer({ ...refused, words: 'Still broken.' });
    expect(told[0]).toEqual({ type: 'vapi.gone', cause: 'unavailable', words: 'Still broken.' });
    clock.advance(60_000);
    expect(asked).toHaveLength(2);
    tell({ type: 'socket.close' });
    expect(alive()).toBe(false);
  });

  it('asks nobody again for a caller who has gone', async () => {
    const { tell, answer, asked, clock, alive } = stage();
    tell({ type: 'socket.open' });
    await answer({ created: false, refusal: 'broken', words: 'Broken.', askAgainAfterMs: 0 });
    tell({ type: 'socket.close' });
    expect(alive()).toBe(false);
    clock.advance(60_000);
    expect(asked).toHaveLength(1);
  });

  it('ends a call that was created without a way into it [one-call]', async () => {
    const { tell, answer, told, ended, clock } = stage();
    tell({ type: 'socket.open' });
    await answer({ created: false, refusal: 'noSocketUrl', words: 'No way in.', vapiCallId: 'v9' });
    expect(ended).toHaveLength(1);
    tell({ type: 'socket.close' });
    expect(typesOf(told)).toEqual(['vapi.gone']);
    ended[0]?.();
    await clock.settle();
    expect(typesOf(told)).toEqual(['vapi.gone', 'closed']);
  });

  it('says so when asking fails inside the bridge', async () => {
    const { tell, answer, told } = stage();
    tell({ type: 'socket.open' });
    await answer(new Error('a bug'));
    expect(told[0]).toMatchObject({ type: 'vapi.gone', cause: 'unavailable' });
  });

  it('gives up on an answer that does not come, and waits for it only to end what it tells of', async () => {
    const { tell, answer, told, clock, ended } = stage();
    tell({ type: 'socket.open' });
    clock.advance(8_000);
    expect(told).toEqual([
      {
        type: 'vapi.gone',
        cause: 'unavailable',
        words: 'Vapi did not answer the request for a call within 8000 ms.',
      },
    ]);
    tell({ type: 'socket.close' });
    clock.advance(7_999);
    await answer(CREATED);
    expect(ended).toHaveLength(1);
  });

  it('does not wait for ever for an answer that nobody wants any more', () => {
    const { tell, told, clock, alive } = stage();
    tell({ type: 'socket.open' });
    clock.advance(16_000);
    expect(typesOf(told)).toEqual(['vapi.gone', 'closed']);
    expect(alive()).toBe(false);
  });

  it('ends a call that is created after nobody wants it any more [one-call]', async () => {
    const { tell, answer, told, ended, link, clock } = stage();
    tell({ type: 'socket.open' });
    tell({ type: 'socket.close' });
    expect(told).toEqual([]);
    await answer(CREATED);
    expect(ended).toHaveLength(1);
    expect(link.running).toBe(0);
    ended[0]?.();
    await clock.settle();
    expect(typesOf(told)).toEqual(['closed']);
  });

  it('ends the call over HTTP when its socket does not open in time', async () => {
    const { tell, answer, told, ended, clock, link } = stage();
    tell({ type: 'socket.open' });
    await answer(CREATED);
    clock.advance(4_000);
    expect(told).toEqual([
      { type: 'vapi.gone', cause: 'unreached', words: "The agent's socket did not open within 4000 ms." },
    ]);
    expect(ended).toHaveLength(1);
    expect(link.running).toBe(0);
  });

  it('tells why its socket was refused', async () => {
    const { tell, answer, told } = stage();
    tell({ type: 'socket.open' });
    await answer(CREATED);
    tell({ type: 'socket.closed', code: 1006, words: 'refused with HTTP 403' });
    expect(told[0]).toMatchObject({ words: "The agent's socket did not open: refused with HTTP 403." });
  });

  it('passes on what the agent tells of the conversation', async () => {
    const { open, tell, told } = stage();
    await open();
    tell({ type: 'vapi.interrupted', at: 900 });
    tell({ type: 'vapi.transcribed', at: 950, final: true, acknowledgement: false });
    expect(told.slice(1)).toEqual([
      { type: 'vapi.interrupted', at: 900 },
      { type: 'vapi.transcribed', at: 950, final: true, acknowledgement: false },
    ]);
  });

  it('takes an agent that does not answer pings for lost, and ends its call over HTTP [half-open]', async () => {
    const { open, clock, told, link, ended } = stage();
    await open();
    clock.advance(10_000);
    expect(link.take()).toEqual([{ type: 'link.ping' }]);
    clock.advance(5_000);
    expect(told[1]).toMatchObject({ type: 'vapi.gone', cause: 'lost' });
    expect(link.running).toBe(0);
    expect(ended).toHaveLength(1);
  });

  it('takes an agent for lost whose socket is open but of no use, and ends its call over HTTP [half-open]', async () => {
    const { open, tell, told, link, ended } = stage();
    await open();
    tell({ type: 'socket.unfit', words: 'The line is late.' });
    expect(told[1]).toEqual({ type: 'vapi.gone', cause: 'lost', words: 'The line is late.' });
    expect(link.running).toBe(0);
    expect(ended).toHaveLength(1);
  });

  it('goes on when the ping is answered', async () => {
    const { open, clock, tell, state } = stage();
    await open();
    clock.advance(10_000);
    tell({ type: 'socket.ponged' });
    clock.advance(9_000);
    expect(state()).toEqual({ linked: { open: 'quiet' } });
  });

  it.each([
    ['Vapi says that it ended', { type: 'vapi.ended', reason: 'assistant-ended-call' }, 'ended', 0],
    ['the socket is closed in an orderly way', { type: 'socket.closed', code: 1000, words: '' }, 'ended', 0],
    ['the socket is closed without a code', { type: 'socket.closed', code: 1005, words: '' }, 'ended', 0],
    ['the socket breaks', { type: 'socket.closed', code: 1006, words: '' }, 'lost', 1],
    ['the service fails', { type: 'socket.closed', code: 1011, words: '' }, 'lost', 1],
    ['the service turns it away', { type: 'socket.closed', code: 1008, words: '' }, 'unwelcome', 1],
    ['its line is of no use', { type: 'socket.unfit', words: 'It is late.' }, 'lost', 1],
  ])('tells the call how the agent went when %s', async (_, event, cause, overHttp) => {
    const { open, tell, told, ended } = stage();
    await open();
    tell(event);
    expect(told[1]).toMatchObject({ type: 'vapi.gone', cause });
    expect(ended).toHaveLength(overHttp);
  });

  it('says goodbye on the socket when told to close', async () => {
    const { open, tell, told, link, ended } = stage();
    await open();
    tell({ type: 'socket.close' });
    expect(link.take()).toEqual([{ type: 'link.close' }]);
    tell({ type: 'socket.closed', code: 1000, words: '' });
    expect(typesOf(told)).toEqual(['vapi.opened', 'closed']);
    expect(ended).toHaveLength(0);
  });

  it('makes sure over HTTP when the goodbye is not answered, and does not wait for that for ever', async () => {
    const { open, tell, told, ended, clock } = stage();
    await open();
    tell({ type: 'socket.close' });
    clock.advance(2_000);
    expect(ended).toHaveLength(1);
    clock.advance(3_000);
    expect(typesOf(told)).toEqual(['vapi.opened', 'closed']);
    expect(clock.armed).toBe(0);
  });

  it('takes an agent from which nothing at all comes for lost [half-open]', async () => {
    const { tell, answer, told, clock, ended } = stage();
    tell({ type: 'socket.open' });
    await answer(CREATED);
    tell({ type: 'socket.opened', at: 500 });
    clock.advance(9_999);
    expect(typesOf(told)).toEqual(['vapi.opened']);
    clock.advance(1);
    expect(told[1]).toMatchObject({ type: 'vapi.gone', cause: 'lost' });
    expect(ended).toHaveLength(1);
  });

  it('waits for no word on a socket of which nobody has promised one', () => {
    const { tell, told, clock } = stage({ creates: false });
    tell({ type: 'socket.open' });
    tell({ type: 'socket.opened', at: 500 });
    clock.advance(14_999);
    tell({ type: 'socket.ponged' });
    clock.advance(14_999);
    expect(typesOf(told)).toEqual(['vapi.opened']);
  });

  it('can be had anew after a loss, while what was lost is still being ended [replaced]', async () => {
    const { open, tell, told, asked, ended, link, state, clock } = stage();
    await open();
    tell({ type: 'socket.closed', code: 1006, words: '' });
    expect(state()).toBe('gone');
    expect(link.running).toBe(0);
    await open();
    expect(asked).toHaveLength(2);
    expect(ended).toHaveLength(1);
    expect(state()).toEqual({ linked: { open: 'quiet' } });
    tell({ type: 'socket.close' });
    tell({ type: 'socket.closed', code: 1000, words: '' });
    // It is not done before the lost one is.
    expect(typesOf(told)).toEqual(['vapi.opened', 'vapi.gone', 'vapi.opened']);
    ended[0]?.();
    await clock.settle();
    expect(typesOf(told).at(-1)).toBe('closed');
  });

  it('ends the first lost one again when a second is lost before that is done [one-call]', async () => {
    const { open, tell, ended, clock, told } = stage();
    await open();
    tell({ type: 'socket.closed', code: 1006, words: '' });
    await open();
    tell({ type: 'socket.closed', code: 1006, words: '' });
    expect(ended).toHaveLength(2);
    tell({ type: 'socket.close' });
    ended[0]?.();
    await clock.settle();
    expect(typesOf(told).at(-1)).toBe('vapi.gone');
    ended[1]?.();
    await clock.settle();
    expect(typesOf(told).at(-1)).toBe('closed');
  });

  it.each([1011, 1013])(
    'is left alone for a moment after it closed with code %d [replaced]',
    async (code) => {
      const { open, tell, asked, clock } = stage();
      await open();
      tell({ type: 'socket.closed', code, words: '' });
      tell({ type: 'socket.open' });
      clock.advance(699);
      expect(asked).toHaveLength(1);
      clock.advance(1);
      expect(asked).toHaveLength(2);
    },
  );

  it('is gone at once when it was never wanted', () => {
    const { tell, told, asked } = stage();
    tell({ type: 'socket.close' });
    expect(typesOf(told)).toEqual(['closed']);
    expect(asked).toHaveLength(0);
  });
});
