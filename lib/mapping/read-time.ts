/** Converts times in foreign records to RFC 3339. Never guesses a time zone or a unit. Pure. */
import { isTimestamp } from '#runtime/cloudevents'
import { isTimeZone, localOffsets, offsetText } from '../support/time-zones.ts'
import type { Epoch, Mapping, TimeSource } from './mapping.ts'

/** Basic format of ISO 8601. */
const BASIC = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})/
/** Date of HTTP and of emails, which has a zone after the time of day. */
const WORDED = /^(?:[A-Z][a-z]{2}, )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (?=[\d:]+ \S)/
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
/** Begin of a month's name, in English and similar languages. */
const MONTH_WORD = /(?<!\p{L})(?:jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])/iu

/**
 * Converted time, or an error message. The message completes a sentence that starts with the name of the field. It does not contain
 * the value.
 */
export type ReadTime = { readonly time: string } | { readonly problem: string }

const LOCAL_OR_ZONED =
  /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2})(:\d{2}(?:[.,]\d+)?)? ?(?:([Zz])|([+-]\d{2}):?(\d{2})?)?$/
/** Date that begins with the day. With points, no convention begins with the month. */
const DOTTED = /^(\d{2})\.(\d{2})\.(\d{4}) /
/** Such a time, and the name of its zone, in brackets or after a blank. Go repeats a numeric offset, and adds a monotonic clock. */
const WITH_ZONE_NAME =
  /^([-\d]{10}[Tt ][\d:.,]{5,} ?(?:[Zz]|[+-][\d:]{2,5})?) ?(?:\[!?([\w/:+-]+)\]|([A-Za-z]\w*\/[\w/+-]+|[A-Z]{3,5})|(?<=\d )[+-]\d{2,4})?(?: m=[+-]\d+\.\d+)?$/
/** Milliseconds since 1970, as .NET writes them. The offset says which local time it was. */
const DOT_NET = /^\/Date\((-?\d+)(?:[+-]\d{4})?\)\/$/
const NUMBER = /^-?\d+(\.\d+)?([eE]\+?\d+)?$/
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
  if (typeof value !== 'string') return { problem: describeUnread(value) }
  const text = value.trim().replace(DOTTED, '$3-$2-$1T')
  const match = LOCAL_OR_ZONED.exec(text)
  if (match) return ofText(match, source)
  if (NUMBER.test(text)) return ofNumber(LONG.test(text) ? BigInt(text) : Number(text), source)
  const ms = DOT_NET.exec(text)?.[1]
  if (ms !== undefined) return ofNumber(Number(ms), { epoch: 'ms' })
  const [, time = '', inBrackets, name = inBrackets] = WITH_ZONE_NAME.exec(toUsualForm(text)) ?? []
  const other = LOCAL_OR_ZONED.exec(time)
  return other ? ofText(other, source, name) : { problem: describeUnread(text) }
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

type Zoned = Pick<TimeSource, 'timeZone' | 'disambiguation'>
type Offset = { readonly offset: string } | { readonly problem: string }

const NOT_A_DAY = 'is a day or a time of day that does not exist'
const NO_ZONE =
  'names an unknown zone, or an abbreviation that several zones share: let its producer write an offset, or remove the name by a `pattern` and set `timeZone`'

function ofText(match: RegExpExecArray, source: Zoned, zoneName?: string): ReadTime {
  const [, date, minutes, seconds = ':00', utc, hours, rest = '00'] = match
  const local = `${date}T${minutes}${seconds.replace(',', '.')}`
  const offset = utc ? 'Z' : hours && `${hours}:${rest}`
  const zone = findOffset(local, source, offset, zoneName)
  if ('problem' in zone) return zone
  const time = `${local}${zone.offset}`
  return isTimestamp(time) ? { time } : { problem: NOT_A_DAY }
}

/** Returns the offset of a time. An offset beside the name of a zone must be one of this zone, unless it is Z. */
function findOffset(local: string, source: Zoned, offset?: string, name?: string): Offset {
  if (name === undefined) return offset ? { offset } : zoneAt(local, source)
  // Several zones have the same abbreviation, so it says nothing beside an offset, and not enough without.
  const isZone = /^(UTC|GMT)$|\//.test(name) && isTimeZone(name)
  if (!isZone && !offset) return { problem: NO_ZONE }
  if (!offset) return zoneAt(local, { ...source, timeZone: name }, 'its zone')
  if (offset === 'Z' || !isZone || !isLocalTime(local)) return { offset }
  const isOfZone = localOffsets(name, local).map(offsetText).includes(offset)
  return isOfZone ? { offset } : { problem: 'has an offset that its zone does not have at this time' }
}

/** Returns whether a day has this time in some zone. A leap second has another local time in each. */
function isLocalTime(local: string): boolean {
  return isTimestamp(`${local.replace(/:60(?=$|\.)/, ':59')}Z`)
}

/** Returns the offset from UTC that applies at a local time. @param shown the zone in messages */
function zoneAt(local: string, { timeZone, disambiguation }: Zoned, shown = timeZone): Offset {
  if (timeZone === undefined)
    return { problem: 'has no zone: set `timeZone` in the mapping, or let its producer write an offset' }
  if (/^(UTC|GMT|Z|\+00:00)$/i.test(timeZone)) return { offset: 'Z' }
  if (/^[+-]/.test(timeZone)) return { offset: timeZone }
  if (!isLocalTime(local)) return { problem: NOT_A_DAY }
  const offsets = localOffsets(timeZone, local)
  if (offsets.length === 0) return { problem: `does not exist in ${shown}: clocks were put forward` }
  if (offsets.length > 1 && disambiguation === undefined)
    return {
      problem: `occurs twice in ${shown}: clocks were put back, and the mapping has no disambiguation`,
    }
  const chosen = disambiguation === 'later' ? offsets.at(-1) : offsets[0]
  return { offset: offsetText(chosen as number) }
}

/** Returns a text with date and time of day in the order of RFC 3339. Other texts stay as they are. */
function toUsualForm(text: string): string {
  return text
    .replace(/ (?:UTC|GMT)(?=[+-]\d)/, ' ')
    .replace(BASIC, '$1-$2-$3T$4:$5:$6')
    .replace(WORDED, (whole, day: string, name: string, year) => {
      const month = MONTHS.indexOf(name) + 1
      return month === 0 ? whole : `${year}-${String(month).padStart(2, '0')}-${day.padStart(2, '0')}T`
    })
}

/** Returns whether a text has a month in words, and a time of day. */
function hasMonthWord(text: string): boolean {
  return /\d[:.]\d{2}/.test(text) && MONTH_WORD.test(text)
}

/** Returns the reason why a value is not a time, as `ReadTime` has it. */
function describeUnread(value: unknown): string {
  if (Array.isArray(value))
    return 'is a list: name an element of it, or let its producer write a text such as 2026-01-31T13:45:00Z (Jackson: without WRITE_DATES_AS_TIMESTAMPS)'
  if (typeof value === 'object' && value !== null) return 'is an object: name the field in it with the time'
  if (typeof value !== 'string') return 'is neither a text nor a number'
  if (hasMonthWord(value))
    return 'has the month in words, which is read in dates of HTTP alone (Sat, 31 Jan 2026 13:45:00 GMT): let its producer write 2026-01-31T13:45:00Z'
  return 'is not a date with a time of day'
}
