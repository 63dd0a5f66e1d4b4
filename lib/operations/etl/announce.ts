/** Event that announces a run of `etl`. Pure. */
import { derivedId } from '../../../packages/runtime/consumer/derived-id.ts'
import type { Event } from '../../../packages/runtime/consumer/event.ts'
import type { EtlCompleted } from '../../../schemas/types.ts'
import type { EventType } from '../../event-types.ts'
import { dataschemaOf } from '../../telemetry/dataschema.ts'

export const ETL_COMPLETED_TYPE = 'io.sluice.etl.completed.v1' satisfies EventType

/**
 * Returns the event of a run. The id is derived from the loaded offsets, so a run that is announced again gives the same event.
 *
 * @param scheduledFor identifies a run that has loaded nothing
 */
export function etlCompleted(run: EtlCompleted, scheduledFor: string): Event<EtlCompleted> {
  const ranges = run.ranges.map(({ table, topic, partition, from, to }) =>
    [table, topic, partition, from, to].join(' '),
  )
  const what = ranges.length > 0 ? ranges.toSorted() : [scheduledFor, run.outcome]
  return {
    id: derivedId('etl', run.location, ...what),
    source: '/etl',
    subject: run.target,
    type: ETL_COMPLETED_TYPE,
    time: run.endedAt,
    datacontenttype: 'application/json',
    dataschema: dataschemaOf(ETL_COMPLETED_TYPE),
    data: run,
  }
}
