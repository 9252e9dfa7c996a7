/** Makes the measured part of `docs/performance.md` anew from the figures that are kept: `npm run docs:performance`. */
import { keptResults, writePage } from './page.ts';

await writePage(await keptResults());
