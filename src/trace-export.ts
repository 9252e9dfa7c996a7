import type { Context, Span, Tracer } from '@opentelemetry/api';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import { failureCode, failureWords } from './failure-words.ts';
import type { Clock } from './ports.ts';

export interface TraceExportOptions {
  clock: Pick<Clock, 'setTimeout' | 'clearTimeout'>;
  log: {
    info(fields: Record<string, unknown>, line: string): void;
    warn(fields: Record<string, unknown>, line: string): void;
  };
  /** Where the collector is, `https://…` or `http://…`, without the `/v1/traces`. */
  endpoint: string;
  serviceName: string;
  /** Brings OpenTelemetry's packages, which are optional; rejects where they are not installed. */
  load?(): Promise<Packages>;
}

/** Spans on their way to a collector. */
export interface TraceExport {
  tracer: Tracer;
  /** What the children of a span are begun in. */
  within(span: Span): Context;
  /** Sends what is still to be sent, or gives that up after 3 s. */
  close(): Promise<void>;
}

type Packages = Awaited<ReturnType<typeof installed>>;

/** For the last spans of a process that is being stopped. */
const FLUSH_MS = 3_000;
/** Turns and interruptions of a long call. The library's own 128 are some thirty turns. */
const MOST_EVENTS = 2_000;

/**
 * Opens the way to a collector of traces: OTLP over HTTP, as JSON, in batches, beside the calls. `undefined`, and a line
 * in the log, where OpenTelemetry's packages are not installed: the server runs without them.
 *
 * The exporter reads more of OpenTelemetry's own variables by itself: docs/running.md, "Traces".
 */
export async function openTraceExport(options: TraceExportOptions): Promise<TraceExport | undefined> {
  const { clock, log, endpoint, serviceName, load = installed } = options;
  const packages = await load().catch((err: unknown) => {
    const words =
      "None are made: OpenTelemetry's packages are not installed. Run npm ci without --omit=optional.";
    log.warn({ err }, `[Traces] ${words}`);
  });
  if (!packages) return undefined;
  const { api, sdk, resources, otlp } = packages;

  const exporter = new otlp.OTLPTraceExporter({ url: `${endpoint}/v1/traces` });
  const provider = new sdk.TracerProvider({
    resource: resources
      .defaultResource()
      .merge(resources.detectResources({ detectors: [resources.envDetector] }))
      .merge(resources.resourceFromAttributes({ 'service.name': serviceName })),
    spanLimits: { eventCountLimit: MOST_EVENTS },
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter: watched(exporter, log) })],
  });
  log.info({}, `[Traces] One of each call goes to ${new URL(endpoint).host}`);

  return {
    tracer: provider.getTracer('vapi-twilio-bridge'),
    within: (span) => api.trace.setSpan(api.ROOT_CONTEXT, span),
    async close() {
      let timer: unknown;
      const late = new Promise<void>((resolve) => {
        timer = clock.setTimeout(resolve, FLUSH_MS);
      });
      // What could not be sent has been told.
      await Promise.race([provider.shutdown().catch(() => undefined), late]);
      clock.clearTimeout(timer);
    },
  };
}

async function installed() {
  const [api, sdk, resources, otlp] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/exporter-trace-otlp-http'),
  ]);
  return { api, sdk, resources, otlp };
}

/** The same exporter; the log is told when it begins to fail, and when it no longer does. */
function watched(exporter: SpanExporter, log: TraceExportOptions['log']): SpanExporter {
  let fails = false;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const { error } = result;
        if (error && !fails) log.warn({}, `[Traces] They do not arrive: ${wordsOf(error)}`);
        if (!error && fails) log.info({}, '[Traces] They arrive again');
        fails = error !== undefined;
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}

/** Of a refusal its status alone: a collector's own words may quote what it was sent. */
function wordsOf(error: Error): string {
  if ('code' in error && typeof error.code === 'number') return `the collector answers ${error.code}`;
  return failureCode(error) === undefined ? 'the collector takes none now' : failureWords(error);
}
