import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { read } from './files.ts';

interface Locked {
  name?: string;
  version?: string;
  resolved?: string;
  integrity?: string;
  link?: boolean;
  dev?: boolean;
  hasInstallScript?: boolean;
}

const lock: { packages: Record<string, Locked> } = JSON.parse(read('package-lock.json'));
const { workspaces }: { workspaces: string[] } = JSON.parse(read('package.json'));
const nameAt = (path: string) => path.split('node_modules/').at(-1) ?? '';

/** What comes from a registry: everything but ourselves, our own nested package, and the link to it. */
const foreign = Object.entries(lock.packages).filter(
  ([path, { link }]) => path !== '' && !link && !workspaces.includes(path),
);

/** Packages that run a program when they are installed. Each was looked at; none is needed for its script. */
const WITH_SCRIPTS = [
  // Checks and speeds up what the optional package of the platform has brought already.
  'esbuild',
];

describe('the packages', () => {
  it('are each held to what they were when they were chosen', () => {
    expect(foreign.length).toBeGreaterThan(100);
    for (const [path, { integrity }] of foreign) expect(integrity, path).toMatch(/^sha512-[\w+/]{86}==$/);
  });

  it('come from the registry, none from a repository or a file somewhere', () => {
    for (const [path, { resolved }] of foreign) expect(resolved ?? 'https:', path).toMatch(/^https:/);
    expect(foreign.filter(([, { resolved }]) => /git|\.tar\.gz/.test(resolved ?? ''))).toEqual([]);
  });

  it('run no program when they are installed, but for those that were looked at', () => {
    const found = foreign.filter(([, it]) => it.hasInstallScript).map(([path]) => nameAt(path));
    expect(found).toEqual(WITH_SCRIPTS);
  });
});

describe('npm run sbom', () => {
  interface Component {
    name: string;
    version: string;
    hashes?: unknown[];
    properties: Array<{ name: string }>;
  }

  it('lists every package with its hash, and which of them are for development only', () => {
    const out = execFileSync('npm', ['run', '--silent', 'sbom', '--', '--offline'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const { bomFormat, components }: { bomFormat: string; components: Component[] } = JSON.parse(out);
    expect(bomFormat).toBe('CycloneDX');
    const listed = new Map(components.map((it) => [`${it.name}@${it.version}`, it]));
    for (const [path, { name, version, dev }] of foreign) {
      const component = listed.get(`${name ?? nameAt(path)}@${version}`);
      expect(component?.hashes, path).toHaveLength(1);
      const isDev = component?.properties.some((it) => it.name === 'cdx:npm:package:development');
      expect(isDev, path).toBe(dev === true);
    }
  });
});
