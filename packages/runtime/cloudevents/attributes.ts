/** Checks for the rules of CloudEvents 1.0 about context attributes ("Context Attributes", "Type System"). */
import type { Event } from '../consumer/event.ts'
import { isMediaType } from './media-type.ts'

const ATTRIBUTE_NAME = /^[a-z0-9]+$/
// String: no control characters, no noncharacters, no unpaired surrogates ("Type System").
const FORBIDDEN = /\p{Cc}|\p{Noncharacter_Code_Point}/u
const PRINTABLE_ASCII = /^[ -~]*$/
// RFC 3339, 5.6: the time zone is required. 5.7: ranges that the grammar does not restrict, except for the days of a month.
const RFC_3339 =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])[Tt](?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/

const REQUIRED = ['specversion', 'id', 'source', 'type'] as const

/** Attributes of one event by name, each in its canonical string form. */
export type Attributes = ReadonlyMap<string, string>

/** Returns a description of the first violated rule, without attribute values; undefined if all attributes are valid. */
export function attributeViolation(attributes: Attributes): string | undefined {
  for (const name of REQUIRED) if (!attributes.get(name)) return describeMissing(name => attributes.get(name))
  let broken: string | undefined
  // An iterator would allocate an array for each attribute.
  attributes.forEach((value, name) => {
    broken ??= brokenRule(name, value)
  })
  return broken
}

/**
 * Returns a description of the first violated rule of an event, like `attributeViolation`.
 *
 * @param extensions extensions to check; by default, those of the event
 */
export function eventViolation(event: Event, extensions = event.extensions): string | undefined {
  if (!event.id || !event.source || !event.type)
    return describeMissing(name => (name === 'specversion' ? '1.0' : event[name]))
  return findBrokenRule(event, OTHER_MEMBERS) ?? (extensions && findBrokenRule(extensions))
}

/** Members of an event that are not attributes. */
const OTHER_MEMBERS: readonly string[] = ['data', 'extensions'] satisfies (keyof Event)[]

function findBrokenRule(attributes: object, except: readonly string[] = []): string | undefined {
  for (const name of Object.keys(attributes)) {
    const value = (attributes as Readonly<Record<string, string | null | undefined>>)[name]
    const isAbsent = value === undefined || value === null || except.includes(name)
    const broken = isAbsent ? undefined : brokenRule(name, value)
    if (broken) return broken
  }
  return undefined
}

function describeMissing(find: (name: (typeof REQUIRED)[number]) => string | undefined): string {
  const names = REQUIRED.filter(name => !find(name)).map(name => `"${name}"`)
  return `required attribute ${names.join(', ')} is missing or empty`
}

function brokenRule(name: string, value: string): string | undefined {
  const rule = RULES.get(name)
  if (!rule && (!ATTRIBUTE_NAME.test(name) || name === 'data'))
    return `"${printable(name)}" is not an attribute name: only a-z and 0-9 are allowed`
  const broken = typeof value === 'string' ? (rule ?? ofText)(value) : 'is not a string'
  return broken && `"${name}" ${broken}`
}

/**
 * Check of an attribute value. Returns a phrase about the error that can follow the attribute's name; undefined if the value is
 * valid.
 */
type Rule = (value: string) => string | undefined

const ofText: Rule = value =>
  // Check for printable ASCII first: nearly all values pass this check, and it takes a tenth of the time.
  !PRINTABLE_ASCII.test(value) && (FORBIDDEN.test(value) || !value.isWellFormed())
    ? 'contains characters that a CloudEvents string must not contain'
    : undefined

function nonEmpty(value: string): string | undefined {
  return value === '' ? 'is empty' : ofText(value)
}

/**
 * Returns a rule for a pattern. Text that matches cannot contain forbidden characters, so these are searched only after a mismatch.
 */
function fits(pattern: (value: string) => boolean, broken: string): Rule {
  return value => (pattern(value) ? undefined : (nonEmpty(value) ?? broken))
}

/** Returns the check with a cache of the last valid value, because most events of a topic have the same values. */
function remembering(check: (value: string) => boolean): (value: string) => boolean {
  let passed: string | undefined
  return value => {
    if (value === passed) return true
    if (!check(value)) return false
    passed = value
    return true
  }
}

const RULES: ReadonlyMap<string, Rule> = new Map([
  ['specversion', fits(value => value === '1.0', 'is not 1.0')],
  ['id', ofText],
  ['type', ofText],
  ['source', fits(remembering(isUriReference), 'is not a URI-reference')],
  ['subject', nonEmpty],
  // Extension attribute of CloudEvents "Partitioning".
  ['partitionkey', nonEmpty],
  ['traceparent', ofText],
  ['time', fits(isTimestamp, 'is not an RFC 3339 time with a time zone')],
  ['dataschema', fits(remembering(isAbsoluteUri), 'is not an absolute URI')],
  ['datacontenttype', fits(remembering(isMediaType), 'is not a media type')],
])

/** Last second before a leap second, in UTC. RFC 3339, appendix D: they are inserted at the end of June or December. */
const BEFORE_LEAP = /-(?:06-30|12-31)T23:59:59/

/** Checks RFC 3339, 5.6 and 5.7, including ranges that the grammar does not restrict, such as the days of a month. */
export function isTimestamp(value: string): boolean {
  if (!RFC_3339.test(value)) return false
  if (value.startsWith('60', 17) && !BEFORE_LEAP.test(new Date(parseTime(value) - 1000).toISOString()))
    return false
  const day = Number(value.slice(8, 10))
  return day <= 28 || day <= countDaysInMonth(Number(value.slice(0, 4)), Number(value.slice(5, 7)))
}

function countDaysInMonth(year: number, month: number): number {
  // `Date.UTC` interprets the years 0 to 99 as 1900 to 1999. The calendar repeats every 400 years, so a later year is used.
  return new Date(Date.UTC(year + 400, month, 0)).getUTCDate()
}

/** Converts a valid RFC 3339 time to milliseconds since the epoch. A leap second counts as the next second. */
export function parseTime(value: string): number {
  const parsed = Date.parse(value)
  return Number.isNaN(parsed) ? Date.parse(value.replace(/:60(?=[.\dZz+-])/, ':59')) + 1000 : parsed
}

function printable(name: string): string {
  return name.replace(/[^\x20-\x7e]/g, '?').slice(0, 40)
}

/** Returns a pattern for a sequence of these characters, with "%" only before two hex digits. */
function many(characters: string, least: '*' | '+' = '*'): string {
  return `(?:[${characters}]|%[0-9A-Fa-f]{2})${least}`
}

const NAME = String.raw`\w\-.~!$&'()*+,;=`
const PATH = `${NAME}:@/`
// RFC 3986, 3.2: userinfo, host and port. Brackets are allowed only around an IP address.
const AUTHORITY = String.raw`//(?:${many(`${NAME}:`)}@)?(?:\[[0-9A-Fa-f:.]+\]|\[[vV][0-9A-Fa-f]+\.[${NAME}:]+\]|${many(NAME)})(?::\d*)?(?:/${many(PATH)})?`
const ABSOLUTE_PATH = `/(?!/)${many(PATH)}`
const SCHEME = '[A-Za-z][A-Za-z0-9+\\-.]*:'
// RFC 3986, 4.2: without a scheme, the first segment has no colon.
const RELATIVE_PATH = `${many(`${NAME}@`, '+')}(?:/${many(PATH)})?`
const END = String.raw`(?:\?${many(`${PATH}?`)})?(?:#${many(`${PATH}?`)})?$`

const URI = new RegExp(`^${SCHEME}(?:${AUTHORITY}|${ABSOLUTE_PATH}|(?!/)${many(PATH)})${END}`)
const RELATIVE_REFERENCE = new RegExp(`^(?:${AUTHORITY}|${ABSOLUTE_PATH}|${RELATIVE_PATH}|)${END}`)

/** Returns true for a URI or a relative reference (RFC 3986, 4.1). Empty text is rejected, because an attribute is never empty. */
export function isUriReference(text: string): boolean {
  return text !== '' && (RELATIVE_REFERENCE.test(text) || URI.test(text))
}

/** Returns true for a URI with a scheme. A fragment is allowed, as in the JSON Schema of CloudEvents. */
export function isAbsoluteUri(text: string): boolean {
  return URI.test(text)
}
