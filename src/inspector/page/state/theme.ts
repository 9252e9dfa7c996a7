import { remember, remembered } from '../browser.ts';

export type Theme = 'dark' | 'light';

const KEY = 'inspector.theme';
const prefersLight = window.matchMedia('(prefers-color-scheme: light)');

function chosen(): Theme | null {
  const theme = remembered(KEY);
  return theme === 'dark' || theme === 'light' ? theme : null;
}

function currentTheme(): Theme {
  return chosen() ?? (prefersLight.matches ? 'light' : 'dark');
}

function apply(): void {
  document.documentElement.dataset.theme = currentTheme();
}

/** Puts the viewer's theme on the page, and follows the system's where none was chosen. */
export function startTheme(): void {
  apply();
  prefersLight.addEventListener('change', apply);
}

/** The other theme, from now on and at the next visit. */
export function toggleTheme(): void {
  remember(KEY, currentTheme() === 'dark' ? 'light' : 'dark');
  apply();
}
