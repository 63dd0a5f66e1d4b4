/**
 * Inhibition: while the alert about the whole pipeline fires, alerts about silent entities are muted. No readings can arrive while
 * the pipeline is down. The groups of muted alerts can be in any partition of `notifications`, so the inhibiting alert is sent to
 * every partition and stored in its context.
 */

import type { Step } from '#runtime/consumer'
import { type Alert, NO_DATA } from '../alerting/alert.ts'
import { PIPELINE_DOWN } from '../alerting/pipeline-down.ts'
import type { EventType } from '../schemas/event-types.ts'
import type { InhibitionChanged } from '../schemas/types.ts'
import { toDataschema } from '../telemetry/dataschema.ts'

export const INHIBITION_CHANGED_TYPE = 'io.sluice.inhibition.changed.v1' satisfies EventType

/** Data of `io.sluice.inhibition.changed.v1`, which is published when an inhibiting alert fires or resolves. */
export type InhibitionChange = InhibitionChanged

/** Returns whether an alert mutes other alerts while it fires. */
export function isInhibiting({ rule }: Pick<Alert, 'rule'>): boolean {
  return rule === PIPELINE_DOWN
}

/** Returns whether an alert is about a silent entity. Such alerts are not reliable while the pipeline is down. */
export function isInhibited({ rule, reason }: Pick<Alert, 'rule' | 'reason'>): boolean {
  return rule === NO_DATA || reason === 'silent'
}

export function emitInhibition(step: Step, { alertId, rule, status }: Alert): void {
  const change: InhibitionChange = { alertId, rule, status }
  step.emit('notifications', `inhibition ${alertId}`, change, {
    key: null,
    everyPartition: true,
    type: INHIBITION_CHANGED_TYPE,
    source: '/notification/inhibition',
    subject: null,
    dataschema: toDataschema(INHIBITION_CHANGED_TYPE),
    untimed: true,
  })
}
