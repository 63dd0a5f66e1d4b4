/**
 * Consumer `notifier`: maintains the firing alerts and sends each to its groups, collects the alerts of each group, and publishes a
 * notification when they have changed. Each part reads its own topic, `alerts` or `notifications`, because the alerts of a group come
 * from several partitions, and only `notifications` has ticks for timers.
 */
import { defineProcess, type ProcessPart, type Step, type Timer, type TypedEvent } from '#runtime/consumer'
import { type FiringAlerts, firingAlerts, NOTIFIER } from './firing-alerts.ts'
import { type FlushResult, flush, scheduleNews } from './flush-group.ts'
import {
  atTime,
  ENDED_FIRST_MS,
  type Group,
  isEmpty,
  newGroup,
  withFired,
  withPolicy,
  withResolved,
} from './group.ts'
import { isInhibiting } from './inhibition.ts'
import { MUTING, type Muting } from './mutes-in-force.ts'
import { emitNotification } from './notification.ts'
import type { NotificationRoutes } from './route.ts'
import { ALERT_ROUTED_TYPE, type RoutedAlert } from './routed-alert.ts'

const FLUSH = 'flush'
const FORGET = 'forget'

/**
 * Time for which an empty group is kept, in milliseconds. A late duplicate of a resolved alert is then recognised and not sent
 * again. See `ENDED_FIRST_MS`.
 */
const REMEMBERED_MS = 60 * 60_000

/** Part of the consumer `notifier`: its states of the topic `notifications` are the groups. */
const groups: ProcessPart<Group, Muting> = {
  on: { [ALERT_ROUTED_TYPE]: onRouted },
  onTimer: { [FLUSH]: onFlush, [FORGET]: onForget },
}

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

function onRouted(
  state: Group | undefined,
  { data: routed, timeMs }: TypedEvent<RoutedAlert>,
  step: Step<Muting>,
): Group {
  const { alert } = routed
  const currentGroup = state && atTime(state, timeMs)
  // The settings in a resolved event were current when its alert fired, so they may be outdated.
  const result =
    alert.status === 'firing'
      ? withFired(
          currentGroup ? withPolicy(currentGroup, routed) : newGroup(routed),
          alert,
          timeMs,
          step.context,
        )
      : withResolved(currentGroup ?? newGroup(routed), alert, timeMs)
  if (result.kind === 'full') return step.reject(result.why)
  const { group, reason } = result
  if (reason !== 'queued' && reason !== 'end-queued') return complete(step, reason, state, group)
  // An inhibiting alert can mean that no ticks arrive any more. The timer of the group would then never fire, so evaluate the group
  // now.
  if (isInhibiting(alert) && timeMs > (group.notifiedAtMs ?? 0))
    return applyFlush(step, state, flush(routed.group, group, timeMs, step.context))
  return complete(step, reason, state, scheduleNews(group, timeMs))
}

function onFlush(state: Group, { subject = '', dueMs }: Timer, step: Step<Muting>): Group {
  return applyFlush(step, { ...state, dueMs }, flush(subject, state, dueMs, step.context))
}

function applyFlush(step: Step, before: Group | undefined, flushed: FlushResult): Group {
  const { group, notification, reason } = flushed
  if (notification) emitNotification(step, notification)
  return complete(step, reason, before, group)
}

function onForget(state: Group, _: Timer, step: Step): Group | undefined {
  step.reason(isEmpty(state) ? 'forgotten' : 'kept')
  return isEmpty(state) ? undefined : state
}

/** Sets the reason and the timers for the changed group. An empty group is not evaluated any more, and is forgotten after `REMEMBERED_MS`. */
function complete(step: Step, reason: string, before: Group | undefined, after: Group): Group {
  step.reason(reason)
  const { dueMs, newsDueMs: _, ...rest } = after
  if (isEmpty(after)) {
    if (before?.dueMs !== undefined) step.cancel(FLUSH)
    step.timer(FORGET, after.endedFirst ? ENDED_FIRST_MS : REMEMBERED_MS)
    return rest
  }
  if (dueMs !== undefined && dueMs !== before?.dueMs) step.timerAt(FLUSH, dueMs)
  return after
}
