/** A group of alerts with common notifications: its alerts, and those that were sent. Pure. */
import type { Alert } from '../alerting/alert.ts'
import { isBefore } from '../alerting/alert-order.ts'
import { isInhibited } from './inhibition.ts'
import {
  hasMore,
  isFull,
  type MoreAlerts,
  moreSince,
  NO_MORE,
  TOLD,
  withMore,
  withoutMore,
} from './more-alerts.ts'
import type { Muting } from './muting.ts'
import type { Target, Timing } from './route.ts'
import { silencing } from './silences.ts'

export interface Group extends Timing {
  readonly labels: Readonly<Record<string, string>>
  readonly receivers: readonly string[]
  readonly alerts: readonly GroupAlert[]
  /** The firing alerts for which `alerts` has no room. Most groups have none. */
  readonly more?: MoreAlerts
  /** Number of published alerts of `more` that ended since the last notification. */
  readonly moreEnded?: number
  /** Ids of the alerts that ended last: several partitions can report the same alert, and late. */
  readonly ended: readonly string[]
  /** Alerts that ended before they fired, each with when its end came. Such a fire failed and may be redriven. Most groups have none. */
  readonly endedFirst?: MoreAlerts
  /** When the last notification was due, in milliseconds since the epoch. */
  readonly notifiedAtMs?: number
  /** Whether the group was published as firing. */
  readonly isOpen: boolean
  /** Time of the next evaluation. */
  readonly dueMs?: number
  /** Time of the next evaluation if an alert has fired or resolved since the last one, which is not earlier. */
  readonly newsDueMs?: number
}

/** An alert with all data of its notifications. A resolved one is here only if its firing was sent. */
export interface GroupAlert {
  readonly alert: Alert
  /** Whether its firing was sent. */
  readonly isTold: boolean
}

/** Maximum of alerts with all their data in a notification and in a group. */
const MAX_ALERTS = 100
const MAX_ALERTS_BYTES = 128 * 1024
const MAX_ENDED = 64

/** Time in which a failed fired event can be redriven: the retention of dead letters. */
export const ENDED_FIRST_MS = 30 * 24 * 60 * 60_000

type GroupReason = 'queued' | 'known' | 'ended-before' | 'end-queued' | 'never-told' | 'not-known'

/** Result of adding an alert to its group. */
export type AddedAlert =
  | { readonly kind: 'taken'; readonly group: Group; readonly reason: GroupReason }
  | { readonly kind: 'full'; readonly why: string }

export function newGroup(target: Target): Group {
  return withPolicy({ alerts: [], ended: [], isOpen: false }, target)
}

/** Returns the group with the current policy of its route. */
export function withPolicy<T extends object>(
  group: T,
  target: Target,
): T & Timing & Pick<Group, 'labels' | 'receivers'> {
  const { groupLabels: labels, receivers, groupWaitMs, groupIntervalMs, repeatIntervalMs } = target
  return { ...group, labels, receivers, groupWaitMs, groupIntervalMs, repeatIntervalMs }
}

/**
 * The group at a time of the log. Where the broker's clock has gone back behind the last notification, that counts as just sent:
 * else the next one would wait until the clock has caught up.
 */
export function atTime<T extends Pick<Group, 'notifiedAtMs'>>(group: T, nowMs: number): T {
  const { notifiedAtMs } = group
  return notifiedAtMs !== undefined && notifiedAtMs > nowMs ? { ...group, notifiedAtMs: nowMs - 1 } : group
}

export function isEmpty({ alerts, more = NO_MORE, moreEnded = 0 }: Group): boolean {
  return alerts.length === 0 && moreEnded === 0 && more === NO_MORE
}

/** Returns until when an alert is muted; undefined if it is not. */
export function mutedUntilMs(alert: Alert, atMs: number, muting: Muting): number | undefined {
  const { inhibitedUntilMs } = muting
  const silencedMs = silencedUntil(alert, atMs, muting)
  if (atMs >= inhibitedUntilMs || !isInhibited(alert)) return silencedMs
  return Math.max(inhibitedUntilMs, silencedMs ?? 0)
}

function silencedUntil(alert: Alert, atMs: number, { silences }: Muting): number | undefined {
  const ends = silencing(silences, alert, atMs).map(({ endMs }) => endMs)
  return ends.length > 0 ? Math.max(...ends) : undefined
}

