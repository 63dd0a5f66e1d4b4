/**
 * One alert mutes others: while the pipeline is down, no entity is reported as silent, because none of its readings can arrive.
 * The groups of those alerts are in any partition of `notifications`, so the pipeline alert is sent to every one, as a context.
 */

import type { Emission } from '../../packages/runtime/consumer/process.ts'
import type { InhibitionChanged } from '../../schemas/types.ts'
import { type Alert, NO_DATA } from '../alerting/alert.ts'
import { PIPELINE_DOWN } from '../alerting/pipeline-down.ts'
import type { EventType } from '../event-types.ts'
import { dataschemaOf } from '../telemetry/dataschema.ts'

export const INHIBITION_CHANGED_TYPE = 'io.sluice.inhibition.changed.v1' satisfies EventType

/** Data of `io.sluice.inhibition.changed.v1`: an alert that mutes others has begun or ended. */
export type InhibitionChange = InhibitionChanged

/** Whether the alert mutes others while it fires. */
export function isInhibiting({ rule }: Pick<Alert, 'rule'>): boolean {
  return rule === PIPELINE_DOWN
}

/** Whether the alert says that an entity is silent, which means nothing while the pipeline is down. */
export function isInhibited({ rule, reason }: Pick<Alert, 'rule' | 'reason'>): boolean {
  return rule === NO_DATA || reason === 'silent'
}

export function inhibitionEmission({ alertId, rule, status }: Alert): Emission {
  return {
    name: `inhibition ${alertId}`,
    to: 'notifications',
    key: null,
    everyPartition: true,
    type: INHIBITION_CHANGED_TYPE,
    source: '/notification/inhibition',
    dataschema: dataschemaOf(INHIBITION_CHANGED_TYPE),
    data: { alertId, rule, status } satisfies InhibitionChange,
    untimed: true,
  }
}
