/** Group of alerts that share notifications. It also records which alerts have already been sent. Pure. */
import type { Alert } from '../alerting/alert.ts'
import { isBefore } from '../alerting/alert-order.ts'
import { isInhibited } from './inhibition.ts'
import {
  dropMoreBefore,
  hasMore,
  isFull,
  type MoreAlerts,
  NO_MORE,
  SENT_FLAG,
  withMore,
  withoutMore,
} from './more-alerts.ts'
import type { Muting } from './mutes-in-force.ts'
import type { Target, Timing } from './route.ts'
import { findSilences } from './silences.ts'

export interface Group extends Timing {
  readonly labels: Readonly<Record<string, string>>
  readonly receivers: readonly string[]
  readonly alerts: readonly GroupAlert[]
  /** Firing alerts for which there is no space in `alerts`; absent in most groups. */
  readonly more?: MoreAlerts
  /** Number of alerts in `more` that were sent in a notification and have resolved since the last one. */
  readonly moreEnded?: number
  /**
   * Ids of the alerts that resolved most recently. Several partitions can report the same alert, and their events may arrive late.
   */
  readonly ended: readonly string[]
  /**
   * Alerts whose resolved event arrived before their fired event, with the arrival time of the resolved event. The fired event has
   * failed and may be redriven. Absent in most groups.
   */
  readonly endedFirst?: MoreAlerts
  /** Due time of the last notification, in milliseconds since the epoch. */
  readonly notifiedAtMs?: number
  /** True if the last notification reported the group as firing. */
  readonly isOpen: boolean
  /** Time of the next evaluation, in milliseconds since the epoch. */
  readonly dueMs?: number
  /**
   * Time at which changes since the last notification will be sent, in milliseconds since the epoch; absent if there are no
   * changes.
   */
  readonly newsDueMs?: number
}

/** Alert with all data that notifications need. A resolved alert is kept only if a notification has reported it as firing. */
export interface GroupAlert {
  readonly alert: Alert
  /** True if a notification has reported the alert as firing. */
  readonly isTold: boolean
}

/** Maximum number and total size of alerts that are stored with all their data in a group, and sent in a notification. */
const MAX_ALERTS = 100
const MAX_ALERTS_BYTES = 128 * 1024
const MAX_ENDED = 64

/** Time within which a failed fired event can be redriven, in milliseconds. It is the retention of dead letters. */
export const ENDED_FIRST_MS = 30 * 24 * 60 * 60_000

type GroupReason = 'queued' | 'known' | 'ended-before' | 'end-queued' | 'never-told' | 'not-known'

export type AddedAlert =
  | { readonly kind: 'taken'; readonly group: Group; readonly reason: GroupReason }
  | { readonly kind: 'full'; readonly why: string }

export function newGroup(target: Target): Group {
  return withPolicy({ alerts: [], ended: [], isOpen: false }, target)
}

/** Updates the settings of the group to the current settings of its route. */
export function withPolicy<T extends object>(
  group: T,
  target: Target,
): T & Timing & Pick<Group, 'labels' | 'receivers'> {
  const { groupLabels: labels, receivers, groupWaitMs, groupIntervalMs, repeatIntervalMs } = target
  return { ...group, labels, receivers, groupWaitMs, groupIntervalMs, repeatIntervalMs }
}

/**
 * Adjusts the group to the current time of the log's clock. If the broker's clock has gone back before the last notification, that
 * notification is treated as just sent. Otherwise the next one would be delayed until the clock has caught up.
 */
export function atTime<T extends Pick<Group, 'notifiedAtMs'>>(group: T, nowMs: number): T {
  const { notifiedAtMs } = group
  return notifiedAtMs !== undefined && notifiedAtMs > nowMs ? { ...group, notifiedAtMs: nowMs - 1 } : group
}

export function isEmpty({ alerts, more = NO_MORE, moreEnded = 0 }: Group): boolean {
  return alerts.length === 0 && moreEnded === 0 && more === NO_MORE
}

/** Returns the time until which an alert is muted; undefined if the alert is not muted. */
export function mutedUntilMs(alert: Alert, atMs: number, muting: Muting): number | undefined {
  const { inhibitedUntilMs } = muting
  const silencedMs = silencedUntil(alert, atMs, muting)
  if (atMs >= inhibitedUntilMs || !isInhibited(alert)) return silencedMs
  return Math.max(inhibitedUntilMs, silencedMs ?? 0)
}

function silencedUntil(alert: Alert, atMs: number, { silences }: Muting): number | undefined {
  const ends = findSilences(silences, alert, atMs).map(({ endMs }) => endMs)
  return ends.length > 0 ? Math.max(...ends) : undefined
}

