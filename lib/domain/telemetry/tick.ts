import { dataschemaOf } from '../dataschema.ts'
import type { Event } from '../event.ts'

/** CloudEvents `type` of a tick: the record that keeps the log's clock going where no readings come. */
export const TICK_TYPE = 'io.sluice.clock.tick.v1'

/** The tick of one partition for one run of the schedule; a repeated run gives the same one. */
export function tick(partition: number, scheduledFor: string): Event {
  return {
    id: `${scheduledFor}/${partition}`,
    source: '/clock',
    type: TICK_TYPE,
    time: scheduledFor,
    datacontenttype: 'application/json',
    dataschema: dataschemaOf(TICK_TYPE),
    data: { partition, scheduledFor },
  }
}
