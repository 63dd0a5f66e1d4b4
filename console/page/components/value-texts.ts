/** Formats figures in the same way on all pages. Pure. */
import { formatSize } from '../../../lib/support/size-text.ts'

const NUMBER = new Intl.NumberFormat('en', { maximumFractionDigits: 2 })
const EXACT = new Intl.NumberFormat('en', { maximumFractionDigits: 20 })
const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })

/** Size from which numbers are written with an exponent. One with all its digits would push the others off the page. */
const LARGE = 1e21

/** Formats a number, such as `12,345.67`. */
export function formatNumber(value: number): string {
  return Math.abs(value) < LARGE ? NUMBER.format(value) : String(value)
}

/** Formats a number with all its digits, such as `12,345.678901`. */
export function formatDigits(value: number): string {
  return Math.abs(value) < LARGE ? EXACT.format(value) : String(value)
}

/** Formats a number in a short form, such as `12.3K`. */
export function formatCompact(value: number): string {
  return COMPACT.format(value)
}

/** Formats a number with its noun, such as `3 records` or `1 record`. */
export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${formatNumber(count)} ${count === 1 ? one : many}`
}

/** Formats a rate per second, such as `1,012/s`, `12.3/s` or `0.04/s`; a dash if unknown. */
export function formatRate(perSecond: number | null): string {
  if (perSecond === null) return '–'
  const digits = perSecond >= 100 ? 0 : perSecond >= 1 ? 1 : 2
  return `${formatNumber(Number(perSecond.toFixed(digits)))}/s`
}

/** Formats a counter, such as `12.3K in all`; a dash if unknown. */
export function formatTotal(total: number | null): string {
  return total === null ? '–' : `${formatCompact(total)} in all`
}

/** Formats a size, such as `4,096 bytes` or `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  return bytes < 1024 ? formatCount(bytes, 'byte') : formatSize(bytes).replace('.0 ', ' ')
}

/** Formats a local time to the second, with the date unless it is today. */
export function formatTime(at: string | number, nowMs: number): string {
  const date = new Date(at)
  const time = date.toLocaleTimeString('en-GB')
  return date.toDateString() === new Date(nowMs).toDateString() ? time : `${formatDay(date)} ${time}`
}

/** Formats a time exactly, such as `1 Mar 2026, 13:00:00 CET (2026-03-01T12:00:00.000Z)`. */
export function formatExactTime(at: string | number): string {
  const date = new Date(at)
  return `${date.toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'long' })} (${date.toISOString()})`
}

/**
 * Formats the times of a chart's axis, such as `13:30`, with seconds if they are less than a minute apart. The first time of each day
 * includes the date, unless all times are today.
 */
export function formatAxisTimes(timesMs: readonly number[], nowMs: number): string[] {
  const timeStyle = timesMs.some(at => at % 60_000 !== 0) ? 'medium' : 'short'
  return timesMs.map((at, index) => {
    const date = new Date(at)
    const before = new Date(timesMs[index - 1] ?? nowMs)
    const time = date.toLocaleTimeString('en-GB', { timeStyle })
    if (date.toDateString() === before.toDateString()) return time
    return `${time}\n${date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })}`
  })
}

/** Formats the time zone, such as `Europe/Oslo, GMT+1`. */
export function formatTimeZone(nowMs: number): string {
  const format = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'shortOffset' })
  const { timeZone } = format.resolvedOptions()
  const offset = format.formatToParts(nowMs).find(({ type }) => type === 'timeZoneName')?.value
  return timeZone === 'UTC' || !offset ? timeZone : `${timeZone}, ${offset}`
}

/** Formats a time for an input of type `datetime-local`; empty if none exists. */
export function toLocalTime(time: string | number | undefined): string {
  const at = new Date(time ?? '')
  if (Number.isNaN(at.getTime())) return ''
  // The offset depends on the date because of daylight saving time.
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
}

function formatDay(date: Date): string {
  return date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })
}
