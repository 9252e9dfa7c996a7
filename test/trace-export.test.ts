import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { realClock } from '../src/real-clock.ts';
import { openTraceExport, type TraceExportOptions } from '../src/trace-export.ts';
import { killProgramsAfterEach, runProgram } from './server/program.ts';
import { dial, newSid, start } from './server/server-world.ts';
import { createVirtualClock } from './support/virtual-clock.ts';

killProgramsAfterEach();

interface OtlpSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  attributes: Array<{ key: string; value: Record<string, unknown> }>;
}

/** A collector of OTLP over HTTP at a port of this machine, which answers as told. */
async function openCollector(answer: (response: ServerResponse) => void = (response) => response.end('{}')) {
  const bodies: string[] = [];
  const paths: string[] = [];
  const keys: unknown[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    paths.push(`${request.method} ${request.url}`);
    bodies.push(body);
    keys.push(request.headers['x-key']);
    answer(response);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const resourceSpans = () => bodies.flatMap((body) => JSON.parse(body).resourceSpans);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    paths,
    bodies,
    keys,
    resources: () => resourceSpans().map(({ resource }) => resource.attributes),
    spans: (): OtlpSpan[] =>
      resourceSpans().flatMap(({ scopeSpans }) =>
        scopeSpans.flatMap(({ spans }: { spans: OtlpSpan[] }) => spans),
      ),
  };
}

async function opened(options: Pick<TraceExportOptions, 'endpoint'> & Partial<TraceExportOptions>) {
  const lines: string[] = [];
  const write = (_: unknown, line: string) => void lines.push(line);
  const log = { info: write, warn: write };
  const traces = await openTraceExport({ clock: realClock, log, serviceName: 'front desk', ...options });
  return { traces, lines };
}

describe('traces', () => {
  it('come to the collector as OTLP, under the name of the service, when the server stops at the latest', async () => {
    const collector = await openCollector();
    const { traces, lines } = await opened(collector);
    expect(lines).toEqual([
      `[Traces] One of each call goes to ${collector.endpoint.slice('http://'.length)}`,
    ]);
    const root = traces?.tracer.startSpan('call', { root: true });
    if (!traces || !root) throw new Error('There are no traces');
    traces.tracer.startSpan('streaming', {}, traces.within(root)).end();
    root.end();
    expect(collector.paths).toEqual([]);
    await traces.close();
    expect(collector.paths).toEqual(['POST /v1/traces']);
    const [child, call] = collector.spans();
    expect([child?.name, call?.name]).toEqual(['streaming', 'call']);
    expect(child).toMatchObject({ traceId: call?.traceId, parentSpanId: call?.spanId });
    expect(collector.resources()).toEqual([
      expect.arrayContaining([{ key: 'service.name', value: { stringValue: 'front desk' } }]),
    ]);
  });

  it('are given up after three seconds where the collector does not answer', async () => {
    const collector = await openCollector(() => {});
    const clock = createVirtualClock();
    const { traces } = await opened({ ...collector, clock });
    traces?.tracer.startSpan('call').end();
    let isClosed = false;
    const closed = traces?.close().then(() => {
      isClosed = true;
    });
    await vi.waitFor(() => expect(collector.paths).toHaveLength(1));
    await clock.run(2_999);
    expect(isClosed).toBe(false);
    await clock.run(1);
    await closed;
    expect(clock.armed).toBe(0);
  });

  it('are missed once in the log, with what is wrong and nothing of the answer, and once when they are back', async () => {
    let status = 401;
    const collector = await openCollector((response) => {
      response.statusCode = status;
      response.end('{"message":"the key sk-canary-0123456789 is wrong"}');
    });
    const { traces, lines } = await opened(collector);
    /** A full batch, which goes at once. */
    const send = async () => {
      const before = collector.bodies.length;
      for (let span = 0; span < 512; span += 1) traces?.tracer.startSpan('call').end();
      await vi.waitFor(() => expect(collector.bodies).toHaveLength(before + 1));
    };
    await send();
    await vi.waitFor(() => expect(lines).toHaveLength(2));
    await send();
    status = 200;
    await send();
    await vi.waitFor(() => expect(lines).toHaveLength(3));
    expect(lines.slice(1)).toEqual([
      '[Traces] They do not arrive: the collector answers 401',
      '[Traces] They arrive again',
    ]);
    await traces?.close();
  });

  it('are left out, with a warning, where their packages are not installed', async () => {
    const warnings: unknown[] = [];
    const { traces, lines } = await opened({
      endpoint: 'http://127.0.0.1:4318',
      log: { info() {}, warn: (...told) => void warnings.push(told) },
      load: () => Promise.reject(new Error("Cannot find package '@opentelemetry/sdk-trace'")),
    });
    expect(traces).toBeUndefined();
    expect(lines).toEqual([]);
    expect(warnings).toEqual([
      [
        { err: expect.any(Error) },
        "[Traces] None are made: OpenTelemetry's packages are not installed. Run npm ci without --omit=optional.",
      ],
    ]);
  });
});

/** As where the optional packages are not installed: whoever asks for them is told that they are not there. */
const WITHOUT_PACKAGES = `data:text/javascript,${encodeURIComponent(`
  import { register } from 'node:module';
  register('data:text/javascript,' + encodeURIComponent(\`
    export async function resolve(name, context, next) {
      if (!/^@opentelemetry.(sdk|exporter|resources)/.test(name)) return next(name, context);
      throw Object.assign(new Error('Cannot find package ' + name), { code: 'ERR_MODULE_NOT_FOUND' });
    }
  \`));
`)}`;

describe('the program', () => {
  it('sends the trace of a call, at its own end at the latest', { timeout: 30_000 }, async () => {
    const collector = await openCollector();
    const program = runProgram({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-key=canary-1234',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test',
      LOG_FORMAT: 'json',
    });
    const port = await program.port();
    const callSid = newSid('CA');
    const line = dial(`ws://127.0.0.1:${port}/media`);
    await line.opened;
    line.send(start(callSid, newSid('MZ')));
    await program.says('[Session Start]');
    line.ws.close();
    await program.says('[Cleanup]');
    program.child.kill('SIGTERM');
    expect(await program.exited).toBe(0);
    const root = collector.spans().find(({ name }) => name === 'call');
    expect(root?.attributes).toContainEqual({ key: 'callSid', value: { stringValue: callSid } });
    expect(collector.spans().some(({ parentSpanId }) => parentSpanId === root?.spanId)).toBe(true);
    expect(collector.resources().flat()).toContainEqual({
      key: 'service.name',
      value: { stringValue: 'vapi-twilio-bridge' },
    });
    // What the exporter reads by itself.
    expect(collector.keys).toContain('canary-1234');
    expect(collector.resources().flat()).toContainEqual({
      key: 'deployment.environment',
      value: { stringValue: 'test' },
    });
    expect(program.out).not.toContain('canary-1234');
  });

  it('runs where the packages are not installed, and says so only to whoever asks for traces', {
    timeout: 30_000,
  }, async () => {
    const asked = runProgram({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' }, [WITHOUT_PACKAGES]);
    await asked.port();
    expect(asked.out).toContain("[Traces] None are made: OpenTelemetry's packages are not installed");
    const other = runProgram({}, [WITHOUT_PACKAGES]);
    await other.port();
    expect(other.out).not.toContain('Traces');
  });
});
