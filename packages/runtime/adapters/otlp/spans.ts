/**
 * Spans of decisions. A trace consists of the producer's span, its child span `process`, and a child span `create` of `process` for
 * each emitted event. The id of `create` is sent in the event's traceparent, so the `process` span of the next consumer is its
 * child. All ids are derived from stable names. If a record is decided again, after a crash or on a restored store, its spans have
 * the same ids.
 */
import {
  deriveSpanId,
  extractSpanContext,
  type Sampler,
  type SpanContext,
  startTrace,
} from '../../cloudevents/trace.ts'
import type { Event } from '../../consumer/event.ts'
import type { TopicName } from '../../consumer/topic-name.ts'
import type { Decision } from '../../pipeline/model/decision.ts'
import type { OutboxEntry, StateKey } from '../../pipeline/model/partition-state.ts'

/** Span kinds with OTLP's numbers. */
export const SPAN_KINDS = { internal: 1, producer: 4, consumer: 5 } as const

export interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  /** True if the parent span was read from a record. */
  readonly hasRemoteParent: boolean
  readonly tracestate?: string
  readonly name: string
  readonly kind: keyof typeof SPAN_KINDS
  readonly fromMs: number
  readonly toMs: number
  readonly attributes: Readonly<Record<string, string | number>>
  readonly isError: boolean
}

/** Consumer, environment and time range of decisions. */
export interface Scene {
  /** Name of the application. It is the prefix of attributes that OpenTelemetry's semantic conventions do not define. */
  readonly application: string
  /** Returns the Kafka name of a topic in this environment. */
  readonly kafkaTopic: (name: TopicName) => string
  /** Returns the Kafka consumer group that reads a topic. */
  readonly getGroup: (kafkaTopic: string) => string
  readonly sampler: Sampler
  /** Called for each sampled decision. Returns false if no span must be created for the decision. */
  readonly isAllowed: (decision: Decision) => boolean
  readonly fromMs: number
  readonly toMs: number
}

/** Creates spans for sampled decisions. Each decision can belong to a different trace, or to none. */
export function createSpans(stateKey: StateKey, decisions: readonly Decision[], scene: Scene): Span[] {
  return decisions.flatMap(decision => {
    const parent = sampledParent(stateKey, decision, scene.sampler)
    if (!parent || !scene.isAllowed(decision)) return []
    const span = decision.timer
      ? createTimerSpan(stateKey, decision, parent, scene)
      : createRecordSpan(stateKey, decision, parent, scene)
    return [span, ...(decision.emitted ?? []).flatMap(entry => createEventSpans(entry, span, scene))]
  })
}

/** Returns the parent span of a decision; undefined if the decision is not sampled. */
function sampledParent(stateKey: StateKey, decision: Decision, sampler: Sampler): SpanContext | undefined {
  const { event, timer } = decision
  const context = extractSpanContext(timer ? timer.trace : event?.extensions)
  if (context) return context.isSampled || sampler === 'always_on' ? context : undefined
  if (sampler === 'parentbased_always_off' || decision.reason === 'tick') return undefined
  return extractSpanContext(
    startTrace(timer ? { source: 'timer', id: timer.id } : (event ?? atPlace(stateKey, decision))),
  )
}

/** Returns event attributes for a record without an event, derived from its position. */
function atPlace({ topic, partition }: StateKey, { offset }: Decision): Pick<Event, 'source' | 'id'> {
  return { source: `${topic}/${partition}`, id: String(offset) }
}

/**
 * Creates the span of a record. Its id is derived from the record's position rather than the event's id: if a
 * producer sends an event twice, there are two records and two decisions.
 */
function createRecordSpan(stateKey: StateKey, decision: Decision, parent: SpanContext, scene: Scene): Span {
  const { consumer, topic, partition } = stateKey
  const { offset, event, outcome } = decision
  // The parking of the record already has a span with an id of its own.
  const again = outcome.startsWith('parked-') ? ' parked' : ''
  return {
    ...buildChildFields(parent, decision, scene),
    spanId: deriveSpanId(`process ${consumer} ${topic} ${partition} ${offset}${again}`),
    name: `process ${topic}`,
    kind: 'consumer',
    attributes: {
      ...buildMessagingAttributes('process', topic),
      ...buildRecordAttributes(stateKey, decision, scene),
      ...(event ? buildEventAttributes(event) : {}),
    },
  }
}

/** Creates the span of a timer, which continues the trace of the event that set it. */
function createTimerSpan(stateKey: StateKey, decision: Decision, parent: SpanContext, scene: Scene): Span {
  const { id, name, entity } = decision.timer as NonNullable<Decision['timer']>
  return {
    ...buildChildFields(parent, decision, scene),
    spanId: deriveSpanId(`timer ${stateKey.consumer} ${id}`),
    name: `timer ${stateKey.consumer}`,
    kind: 'internal',
    attributes: {
      ...buildRecordAttributes(stateKey, decision, scene),
      [`${scene.application}.timer`]: name,
      [`${scene.application}.entity`]: entity,
    },
  }
}

/** Creates the span of an emitted event. Returns no span if the event belongs to another trace than its cause. */
function createEventSpans({ to, event }: OutboxEntry, cause: Span, { kafkaTopic, toMs }: Scene): Span[] {
  const context = extractSpanContext(event.extensions)
  if (context && context.traceId !== cause.traceId) return []
  const { traceId, tracestate, spanId: parentSpanId } = cause
  const topic = kafkaTopic(to)
  const span: Span = {
    traceId,
    spanId: context?.spanId ?? deriveSpanId(event.id),
    parentSpanId,
    hasRemoteParent: false,
    ...(tracestate ? { tracestate } : {}),
    name: `create ${topic}`,
    kind: 'producer',
    // The event is created when its cause is decided. Publishing is shared by many records and is not measured here.
    fromMs: toMs,
    toMs,
    attributes: { ...buildMessagingAttributes('create', topic), ...buildEventAttributes(event) },
    isError: false,
  }
  return [span]
}

function buildChildFields(
  { traceId, spanId, tracestate }: SpanContext,
  { failure }: Decision,
  { fromMs, toMs }: Scene,
) {
  return {
    traceId,
    parentSpanId: spanId,
    hasRemoteParent: true,
    ...(tracestate ? { tracestate } : {}),
    fromMs,
    toMs,
    isError: failure !== undefined,
  }
}

// Attributes of spans, with the names of OpenTelemetry's semantic conventions where these define one.

function buildMessagingAttributes(operation: 'process' | 'create', topic: string) {
  return {
    'messaging.system': 'kafka',
    'messaging.operation.type': operation,
    'messaging.operation.name': operation,
    'messaging.destination.name': topic,
  }
}

/**
 * Returns the span attributes of a record. For a failure, they contain only the code, because the message may quote payload data.
 */
function buildRecordAttributes(
  stateKey: StateKey,
  { offset, outcome, reason, failure }: Decision,
  { application, getGroup }: Scene,
) {
  return {
    'messaging.consumer.group.name': getGroup(stateKey.topic),
    'messaging.destination.partition.id': String(stateKey.partition),
    'messaging.kafka.offset': offset,
    [`${application}.consumer`]: stateKey.consumer,
    [`${application}.outcome`]: outcome,
    [`${application}.reason`]: reason,
    ...(failure ? { 'error.type': failure.code } : {}),
  }
}

function buildEventAttributes({ id, source, type, subject }: Event) {
  return {
    'cloudevents.event_id': id,
    'cloudevents.event_source': source,
    'cloudevents.event_type': type,
    ...(subject ? { 'cloudevents.event_subject': subject } : {}),
  }
}
