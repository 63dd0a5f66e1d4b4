/**
 * Inhibition: the alert about the pipeline mutes alerts about silent entities, because no readings can arrive
 * while the pipeline is down. The groups of the muted alerts can be in any partition of `notifications`, so
 * the inhibiting alert is sent to every partition, as part of its context.
 */

import type { Emission } from '../../packages/runtime/consumer/process.ts'
import type { InhibitionChanged } from '../../schemas/types.ts'
import { type Alert, NO_DATA } from '../alerting/alert.ts'
import { PIPELINE_DOWN } from '../alerting/pipeline-down.ts'
import type { EventType } from '../event-types.ts'
import { dataschemaOf } from '../telemetry/dataschema.ts'

export const INHIBITION_CHANGED_TYPE = 'io.sluice.inhibition.changed.v1' satisfies EventType

/** Data of `io.sluice.inhibition.changed.v1`: an inhibiting alert has fired or resolved. */
export type InhibitionChange = InhibitionChanged

/** Returns whether the alert mutes others while it fires. */
export function isInhibiting({ rule }: Pick<Alert, 'rule'>): boolean {
  return rule === PIPELINE_DOWN
}

/** Returns whether the alert reports a silent entity, which is not meaningful while the pipeline is down. */
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
