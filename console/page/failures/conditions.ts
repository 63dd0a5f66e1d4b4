/** Filter of dead letters in query parameters and in requests. Pure. */

export interface Conditions {
  readonly code: string
  readonly consumer: string
  readonly entity: string
  readonly type: string
  /** Earliest arrival time of the dead letters, as a duration before now or as a time; empty for all dead letters in the topic. */
  readonly since: string
  readonly state: string
}

export const TIMES: readonly (readonly [value: string, text: string])[] = [
  ['15m', 'the last 15 minutes'],
  ['1h', 'the last hour'],
  ['6h', 'the last 6 hours'],
  ['1d', 'the last day'],
  ['7d', 'the last 7 days'],
  ['', 'any time'],
]

export const STATES: readonly (readonly [value: string, text: string])[] = [
  ['open', 'open'],
  ['quarantined', 'open and quarantined'],
  ['handled', 'redriven or dropped'],
  ['all', 'all'],
]

const UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Returns the filter of an operation, with absolute times. @param nowMs current time in epoch milliseconds */
export function filterFrom(
  { code, consumer, entity, type, since }: Conditions,
  nowMs: number,
): Readonly<Record<string, string | number>> {
  const named = Object.entries({ code, consumer, entity, type }).filter(([, value]) => value !== '')
  const sinceMs = sinceMsOf(since, nowMs)
  return { ...Object.fromEntries(named), ...(sinceMs === undefined ? {} : { sinceMs }) }
}

/** Returns whether the filter has a condition in addition to the state. */
export function isLimited({ code, consumer, entity, type, since }: Conditions): boolean {
  return [code, consumer, entity, type, since].some(value => value !== '')
}

function sinceMsOf(since: string, nowMs: number): number | undefined {
  const [, count, unit = ''] = /^(\d+)([mhd])$/.exec(since) ?? []
  if (count !== undefined) return nowMs - Number(count) * (UNITS_MS[unit] ?? 0)
  const timeMs = Date.parse(since)
  return Number.isNaN(timeMs) ? undefined : timeMs
}
