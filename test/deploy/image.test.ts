import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { read, readYaml, under } from './files.ts';

/** The instructions, a line each, without comments. */
const instructions = read('deploy/Dockerfile')
  .replace(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));
const of = (name: string) => instructions.filter((line) => line.startsWith(`${name} `));
const only = (name: string) => {
  expect(of(name)).toHaveLength(1);
  return of(name)[0]?.slice(name.length + 1) ?? '';
};
/** What is in the image that runs, and not only in those that help to make it. */
const last = instructions.slice(instructions.findLastIndex((line) => line.startsWith('FROM ')));

describe('the image', () => {
  it('is made from one release line of Node, which the program allows', () => {
    const bases = of('FROM').map((line) => line.split(' ')[1]);
    expect(new Set(bases).size).toBe(1);
    const [, major] = /^node:(\d+)-[a-z]+-slim$/.exec(bases[0] ?? '') ?? [];
    const [, least] = /(\d+)/.exec(JSON.parse(read('package.json')).engines.node) ?? [];
    expect(Number(major)).toBeGreaterThanOrEqual(Number(least));
  });

  it('takes packages from the lock alone, runs none of their scripts, and none of those for development', () => {
    const installs = of('RUN').filter((line) => /npm (ci|i|install)\b/.test(line));
    expect(installs.every((line) => line.includes('npm ci') && line.includes('--ignore-scripts'))).toBe(true);
    expect(installs.filter((line) => line.includes('--omit=dev'))).toHaveLength(1);
    expect(last).toContain('COPY --from=packages /app/node_modules node_modules');
  });

  it('fetches nothing by itself', () => {
    expect(of('ADD')).toEqual([]);
    expect(instructions.filter((line) => /https?:\/\/(?!127\.0\.0\.1)/.test(line))).toEqual([]);
  });

  it('runs as the user that the manifests name, who owns nothing in it but the folder of its state', () => {
    const pod = under(readYaml('deploy/kubernetes/statefulset.yaml')[0], 'spec.template.spec');
    const { runAsUser, runAsGroup } = under(pod, 'securityContext') as Record<string, unknown>;
    expect(only('USER')).toBe(`${runAsUser}:${runAsGroup}`);
    expect(runAsUser).toBeGreaterThan(0);
    const owned = `COPY --from=packages --chown=${runAsUser}:${runAsGroup} /data /data`;
    expect(last.filter((line) => line.includes('--chown') || line.startsWith('RUN '))).toEqual([owned]);
    expect([only('VOLUME'), last.filter((line) => line.startsWith('ENV STATE_DIR'))]).toEqual([
      '/data',
      ['ENV STATE_DIR=/data'],
    ]);
  });

  it('is Node itself, which SIGTERM reaches', () => {
    expect(only('STOPSIGNAL')).toBe('SIGTERM');
    expect(JSON.parse(only('ENTRYPOINT'))).toEqual(['node', 'dist/src/main.js']);
    expect(of('CMD')).toEqual([]);
    const { outDir } = JSON.parse(read('tsconfig.build.json')).compilerOptions;
    expect(`${outDir}/src/main.js`).toBe('dist/src/main.js');
  });

  it('is made of files that exist and are let through', () => {
    const [first, ...rules] = read('.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(first).toBe('*');
    const allowed = rules.filter((rule) => rule.startsWith('!')).map((rule) => rule.slice(1));
    expect(rules).toEqual(expect.arrayContaining(['**/.env*', '**/node_modules']));
    for (const path of allowed) expect(existsSync(path), path).toBe(true);
    const copied = of('COPY')
      .filter((line) => !line.includes('--from='))
      .flatMap((line) => line.split(' ').slice(1, -1))
      .filter((path) => path !== '.');
    expect(copied).toContain('package-lock.json');
    for (const path of copied) {
      expect(existsSync(path), path).toBe(true);
      expect(allowed, path).toContain(path.split('/')[0]);
    }
  });
});

describe('its health check', () => {
  const [, command = ''] = /CMD (\[.+\])$/.exec(of('HEALTHCHECK')[0] ?? '') ?? [];
  const [program, ...words]: string[] = JSON.parse(command);

  /** The command's exit code, asking a server that answers `status` to `/health`. */
  async function checks(status: number): Promise<number | null> {
    const server = createServer(({ url }, response) => {
      response.writeHead(url === '/health' ? status : 404).end();
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const child = execFile(process.execPath, words, { env: { PORT: String(port) } });
    return new Promise((exited) => child.on('exit', exited));
  }

  it('needs nothing but Node', () => {
    expect(program).toBe('node');
  });

  it('passes while /health is 200', async () => {
    expect(await checks(200)).toBe(0);
  });

  it('fails when it is not', async () => {
    expect(await checks(503)).toBe(1);
  });
});
