import type { ELK } from 'elkjs/lib/elk-api.js';
import type { MachineDefinition } from '../../../messages.ts';
import { remember, remembered } from '../../browser.ts';
import { type Drawing, layOut } from './lay-out.ts';
import { readChart } from './read-chart.ts';

/** Changes when charts are to be placed otherwise than before, so that no older drawing is shown. */
const STYLE = 1;

const drawings = new Map<string, Promise<Drawing>>();

/**
 * The drawing of a machine. It is made once for each version of it, beside the page's own work, and remembered by the
 * browser.
 */
export function drawingOf(definition: MachineDefinition): Promise<Drawing> {
  const key = `inspector.chart.${definition.machine}`;
  const version = `${STYLE} ${definition.version}`;
  const known = drawings.get(`${key} ${version}`);
  if (known) return known;
  const drawing = Promise.resolve(kept(key, version) ?? draw(definition, key, version));
  drawings.set(`${key} ${version}`, drawing);
  return drawing;
}

async function draw(definition: MachineDefinition, key: string, version: string): Promise<Drawing> {
  const drawing = await layOut(await engine(), readChart(definition));
  remember(key, JSON.stringify({ version, drawing }));
  return drawing;
}

let started: Promise<ELK> | undefined;

/** One engine for all charts: it takes them one after the other, in the order in which they are asked for. */
function engine(): Promise<ELK> {
  started ??= Promise.all([
    import('elkjs/lib/elk-api.js'),
    import('elkjs/lib/elk-worker.min.js?worker'),
  ]).then(([{ default: Elk }, { default: ElkWorker }]) => new Elk({ workerFactory: () => new ElkWorker() }));
  return started;
}

function kept(key: string, version: string): Drawing | null {
  const text = remembered(key);
  if (text === null) return null;
  try {
    const found: { version: string; drawing: Drawing } = JSON.parse(text);
    return found.version === version ? found.drawing : null;
  } catch {
    return null;
  }
}
