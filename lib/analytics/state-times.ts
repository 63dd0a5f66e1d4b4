/**
 * Time that a state of an entity, such as `status`, has spent in each of its values. A value holds from its reading until the next
 * reading of that state, at most for `holdMs`. After that it is unknown. Minutes of event time are closed as those of metrics are:
 * when a later one begins, and a reading that is late for a closed minute, but within the grace of one more, changes it. So the
 * readings of two minutes are stored, and the sums of all time before. `config/families/README.md` has the rules. Pure.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../support/duration.ts'
import type { Family } from '../telemetry/families.ts'

/** Maximum number of values of a state that are told apart at a time. The time of all further ones is that of `OTHERS`. */
const MAX_VALUES = 50
/** Maximum length of a value that is told apart. Values are part of every event about a minute. */
const MAX_VALUE_LENGTH = 200
/** Maximum number of readings of a minute that are stored. */
const MAX_POINTS = 60
/** Name of all values beyond the limits. */
export const OTHERS = '(others)'

const DEFAULT_HOLD_MS = 5 * MINUTE_MS
const HOUR_MINUTES = HOUR_MS / MINUTE_MS

/** Periods for which the time in each value is remembered, and the length of the parts in which it is counted. */
const PERIODS = {
  hour: { partMs: 5 * MINUTE_MS, lengthMs: HOUR_MS },
  day: { partMs: HOUR_MS, lengthMs: DAY_MS },
} as const

/** Time in each value by its number, in milliseconds, after the number of the part of a period. In order of time. */
type Buckets = readonly (readonly [part: number, ...ms: number[]])[]

/** Times of a state as they are stored as JSON. Their size does not depend on the number of readings. */
export interface StateTimes {
  /** Number of readings. */
  readonly count: number
  /** Number of readings that came later than the grace; absent if there were none. */
  readonly late?: number
  /** How often the family had changed the list of values; absent if it never had. */
  readonly changes?: number
  /** Time for which a value holds without a further reading. */
  readonly holdMs: number
  /** The open minute, in minutes since the epoch. Readings of this minute and of the one before still change the times. */
  readonly open: number
  /** Values, to which numbers refer. The number of `OTHERS` is `MAX_VALUES`. */
  readonly values: readonly string[]
  /**
   * Readings in order of time: for each its time, in milliseconds since the start of the open minute, and the number of its value.
   * The first one may be older: its value holds at the start of the closed minute.
   */
  readonly points: readonly number[]
  /** Time since which the value of the first point holds, in milliseconds since the epoch. */
  readonly sinceMs: number
  /** Number of published revisions of the minute before the open one; absent if there are none. */
  readonly revision?: number
  /** Time in each value, in milliseconds, before the minute that is closed but can still change. */
  readonly hour: Buckets
  readonly day: Buckets
}

/** Value at an instant; undefined if it is unknown. */
export interface HeldValue {
  readonly value?: string
  /** Time since which it holds, or has been unknown, in milliseconds since the epoch. */
  readonly sinceMs: number
}

/** Time in each value between two instants, in milliseconds. In the rest of the period, the value is unknown. */
export interface TimeInValues {
  readonly fromMs: number
  readonly toMs: number
  readonly ms: Readonly<Record<string, number>>
}

/** Time in each value in a range, and the value at its end. */
export interface StateSpan extends TimeInValues {
  /** Null if it is unknown. */
  readonly value: string | null
}

/** A closed minute, or several in which one value only held, with the value at its end. */
export interface ClosedMinutes extends TimeInValues, HeldValue {
  readonly revision: number
}

export interface TimesStep {
  readonly reason: 'counted' | 'window-closed' | 'window-revised' | 'late'
  readonly times: StateTimes
  /** Minutes to publish. */
  readonly closed: readonly ClosedMinutes[]
  /** Time at which a timer has to close the minutes of a silent entity; absent if the timer that is set is right. */
  readonly silentAtMs?: number
}

/** Returns the maximum time for which a value of a family's states holds without a further reading. */
export function getHoldMs({ activity }: Pick<Family, 'activity'>): number {
  return activity.silentAfterMs ?? DEFAULT_HOLD_MS
}

/**
 * Adds a reading.
 *
 * @param stored times before the reading; undefined for the first reading of the state
 * @param timeMs event time, in milliseconds since the epoch
 */
