/** Spans and records of event paths for tests. All properties have valid defaults. */
import type { DecisionSpan, EmissionSpan, EventName, FoundRecord } from '../../lib/queries/journey/model.ts'
import { readEvent } from '../../packages/runtime/cloudevents/reader.ts'
import { writeEvent } from '../../packages/runtime/cloudevents/writer.ts'
import type { Event } from '../../packages/runtime/consumer/event.ts'

export const traceId = (number: number) => number.toString(16).padStart(32, '0')
export const spanId = (number: number) => number.toString(16).padStart(16, '0')

export const READING: EventName = {
  id: 'reading',
  source: '/environment/berlin',
  type: 'io.sluice.environment.reading.v1',
  subject: 'roof-1',
}

interface Ids {
  readonly trace?: number
  readonly span?: number
  readonly parent?: number
}

export function aDecision({
  trace = 1,
  span = 100,
  parent = 1,
  ...rest
}: Ids & Partial<DecisionSpan> = {}): DecisionSpan {
  return {
    kind: 'record',
    traceId: traceId(trace),
    spanId: spanId(span),
    parentSpanId: spanId(parent),
    consumer: 'alerting',
    topic: 'readings',
    partition: 0,
    offset: 5,
    outcome: 'applied',
    reason: 'fired',
    code: undefined,
    timer: undefined,
    event: READING,
    fromMs: 1_000,
    toMs: 1_010,
    ...rest,
  }
}

export function anEmission({
  trace = 1,
  span = 200,
  parent = 100,
  ...rest
}: Ids & Partial<EmissionSpan> = {}): EmissionSpan {
  return {
    kind: 'emission',
    traceId: traceId(trace),
    spanId: spanId(span),
    parentSpanId: spanId(parent),
    topic: 'alerts',
    event: {
      id: 'alert',
      source: '/alerting',
      type: 'io.sluice.alert.fired.v1',
      subject: 'HIGH_TEMP roof-1',
    },
    toMs: 1_010,
    ...rest,
  }
}

/** Returns an event in the form in which it is found in the log. */
export function found(
  event: Event,
  { topic = 'readings', partition = 0, offset = 5, timestampMs = 1_000 } = {},
): FoundRecord {
  const record = { topic, partition, offset, timestampMs, key: null, ...writeEvent(event) }
  return { record, event: readEvent(record) }
}
