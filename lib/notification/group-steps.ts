/** Steps of a group: collects its alerts, and publishes a notification when they have changed. Pure. */
import {
  type CompletedStep,
  completeStep,
  type ProcessPart,
  type Received,
  reject,
  type StepResult,
  type Timer,
  type TimerChange,
} from '#runtime/consumer/index.ts'
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
import type { Muting } from './mutes-in-force.ts'
import { notificationEmission } from './notification.ts'
import { ALERT_ROUTED_TYPE, type RoutedAlert } from './routed-alert.ts'

const FLUSH = 'flush'
const FORGET = 'forget'

/**
 * Time for which an empty group is kept, in milliseconds. A late duplicate of a resolved alert is then recognised and not sent
 * again. See `ENDED_FIRST_MS`.
 */
const REMEMBERED_MS = 60 * 60_000

/** Part of the consumer `notifier`: its states of the topic `notifications` are the groups. */
export const groups: ProcessPart<Group, Muting> = {
  on: { [ALERT_ROUTED_TYPE]: onRouted },
  timers: { [FLUSH]: onFlush, [FORGET]: onForget },
}

function onRouted(
  state: Group | undefined,
  { data: routed, timeMs }: Received<RoutedAlert>,
  muting: Muting,
): StepResult<Group> {
  if (routed === undefined) return reject('the routed alert event has no data')
  const { alert } = routed
  const currentGroup = state && atTime(state, timeMs)
  // The settings in a resolved event were current when its alert fired, so they may be outdated.
  const result =
    alert.status === 'firing'
      ? withFired(currentGroup ? withPolicy(currentGroup, routed) : newGroup(routed), alert, timeMs, muting)
      : withResolved(currentGroup ?? newGroup(routed), alert, timeMs)
  if (result.kind === 'full') return reject(result.why)
  const { group, reason } = result
  if (reason !== 'queued' && reason !== 'end-queued') return step(reason, state, group, timeMs)
  // An inhibiting alert can mean that no ticks arrive any more. The timer of the group would then never fire, so evaluate the group
  // now.
  if (isInhibiting(alert) && timeMs > (group.notifiedAtMs ?? 0))
    return applyFlush(state, flush(routed.group, group, timeMs, muting), timeMs)
  return step(reason, state, scheduleNews(group, timeMs), timeMs)
}

function onFlush(state: Group, timer: Timer, muting: Muting): CompletedStep<Group> {
  const flushed = flush(timer.subject ?? '', state, timer.dueMs, muting)
  return applyFlush({ ...state, dueMs: timer.dueMs }, flushed, timer.dueMs)
}

function applyFlush(before: Group | undefined, flushed: FlushResult, atMs: number): CompletedStep<Group> {
  const { group, notification, reason } = flushed
  const emit = notification ? [notificationEmission(notification)] : []
  return { ...step(reason, before, group, atMs), emit }
}

function onForget(state: Group): CompletedStep<Group> {
  return isEmpty(state) ? completeStep<Group>('forgotten', undefined) : completeStep('kept', state)
}

/** Sets the timers for the changed group. An empty group is not evaluated any more, and is forgotten after `REMEMBERED_MS`. */
function step(reason: string, before: Group | undefined, after: Group, nowMs: number): CompletedStep<Group> {
  const { dueMs, newsDueMs: _, ...rest } = after
  const timers: TimerChange[] = []
  if (isEmpty(after)) {
    if (before?.dueMs !== undefined) timers.push({ name: FLUSH })
    timers.push({ name: FORGET, dueMs: nowMs + (after.endedFirst ? ENDED_FIRST_MS : REMEMBERED_MS) })
    return completeStep<Group>(reason, rest, [], timers)
  }
  if (dueMs !== undefined && dueMs !== before?.dueMs) timers.push({ name: FLUSH, dueMs })
  return completeStep(reason, after, [], timers)
}