export function addStateReading(
  stored: StateTimes | undefined,
  value: string,
  timeMs: number,
  holdMs: number,
): TimesStep {
  const minute = Math.floor(timeMs / MINUTE_MS)
  // One timer a minute is enough: it may fire up to a minute after the value has ceased to hold, and knows when that was.
  const timer = { silentAtMs: (minute + 1) * MINUTE_MS + holdMs }
  if (!stored) {
    const first = {
      count: 1,
      holdMs,
      open: minute,
      values: [],
      points: [],
      sinceMs: timeMs,
      hour: [],
      day: [],
    }
    return { reason: 'counted', times: insertPoint(first, value, timeMs), closed: [], ...timer }
  }
  const count = stored.count + 1
  if (minute < stored.open - 1)
    return { reason: 'late', times: { ...stored, count, late: (stored.late ?? 0) + 1 }, closed: [] }
  const before = { ...stored, count, holdMs }
  const lastMs = getLastReadingMs(before)
  const isTimed = timeMs <= lastMs || (minute === Math.floor(lastMs / MINUTE_MS) && minute === before.open)
  const { times: advanced, closed } = closeMinutes(before, minute)
  const times = insertPoint(advanced, value, timeMs)
  const step = { times, closed, ...(!isTimed && timer) }
  if (minute > before.open) return { reason: 'window-closed', ...step }
  if (minute === before.open) return { reason: 'counted', ...step }
  const revision = (before.revision ?? 0) + 1
  const revised = describeMinutes(times, minute, minute + 1, revision)
  return { ...step, reason: 'window-revised', times: { ...times, revision }, closed: [revised] }
}

/** Closes all minutes in which the newest value of a silent entity has held. `endMs` is the time at which it ceased to hold. */
export function closeSilent(
  times: StateTimes,
): Pick<TimesStep, 'times' | 'closed'> & { readonly endMs: number } {
  const endMs = getLastReadingMs(times) + times.holdMs
  return { ...closeMinutes(times, Math.ceil(endMs / MINUTE_MS)), endMs }
}

/**
 * Returns the newest value. It is unknown once it has ceased to hold.
 *
 * @param nowMs current time. The log learns of silence later; without this time, the newest value is that of the log.
 */
export function getNewestValue(
  times: StateTimes,
  nowMs = Number.NEGATIVE_INFINITY,
): HeldValue & { readonly lastMs: number } {
  const lastMs = getLastReadingMs(times)
  const endMs = lastMs + times.holdMs
  const isKnown = Math.max(times.open * MINUTE_MS, nowMs) < endMs
  return { ...(isKnown ? describePoint(times, findIndex(times)) : { sinceMs: endMs }), lastMs }
}

/**
 * Returns the time in each value in the last hour or day before the newest reading or, if it is later, the end of the last closed
 * minute. The period begins with one of its parts, so it can be longer by the length of a part.
 */
export function sumPeriod(times: StateTimes, period: keyof typeof PERIODS): TimeInValues {
  const { partMs, lengthMs } = PERIODS[period]
  const toMs = Math.max(getLastReadingMs(times), times.open * MINUTE_MS)
  const fromMs = Math.floor((toMs - lengthMs) / partMs) * partMs
  const sums = measure(times, Math.max(fromMs, startOfClosed(times)), toMs)
  for (const [part, ...parts] of times[period])
    if ((part as number) * partMs >= fromMs)
      for (const [number, ms] of parts.entries()) sums[number] = (sums[number] ?? 0) + ms
  return { fromMs, toMs, ms: nameValues(times, sums) }
}

/** Returns the stretches since the start of the open minute in which one value held, the last one as long as it can hold. */
export function listOpenSpans(times: StateTimes): StateSpan[] {
  const spans: StateSpan[] = []
  eachStretch(times, times.open * MINUTE_MS, Number.POSITIVE_INFINITY, (number, fromMs, toMs) => {
    const value = times.values[number] ?? OTHERS
    spans.push({ fromMs, toMs, ms: Object.fromEntries([[value, toMs - fromMs]]), value })
  })
  return spans
}

