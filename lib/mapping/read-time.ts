/** Converts times in foreign records to RFC 3339. Never guesses a time zone or a unit. Pure. */
import { isTimestamp } from '#runtime/cloudevents/index.ts'
import { localOffsets, offsetText } from '../support/time-zones.ts'
import type { Epoch, Mapping, TimeSource } from './mapping.ts'

/**
 * Converted time, or an error message. The message completes a sentence that starts with the name of the field. It does not contain
 * the value.
 */
export type ReadTime = { readonly time: string } | { readonly problem: string }

const LOCAL_OR_ZONED =
  /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2})(:\d{2}(?:[.,]\d+)?)? ?(?:([Zz])|([+-]\d{2}):?(\d{2})?)?$/
/** Date that begins with the day. With points, no convention begins with the month. */
const DOTTED = /^(\d{2})\.(\d{2})\.(\d{4}) /
const NUMBER = /^-?\d+(\.\d+)?$/
/** Matches an integer that a double might not represent exactly. */
const LONG = /^-?\d{16,20}$/
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z')
const FIRST_MS = Date.parse('0000-01-01T00:00:00.000Z')

/**
 * Converts the value of a field to a time.
 *
 * @param value value of the field; if a pattern is configured, the part that matches it
 */
export function readTime(value: unknown, source: Omit<TimeSource, 'from' | 'pattern'>): ReadTime {
  if (typeof value === 'number' || typeof value === 'bigint') return ofNumber(value, source)
  if (typeof value !== 'string') return { problem: 'is neither a text nor a number' }
  const text = value.trim()
  const match = LOCAL_OR_ZONED.exec(text.replace(DOTTED, '$3-$2-$1T'))
  if (match) return ofText(match, source)
  if (!NUMBER.test(text)) return { problem: 'is not a date with a time of day' }
  return ofNumber(LONG.test(text) ? BigInt(text) : Number(text), source)
}

/** Returns a mapping that reads times without a zone in this one, where it has none. Of an hour that occurs twice, it is the earlier. */
export function inZone<Mapped extends Pick<Mapping, 'times'>>(mapped: Mapped, timeZone: string): Mapped {
  const times = mapped.times.map(source =>
    source === 'record' || source.timeZone !== undefined
      ? source
      : { ...source, timeZone, disambiguation: 'earlier' as const },
  )
  return { ...mapped, times }
}

/** Functions that convert a number to milliseconds. They use only exact numbers, because factors such as 1/1000 are not exact. */
const IN_MS: Readonly<Record<Epoch, (value: number) => number>> = {
  s: value => value * 1000,
  ms: value => value,
  us: value => value / 1000,
  ns: value => value / 1_000_000,
}

/** Number of units in a millisecond, for units of which a double may not represent the number since 1970 exactly. */
const PER_MS: Readonly<Partial<Record<Epoch, bigint>>> = { us: 1_000n, ns: 1_000_000n }

function ofNumber(value: number | bigint, { epoch }: Pick<TimeSource, 'epoch'>): ReadTime {
  if (epoch === undefined) return { problem: 'is a number, and the mapping has no epoch that says its unit' }
  const ms = inMs(typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value, epoch)
  // If milliseconds are interpreted as seconds, the result is far beyond the year 9999.
  if (!(ms >= FIRST_MS && ms <= LAST_MS)) return { problem: 'is not between the years 0 and 9999' }
  return { time: new Date(ms).toISOString() }
}

/** Rounds to milliseconds. An integer is divided exactly. */
function inMs(value: number | bigint, epoch: Epoch): number {
  const perMs = PER_MS[epoch]
  if (typeof value === 'number' || perMs === undefined) return Math.round(IN_MS[epoch](Number(value)))
  return Number(value / perMs) + Math.round(Number(value % perMs) / Number(perMs))
}

function ofText(match: RegExpExecArray, source: Pick<TimeSource, 'timeZone' | 'disambiguation'>): ReadTime {
  const [, date, minutes, seconds = ':00', utc, hours, rest = '00'] = match
  const local = `${date}T${minutes}${seconds.replace(',', '.')}`
  const zone =
    utc === undefined && hours === undefined
      ? zoneAt(local, source)
      : { offset: utc ? 'Z' : `${hours}:${rest}` }
  if ('problem' in zone) return zone
  const time = `${local}${zone.offset}`
  return isTimestamp(time) ? { time } : { problem: 'is a day or a time of day that does not exist' }
}

/** Returns the offset from UTC that applies at a local time. */
function zoneAt(
  local: string,
  { timeZone, disambiguation }: Pick<TimeSource, 'timeZone' | 'disambiguation'>,
): { readonly offset: string } | { readonly problem: string } {
  if (timeZone === undefined) return { problem: 'has no zone, and the mapping has no timeZone' }
  if (/^(UTC|Z|\+00:00)$/i.test(timeZone)) return { offset: 'Z' }
  if (/^[+-]/.test(timeZone)) return { offset: timeZone }
  if (!isTimestamp(`${local}Z`)) return { problem: 'is a day or a time of day that does not exist' }
  const offsets = localOffsets(timeZone, local)
  if (offsets.length === 0) return { problem: `does not exist in ${timeZone}: clocks were put forward` }
  if (offsets.length > 1 && disambiguation === undefined)
    return {
      problem: `occurs twice in ${timeZone}: clocks were put back, and the mapping has no disambiguation`,
    }
  const chosen = disambiguation === 'later' ? offsets.at(-1) : offsets[0]
  return { offset: offsetText(chosen as number) }
}
