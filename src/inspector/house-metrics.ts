import { Counter, Gauge, type Registry } from 'prom-client';

/** What the house tells of itself beside its calls. */
export interface House {
  maxCalls: number;
  /** Each reason to take no new calls, and whether it holds. */
  unready(): Readonly<Record<string, boolean>>;
  /** How late the event loop was of late, ms. */
  loopLagMs(): number;
  heapLimitBytes(): number;
  /** Which of several processes this is; without a name it is alone. */
  worker?: string | undefined;
  /** Workers that were lost so far, whoever they were. */
  workerDeaths(): number;
}

/** Puts what the house tells into `registry`. The rest of a process (memory, file handles, CPU) Node's own metrics tell. */
export function addHouseMetrics(registry: Registry, house: House): void {
  const registers = [registry];
  new Gauge({
    name: 'bridge_calls_max',
    help: 'Calls that there is room for.',
    registers,
    collect() {
      this.set(house.maxCalls);
    },
  });
  new Gauge({
    name: 'bridge_ready',
    help: 'Whether new calls are taken.',
    registers,
    collect() {
      this.set(Object.values(house.unready()).includes(true) ? 0 : 1);
    },
  });
  new Gauge({
    name: 'bridge_unready',
    help: 'Whether this is a reason to take no new calls.',
    labelNames: ['reason'],
    registers,
    collect() {
      for (const [reason, holds] of Object.entries(house.unready())) this.set({ reason }, holds ? 1 : 0);
    },
  });
  new Gauge({
    name: 'bridge_event_loop_lag_seconds',
    help: 'How late the event loop was in the last 5 s that were looked at: the 99th percentile, which new calls depend on.',
    registers,
    collect() {
      this.set(house.loopLagMs() / 1000);
    },
  });
  new Gauge({
    name: 'bridge_heap_limit_bytes',
    help: "What JavaScript's heap can grow to.",
    registers,
    collect() {
      this.set(house.heapLimitBytes());
    },
  });
  new Counter({
    name: 'bridge_worker_deaths_total',
    help: 'Workers that died or made a mistake, and were to be replaced. Each worker tells of all.',
    registers,
    collect() {
      this.reset();
      this.inc(house.workerDeaths());
    },
  });
}
