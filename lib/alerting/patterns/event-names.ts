/** Events of the topic `events` that patterns can refer to: changes of sensors, devices and databases. */
import type { FamilyName } from '../../telemetry/families.ts'

/** Events by their name in rules. Each has the family of its entities, and the data fields that `where` can compare. */
export const EVENTS = {
  'activity.changed': { family: 'device', fields: ['from', 'to'] },
  'device.fallen': { family: 'device', fields: [] },
  'instance.restarted': { family: 'database', fields: [] },
  'sensor.returned': { family: 'environment', fields: [] },
  'sensor.silent': { family: 'environment', fields: [] },
} as const satisfies Readonly<
  Record<string, { readonly family: FamilyName; readonly fields: readonly string[] }>
>

export type EventName = keyof typeof EVENTS

export const EVENT_NAMES = Object.keys(EVENTS) as readonly EventName[]

export function isEventName(name: string): name is EventName {
  return Object.hasOwn(EVENTS, name)
}

/** Returns the CloudEvents type of an event named in rules. */
export function toEventType(name: string): string {
  return `io.sluice.${name}.v1`
}

/** Returns the name that an event type has in rules; undefined if rules cannot refer to it. */
export function findEventName(type: string): EventName | undefined {
  const name = type.replace(/^io\.sluice\./, '').replace(/\.v1$/, '')
  return isEventName(name) && toEventType(name) === type ? name : undefined
}
