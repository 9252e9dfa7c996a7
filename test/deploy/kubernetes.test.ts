import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readSettings } from '../../src/settings.ts';
import { variableNames } from '../../src/variables.ts';
import { closeWorldsAfterEach, openWorld } from '../server/server-world.ts';
import { listUnder, readYaml, under } from './files.ts';

closeWorldsAfterEach();

const FOLDER = 'deploy/kubernetes';
const manifest = (name: string) => readYaml(`${FOLDER}/${name}.yaml`);
const [stateful] = manifest('statefulset');
const pod = under(stateful, 'spec.template.spec');
const [container] = listUnder(pod, 'containers');
const [settings] = manifest('settings');
const services = manifest('services');
const [ingress] = manifest('ingress');

const POD_SELECTOR = 'statefulset.kubernetes.io/pod-name';
const selectorOf = (service: unknown) => under(service, 'spec.selector') as Record<string, string>;
/** The pods that can be reached: there is a Service for each. */
const pods = services.flatMap((service) => selectorOf(service)[POD_SELECTOR] ?? []);

const FAKE_SECRETS: Record<string, string> = {
  VAPI_API_KEY: 'a-key-of-nobody',
  VAPI_WEBHOOK_SECRET: 'a-secret-of-nobody',
  TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
  TWILIO_AUTH_TOKEN: 'a-token-of-nobody',
  ADMIN_TOKEN: 'another-token-of-nobody',
};

interface Variable {
  name: string;
  value?: string;
  valueFrom?: Record<string, unknown>;
}
const variables = listUnder(container, 'env') as Variable[];

/** The environment of a pod, as Kubernetes makes it. */
function environmentOf(podName: string): Record<string, string> {
  const environment = { ...(under(settings, 'data') as Record<string, string>) };
  for (const { name, value, valueFrom } of variables) {
    if (under(valueFrom, 'fieldRef.fieldPath') === 'metadata.name') environment[name] = podName;
    else if (valueFrom) environment[name] = FAKE_SECRETS[String(under(valueFrom, 'secretKeyRef.key'))] ?? '';
    else environment[name] = (value ?? '').replace(/\$\((\w+)\)/g, (_, known) => environment[known] ?? '');
  }
  return environment;
}

function settingsOf(podName: string) {
  const result = readSettings(environmentOf(podName), {
    cores: 1,
    readFile() {
      throw new Error('There is no such file in a pod.');
    },
  });
  if (!result.ok) throw new Error(result.words);
  return result.settings;
}

const MIB = 1024 * 1024;
function bytesOf(quantity: unknown): number {
  const [, count, unit] = /^(\d+)(Mi|Gi)$/.exec(String(quantity)) ?? [];
  return Number(count) * (unit === 'Gi' ? 1024 * MIB : MIB);
}

describe('the manifests', () => {
  it('are applied together, but for the one that needs the Prometheus Operator', () => {
    const files = readdirSync(FOLDER).filter(
      (name) => name.endsWith('.yaml') && name !== 'kustomization.yaml',
    );
    const [kustomization] = manifest('kustomization');
    expect([...listUnder(kustomization, 'resources'), 'service-monitor.yaml'].sort()).toEqual(files.sort());
  });

  it('hold no secret', () => {
    const kinds = readdirSync(FOLDER)
      .filter((name) => name.endsWith('.yaml'))
      .flatMap((name) => readYaml(`${FOLDER}/${name}`).map((document) => under(document, 'kind')));
    expect(kinds).not.toContain('Secret');
    const secrets = variables.filter(({ name }) => name in FAKE_SECRETS);
    expect(secrets.map(({ name }) => name).sort()).toEqual(Object.keys(FAKE_SECRETS).sort());
    for (const { value, valueFrom } of secrets) {
      expect(value).toBeUndefined();
      expect(under(valueFrom, 'secretKeyRef.name')).toBe('bridge');
    }
  });

  it('set what there is to set', () => {
    const known = ['POD_NAME', 'NODE_OPTIONS', ...variableNames];
    for (const name of Object.keys(environmentOf('bridge-0'))) expect(known).toContain(name);
  });
});

