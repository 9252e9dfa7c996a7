import { lineStories } from './line-stories.ts';

lineStories('caller');
