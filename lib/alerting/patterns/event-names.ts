/** Events of the topic `events` that patterns can refer to: what entities did, as the consumer `activity` reports it. */
import type { Families, Family, FamilyActivity } from '../../telemetry/families.ts'

interface NamedEvent {
  /** Fields of the event's data that `where` can compare. */
  readonly fields: readonly string[]
  /** Returns whether entities of the family have such events. */
  isOf(activity: FamilyActivity): boolean
}

/** Events by their name in rules. */
export const EVENTS = {
  'activity.changed': { fields: ['from', 'to'], isOf: ({ changesOf }) => changesOf !== undefined },
  'device.fallen': { fields: [], isOf: ({ fall }) => fall !== undefined },
  'instance.restarted': { fields: [], isOf: ({ restart }) => restart !== undefined },
  'sensor.returned': { fields: [], isOf: ({ silentAfterMs }) => silentAfterMs !== undefined },
  'sensor.silent': { fields: [], isOf: ({ silentAfterMs }) => silentAfterMs !== undefined },
} as const satisfies Readonly<Record<string, NamedEvent>>

/** Returns the families whose entities have an event of this name. */
export function listEventFamilies(families: Families, name: EventName): readonly Family[] {
  return families.all.filter(({ activity }) => EVENTS[name].isOf(activity))
}

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
