/** Decides when a group sends a notification, with which content, and when it is evaluated next. Pure. */
import type { Alert } from '../alerting/alert.ts'
import { type Group, type GroupAlert, isEmpty, mutedUntilMs } from './group.ts'
import { allTold, isMoreMuted, moreAlerts, NO_MORE, silencedUntilMs, TOLD } from './more-alerts.ts'
import type { Muting } from './muting.ts'
import { type Notification, type NotificationReason, notificationId } from './notification.ts'

export interface Flushed {
  readonly group: Group
  readonly notification?: Notification
  /**
   * Reason of the evaluation's outcome. `muted`: alerts fire, and all of them are muted. `unchanged`: all changes have been sent.
   */
  readonly reason: NotificationReason | 'muted' | 'unchanged'
}

/**
 * Schedules the next evaluation of a group that has changed. It is due when `groupWait` has passed or, after
 * a notification, when `groupInterval` has passed. An earlier evaluation, for a repeat or the end of a
 * silence, is postponed until then, because it would split the batch.
 */
export function dueWithNews(group: Group, nowMs: number): Group {
  const { newsDueMs: before, groupWaitMs, groupIntervalMs, notifiedAtMs, isOpen } = group
  // Always later than the last notification: two notifications of a group at the same instant would have the same id.
  const earliest = (notifiedAtMs ?? 0) + (isOpen ? groupIntervalMs : 1)
  const due = Math.max(nowMs + Math.max(groupWaitMs, 1), earliest)
  // A time in the past means that the timer was lost with a failed step.
  const newsDueMs = before === undefined || before < nowMs ? due : Math.min(due, before)
  return { ...group, newsDueMs, dueMs: newsDueMs }
}

/**
 * Evaluates a group.
 *
 * @param name name of the group
 * @param atMs due time of the evaluation
 */
export function flush(name: string, group: Group, atMs: number, muting: Muting): Flushed {
  const { alerts, more = NO_MORE, moreEnded = 0 } = group
  const ended = alerts.filter(({ alert }) => alert.status === 'resolved')
  const firing = alerts.filter(({ alert }) => alert.status === 'firing')
  const shown = firing.filter(({ alert }) => mutedUntilMs(alert, atMs, muting) === undefined)
  const counted = moreAlerts(more).filter(one => !isMoreMuted(one, atMs, muting))
  const isNews =
    [...ended, ...shown].some(isUntoldOrEnded) || moreEnded > 0 || counted.some(one => one !== TOLD)
  const isRepeat = shown.length + counted.length > 0 && atMs >= repeatAtMs(group)
  if (!isNews && !isRepeat) return quiet(group, firing, shown, atMs, muting)
  const told = afterwards(group, firing, new Set(shown), atMs, muting)
  const reason = reasonOf(group, told, isNews)
  const notification: Notification = {
    // If the broker's clock goes back, two notifications can have the same time. The time of the previous
    // notification makes their ids differ.
    notificationId: notificationId(name, group.notifiedAtMs ?? 0, atMs),
    group: name,
    groupLabels: group.labels,
    status: told.isOpen ? 'firing' : 'resolved',
    reason,
    receivers: group.receivers,
    alerts: [...shown, ...ended].map(({ alert }) => alert),
    omitted: counted.length + moreEnded,
  }
  return { group: scheduled(told, atMs, muting), notification, reason }
}

function quiet(
  group: Group,
  firing: readonly GroupAlert[],
  shown: readonly GroupAlert[],
  atMs: number,
  muting: Muting,
): Flushed {
  const reason = firing.length > shown.length ? 'muted' : 'unchanged'
  return { group: scheduled(group, atMs, muting), reason }
}

/** Returns the group after its notification. A muted alert that was sent before is kept, so that its resolution is sent as well. */
function afterwards(
  { moreEnded: _, more, ...group }: Group,
  firing: readonly GroupAlert[],
  shown: ReadonlySet<GroupAlert>,
  atMs: number,
  muting: Muting,
): Group {
  const alerts = firing.map(known => (shown.has(known) ? { ...known, isTold: true } : known))
  const left = allTold(more ?? NO_MORE, atMs, muting)
  const isOpen = alerts.some(({ isTold }) => isTold) || moreAlerts(left).includes(TOLD)
  return { ...group, alerts, ...(left === NO_MORE ? {} : { more: left }), isOpen, notifiedAtMs: atMs }
}

function reasonOf(before: Group, told: Group, isNews: boolean): NotificationReason {
  if (!told.isOpen) return 'resolved'
  if (!before.isOpen) return 'new'
  return isNews ? 'changed' : 'repeat'
}

/**
 * Returns the group with its next evaluation, which repeats firing alerts and checks muted ones. Because a silence can be ended
 * early, a group with muted alerts is evaluated in each group interval, and at the end of a silence.
 */
function scheduled({ dueMs: _, newsDueMs: __, ...group }: Group, atMs: number, muting: Muting): Group {
  if (isEmpty(group)) return group
  const times: number[] = []
  if (group.isOpen) times.push(repeatAtMs(group))
  const endOf = ({ alert }: GroupAlert) => mutedUntilMs(alert, atMs, muting) ?? Number.POSITIVE_INFINITY
  const muted = [...group.alerts.filter(known => !known.isTold).map(endOf), ...moreEnds(group)]
  if (muted.length > 0 || repeatAtMs(group) <= atMs) times.push(atMs + group.groupIntervalMs)
  const dueMs = [...times, ...muted].reduce(
    (first, time) => (time > atMs ? Math.min(first, time) : first),
    Number.POSITIVE_INFINITY,
  )
  return { ...group, dueMs }
}

function moreEnds({ more = NO_MORE }: Group): number[] {
  return moreAlerts(more).flatMap(one => (one === TOLD ? [] : [silencedUntilMs(one)]))
}

function repeatAtMs({ notifiedAtMs, repeatIntervalMs }: Group): number {
  return (notifiedAtMs ?? Number.POSITIVE_INFINITY) + repeatIntervalMs
}

function isUntoldOrEnded({ alert, isTold }: { readonly alert: Alert; readonly isTold: boolean }): boolean {
  return alert.status === 'resolved' || !isTold
}