/** Closes all minutes before this one, which becomes the open one. */
function closeMinutes(times: StateTimes, open: number): Pick<TimesStep, 'times' | 'closed'> {
  if (open <= times.open) return { times, closed: [] }
  const endMs = getLastReadingMs(times) + times.holdMs
  const ranges: [from: number, to: number][] = []
  const isKnown = (minute: number) => minute * MINUTE_MS < endMs
  if (isKnown(times.open)) ranges.push([times.open, times.open + 1])
  // No range contains the last minute, which can still change, nor the end of an hour: the sums of an hour are those of its ranges.
  const heldUntil = Math.min(open - 1, Math.floor(endMs / MINUTE_MS))
  let minute = times.open + 1
  while (minute < heldUntil) {
    const next = Math.min(heldUntil, (Math.floor(minute / HOUR_MINUTES) + 1) * HOUR_MINUTES)
    ranges.push([minute, next])
    minute = next
  }
  for (; minute < open && isKnown(minute); minute += 1) ranges.push([minute, minute + 1])
  const closed = ranges.map(([from, to]) => describeMinutes(times, from, to, 1))
  return { times: settle(times, open, ranges.at(-1)?.[1] === open ? 1 : undefined), closed }
}

/** Moves the open minute. The time before the minute that is closed but can still change is added to the sums. */
function settle(
  { revision: _, ...times }: StateTimes,
  open: number,
  revision: number | undefined,
): StateTimes {
  const boundaryMs = (open - 1) * MINUTE_MS
  let { hour, day } = times
  eachStretch(times, startOfClosed(times), boundaryMs, (number, startMs, endMs) => {
    hour = addToBuckets(hour, PERIODS.hour, number, startMs, endMs)
    day = addToBuckets(day, PERIODS.day, number, startMs, endMs)
  })
  const first = Math.max(0, findIndex(times, boundaryMs + 1))
  const movedMs = (open - times.open) * MINUTE_MS
  const points = times.points.slice(first * 2).map((part, at) => (at % 2 === 0 ? part - movedMs : part))
  const { sinceMs } = describePoint(times, first)
  return { ...times, open, points, sinceMs, ...(revision && { revision }), hour, day }
}

/** Adds the time between two instants, in which a value held, to the parts of a period. Parts before the period are removed. */
function addToBuckets(
  buckets: Buckets,
  { partMs, lengthMs }: (typeof PERIODS)[keyof typeof PERIODS],
  number: number,
  startMs: number,
  endMs: number,
): Buckets {
  const lastPart = Math.floor((endMs - 1) / partMs)
  const firstPart = lastPart - lengthMs / partMs
  const next = buckets.filter(([part]) => part >= firstPart)
  for (let part = Math.max(firstPart, Math.floor(startMs / partMs)); part <= lastPart; part += 1) {
    const ms = Math.min(endMs, (part + 1) * partMs) - Math.max(startMs, part * partMs)
    const last = next.at(-1)
    const sums = last?.[0] === part ? last.slice(1) : []
    while (sums.length <= number) sums.push(0)
    next.splice(last?.[0] === part ? -1 : next.length, 1, [
      part,
      ...sums.with(number, (sums[number] ?? 0) + ms),
    ])
  }
  return next
}

function insertPoint(times: StateTimes, value: string, timeMs: number): StateTimes {
  const [number, values] = numberValue(times, value)
  const at = timeMs - times.open * MINUTE_MS
  const before = findIndex(times, timeMs + 1)
  // Of several readings at one time, the last one in the log counts.
  const replaced = before >= 0 && times.points[before * 2] === at ? 1 : 0
  const index = before + 1 - replaced
  const points = times.points.toSpliced(index * 2, replaced * 2, at, number)
  const isSame = replaced === 1 && times.points[before * 2 + 1] === number
  return {
    ...times,
    values,
    points: thinOut(points, Math.floor(at / MINUTE_MS)),
    ...(index === 0 && !isSame && { sinceMs: timeMs }),
  }
}

/** Leaves out the reading that changes the times least, if a minute has too many. @param minute relative to the open one */
function thinOut(points: readonly number[], minute: number): readonly number[] {
  const count = points.length / 2
  if (count <= MAX_POINTS) return points
  const isInMinute = (point: number) => Math.floor((points[point * 2] as number) / MINUTE_MS) === minute
  let inMinute = 0
  let least: readonly [index: number, changedMs: number, gapMs: number] | undefined
  for (let point = 0; point < count; point += 1) {
    if (!isInMinute(point)) continue
    inMinute += 1
    // The first and the last point decide what holds before and after the others.
    if (point === 0 || point === count - 1) continue
    const [beforeAt, before, at, value, nextAt] = points.slice(point * 2 - 2, point * 2 + 3) as [
      number,
      number,
      number,
      number,
      number,
    ]
    const changedMs = before === value ? 0 : nextAt - at
    const gapMs = nextAt - beforeAt
    if (!least || changedMs < least[1] || (changedMs === least[1] && gapMs < least[2]))
      least = [point, changedMs, gapMs]
  }
  return inMinute > MAX_POINTS && least ? points.toSpliced(least[0] * 2, 2) : points
}

