/**
 * The event types whose data is written as SERIALIZATION says, with the topic of each. All others are JSON always: ticks, records of
 * failures, and events that control consumers, which every version of the code must be able to read without a registry.
 */
import type { SerializedType } from '../../packages/runtime/consumer/serialization.ts'
import { FAMILIES, familyOf } from '../telemetry/families.ts'
import type { Signal } from './topics.ts'

interface SerializedEvent extends SerializedType {
  readonly signal: Signal
  /** What its record is called in Avro, and its message in Protobuf. */
  readonly record: string
}

/** The names stand here as they are: the features that have them would be loaded with every function. */
const RECORDS = {
  readings: {
    [FAMILIES.environment.type]: 'EnvironmentReading',
    [FAMILIES.database.type]: 'DatabaseReading',
    [FAMILIES.device.type]: 'DeviceMotion',
  },
  events: {
    'io.sluice.activity.changed.v1': 'ActivityChanged',
    'io.sluice.device.fallen.v1': 'DeviceFallen',
    'io.sluice.instance.restarted.v1': 'InstanceRestarted',
    'io.sluice.sensor.returned.v1': 'SensorReturned',
    'io.sluice.sensor.silent.v1': 'SensorSilent',
  },
  alerts: {
    'io.sluice.alert.fired.v1': 'AlertFired',
    'io.sluice.alert.resolved.v1': 'AlertResolved',
    'io.sluice.alert.acknowledged.v1': 'AlertAcknowledged',
  },
  notifications: {
    'io.sluice.alert.routed.v1': 'AlertRouted',
    'io.sluice.notification.v1': 'Notification',
  },
  analytics: { 'io.sluice.analytics.minute.v1': 'MinuteSummary' },
} as const satisfies Partial<Record<Signal, Readonly<Record<string, string>>>>

export const SERIALIZED_TYPES: readonly SerializedEvent[] = Object.entries(RECORDS).flatMap(
  ([signal, records]) =>
    Object.entries(records).map(([type, record]) => {
      const name = familyOf(type)?.name
      return { type, ...(name ? { name } : {}), signal: signal as Signal, record }
    }),
)

/** The type as it is serialized; undefined if its data is always JSON. */
export function serializedType(type: string): SerializedEvent | undefined {
  return SERIALIZED_TYPES.find(one => one.type === type)
}
