/** SDK of OpenTelemetry that a program loads first, with `--import`. It never sends anything before it is asked to. */
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node'

const processor = new BatchSpanProcessor(new OTLPTraceExporter(), { scheduledDelayMillis: 3_600_000 })
new NodeTracerProvider({ spanProcessors: [processor] }).register()
