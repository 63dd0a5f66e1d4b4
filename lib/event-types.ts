/**
 * The table of event types: the only place that lists them. The validated types, the schemas of all formats, registry subjects, names of
 * types in TypeScript, the page's words and the docs derive from it. A type's JSON Schema is `schemas/json/<name>.json`.
 */

/** A row of the table. */
export interface EventTypeRow {
  /** Name of its type in TypeScript, its record in Avro and its message in Protobuf. */
  readonly record: string
  /** Topics that carry it. Groups of topics are flags of the table of topics. */
  readonly topic: string
  /** Short name for people. */
  readonly label: string
  /**
   * Formats in which its data can be written. Ticks, records of failures and events that control consumers are JSON alone: every
   * version of the code must be able to read them without a registry.
   */
  readonly formats: typeof EVERY_FORMAT | typeof JSON_ONLY
  /** Parts of its Avro and Protobuf schemas that JSON Schema cannot express. */
  readonly binary?: BinaryHints
}

/** Paths are names of properties, joined by dots; `*` stands for each item of a list or map. */
interface BinaryHints {
  /** Integers that are not unsigned numbers of 32 bits. */
  readonly integers?: Readonly<Record<string, 'int32' | 'int64'>>
  /** Nested records that are not called as their property is. */
  readonly records?: Readonly<Record<string, { readonly name: string; readonly doc?: string }>>
}

/** Formats of data, in the order in which people name them. */
export const EVENT_FORMATS = ['json', 'avro', 'protobuf'] as const
export type EventFormat = (typeof EVENT_FORMATS)[number]

const EVERY_FORMAT = EVENT_FORMATS
const JSON_ONLY = ['json'] as const

/** An alert that has fired or resolved is one record outside of JSON, which has no alternatives. */
const ALERT = { name: 'Alert', doc: 'An alert that fires, or has resolved' }

export const EVENT_TYPES = {
  'io.sluice.environment.reading.v1': row('EnvironmentReading', 'readings', 'Reading', EVERY_FORMAT),
  'io.sluice.database.reading.v1': row('DatabaseReading', 'readings', 'Reading', EVERY_FORMAT),
  'io.sluice.device.motion.v1': row('DeviceMotion', 'readings', 'Reading', EVERY_FORMAT),
  'io.sluice.activity.changed.v1': row('ActivityChanged', 'events', 'Activity changed', EVERY_FORMAT),
  'io.sluice.device.fallen.v1': row('DeviceFallen', 'events', 'Device fallen', EVERY_FORMAT),
  'io.sluice.instance.restarted.v1': row('InstanceRestarted', 'events', 'Instance restarted', EVERY_FORMAT),
  'io.sluice.sensor.returned.v1': row('SensorReturned', 'events', 'Sensor returned', EVERY_FORMAT),
  'io.sluice.sensor.silent.v1': row('SensorSilent', 'events', 'Sensor silent', EVERY_FORMAT),
  'io.sluice.alert.fired.v1': row('AlertFired', 'alerts', 'Alert fires', EVERY_FORMAT),
  'io.sluice.alert.resolved.v1': row('AlertResolved', 'alerts', 'Alert resolves', EVERY_FORMAT),
  'io.sluice.alert.acknowledged.v1': row('AlertAcknowledged', 'alerts', 'Acknowledgement', EVERY_FORMAT),
  'io.sluice.alert.routed.v1': row('AlertRouted', 'notifications', 'Alert, in its group', EVERY_FORMAT, {
    integers: { groupWaitMs: 'int64', groupIntervalMs: 'int64', repeatIntervalMs: 'int64' },
    records: { alert: ALERT },
  }),
  'io.sluice.notification.v1': row('Notification', 'notifications', 'Notification', EVERY_FORMAT, {
    integers: { omitted: 'int32' },
    records: { 'alerts.*': ALERT },
  }),
  'io.sluice.analytics.minute.v1': row('MinuteSummary', 'analytics', 'Statistics of a minute', EVERY_FORMAT, {
    integers: { 'metrics.*.count': 'int64' },
    records: { 'metrics.*': { name: 'MetricSummary' } },
  }),
  'io.sluice.audit.v1': row('Audit', 'events', 'Audit', JSON_ONLY),
  'io.sluice.clock.tick.v1': row('ClockTick', 'ticked', 'Tick', JSON_ONLY),
  'io.sluice.dead-letter.v1': row('DeadLetter', 'dlq', 'Dead letter', JSON_ONLY),
  'io.sluice.dead-letters.handled.v1': row('DeadLettersHandled', 'dlq', 'Dead letters handled', JSON_ONLY),
  'io.sluice.entity.erased.v1': row('EntityErased', 'erased', 'Entity erased', JSON_ONLY),
  'io.sluice.failure.v1': row('Failure', 'failures', 'Failure', JSON_ONLY),
  'io.sluice.failure.ended.v1': row('FailureEnded', 'redriven', 'Failure ended', JSON_ONLY),
  'io.sluice.inhibition.changed.v1': row(
    'InhibitionChanged',
    'notifications',
    'Inhibition changed',
    JSON_ONLY,
  ),
  'io.sluice.pattern.event.v1': row('PatternEvent', 'patterns', 'Pattern event', JSON_ONLY),
  'io.sluice.retry.v1': row('Retry', 'retries', 'Retry', JSON_ONLY),
  'io.sluice.rules.activated.v1': row('RulesActivated', 'ruled', 'Rule set', JSON_ONLY),
  'io.sluice.silences.changed.v1': row('SilencesChanged', 'notifications', 'Silences changed', JSON_ONLY),
} as const satisfies Readonly<Record<string, EventTypeRow>>

/** CloudEvents `type` of an event of Sluice. */
export type EventType = keyof typeof EVENT_TYPES

export const EVENT_TYPE_NAMES = Object.keys(EVENT_TYPES) as readonly EventType[]

/** Types whose data can be Avro or Protobuf too. */
export const BINARY_TYPES = EVENT_TYPE_NAMES.filter(type => EVENT_TYPES[type].formats.length > 1)

/** The row of a type; undefined for a type of others. */
export function eventTypeRow(type: string): EventTypeRow | undefined {
  return Object.hasOwn(EVENT_TYPES, type) ? EVENT_TYPES[type as EventType] : undefined
}

/** Name of a type in paths and addresses: `io.sluice.alert.fired.v1` is `alert.fired.v1`. */
export function fileNameOf(type: string): string {
  return type.replace(/^io\.sluice\./, '')
}

function row<const Topic extends string>(
  record: string,
  topic: Topic,
  label: string,
  formats: EventTypeRow['formats'],
  binary?: BinaryHints,
): EventTypeRow & { readonly topic: Topic } {
  return { record, topic, label, formats, ...(binary ? { binary } : {}) }
}
