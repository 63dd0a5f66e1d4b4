/**
 * Due times of schedules, from EventBridge expressions. Pure.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
 */
import { Cron } from 'croner'

const MINUTE_MS = 60_000
const UNITS_MS = { minute: MINUTE_MS, hour: 60 * MINUTE_MS, day: 24 * 60 * MINUTE_MS } as const

const RATE = /^rate\((\d+) (minute|hour|day)s?\)$/
const CRON = /^cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)$/

/** Due times of one schedule, in epoch milliseconds. */
export interface Times {
  /** Returns the first due time after `ms`; undefined if the schedule is never due again. */
  after(ms: number): number | undefined
  /** Interval between two runs in milliseconds; undefined if it varies. */
  readonly everyMs?: number
}

/**
 * Parses an expression such as `rate(5 minutes)` or `cron(0 9 ? * MON-FRI *)`. Rates are due at multiples of their interval since
 * 1970, so that all processes use the same times. Cron expressions are in UTC.
 *
 * @throws RangeError for any other expression
 */
export function timesOf(expression: string): Times {
  const [, count = '', unit] = RATE.exec(expression) ?? []
  if (unit !== undefined && Number(count) > 0) {
    const everyMs = Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS]
    return { everyMs, after: ms => (Math.floor(ms / everyMs) + 1) * everyMs }
  }
  const [, ...fields] = CRON.exec(expression) ?? []
  const cron = fields.length === 0 ? undefined : cronOf(fields)
  if (!cron) throw new RangeError(`"${expression}" must be rate(5 minutes) or cron(0 9 ? * MON-FRI *)`)
  return { after: ms => cron.nextRun(new Date(ms))?.getTime() }
}

/**
 * Parses the fields of a cron expression. Returns undefined if a field is invalid. `sloppyRanges` allows `0/15`, as EventBridge
 * does.
 */
function cronOf([
  minutes = '',
  hours = '',
  days = '',
  months = '',
  weekdays = '',
  years = '',
]: readonly string[]) {
  const pattern = ['0', minutes, hours, days, months, fromSunday(weekdays), years].join(' ')
  try {
    return new Cron(pattern.replaceAll('?', '*'), { timezone: 'UTC', paused: true, sloppyRanges: true })
  } catch {
    return undefined
  }
}

/** Converts the days of the week: for Sunday, EventBridge uses 1 and the library uses 0. Numbers after `#` and `/` are not days. */
function fromSunday(weekdays: string): string {
  return weekdays.replace(/(?<![#/\d])[1-7](?!\d)/g, day => String(Number(day) - 1))
}
