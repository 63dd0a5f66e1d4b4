/** OTLP/HTTP with JSON: an `ExportTraceServiceRequest`, in Protobuf's JSON but for the ids, which OTLP wants in hex. */
import { SPAN_KINDS, type Span } from './spans.ts'

type Attributes = Readonly<Record<string, string | number>>

/** Maximum length of an external value. */
const LONGEST = 1_000

const STATUS_ERROR = 2
const SAMPLED = 0x01
/** Flags: it is known whether the parent is remote, and it is. */
const PARENT_KNOWN = 0x100
const PARENT_REMOTE = 0x200

export function encodedSpans(spans: readonly Span[], resource: Attributes): string {
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: encodedAttributes(resource) },
        scopeSpans: [{ scope: { name: 'sluice' }, spans: spans.map(encoded) }],
      },
    ],
  })
}

function encoded(span: Span) {
  const { traceId, spanId, parentSpanId, tracestate, name, kind, fromMs, toMs, attributes } = span
  return {
    traceId,
    spanId,
    ...(tracestate ? { traceState: tracestate } : {}),
    parentSpanId,
    flags: SAMPLED | PARENT_KNOWN | (span.hasRemoteParent ? PARENT_REMOTE : 0),
    name,
    kind: SPAN_KINDS[kind],
    startTimeUnixNano: nanoseconds(fromMs),
    endTimeUnixNano: nanoseconds(toMs),
    attributes: encodedAttributes(attributes),
    status: span.isError ? { code: STATUS_ERROR } : {},
  }
}

function encodedAttributes(attributes: Attributes) {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    // 64-bit integers are strings in Protobuf's JSON.
    value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value.slice(0, LONGEST) },
  }))
}

/** As text: beyond what a JavaScript number holds exactly. */
function nanoseconds(ms: number): string {
  return `${Math.trunc(ms)}000000`
}
