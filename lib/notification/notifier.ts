/**
 * Consumer `notifier`: maintains the firing alerts and sends each to its groups, collects the alerts of each group, and publishes a
 * notification when they have changed. Each part reads its own topic, `alerts` or `notifications`, because the alerts of a group come
 * from several partitions, and only `notifications` has ticks for timers.
 */
import { defineProcess } from '#runtime/consumer'
import { type FiringAlerts, firingAlerts, NOTIFIER } from './firing-alerts.ts'
import type { Group } from './group.ts'
import { groups } from './group-steps.ts'
import { MUTING, type Muting } from './mutes-in-force.ts'
import type { NotificationRoutes } from './route.ts'

/** State of an entity of `alerts`, or of a group. */
export type NotifierState = FiringAlerts | Group

/**
 * Returns the consumer.
 *
 * @param routes routes of fired alerts. The timing of a group is in its events, so that its notifications depend
 * only on the log.
 */
export function notifier(routes: NotificationRoutes) {
  const alerts = firingAlerts(routes)
  return defineProcess<NotifierState, unknown, Muting>(NOTIFIER, {
    trustsProducers: true,
    context: MUTING,
    on: { ...alerts.on, ...groups.on },
    onTimer: { ...groups.onTimer },
  })
}