export function withFired(group: Group, alert: Alert, atMs: number, muting: Muting): AddedAlert {
  const { alerts, more = NO_MORE, ended, endedFirst = NO_MORE } = group
  const { alertId } = alert
  const taken = (reason: GroupReason, next: Group): AddedAlert => ({ kind: 'taken', group: next, reason })
  const end = withoutMore(endedFirst, alertId)
  if (end) return taken('ended-before', withEndedFirst(group, end.rest))
  if (ended.includes(alertId) || alerts.some(known => isOver(alert, known)))
    return taken('ended-before', group)
  if (hasMore(more, alertId) || alerts.some(known => known.alert.alertId === alertId))
    return taken('known', group)
  const known = { alert, isTold: false }
  if (hasRoom(alerts, alert)) return taken('queued', { ...group, alerts: [...alerts, known] })
  if (isFull(more))
    return {
      kind: 'full',
      why: 'its group has no room for another alert that fires: group by something finer',
    }
  const yielding = yieldingTo(alert, alerts, atMs, muting)
  const others = alerts.filter(one => one !== yielding)
  if (yielding === undefined || !hasRoom(others, alert))
    return taken('queued', { ...group, more: withMore(more, alertId, moreOf(alert, atMs, muting)) })
  const left = withMore(more, yielding.alert.alertId, moreOf(yielding.alert, atMs, muting))
  return taken('queued', { ...group, alerts: [...others, known], more: left })
}

/** An alert that is muted makes room for one that people must see. */
function yieldingTo(
  alert: Alert,
  alerts: readonly GroupAlert[],
  atMs: number,
  muting: Muting,
): GroupAlert | undefined {
  const isMuted = (one: Alert) => mutedUntilMs(one, atMs, muting) !== undefined
  return isMuted(alert) ? undefined : alerts.find(one => !one.isTold && isMuted(one.alert))
}

/** Returns whether a later alert of the same rule and entity fires: only one of them fires at a time. */
function isOver(alert: Alert, { alert: known }: GroupAlert): boolean {
  return alert.fingerprint === known.fingerprint && known.status === 'firing' && isBefore(alert, known)
}

/** An alert that ends before its first notification is forgotten; otherwise its end is sent, too. @param atMs when the end came */
export function withResolved(group: Group, alert: Alert, atMs: number): AddedAlert {
  const { alertId } = alert
  const { alerts, more = NO_MORE, moreEnded = 0 } = group
  const taken = (reason: GroupReason, next: Partial<Group>): AddedAlert => ({
    kind: 'taken',
    group: { ...group, ended: withEnded(group.ended, alertId), ...next },
    reason,
  })
  const known = alerts.find(one => one.alert.alertId === alertId)
  if (known?.isTold && known.alert.status === 'firing')
    return taken('end-queued', {
      alerts: alerts.map(one => (one === known ? { alert, isTold: true } : one)),
    })
  if (known && !known.isTold) return taken('never-told', { alerts: alerts.filter(one => one !== known) })
  const ending = withoutMore(more, alertId)
  // The fire of an ended alert may still arrive, from a partition that lags or out of the dead letters.
  if (ending === undefined) {
    const endedFirst = moreSince(group.endedFirst ?? NO_MORE, atMs - ENDED_FIRST_MS)
    if (group.ended.includes(alertId) || hasMore(endedFirst, alertId)) return taken('not-known', {})
    if (isFull(endedFirst))
      return { kind: 'full', why: 'its group has no room for another alert that ends before it fires' }
    return taken('not-known', { endedFirst: withMore(endedFirst, alertId, atMs) })
  }
  if (ending.one === TOLD) return taken('end-queued', { more: ending.rest, moreEnded: moreEnded + 1 })
  return taken('never-told', { more: ending.rest })
}

function withEndedFirst({ endedFirst: _, ...group }: Group, endedFirst: MoreAlerts): Group {
  return endedFirst === NO_MORE ? group : { ...group, endedFirst }
}

function withEnded(ended: readonly string[], alertId: string): readonly string[] {
  return ended.includes(alertId) ? ended : [...ended, alertId].slice(-MAX_ENDED)
}

function hasRoom(alerts: readonly GroupAlert[], alert: Alert): boolean {
  if (alerts.length >= MAX_ALERTS) return false
  const bytes = [...alerts.map(known => known.alert), alert].reduce((sum, one) => sum + bytesOf(one), 0)
  return bytes <= MAX_ALERTS_BYTES
}

function bytesOf(alert: Alert): number {
  return Buffer.byteLength(JSON.stringify(alert))
}

function moreOf(alert: Alert, atMs: number, muting: Muting): number {
  const until = silencedUntil(alert, atMs, muting) ?? 0
  return isInhibited(alert) ? -until - 1 : until
}
