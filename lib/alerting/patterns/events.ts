/** Events of the topic `events` that patterns can name: changes of sensors, devices and databases. */
import type { FamilyName } from '../../telemetry/families.ts'

/** Name in rules → family of the event, and the fields of its data that `where` can compare. */
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
export function typeOfEvent(name: string): string {
  return `io.sluice.${name}.v1`
}

/** Returns the name of a CloudEvents type in rules, if it has one. */
export function eventNamed(type: string): EventName | undefined {
  const name = type.replace(/^io\.sluice\./, '').replace(/\.v1$/, '')
  return isEventName(name) && typeOfEvent(name) === type ? name : undefined
}
