/** The events of the topic `events` that patterns can name: what happened to sensors, devices and databases. */
import type { FamilyName } from '../../telemetry/families.ts'

/** Name in rules → whose readings it follows from, and the fields of its data that `where` can compare. */
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

/** The CloudEvents type of an event that rules name. */
export function typeOfEvent(name: string): string {
  return `io.sluice.${name}.v1`
}

/** The name that rules use for a CloudEvents type; undefined if they have none. */
export function eventNamed(type: string): EventName | undefined {
  const name = type.replace(/^io\.sluice\./, '').replace(/\.v1$/, '')
  return isEventName(name) && typeOfEvent(name) === type ? name : undefined
}
