import { callMachine } from '../../machines/call.ts';
import { jitterBufferMachine } from '../../machines/jitter-buffer.ts';
import { twilioSocketMachine } from '../../machines/twilio-socket.ts';
import { vapiSocketMachine } from '../../machines/vapi-socket.ts';
import { type Direction, layOut } from './lay-out.ts';
import { paint } from './paint.ts';
import { readChart, type View } from './read-chart.ts';

interface Picture extends View {
  file: string;
  title: string;
  direction: Direction;
}

const PICTURES: readonly Picture[] = [
  {
    file: 'call.svg',
    title: 'The states of a call',
    machine: callMachine,
    folded: ['live.connecting', 'live.bargeIn', 'closing'],
    direction: 'DOWN',
  },
  {
    file: 'call-connecting.svg',
    title: 'A call while it is connecting',
    machine: callMachine,
    root: 'live.connecting',
    folded: ['closing'],
    direction: 'DOWN',
  },
  {
    file: 'call-barge-in.svg',
    title: 'A call in which the caller speaks over the agent',
    machine: callMachine,
    root: 'live.bargeIn',
    direction: 'DOWN',
  },
  {
    file: 'call-closing.svg',
    title: 'A call that is closing',
    machine: callMachine,
    root: 'closing',
    folded: ['live'],
    direction: 'DOWN',
  },
  {
    file: 'twilio-socket.svg',
    title: "The states of the caller's end",
    machine: twilioSocketMachine,
    direction: 'DOWN',
  },
  {
    file: 'vapi-socket.svg',
    title: "The states of the agent's end",
    machine: vapiSocketMachine,
    direction: 'DOWN',
  },
  {
    file: 'jitter-buffer.svg',
    title: 'The states of a jitter buffer',
    machine: jitterBufferMachine,
    direction: 'DOWN',
  },
];

/** The pictures of all statecharts, by file name, as SVG. The same machines give the same bytes. */
export async function statePictures(): Promise<Map<string, string>> {
  const pictures = new Map<string, string>();
  for (const { file, title, direction, ...view } of PICTURES) {
    pictures.set(file, paint(await layOut(readChart(view), direction), title));
  }
  return pictures;
}
