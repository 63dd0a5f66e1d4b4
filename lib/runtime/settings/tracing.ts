import { setting, slice } from './slice.ts'
import { httpAddress, namedValues, text } from './values.ts'

export interface TracingSettings {
  /** Absent if no spans are exported. */
  readonly otlp?: {
    readonly endpoint: string
    readonly headers: Readonly<Record<string, string>>
    readonly serviceName?: string
  }
}

/** Where spans are sent. The variables have the names that OpenTelemetry defines. */
export const TRACING = slice(
  'Spans',
  {
    OTEL_EXPORTER_OTLP_ENDPOINT: setting(httpAddress(), {
      description: 'Where spans are sent: see [observability](observability.md#spans).',
      otherwise: 'none are sent',
    }),
    OTEL_EXPORTER_OTLP_HEADERS: setting(namedValues(), {
      description: 'HTTP headers of the requests with spans, such as credentials.',
    }),
    OTEL_SERVICE_NAME: setting(text(/\S/, 'a name'), {
      description: 'The name of the service in spans.',
      otherwise: '`sluice-<function>`',
    }),
  },
  ({
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_HEADERS,
    OTEL_SERVICE_NAME,
  }): TracingSettings => ({
    ...(endpoint
      ? {
          otlp: {
            endpoint,
            headers: OTEL_EXPORTER_OTLP_HEADERS ?? {},
            ...(OTEL_SERVICE_NAME ? { serviceName: OTEL_SERVICE_NAME } : {}),
          },
        }
      : {}),
  }),
)