describe('a pod', () => {
  it('has settings with which the program starts in production', () => {
    expect(settingsOf('bridge-0').production).toBe(true);
  });

  it('is given the time to drain, to hang up what is left, and to leave', () => {
    const graceMs = Number(under(pod, 'terminationGracePeriodSeconds')) * 1000;
    expect(graceMs).toBeGreaterThanOrEqual(settingsOf('bridge-0').server.drainTimeoutMs + 10_000);
  });

  it('drains for as long as a call can live', () => {
    const { server, call } = settingsOf('bridge-0');
    const longestExtensionMs = 30 * 60_000;
    expect(server.drainTimeoutMs).toBeGreaterThan(call.sessionTtlMs + longestExtensionMs);
  });

  it('writes to one place, which outlives its process', () => {
    const [volume, ...others] = listUnder(pod, 'volumes');
    const mounts = listUnder(container, 'volumeMounts');
    expect(others).toEqual([]);
    expect(mounts).toEqual([
      { name: under(volume, 'name'), mountPath: settingsOf('bridge-0').server.stateDir },
    ]);
    const { runAsGroup, fsGroup } = under(pod, 'securityContext') as Record<string, unknown>;
    expect(fsGroup).toBe(runAsGroup);
  });

  it('has no rights that it does not need', () => {
    expect(under(pod, 'securityContext')).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(under(container, 'securityContext')).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(under(pod, 'automountServiceAccountToken')).toBe(false);
  });

  it('has a limit of memory, a heap that fits in it, and no limit of CPU', () => {
    expect(under(container, 'resources.requests')).toEqual({ cpu: '1', memory: expect.any(String) });
    expect(Object.keys(under(container, 'resources.limits') as object)).toEqual(['memory']);
    const [, heapMib] = /--max-old-space-size=(\d+)/.exec(environmentOf('bridge-0').NODE_OPTIONS ?? '') ?? [];
    const limit = bytesOf(under(container, 'resources.limits.memory'));
    expect((Number(heapMib) * MIB) / limit).toBeGreaterThan(0.5);
    expect((Number(heapMib) * MIB) / limit).toBeLessThan(0.75);
  });

  it('is left alone by whatever would end it unasked', () => {
    const annotations = under(stateful, 'spec.template.metadata.annotations');
    expect(annotations).toEqual({ 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false' });
    expect(under(stateful, 'spec.updateStrategy.type')).toBe('OnDelete');
    expect(under(stateful, 'spec.podManagementPolicy')).toBe('Parallel');
    expect(under(manifest('disruption-budget')[0], 'spec.maxUnavailable')).toBe(0);
  });

  it('is asked where it answers, on the port that it listens on', async () => {
    const { get } = await openWorld({ adminToken: 'token-of-the-probes-test' });
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
      const path = String(under(container, `${probe}.httpGet.path`));
      expect((await get(path)).status, `${probe}: ${path}`).toBe(200);
    }
    expect(under(container, 'livenessProbe.httpGet.path')).toBe('/health');
    expect(under(container, 'readinessProbe.httpGet.path')).toBe('/ready');
    const [port] = listUnder(container, 'ports');
    expect(under(port, 'containerPort')).toBe(settingsOf('bridge-0').server.port);
  });

  it('is not ended before it has failed for a minute', () => {
    const { periodSeconds, failureThreshold } = under(container, 'livenessProbe') as Record<string, number>;
    expect(Number(periodSeconds) * Number(failureThreshold)).toBeGreaterThanOrEqual(60);
  });
});

describe('each pod', () => {
  it('can be reached: there is a Service for as many as there are, and one more for a deploy', () => {
    expect(pods.length).toBeGreaterThan(Number(under(stateful, 'spec.replicas')));
    expect(pods).toEqual(pods.map((_, index) => `${under(stateful, 'metadata.name')}-${index}`));
  });

  it.each(pods)('%s is reached whether it is ready or not: a full or draining one has calls', (name) => {
    const [service] = services.filter((it) => under(it, 'metadata.name') === name);
    expect(selectorOf(service)).toEqual({ [POD_SELECTOR]: name });
    expect(under(service, 'spec.publishNotReadyAddresses')).toBe(true);
  });

  it.each(pods)('%s is told the very address by which Twilio reaches it and no other', (name) => {
    const { host } = new URL(settingsOf(name).server.publicUrl ?? '');
    const rules = listUnder(ingress, 'spec.rules').filter((rule) => under(rule, 'host') === host);
    expect(rules).toHaveLength(1);
    const paths = listUnder(rules[0], 'http.paths');
    expect(paths.map((it) => under(it, 'path'))).toEqual(['/webhook', '/media']);
    for (const it of paths) {
      expect(under(it, 'pathType')).toBe('Prefix');
      expect(under(it, 'backend.service.name')).toBe(name);
    }
    expect(listUnder(ingress, 'spec.tls').flatMap((it) => listUnder(it, 'hosts'))).toContain(host);
  });

  it('may be quiet for longer than the bridge pings, at any of the proxies', () => {
    const annotations = under(ingress, 'metadata.annotations') as Record<string, string>;
    const quiet = Object.entries(annotations).filter(([name]) => /timeout/.test(name));
    expect(quiet.length).toBeGreaterThan(0);
    const { heartbeatIntervalMs } = settingsOf('bridge-0').call;
    for (const [name, value] of quiet) {
      const seconds = value.endsWith('h') ? Number.parseInt(value, 10) * 3600 : Number.parseInt(value, 10);
      expect(seconds * 1000, name).toBeGreaterThan(2 * heartbeatIntervalMs);
    }
  });
});

describe('Prometheus', () => {
  it('finds every pod once, and shows the token', async () => {
    const [monitor] = manifest('service-monitor');
    const wanted = under(monitor, 'spec.selector.matchLabels') as Record<string, string>;
    const found = services.filter((service) => {
      const labels = under(service, 'metadata.labels') as Record<string, string>;
      return Object.entries(wanted).every(([name, value]) => labels[name] === value);
    });
    expect(found.map(selectorOf)).toEqual([under(stateful, 'spec.selector.matchLabels')]);

    const [endpoint] = listUnder(monitor, 'spec.endpoints');
    expect(under(endpoint, 'authorization.credentials')).toEqual({ name: 'bridge', key: 'ADMIN_TOKEN' });
    const { get } = await openWorld({ adminToken: 'token-of-prometheus' });
    const headers = { authorization: 'Bearer token-of-prometheus' };
    expect((await get(String(under(endpoint, 'path')), headers)).status).toBe(200);
  });
});
