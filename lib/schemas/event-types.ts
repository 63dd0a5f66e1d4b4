/**
 * Table of the event types that are not readings; those follow from the families, see `lib/telemetry/event-types.ts`. The following are
 * derived from it: validated types, schemas of all formats, registry subjects, TypeScript types, labels in the console, and
 * documentation. The JSON Schema of a type is `events/schemas/json/<name>.json`.
 */

export interface EventTypeRow {
  /** Name of the TypeScript type, the Avro record and the Protobuf message. */
  readonly record: string
  /**
   * Name of the topic that contains events of this type. If there are several such topics, the name of the flag that marks them in
   * the table of topics.
   */
  readonly topic: string
  /** Short name that the console shows. */
  readonly label: string
  /**
   * Formats that the data can have. Ticks, failures and events that control consumers are always JSON, because every version of the
   * code must be able to read them without a registry.
   */
  readonly formats: typeof EVERY_FORMAT | typeof JSON_ONLY
  /** Parts of the Avro and Protobuf schemas that JSON Schema cannot express. */
  readonly binary?: BinaryHints
}

/**
 * Additions to the binary schemas. A key is a path of property names that are joined by dots. `*` matches each item of a list or
 * map.
 */
interface BinaryHints {
  /** Types of integer fields, except for unsigned 32-bit integers, which are the default. */
  readonly integers?: Readonly<Record<string, 'int32' | 'int64'>>
  /** Names of nested records, if they differ from the name of the property. */
  readonly records?: Readonly<Record<string, { readonly name: string; readonly doc?: string }>>
  /** Numbers in Protobuf of the fields at the top level, by default their positions. */
  readonly numbers?: Readonly<Record<string, number>>
}

/** Formats of event data, in the order in which they are listed to users. */
export const EVENT_FORMATS = ['json', 'avro', 'protobuf'] as const
export type EventFormat = (typeof EVENT_FORMATS)[number]

const EVERY_FORMAT = EVENT_FORMATS
export const JSON_ONLY = ['json'] as const

/**
 * Record of an alert in Avro and Protobuf. The same record is used for fired and resolved alerts, because the schemas in these
 * formats do not distinguish them.
 */
const ALERT = { name: 'Alert', doc: 'An alert that fires, or has resolved' }

/** Prefix of the types of Sluice's own events, which are never mapped. */
export const OWN_TYPES = 'io.sluice.'

export const EVENT_TYPES = {
  'io.sluice.activity.changed.v1': row('ActivityChanged', 'events', 'Activity changed', EVERY_FORMAT),
  'io.sluice.device.fallen.v1': row('DeviceFallen', 'events', 'Device fallen', EVERY_FORMAT),
  'io.sluice.instance.restarted.v1': row('InstanceRestarted', 'events', 'Instance restarted', EVERY_FORMAT),
  'io.sluice.sensor.returned.v1': row('SensorReturned', 'events', 'Sensor returned', EVERY_FORMAT),
  'io.sluice.sensor.silent.v1': row('SensorSilent', 'events', 'Sensor silent', EVERY_FORMAT),
  'io.sluice.alert.fired.v1': row('AlertFired', 'alerts', 'Alert fires', EVERY_FORMAT),
  'io.sluice.alert.resolved.v1': row('AlertResolved', 'alerts', 'Alert resolves', EVERY_FORMAT),
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
  'io.sluice.analytics.state.v1': row(
    'StateSummary',
    'analytics',
    'Time in the values of a state',
    EVERY_FORMAT,
  ),
  'io.sluice.audit.v1': row('Audit', 'events', 'Audit', JSON_ONLY),
  'io.sluice.clock.tick.v1': row('ClockTick', 'ticked', 'Tick', JSON_ONLY),
  'io.sluice.dead-letter.v1': row('DeadLetter', 'dlq', 'Dead letter', JSON_ONLY),
  'io.sluice.dead-letters.handled.v1': row('DeadLettersHandled', 'dlq', 'Dead letters handled', JSON_ONLY),
  // Logs of earlier versions contain these events, which every consumer ignores.
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
  'io.sluice.view.changed.v1': row('ViewChanged', 'view-changes', 'Row of a table changed', JSON_ONLY),
  'io.sluice.view.dropped.v1': row('ViewDropped', 'view-rows', 'Group of a table dropped', JSON_ONLY),
  'io.sluice.view.row.v1': row('ViewRow', 'view-rows', 'Row for a table', JSON_ONLY),
  'io.sluice.views.activated.v1': row('ViewsActivated', 'viewed', 'Tables activated', JSON_ONLY),
} as const satisfies Readonly<Record<string, EventTypeRow>>

/** CloudEvents `type` of an event that Sluice defines and that is not a reading. */
export type EventType = keyof typeof EVENT_TYPES

/** Returns the name of a CloudEvents type in paths and URLs. For example, `io.sluice.alert.fired.v1` becomes `alert.fired.v1`. */
export function toFileName(type: string): string {
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
