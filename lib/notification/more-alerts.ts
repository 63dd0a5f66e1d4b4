/**
 * Alerts of a group that are stored without their data, because the group has reached its limit for complete alerts. There can be
 * thousands, and all of them are read and written for each event of the group. They are therefore stored as one string, which needs
 * only a few bytes for an alert and is searched without parsing: `;id=value;id=value`. Pure.
 */
import { derivedId } from '#runtime/consumer'
import type { Muting } from './mutes-in-force.ts'

export type MoreAlerts = string

/**
 * Stored value of an alert. It is `SENT_FLAG` if a notification has reported the alert as firing. Otherwise it is the time until which
 * the alert was silenced when it fired, in milliseconds since the epoch, or 0 if it was not silenced. For an alert about a silent
 * entity, the number is negated and then reduced by 1.
 */
export type MoreAlert = typeof SENT_FLAG | number
export const SENT_FLAG = 't'

export const NO_MORE: MoreAlerts = ''

/**
 * Maximum length of the string, which is sufficient for about 25,000 alerts. The complete state of a group must not exceed 1 MiB.
 */
const LARGEST = 400 * 1024

/** Number of characters of an id that are stored, which encode 66 bits. */
const ID_LENGTH = 11

export function isFull(more: MoreAlerts): boolean {
  return more.length >= LARGEST
}

export function hasMore(more: MoreAlerts, alertId: string): boolean {
  return more.includes(computeKey(alertId))
}

export function withMore(more: MoreAlerts, alertId: string, alert: MoreAlert): MoreAlerts {
  return `${more}${computeKey(alertId)}${alert}`
}

/** Removes an alert. Returns its value and the remaining alerts; undefined if the alert was not found. */
export function withoutMore(
  more: MoreAlerts,
  alertId: string,
): { readonly rest: MoreAlerts; readonly one: MoreAlert } | undefined {
  const key = computeKey(alertId)
  const at = more.indexOf(key)
  if (at < 0) return undefined
  const next = more.indexOf(';', at + 1)
  const end = next < 0 ? more.length : next
  return { rest: more.slice(0, at) + more.slice(end), one: parseValue(more.slice(at + key.length, end)) }
}

export function listMoreAlerts(more: MoreAlerts): readonly MoreAlert[] {
  return parseEntries(more).map(([, one]) => one)
}

/** Marks all alerts that are not muted at this time as sent. */
export function markAllTold(more: MoreAlerts, atMs: number, muting: Muting): MoreAlerts {
  return parseEntries(more)
    .map(([id, one]) => `;${id}=${isMoreMuted(one, atMs, muting) ? one : SENT_FLAG}`)
    .join('')
}

/** Removes all alerts whose number is less than `least`. */
export function dropMoreBefore(more: MoreAlerts, least: number): MoreAlerts {
  return parseEntries(more)
    .filter(([, one]) => one === SENT_FLAG || one >= least)
    .map(([id, one]) => `;${id}=${one}`)
    .join('')
}

export function isMoreMuted(alert: MoreAlert, atMs: number, muting: Muting): boolean {
  return (
    alert !== SENT_FLAG && ((alert < 0 && atMs < muting.inhibitedUntilMs) || atMs < silencedUntilMs(alert))
  )
}

export function silencedUntilMs(one: number): number {
  return one < 0 ? -one - 1 : one
}

function parseEntries(more: MoreAlerts): readonly (readonly [id: string, one: MoreAlert])[] {
  return more
    .split(';')
    .slice(1)
    .map(entry => [entry.slice(0, ID_LENGTH), parseValue(entry.slice(ID_LENGTH + 1))] as const)
}

function parseValue(text: string): MoreAlert {
  return text === SENT_FLAG ? SENT_FLAG : Number(text)
}

/** Returns the key of an alert in the string. Alert ids can be any text, so they are hashed. */
function computeKey(alertId: string): string {
  return `;${derivedId(alertId).slice(0, ID_LENGTH)}=`
}
