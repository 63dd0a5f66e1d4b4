/** Parses OTLP/JSON requests and selects the spans of Sluice's consumers. Pure. */
import type { EventName, ToldSpan } from '../../lib/queries/journey/model.ts'

export interface TakenSpans {
  readonly spans: readonly ToldSpan[]
  /** Number of invalid spans. Spans of other programs are ignored and do not count as invalid. */
  readonly wrong: number
}

interface SentSpan {
  readonly traceId?: unknown
  readonly spanId?: unknown
  readonly parentSpanId?: unknown
  readonly startTimeUnixNano?: unknown
  readonly endTimeUnixNano?: unknown
  readonly attributes?: unknown
}

const TRACE_ID = /^[0-9a-f]{32}$/
const SPAN_ID = /^[0-9a-f]{16}$/

/**
 * Returns the spans of an `ExportTraceServiceRequest`.
 *
 * @returns the spans; undefined if the request has another format
 */
export function spansIn(request: unknown): TakenSpans | undefined {
  const resources = (request as { resourceSpans?: unknown } | null)?.resourceSpans
  if (!Array.isArray(resources)) return undefined
  const spans: ToldSpan[] = []
  let wrong = 0
  for (const span of sentIn(resources)) {
    const told = toldBy(span)
    if (told === 'wrong') wrong += 1
    else if (told) spans.push(told)
  }
  return { spans, wrong }
}

function sentIn(resources: readonly unknown[]): SentSpan[] {
  return resources.flatMap(resource =>
    listIn(resource, 'scopeSpans').flatMap(scope => listIn(scope, 'spans') as SentSpan[]),
  )
}

function listIn(message: unknown, field: string): readonly unknown[] {
  const list = (message as Record<string, unknown> | null)?.[field]
  return Array.isArray(list) ? list : []
}

/** Converts a span. Returns undefined for a span of another program, and `wrong` for an invalid span. */
function toldBy(span: SentSpan | null): ToldSpan | 'wrong' | undefined {
  const { traceId, spanId, parentSpanId = '' } = span ?? {}
  if (!isId(traceId, TRACE_ID) || !isId(spanId, SPAN_ID)) return 'wrong'
  const [fromMs, toMs] = [millisecondsOf(span?.startTimeUnixNano), millisecondsOf(span?.endTimeUnixNano)]
  if (fromMs === undefined || toMs === undefined) return 'wrong'
  const ids = { traceId, spanId, parentSpanId: isId(parentSpanId, SPAN_ID) ? parentSpanId : '' }
  const attributes = attributesOf(span?.attributes)
  return attributes.has('sluice.consumer')
    ? decision(attributes, { ...ids, fromMs, toMs })
    : emission(attributes, { ...ids, toMs })
}

function decision(
  attributes: ReadonlyMap<string, string>,
  common: { traceId: string; spanId: string; parentSpanId: string; fromMs: number; toMs: number },
): ToldSpan {
  const timer = attributes.get('sluice.timer')
  return {
    kind: timer === undefined ? 'record' : 'timer',
    ...common,
    consumer: attributes.get('sluice.consumer') ?? '',
    topic: attributes.get('messaging.destination.name'),
    partition: Number(attributes.get('messaging.destination.partition.id')),
    offset: Number(attributes.get('messaging.kafka.offset')),
    outcome: attributes.get('sluice.outcome') ?? '',
    reason: attributes.get('sluice.reason') ?? '',
    code: attributes.get('error.type'),
    timer,
    event: eventIn(attributes),
  }
}

function emission(
  attributes: ReadonlyMap<string, string>,
  common: { traceId: string; spanId: string; parentSpanId: string; toMs: number },
): ToldSpan | undefined {
  const event = eventIn(attributes)
  const topic = attributes.get('messaging.destination.name')
  if (attributes.get('messaging.operation.type') !== 'create' || !event || topic === undefined)
    return undefined
  return { kind: 'emission', ...common, topic, event }
}

function eventIn(attributes: ReadonlyMap<string, string>): EventName | undefined {
  const [id, source, type, subject] = ['id', 'source', 'type', 'subject'].map(name =>
    attributes.get(`cloudevents.event_${name}`),
  )
  if (id === undefined || source === undefined || type === undefined) return undefined
  return { id, source, type, ...(subject === undefined ? {} : { subject }) }
}

/** Returns the string and integer attributes as strings. Attributes of other types do not occur in Sluice's spans. */
function attributesOf(list: unknown): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>()
  for (const each of Array.isArray(list) ? list : []) {
    const { key, value } = (each ?? {}) as { key?: unknown; value?: Record<string, unknown> }
    const text = value?.stringValue ?? value?.intValue
    if (typeof key === 'string' && (typeof text === 'string' || typeof text === 'number'))
      attributes.set(key, String(text))
  }
  return attributes
}

function isId(value: unknown, form: RegExp): value is string {
  return typeof value === 'string' && form.test(value)
}

/**
 * Converts nanoseconds to milliseconds. The JSON encoding of Protobuf has strings for 64-bit integers, but some exporters send
 * numbers.
 */
function millisecondsOf(nanoseconds: unknown): number | undefined {
  if (typeof nanoseconds !== 'string' && typeof nanoseconds !== 'number') return undefined
  const ms = Number(nanoseconds) / 1e6
  return Number.isFinite(ms) && ms >= 0 ? Math.trunc(ms) : undefined
}
