/** Collects the spans of a process with the SDK of OpenTelemetry, whose copy of the API is not that of the product. */
import { context, propagation, trace } from '@opentelemetry/api'
import {
  BatchSpanProcessor,
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  type TracerConfig,
} from '@opentelemetry/sdk-trace-node'
import { LambdaObserver } from '../../adapters/lambda/observer.ts'
import { createTelemetry } from '../../adapters/lambda/telemetry.ts'
import { createTracing } from '../../lambda/kafka-runtime.ts'
import { APPLICATION } from './application.ts'

const { logger, metrics } = createTelemetry('tested', 'sluice')
export const OBSERVER = new LambdaObserver(logger, metrics)

/** Returns the tracing of a consumer, which needs a registered provider. */
export async function startTracing(application = APPLICATION, name = 'counting') {
  const tracing = await createTracing(application, 'test', name, OBSERVER)
  if (!tracing) throw new Error('no provider is registered')
  return tracing
}

export class SpanCollector {
  readonly #exporter = new InMemorySpanExporter()
  readonly provider: NodeTracerProvider

  /** Registers a provider, until `stop`. */
  constructor(config: TracerConfig = {}) {
    this.provider = new NodeTracerProvider({
      ...config,
      spanProcessors: [new BatchSpanProcessor(this.#exporter)],
    })
    this.provider.register()
  }

  /** Spans that the provider has sent. */
  get sent(): readonly ReadableSpan[] {
    return this.#exporter.getFinishedSpans()
  }

  async stop(): Promise<void> {
    await this.provider.shutdown()
    for (const registered of [trace, context, propagation]) registered.disable()
  }
}
