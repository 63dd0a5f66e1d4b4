import type { Event } from '../../packages/runtime/consumer/event.ts'
import type { EventType } from '../event-types.ts'
import { dataschemaOf } from './dataschema.ts'

/** CloudEvents `type` of a tick: the record that advances the log's clock where no readings arrive. */
export const TICK_TYPE = 'io.sluice.clock.tick.v1' satisfies EventType

/** CloudEvents `source` of ticks. */
export const CLOCK_SOURCE = '/clock'

/** The tick of one partition for one run of the schedule. A repeated run makes the same event. */
export function tick(partition: number, scheduledFor: string): Event {
  return {
    id: `${scheduledFor}/${partition}`,
    source: CLOCK_SOURCE,
    type: TICK_TYPE,
    time: scheduledFor,
    datacontenttype: 'application/json',
    dataschema: dataschemaOf(TICK_TYPE),
    data: { partition, scheduledFor },
  }
}
