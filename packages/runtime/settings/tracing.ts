import { SAMPLERS } from '../cloudevents/trace.ts'
import { omitUndefined } from '../consumer/omit-undefined.ts'
import { type SlicePart, setting, slice } from './slice.ts'
import { httpAddress, namedValues, oneOf, text, wholeNumber } from './value-kinds.ts'

/**
 * Destination and sampling of spans. The variables have the names that OpenTelemetry defines, except for the variable with the name
 * of the secret.
 */
export const TRACING = slice(
  'Spans',
  {
    OTEL_EXPORTER_OTLP_ENDPOINT: setting('spans.endpoint', httpAddress(), {
      description: 'URL to which spans are sent: see [observability](observability.md#spans).',
      otherwise: 'not sent',
    }),
    OTEL_EXPORTER_OTLP_HEADERS: setting('spans.headers', namedValues(), {
      description: 'HTTP headers of the requests with spans, such as credentials.',
    }),
    OTEL_HEADERS_SECRET: setting('spans.headers_secret', text(/\S/, 'the name of a secret'), {
      description: 'The secret with additional headers, as `{"authorization": "…"}`.',
      otherwise: 'there are no others',
    }),
    OTEL_TRACES_SAMPLER: setting('spans.sampler', oneOf(SAMPLERS), {
      description:
        'Records that have spans: only records that their producers sampled (`parentbased_always_off`), also records without ' +
        'trace context (`parentbased_always_on`), or all records (`always_on`).',
      default: 'parentbased_always_off',
    }),
    OTEL_TRACES_SAMPLER_ARG: setting(
      'spans.sampler_arg',
      wholeNumber({ least: 1, most: 100_000, unit: 'records a second' }),
      {
        description:
          'Maximum number of records with spans per second, for each instance of a function. Failed records always get spans.',
        otherwise: 'all of them',
      },
    ),
    OTEL_SERVICE_NAME: setting('spans.service_name', text(/\S/, 'a name'), {
      description: 'The name of the service in spans.',
      otherwise: '`<application>-<function>`',
    }),
  },
  ({
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_HEADERS: headers = {},
    OTEL_HEADERS_SECRET: headersSecret,
    OTEL_TRACES_SAMPLER: sampler,
    OTEL_TRACES_SAMPLER_ARG: mostPerSecond,
    OTEL_SERVICE_NAME: serviceName,
  }) =>
    omitUndefined({
      otlp: endpoint
        ? omitUndefined({ endpoint, headers, headersSecret, sampler, mostPerSecond, serviceName })
        : undefined,
    }),
)

export type TracingSettings = SlicePart<typeof TRACING>
