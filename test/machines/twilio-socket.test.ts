import { describe, expect, it } from 'vitest';
import {
  type TwilioLinkOrder,
  type TwilioSocketInput,
  twilioSocketMachine,
} from '../../machines/twilio-socket.ts';
import { createRecorder, onStage, typesOf } from './stage.ts';

function stage(input: Partial<TwilioSocketInput> = {}) {
  const link = createRecorder<TwilioLinkOrder>();
  const machine = twilioSocketMachine.provide({ actors: { twilioLink: link.logic } });
  const on = onStage(machine, {
    callId: 'c1',
    expectsAnother: false,
    startTimeoutMs: 5_000,
    heartbeatIntervalMs: 10_000,
    pongTimeoutMs: 5_000,
    examineTimeoutMs: 1_500,
    closeTimeoutMs: 2_000,
    ...input,
  });
  const attach = () => on.tell({ type: 'socket.attached' });
  const start = () => {
    attach();
    on.tell({ type: 'twilio.started', at: 40, streamSid: 'MZ1', callSid: 'CA1' });
  };
  return { ...on, link, attach, start };
}

describe("the caller's end", () => {
  it('waits for its socket as long as the call does', () => {
    const { clock, state } = stage();
    clock.advance(3_600_000);
    expect(state()).toBe('awaitingSocket');
  });

  it('tells the call when the stream starts', () => {
    const { start, told, state } = stage();
    start();
    expect(state()).toEqual({ open: 'quiet' });
    expect(told).toEqual([{ type: 'twilio.started', at: 40, streamSid: 'MZ1', callSid: 'CA1' }]);
  });

  it('gives up on a line that never starts', () => {
    const { attach, clock, state, told, link } = stage();
    attach();
    clock.advance(4_999);
    expect(state()).toBe('awaitingStart');
    clock.advance(1);
    expect(link.take()).toEqual([{ type: 'link.close', code: 1008, words: 'no start message came' }]);
    expect(told).toEqual([{ type: 'twilio.gone', cause: 'refused', words: 'no start message came' }]);
  });

  it('turns a line away that never starts, and waits for the right one, where a ticket was given out [nobody-in]', () => {
    const { attach, start, clock, state, told, link } = stage({ expectsAnother: true });
    attach();
    clock.advance(5_000);
    expect(link.take()).toEqual([{ type: 'link.dismiss', words: 'no start message came' }]);
    expect(state()).toBe('awaitingSocket');
    start();
    expect(typesOf(told)).toEqual(['twilio.started']);
  });

  it('gives a socket that comes after another the full time to start', () => {
    const { attach, clock, state } = stage({ expectsAnother: true });
    attach();
    clock.advance(4_000);
    attach();
    clock.advance(4_000);
    expect(state()).toBe('awaitingStart');
  });

  it('turns a start away that proves nothing', () => {
    const { attach, tell, link, told } = stage();
    attach();
    tell({ type: 'twilio.refused', words: 'the ticket was refused: used' });
    expect(link.take()).toEqual([{ type: 'link.close', code: 1008, words: 'the ticket was refused: used' }]);
    expect(typesOf(told)).toEqual(['twilio.gone']);
  });

  it('pings a quiet socket, and goes on when it answers', () => {
    const { start, clock, link, tell, state } = stage();
    start();
    clock.advance(10_000);
    expect(link.take()).toEqual([{ type: 'link.ping' }]);
    clock.advance(4_999);
    tell({ type: 'socket.ponged' });
    clock.advance(9_999);
    expect(state()).toEqual({ open: 'quiet' });
    expect(link.take()).toEqual([]);
  });

  it('takes a socket that does not answer for dead [half-open]', () => {
    const { start, clock, told, alive, link } = stage();
    start();
    clock.advance(15_000);
    expect(told[1]).toEqual({
      type: 'twilio.gone',
      cause: 'dead',
      words: 'The socket stopped answering pings.',
    });
    expect(typesOf(told)).toEqual(['twilio.started', 'twilio.gone', 'closed']);
    expect(alive()).toBe(false);
    expect(link.running).toBe(0);
  });

  it('examines a socket that sends no frames at once [half-open]', () => {
    const { start, tell, link, state } = stage();
    start();
    tell({ type: 'socket.silent' });
    expect(link.take()).toEqual([{ type: 'link.ping' }]);
    expect(state()).toEqual({ open: 'examining' });
    tell({ type: 'socket.ponged' });
    expect(state()).toEqual({ open: 'quiet' });
  });

  it('takes a socket for dead that sends no frames and does not answer soon [half-open]', () => {
    const { start, tell, clock, alive, told } = stage();
    start();
    clock.advance(10_000);
    tell({ type: 'socket.silent' });
    clock.advance(1_500);
    expect(told[1]).toMatchObject({ type: 'twilio.gone', cause: 'dead' });
    expect(alive()).toBe(false);
  });

  it('is patient with a socket whose frames come but whose answer is late', () => {
    const { start, clock, tell, state } = stage();
    start();
    clock.advance(14_999);
    tell({ type: 'socket.ponged' });
    expect(state()).toEqual({ open: 'quiet' });
  });

  it('sends away whoever breaks the rules later on, and waits for no other [bounded-flood]', () => {
    const { start, tell, told, link, alive, clock } = stage({ expectsAnother: true });
    start();
    tell({ type: 'twilio.refused', words: 'too many messages' });
    expect(link.take()).toEqual([{ type: 'link.close', code: 1008, words: 'too many messages' }]);
    expect(told[1]).toEqual({ type: 'twilio.gone', cause: 'refused', words: 'too many messages' });
    tell({ type: 'twilio.refused', words: 'too many messages' });
    clock.advance(2_000);
    expect(typesOf(told)).toEqual(['twilio.started', 'twilio.gone', 'closed']);
    expect(alive()).toBe(false);
  });

  it('cuts a line at once for which too much waits [half-open]', () => {
    const { start, tell, told, link } = stage();
    start();
    tell({ type: 'socket.clogged' });
    expect(told[1]).toMatchObject({ cause: 'dead', words: 'Twilio stopped reading its socket.' });
    expect(typesOf(told)).toEqual(['twilio.started', 'twilio.gone', 'closed']);
    expect(link.running).toBe(0);
  });

  it.each([
    ['stop', { type: 'twilio.stopped' }, 'stopped'],
    ['a closed socket', { type: 'socket.closed', code: 1006 }, 'lost'],
  ])(
    'tells the call once that the caller is gone on %s, and then that nothing is left',
    (_, event, cause) => {
      const { start, tell, told, alive } = stage();
      start();
      tell(event);
      if (alive()) tell({ type: 'socket.closed', code: 1000 });
      expect(typesOf(told)).toEqual(['twilio.started', 'twilio.gone', 'closed']);
      expect(told[1]).toMatchObject({ cause });
      expect(alive()).toBe(false);
    },
  );

  it('closes in an orderly way when told to, and says nothing of a loss', () => {
    const { start, tell, told, link } = stage();
    start();
    tell({ type: 'socket.close' });
    expect(link.take()).toEqual([{ type: 'link.close', code: 1000, words: 'call ended' }]);
    tell({ type: 'socket.closed', code: 1000 });
    expect(typesOf(told)).toEqual(['twilio.started', 'closed']);
  });

  it('does not wait for ever for the far end to close', () => {
    const { start, tell, clock, alive, link } = stage();
    start();
    tell({ type: 'socket.close' });
    clock.advance(2_000);
    expect(alive()).toBe(false);
    expect(link.running).toBe(0);
    expect(clock.armed).toBe(0);
  });

  it('is gone at once when no socket ever came', () => {
    const { tell, told } = stage();
    tell({ type: 'socket.close' });
    expect(typesOf(told)).toEqual(['closed']);
  });
});
