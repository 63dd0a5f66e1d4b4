/**
 * What was decided, as spans that a viewer joins: the producer's, which is the parent of `process`, which is the parent of a
 * `create` for each event that it brought about. The id of a `create` is the one that travels in that event's traceparent, so
 * the next consumer's `process` hangs below it.
 *
 * All ids follow from what they name. Who decides a record once more, after a crash or on a restored store, makes the same
 * spans and not others.
 */
import { derivedSpanId, type SpanContext, spanContextOf } from '../../cloudevents/trace.ts'
import type { Event } from '../../domain/event.ts'
import { topicName } from '../../domain/topics.ts'
import type { Decision, OutboxEntry, Slot } from '../../pipeline/ports.ts'

/** By the number that OTLP gives to each. */
export const SPAN_KINDS = { internal: 1, producer: 4, consumer: 5 } as const

export interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  /** Whether the parent came with a record. */
  readonly hasRemoteParent: boolean
  readonly tracestate?: string
  readonly name: string
  readonly kind: keyof typeof SPAN_KINDS
  readonly fromMs: number
  readonly toMs: number
  readonly attributes: Readonly<Record<string, string | number>>
  readonly isError: boolean
}

/** Who has decided, and when. */
export interface Scene {
  readonly env: string
  /** The Kafka consumer group. */
  readonly group: string
  readonly fromMs: number
  readonly toMs: number
}

/** Spans of what belongs to a trace that is sampled; a batch can hold many traces, and records of none. */
export function spansOf(slot: Slot, decisions: readonly Decision[], scene: Scene): Span[] {
  return decisions.flatMap(decision => {
    const parent = spanContextOf(decision.timer ? decision.timer.trace : decision.event?.extensions)
    if (!parent?.isSampled) return []
    const span = decision.timer
      ? fired(slot, decision, parent, scene)
      : processed(slot, decision, parent, scene)
    return [span, ...(decision.emitted ?? []).flatMap(entry => created(entry, span, scene))]
  })
}

/**
 * The id follows from the record's place, not from its event's id: where a producer sends an event twice, there are two
 * records and two decisions.
 */
function processed(slot: Slot, decision: Decision, parent: SpanContext, scene: Scene): Span {
  const { consumer, topic, partition } = slot
  const { offset, event } = decision
  return {
    ...follows(parent, decision, scene),
    spanId: derivedSpanId(`process ${consumer} ${topic} ${partition} ${offset}`),
    name: `process ${topic}`,
    kind: 'consumer',
    attributes: {
      ...messaging('process', topic),
      ...ofRecord(slot, decision, scene),
      ...(event ? ofEvent(event) : {}),
    },
  }
}

/** A timer goes on with the trace of the event that set it. */
function fired(slot: Slot, decision: Decision, parent: SpanContext, scene: Scene): Span {
  const { id, name } = decision.timer as NonNullable<Decision['timer']>
  return {
    ...follows(parent, decision, scene),
    spanId: derivedSpanId(`timer ${slot.consumer} ${id}`),
    name: `timer ${slot.consumer}`,
    kind: 'internal',
    attributes: { ...ofRecord(slot, decision, scene), 'sluice.timer': name },
  }
}

/** Nothing where the event does not go on with the trace. */
function created({ to, event }: OutboxEntry, cause: Span, { env, toMs }: Scene): Span[] {
  const context = spanContextOf(event.extensions)
  if (context?.traceId !== cause.traceId) return []
  const { traceId, tracestate, spanId: parentSpanId } = cause
  const topic = topicName(to, env)
  const span: Span = {
    traceId,
    spanId: context.spanId,
    parentSpanId,
    hasRemoteParent: false,
    ...(tracestate ? { tracestate } : {}),
    name: `create ${topic}`,
    kind: 'producer',
    // It is made when its cause is decided; what it takes to publish it is no record's own.
    fromMs: toMs,
    toMs,
    attributes: { ...messaging('create', topic), ...ofEvent(event) },
    isError: false,
  }
  return [span]
}

function follows({ traceId, spanId, tracestate }: SpanContext, { fault }: Decision, { fromMs, toMs }: Scene) {
  return {
    traceId,
    parentSpanId: spanId,
    hasRemoteParent: true,
    ...(tracestate ? { tracestate } : {}),
    fromMs,
    toMs,
    isError: fault !== undefined,
  }
}

// By the names of OpenTelemetry's semantic conventions, where they have one.

function messaging(operation: 'process' | 'create', topic: string) {
  return {
    'messaging.system': 'kafka',
    'messaging.operation.type': operation,
    'messaging.operation.name': operation,
    'messaging.destination.name': topic,
  }
}

/** Of a fault the code alone: its message may quote data. */
function ofRecord(slot: Slot, { offset, outcome, reason, fault }: Decision, { group }: Scene) {
  return {
    'messaging.consumer.group.name': group,
    'messaging.destination.partition.id': String(slot.partition),
    'messaging.kafka.offset': offset,
    'sluice.consumer': slot.consumer,
    'sluice.outcome': outcome,
    'sluice.reason': reason,
    ...(fault ? { 'error.type': fault.code } : {}),
  }
}

function ofEvent({ id, source, type, subject }: Event) {
  return {
    'cloudevents.event_id': id,
    'cloudevents.event_source': source,
    'cloudevents.event_type': type,
    ...(subject ? { 'cloudevents.event_subject': subject } : {}),
  }
}
