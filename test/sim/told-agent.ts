import type { AgentAct } from '../../src/inspector/story.ts';
import { createSpeaker } from '../../src/simulation/speaker.ts';
import type { VapiCallLine, VapiEnding } from '../../src/simulation/vapi-line.ts';
import { type AgentOptions, type SimAgent, soundOf } from './sim-agent.ts';
import { TOLD_LATENCY_MS } from './told.ts';

/** What stands in for words that a story does not hold. */
const STAND_INS = { acknowledgement: 'mm-hm', interruption: 'stop', other: 'I would like an appointment' };

/** How a socket is closed that is to be heard with this code. */
const ENDINGS: Readonly<Record<number, VapiEnding>> = {
  1000: 'unsaid',
  1005: 'no-code',
  1006: 'cut',
  1008: 'unwelcome',
};

/** An agent that does what is told, when it is told. */
export function createToldAgent(
  line: VapiCallLine,
  options: AgentOptions,
  { rangAt, acts }: { rangAt: number; acts: readonly AgentAct[] },
): SimAgent {
  const { clock, format } = line;
  const { tell } = options;
  let timers: unknown[] = [];
  let turn = 0;
  let sent = 0;

  const send = (bytes: Uint8Array) => {
    options.speaks({ turn, from: sent, to: sent + bytes.length });
    sent += bytes.length;
    line.sendAudio(bytes);
  };
  const speakers = {
    'real-time': createSpeaker({ clock, format, send, pace: 'real-time' }),
    'at-once': createSpeaker({ clock, format, send, pace: 'at-once' }),
  };

  function fallSilent(): void {
    speakers['real-time'].stop();
    speakers['at-once'].stop();
  }

  function act(told: AgentAct): void {
    switch (told.does) {
      case 'speaks':
        fallSilent();
        turn = options.nextTurn();
        sent = 0;
        tell(`agent begins turn ${turn} (${told.forMs} ms)`);
        speakers[told.pace].say(soundOf(format, options.call, turn, told.forMs));
        return;
      case 'speech-update':
        line.sendMessage({ type: told.does, role: told.role, status: told.status });
        return;
      case 'transcript': {
        const { acknowledgement, interruption, other } = STAND_INS;
        const transcript = told.acknowledgement ? acknowledgement : told.interruption ? interruption : other;
        const transcriptType = told.final ? 'final' : 'partial';
        line.sendMessage({ type: told.does, role: 'user', transcriptType, transcript });
        return;
      }
      case 'user-interrupted':
        tell('agent takes itself to be interrupted');
        line.sendMessage({ type: told.does });
        fallSilent();
        return;
      case 'hang':
        line.sendMessage({ type: told.does });
        return;
      case 'ends the call':
        finish('said');
        return;
      case 'closes':
        finish(ENDINGS[told.code] ?? 'failed');
    }
  }

  function finish(ending: VapiEnding): void {
    tell(`agent ends the call (${ending})`);
    options.held()?.end('assistant-ended-call', ending);
  }

  return {
    opened() {
      timers = acts.map((told) => {
        const due = rangAt + told.at - TOLD_LATENCY_MS - clock.now();
        return clock.setTimeout(() => act(told), Math.max(0, due));
      });
    },
    audio: options.hears,
    message() {},
    closed() {
      for (const timer of timers) clock.clearTimeout(timer);
      fallSilent();
    },
    callerStarts() {},
    callerStops() {},
    interrupt: () => act({ at: 0, does: 'user-interrupted' }),
    transcribe() {},
    babble() {},
    finish,
    get speaking() {
      return speakers['real-time'].speaking || speakers['at-once'].speaking;
    },
  };
}
