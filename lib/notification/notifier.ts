/**
 * Consumer `notifier`: maintains the firing alerts and sends each to its groups, collects the alerts of each group, and publishes a
 * notification when they have changed.
 */
import type { Received } from '#runtime/consumer/event.ts'
import {
  type Decided,
  decided,
  type KeyedProcess,
  type PartitionContext,
  rejected,
  type Step,
  type Timer,
  type TimerChange,
} from '#runtime/consumer/process.ts'
import { ALERT_TYPES, type FiringAlerts, NOTIFIER, onAlertEvent } from './firing-alerts.ts'
import { dueWithNews, type Flushed, flush } from './flush.ts'
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
import { MUTING, type Muting } from './muting.ts'
import { notificationEmission } from './notification.ts'
import type { NotificationRoutes } from './route.ts'
import { ALERT_ROUTED_TYPE, type RoutedAlert } from './routed-alert.ts'

const FLUSH = 'flush'
const FORGET = 'forget'

/**
 * Time for which an empty group is kept, in milliseconds. A late duplicate of a resolved alert is then recognised and not sent
 * again. See `ENDED_FIRST_MS`.
 */
const REMEMBERED_MS = 60 * 60_000

/** State of an entity of `alerts`, or of a group. */
export type NotifierState = FiringAlerts | Group

interface Notifier extends KeyedProcess<NotifierState, never, Muting> {
  readonly context: PartitionContext<Muting>
}

/**
 * Returns the consumer.
 *
 * @param routes routes of fired alerts. The timing of a group is in its events, so that its notifications depend
 * only on the log.
 */
export function notifier(routes: NotificationRoutes): Notifier {
  return {
    name: NOTIFIER,
    trustsProducers: true,
    accepts: [...ALERT_TYPES, ALERT_ROUTED_TYPE],
    context: MUTING,
    onEvent(state, event: Received<unknown>, muting): Step<NotifierState> {
      return event.type === ALERT_ROUTED_TYPE
        ? onRouted(state as Group | undefined, event as Received<RoutedAlert>, muting)
        : onAlertEvent(routes, state as FiringAlerts | undefined, event)
    },
    onTimer: (state, timer, muting) =>
      timer.name === FORGET ? onForget(state as Group) : onFlush(state as Group, timer, muting),
  }
}

function onRouted(
  state: Group | undefined,
  { data: routed, timeMs }: Received<RoutedAlert>,
  muting: Muting,
): Step<Group> {
  if (routed === undefined) return rejected('the routed alert event has no data')
  const { alert } = routed
  const known = state && atTime(state, timeMs)
  // The settings in a resolved event were current when its alert fired, so they may be outdated.
  const taken =
    alert.status === 'firing'
      ? withFired(known ? withPolicy(known, routed) : newGroup(routed), alert, timeMs, muting)
      : withResolved(known ?? newGroup(routed), alert, timeMs)
  if (taken.kind === 'full') return rejected(taken.why)
  const { group, reason } = taken
  if (reason !== 'queued' && reason !== 'end-queued') return step(reason, state, group, timeMs)
  // An inhibiting alert can mean that no ticks arrive any more. The timer of the group would then never fire, so evaluate the group
  // now.
  if (isInhibiting(alert) && timeMs > (group.notifiedAtMs ?? 0))
    return told(state, flush(routed.group, group, timeMs, muting), timeMs)
  return step(reason, state, dueWithNews(group, timeMs), timeMs)
}

function onFlush(state: Group, timer: Timer, muting: Muting): Decided<Group> {
  const flushed = flush(timer.subject ?? '', state, timer.dueMs, muting)
  return told({ ...state, dueMs: timer.dueMs }, flushed, timer.dueMs)
}

function told(before: Group | undefined, flushed: Flushed, atMs: number): Decided<Group> {
  const { group, notification, reason } = flushed
  const emit = notification ? [notificationEmission(notification)] : []
  return { ...step(reason, before, group, atMs), emit }
}

function onForget(state: Group): Decided<Group> {
  return isEmpty(state) ? decided<Group>('forgotten', undefined) : decided('kept', state)
}

/** Sets the timers for the changed group. An empty group is not evaluated any more, and is forgotten after `REMEMBERED_MS`. */
function step(reason: string, before: Group | undefined, after: Group, nowMs: number): Decided<Group> {
  const { dueMs, newsDueMs: _, ...rest } = after
  const timers: TimerChange[] = []
  if (isEmpty(after)) {
    if (before?.dueMs !== undefined) timers.push({ name: FLUSH })
    timers.push({ name: FORGET, dueMs: nowMs + (after.endedFirst ? ENDED_FIRST_MS : REMEMBERED_MS) })
    return decided<Group>(reason, rest, [], timers)
  }
  if (dueMs !== undefined && dueMs !== before?.dueMs) timers.push({ name: FLUSH, dueMs })
  return decided(reason, after, [], timers)
}
