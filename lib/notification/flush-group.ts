/**
 * Decides when a group sends a notification, which alerts the notification contains, and when the group is evaluated next. Pure.
 */
import type { Alert } from '../alerting/alert.ts'
import { type Group, type GroupAlert, isEmpty, mutedUntilMs } from './group.ts'
import {
  isMoreMuted,
  listMoreAlerts,
  markAllTold,
  NO_MORE,
  SENT_FLAG,
  silencedUntilMs,
} from './more-alerts.ts'
import type { Muting } from './mutes-in-force.ts'
import { type Notification, type NotificationReason, notificationId } from './notification.ts'

export interface FlushResult {
  readonly group: Group
  readonly notification?: Notification
  /**
   * Reason for sending or not sending a notification. `muted`: all firing alerts are muted. `unchanged`: there is nothing new to
   * send.
   */
  readonly reason: NotificationReason | 'muted' | 'unchanged'
}

/**
 * Schedules the next evaluation of a group that has changed. It is due after `groupWait`. While the group is open, it is also at
 * least `groupInterval` after the last notification. An earlier evaluation, for a repeat or for the end of a silence, is postponed.
 * It would send only a part of the changes.
 */
export function scheduleNews(group: Group, nowMs: number): Group {
  const { newsDueMs: before, groupWaitMs, groupIntervalMs, notifiedAtMs, isOpen } = group
  const earliest = isOpen ? (notifiedAtMs ?? 0) + groupIntervalMs : 0
  // The last notification is not after now, see `atTime`. Another one at the same time would have the same id.
  const due = Math.max(nowMs + Math.max(groupWaitMs, 1), earliest)
  // If the stored time is in the past, its timer was lost in a failed step.
  const newsDueMs = before === undefined || before < nowMs ? due : Math.min(due, before)
  return { ...group, newsDueMs, dueMs: newsDueMs }
}

/**
 * Evaluates a group, and returns the notification to send, if any.
 *
 * @param name name of the group
 * @param atMs due time of the evaluation
 */
export function flush(name: string, group: Group, atMs: number, muting: Muting): FlushResult {
  const { alerts, more = NO_MORE, moreEnded = 0 } = group
  const ended = alerts.filter(({ alert }) => alert.status === 'resolved')
  const firing = alerts.filter(({ alert }) => alert.status === 'firing')
  const shown = firing.filter(({ alert }) => mutedUntilMs(alert, atMs, muting) === undefined)
  const counted = listMoreAlerts(more).filter(alert => !isMoreMuted(alert, atMs, muting))
  const isNews =
    [...ended, ...shown].some(isUntoldOrEnded) || moreEnded > 0 || counted.some(alert => alert !== SENT_FLAG)
  const isRepeat = shown.length + counted.length > 0 && atMs >= repeatAtMs(group)
  if (!isNews && !isRepeat) return skipNotification(group, firing, shown, atMs, muting)
  const flushedGroup = markNotified(group, firing, new Set(shown), atMs, muting)
  const reason = chooseReason(group, flushedGroup, isNews)
  const notification: Notification = {
    // Two notifications can have the same time if the broker's clock goes back. Their ids differ because they include the time of
    // the previous notification.
    notificationId: notificationId(name, group.notifiedAtMs ?? 0, atMs),
    group: name,
    groupLabels: group.labels,
    status: flushedGroup.isOpen ? 'firing' : 'resolved',
    reason,
    receivers: group.receivers,
    alerts: [...shown, ...ended].map(({ alert }) => alert),
    omitted: counted.length + moreEnded,
  }
  return { group: scheduleNext(flushedGroup, atMs, muting), notification, reason }
}

function skipNotification(
  group: Group,
  firing: readonly GroupAlert[],
  shown: readonly GroupAlert[],
  atMs: number,
  muting: Muting,
): FlushResult {
  const reason = firing.length > shown.length ? 'muted' : 'unchanged'
  return { group: scheduleNext(group, atMs, muting), reason }
}

/**
 * Returns the group after it has sent a notification. An alert that was sent before and is now muted stays in the group, so that
 * its resolution is sent as well.
 */
function markNotified(
  { moreEnded: _, more, ...group }: Group,
  firing: readonly GroupAlert[],
  shown: ReadonlySet<GroupAlert>,
  atMs: number,
  muting: Muting,
): Group {
  const alerts = firing.map(known => (shown.has(known) ? { ...known, isTold: true } : known))
  const left = markAllTold(more ?? NO_MORE, atMs, muting)
  const isOpen = alerts.some(({ isTold }) => isTold) || listMoreAlerts(left).includes(SENT_FLAG)
  return { ...group, alerts, ...(left === NO_MORE ? {} : { more: left }), isOpen, notifiedAtMs: atMs }
}

function chooseReason(before: Group, flushedGroup: Group, isNews: boolean): NotificationReason {
  if (!flushedGroup.isOpen) return 'resolved'
  if (!before.isOpen) return 'new'
  return isNews ? 'changed' : 'repeat'
}

/**
 * Returns the group with the time of its next evaluation, for repeating firing alerts and for checking muted alerts. A silence can
 * be ended early, so a group with muted alerts is evaluated in every group interval, and at the end of each silence.
 */
function scheduleNext({ dueMs: _, newsDueMs: __, ...group }: Group, atMs: number, muting: Muting): Group {
  if (isEmpty(group)) return group
  const times: number[] = []
  if (group.isOpen) times.push(repeatAtMs(group))
  const getMutedUntilMs = ({ alert }: GroupAlert) =>
    mutedUntilMs(alert, atMs, muting) ?? Number.POSITIVE_INFINITY
  const muted = [...group.alerts.filter(known => !known.isTold).map(getMutedUntilMs), ...listMoreEnds(group)]
  if (muted.length > 0 || repeatAtMs(group) <= atMs) times.push(atMs + group.groupIntervalMs)
  const dueMs = [...times, ...muted].reduce(
    (first, time) => (time > atMs ? Math.min(first, time) : first),
    Number.POSITIVE_INFINITY,
  )
  return { ...group, dueMs }
}

function listMoreEnds({ more = NO_MORE }: Group): number[] {
  return listMoreAlerts(more).flatMap(alert => (alert === SENT_FLAG ? [] : [silencedUntilMs(alert)]))
}

function repeatAtMs({ notifiedAtMs, repeatIntervalMs }: Group): number {
  return (notifiedAtMs ?? Number.POSITIVE_INFINITY) + repeatIntervalMs
}

function isUntoldOrEnded({ alert, isTold }: { readonly alert: Alert; readonly isTold: boolean }): boolean {
  return alert.status === 'resolved' || !isTold
}
