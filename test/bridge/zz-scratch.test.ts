import { it } from 'vitest';
import { speechMulaw } from '../audio/speech.ts';
import { createMemoryWorld } from './memory-world.ts';
import { createTurn, liveCall } from './turns.ts';

for (const [lead, replyAfter] of [[60, 900], [150, 900], [60, 1_700], [150, 600]] as const)
it(`tail ${lead} reply ${replyAfter}`, async () => {
  const world = createMemoryWorld({ call: { bargeIn: 'reversible' }, markEchoDelayMs: 40, latencyMs: 40 } as never);
  const placed = await liveCall(world);
  const { phone, call, agent: { mind } } = placed;
  const t1 = createTurn(world, 1, 2_000);
  const t2 = createTurn(world, 2, 3_000);
  mind.say(t1.spoken);
  await world.until('speaks', () => call.state === 'agentSpeaking', 600);
  const began = world.clock?.now?.() ?? 0;
  const log: string[] = [];
  const t0 = Date.now();
  void t0; void began;
  await world.run(2_000 - lead - 60);
  phone.say(speechMulaw('utt/u05'));
  let at = 0;
  const step = async (ms: number) => { for (let i = 0; i < ms; i += 20) { await world.run(20); at += 20; const s = call.state; if (!log.at(-1)?.endsWith(s)) log.push(`${at} ${s}`);} };
  await step(300);
  mind.callerSpeech('started');
  await step(900);
  mind.transcript('I would like to', 'partial');
  await step(300);
  mind.callerSpeech('stopped');
  mind.transcript('I would like to come on Tuesday', 'final');
  log.push(`${at} FINAL ${call.state}`);
  await step(replyAfter);
  log.push(`${at} REPLY ${call.state}`);
  mind.say(t2.spoken);
  await step(6_000);
  console.log(lead, replyAfter, log.join(' | '), JSON.stringify(call.figures.bargeIns), call.gauges.refusedMs, call.gauges.flushedMs, call.figures.talkOverMs);
});
