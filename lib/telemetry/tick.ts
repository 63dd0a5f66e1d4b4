import type { Event } from '#runtime/consumer'
import type { EventType } from '../schemas/event-types.ts'
import { toDataschema } from './dataschema.ts'

/** CloudEvents `type` of a tick, which advances the log's clock when no readings arrive. */
export const TICK_TYPE = 'io.sluice.clock.tick.v1' satisfies EventType

export const CLOCK_SOURCE = '/clock'

/** Data of a tick. */
export interface Tick {
  readonly partition: number
  /** Time of the run that appended it, RFC 3339. */
  readonly scheduledFor: string
  /** Set if the functions were stopped on purpose after it. */
  readonly isLast?: true
}

/** Returns the tick of one partition for one scheduled run. If the run is repeated, the event is the same. */
export function tick(partition: number, scheduledFor: string): Event {
  return createTick(`${scheduledFor}/${partition}`, { partition, scheduledFor })
}

/** Returns the tick of one partition after which the functions are stopped on purpose. */
export function lastTick(partition: number, at: string): Event {
  return createTick(`${at}/${partition}/last`, { partition, scheduledFor: at, isLast: true })
}

function createTick(id: string, data: Tick): Event {
  return {
    id,
    source: CLOCK_SOURCE,
    type: TICK_TYPE,
    time: data.scheduledFor,
    datacontenttype: 'application/json',
    dataschema: toDataschema(TICK_TYPE),
    data,
  }
}