/** Returns the number of a value, and the values with it. A value that nothing refers to any more makes room for it. */
function numberValue(times: StateTimes, value: string): [number: number, values: readonly string[]] {
  const { values, points, hour, day } = times
  const known = values.indexOf(value)
  if (known >= 0) return [known, values]
  if (value.length > MAX_VALUE_LENGTH) return [MAX_VALUES, values]
  if (values.length < MAX_VALUES) return [values.length, [...values, value]]
  const used = new Set(points.filter((_, at) => at % 2 === 1))
  for (const [, ...sums] of [...hour, ...day])
    for (const [number, ms] of sums.entries()) if (ms > 0) used.add(number)
  const free = values.findIndex((_, number) => !used.has(number))
  return free < 0 ? [MAX_VALUES, values] : [free, values.with(free, value)]
}

/** Returns the content of the event about minutes. @param from first minute @param to minute after the last one */
function describeMinutes(times: StateTimes, from: number, to: number, revision: number): ClosedMinutes {
  const [fromMs, toMs] = [from * MINUTE_MS, to * MINUTE_MS]
  const last = findIndex(times, toMs)
  const endMs = getTimeMs(times, last) + times.holdMs
  const held = endMs > toMs ? describePoint(times, last) : { sinceMs: endMs }
  return { fromMs, toMs, ms: nameValues(times, measure(times, fromMs, toMs)), revision, ...held }
}

/** Returns the value of a point, and since when it has held without an interruption. */
function describePoint(times: StateTimes, point: number): Required<HeldValue> {
  const number = times.points[point * 2 + 1] as number
  let first = point
  while (
    first > 0 &&
    times.points[first * 2 - 1] === number &&
    getTimeMs(times, first) - getTimeMs(times, first - 1) <= times.holdMs
  )
    first -= 1
  const sinceMs = first === 0 ? times.sinceMs : getTimeMs(times, first)
  return { value: times.values[number] ?? OTHERS, sinceMs }
}

/** Returns the time in each value by its number, in milliseconds. */
function measure(times: StateTimes, fromMs: number, toMs: number): number[] {
  const sums: number[] = []
  eachStretch(times, fromMs, toMs, (number, startMs, endMs) => {
    sums[number] = (sums[number] ?? 0) + endMs - startMs
  })
  return sums
}

/** Visits each stretch of a period in which a value held. */
function eachStretch(
  times: StateTimes,
  fromMs: number,
  toMs: number,
  visit: (number: number, startMs: number, endMs: number) => void,
): void {
  for (let point = 0; point * 2 < times.points.length; point += 1) {
    const timeMs = getTimeMs(times, point)
    const startMs = Math.max(fromMs, timeMs)
    const endMs = Math.min(toMs, timeMs + times.holdMs, getTimeMs(times, point + 1))
    if (endMs > startMs) visit(times.points[point * 2 + 1] as number, startMs, endMs)
  }
}

function nameValues({ values }: StateTimes, sums: readonly number[]): Readonly<Record<string, number>> {
  // A value may have the name of a property that all objects have, such as `__proto__`, which `fromEntries` adds like any other.
  return Object.fromEntries(
    [...sums.entries()].flatMap(([number, ms = 0]) => (ms > 0 ? [[values[number] ?? OTHERS, ms]] : [])),
  )
}

/** Returns the index of the last point before a time; -1 if there is none. */
function findIndex(times: StateTimes, beforeMs = Number.POSITIVE_INFINITY): number {
  let point = times.points.length / 2 - 1
  while (point >= 0 && getTimeMs(times, point) >= beforeMs) point -= 1
  return point
}

/** Returns the time of a point in milliseconds since the epoch; infinity after the last one. */
function getTimeMs({ open, points }: StateTimes, point: number): number {
  return open * MINUTE_MS + (points[point * 2] ?? Number.POSITIVE_INFINITY)
}

/** Returns the event time of the newest reading, in milliseconds since the epoch. */
export function getLastReadingMs(times: StateTimes): number {
  return getTimeMs(times, findIndex(times))
}

/** Returns the start of the minute that is closed but can still change. */
function startOfClosed({ open }: StateTimes): number {
  return (open - 1) * MINUTE_MS
}
