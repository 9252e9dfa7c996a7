import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Builds the inspector's page into `dist/inspector/`, from where the server hands it out. */
export default defineConfig({
  root: at('.'),
  base: '/inspector/',
  plugins: [react()],
  build: {
    outDir: at('../../../dist/inspector'),
    emptyOutDir: true,
    target: 'es2023',
    cssTarget: 'chrome111',
    // Scripts that a browser is told to fetch early would otherwise be announced by one within the page.
    modulePreload: { polyfill: false },
    // Everything is a file of its own: the page's policy allows no script or picture inside another.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2_000,
    rolldownOptions: {
      checks: { pluginTimings: false },
      output: {
        codeSplitting: {
          groups: [
            { name: 'react', test: /node_modules\/(react|react-dom|scheduler)\// },
            { name: 'chart', test: /node_modules\/(@xyflow|d3-|zustand|classcat)/ },
          ],
        },
      },
    },
  },
  worker: { format: 'es' },
});
