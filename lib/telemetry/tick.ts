import type { Event } from '#runtime/consumer'
import type { EventType } from '../schemas/event-types.ts'
import { toDataschema } from './dataschema.ts'

/** CloudEvents `type` of a tick, which advances the log's clock when no readings arrive. */
export const TICK_TYPE = 'io.sluice.clock.tick.v1' satisfies EventType

export const CLOCK_SOURCE = '/clock'

/** Returns the tick of one partition for one scheduled run. If the run is repeated, the event is the same. */
export function tick(partition: number, scheduledFor: string): Event {
  return {
    id: `${scheduledFor}/${partition}`,
    source: CLOCK_SOURCE,
    type: TICK_TYPE,
    time: scheduledFor,
    datacontenttype: 'application/json',
    dataschema: toDataschema(TICK_TYPE),
    data: { partition, scheduledFor },
  }
}
