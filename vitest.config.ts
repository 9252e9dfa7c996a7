import { defineConfig } from 'vitest/config';

/** Rooms in which time is told and no process is started: a test there takes as long as the machine needs, and no longer. */
const told = [
  'agent',
  'audio',
  'barge-in',
  'call',
  'corpus',
  'docs',
  'inspector-page',
  'machines',
  'model',
  'sim',
  'wire',
].map((room) => `test/${room}/**/*.test.ts`);
const testTimeout = 20_000;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'told',
          include: told,
          testTimeout,
          globalSetup: ['test/support/report-whole-calls.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Real sockets, processes and browsers mind a machine that is busy with other tests.
        test: {
          name: 'real',
          include: ['test/**/*.test.ts'],
          exclude: told,
          testTimeout,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
