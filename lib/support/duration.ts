/** Parses durations and formats them for people. Pure. */

import { computeSum } from './count.ts'

export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS

const UNITS_MS = { d: DAY_MS, h: HOUR_MS, m: MINUTE_MS, s: 1_000 } as const
const DURATION = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/

/**
 * Parses a duration such as `90s`, `5m`, `1h30m` or `2d` into milliseconds. Each unit may occur once, larger units first. `0` is
 * valid without a unit. Returns undefined for all other values, including numbers without a unit such as `90`.
 */
export function parseDuration(raw: unknown): number | undefined {
  if (raw === 0 || raw === '0') return 0
  const match = typeof raw === 'string' && raw !== '' ? DURATION.exec(raw) : null
  if (match === null) return undefined
  const ms = Object.values(UNITS_MS).reduce((sum, unit, i) => sum + unit * Number(match[i + 1] ?? 0), 0)
  return Number.isSafeInteger(ms) ? ms : undefined
}

/** Formats a duration for people: `0.4 s`, `12 s`, `5 min 12 s`, `2 h 3 min`, `5 d 6 h`. */
export function durationText(ms: number): string {
  if (ms < 9_950) return `${Number((ms / 1_000).toFixed(1))} s`
  const seconds = Math.round(ms / 1_000)
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3_600)]
  if (hours >= 48) return joinUnits(`${Math.floor(hours / 24)} d`, hours % 24, 'h')
  if (hours > 0) return joinUnits(`${hours} h`, minutes % 60, 'min')
  return minutes > 0 ? joinUnits(`${minutes} min`, seconds % 60, 's') : `${seconds} s`
}

function joinUnits(larger: string, rest: number, unit: string): string {
  return rest === 0 ? larger : `${larger} ${rest} ${unit}`
}

/** Formats the duration of something that began at `from`, and ended at `until` or, if that is null, still lasts. */
export function spanText(from: string, until: string | null, nowMs: number): string {
  const endMs = until === null ? nowMs : Date.parse(until)
  return durationText(Math.max(0, endMs - Date.parse(from)))
}

/** Returns the part of a period that no value has, in milliseconds. @param ms time of each value */
export function computeUnknownMs({
  fromMs,
  toMs,
  ms,
}: {
  readonly fromMs: number
  readonly toMs: number
  readonly ms: Readonly<Record<string, number>>
}): number {
  return Math.max(0, toMs - fromMs - computeSum(Object.values(ms)))
}