export function withFired(group: Group, alert: Alert, atMs: number, muting: Muting): AddedAlert {
  const { alerts, more = NO_MORE, ended, endedFirst = NO_MORE } = group
  const { alertId } = alert
  const accept = (reason: GroupReason, next: Group): AddedAlert => ({ kind: 'taken', group: next, reason })
  const end = withoutMore(endedFirst, alertId)
  if (end) return accept('ended-before', withEndedFirst(group, end.rest))
  if (ended.includes(alertId) || alerts.some(known => isOver(alert, known)))
    return accept('ended-before', group)
  if (hasMore(more, alertId) || alerts.some(known => known.alert.alertId === alertId))
    return accept('known', group)
  const groupAlert = { alert, isTold: false }
  if (hasRoom(alerts, alert)) return accept('queued', { ...group, alerts: [...alerts, groupAlert] })
  if (isFull(more))
    return {
      kind: 'full',
      why: 'its group cannot hold another firing alert: use a finer groupBy',
    }
  const replaceable = findReplaceableAlert(alert, alerts, atMs, muting)
  const others = alerts.filter(alert => alert !== replaceable)
  if (replaceable === undefined || !hasRoom(others, alert))
    return accept('queued', { ...group, more: withMore(more, alertId, encodeMoreAlert(alert, atMs, muting)) })
  const left = withMore(more, replaceable.alert.alertId, encodeMoreAlert(replaceable.alert, atMs, muting))
  return accept('queued', { ...group, alerts: [...others, groupAlert], more: left })
}

/** Returns the muted alert that can be moved to `more` to make room for an alert that is not muted; undefined if none exists. */
function findReplaceableAlert(
  alert: Alert,
  alerts: readonly GroupAlert[],
  atMs: number,
  muting: Muting,
): GroupAlert | undefined {
  const isMuted = (alert: Alert) => mutedUntilMs(alert, atMs, muting) !== undefined
  return isMuted(alert) ? undefined : alerts.find(alert => !alert.isTold && isMuted(alert.alert))
}

/**
 * Returns whether a later alert of the same rule and entity is firing. The given alert has then already ended, because only one
 * alert fires at a time.
 */
function isOver(alert: Alert, { alert: known }: GroupAlert): boolean {
  return alert.fingerprint === known.fingerprint && known.status === 'firing' && isBefore(alert, known)
}

/**
 * Applies a resolved event to the group. If the alert has not been sent yet, it is removed. Otherwise its resolution is sent as
 * well.
 *
 * @param atMs time at which the resolved event arrived
 */
export function withResolved(group: Group, alert: Alert, atMs: number): AddedAlert {
  const { alertId } = alert
  const { alerts, more = NO_MORE, moreEnded = 0 } = group
  const accept = (reason: GroupReason, next: Partial<Group>): AddedAlert => ({
    kind: 'taken',
    group: { ...group, ended: withEnded(group.ended, alertId), ...next },
    reason,
  })
  const groupAlert = alerts.find(alert => alert.alert.alertId === alertId)
  if (groupAlert?.isTold && groupAlert.alert.status === 'firing')
    return accept('end-queued', {
      alerts: alerts.map(known => (known === groupAlert ? { alert, isTold: true } : known)),
    })
  if (groupAlert && !groupAlert.isTold)
    return accept('never-told', { alerts: alerts.filter(known => known !== groupAlert) })
  const ending = withoutMore(more, alertId)
  // The fired event of the alert may still arrive, from a partition with lag or as a redriven dead letter.
  if (ending === undefined) {
    const endedFirst = dropMoreBefore(group.endedFirst ?? NO_MORE, atMs - ENDED_FIRST_MS)
    if (group.ended.includes(alertId) || hasMore(endedFirst, alertId)) return accept('not-known', {})
    if (isFull(endedFirst))
      return { kind: 'full', why: 'its group cannot hold another alert that resolves before it fires' }
    return accept('not-known', { endedFirst: withMore(endedFirst, alertId, atMs) })
  }
  if (ending.one === SENT_FLAG) return accept('end-queued', { more: ending.rest, moreEnded: moreEnded + 1 })
  return accept('never-told', { more: ending.rest })
}

function withEndedFirst({ endedFirst: _, ...group }: Group, endedFirst: MoreAlerts): Group {
  return endedFirst === NO_MORE ? group : { ...group, endedFirst }
}

function withEnded(ended: readonly string[], alertId: string): readonly string[] {
  return ended.includes(alertId) ? ended : [...ended, alertId].slice(-MAX_ENDED)
}

function hasRoom(alerts: readonly GroupAlert[], alert: Alert): boolean {
  if (alerts.length >= MAX_ALERTS) return false
  const bytes = [...alerts.map(known => known.alert), alert].reduce(
    (sum, alert) => sum + measureBytes(alert),
    0,
  )
  return bytes <= MAX_ALERTS_BYTES
}

function measureBytes(alert: Alert): number {
  return Buffer.byteLength(JSON.stringify(alert))
}

function encodeMoreAlert(alert: Alert, atMs: number, muting: Muting): number {
  const until = silencedUntil(alert, atMs, muting) ?? 0
  return isInhibited(alert) ? -until - 1 : until
}
