/** The rules of CloudEvents 1.0 for context attributes ("Context Attributes", "Type System"), as checks. */

const NAME = /^[a-z0-9]+$/
// String: no control characters, no noncharacters, no unpaired surrogates ("Type System").
const FORBIDDEN = /\p{Cc}|\p{Noncharacter_Code_Point}/u
// RFC 3986, 4.1: the characters a URI-reference may hold, "%" only before two hex digits.
const URI_REFERENCE = /^(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+$/
const ABSOLUTE_URI = /^[A-Za-z][A-Za-z0-9+\-.]*:/
// RFC 3339, 5.6: the zone is not optional.
const RFC_3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(\.\d+)?(?:[Zz]|[+-](\d{2}):(\d{2}))$/
// RFC 2046: type "/" subtype, then parameters.
const MEDIA_TYPE = /^[A-Za-z0-9!#$&\-^_.+]+\/[A-Za-z0-9!#$&\-^_.+]+\s*(?:;.*)?$/

const REQUIRED = ['specversion', 'id', 'source', 'type'] as const

/** The attributes of one event by name, all in their canonical string form. */
export type Attributes = ReadonlyMap<string, string>

/** The first rule that the attributes break, in words that name the attribute and not its value; undefined if none. */
export function attributeFault(attributes: Attributes): string | undefined {
  const missing = REQUIRED.filter(name => !attributes.get(name))
  if (missing.length > 0)
    return `required attribute ${missing.map(name => `"${name}"`).join(', ')} is missing or empty`
  for (const [name, value] of attributes) {
    const broken = brokenRule(name, value)
    if (broken) return broken
  }
  return undefined
}

function brokenRule(name: string, value: string): string | undefined {
  if (!NAME.test(name) || name === 'data')
    return `"${printable(name)}" is no attribute name: only a-z and 0-9`
  if (FORBIDDEN.test(value) || !value.isWellFormed())
    return `"${name}" holds characters that a CloudEvents string may not have`
  return Object.hasOwn(RULES, name) ? RULES[name]?.(value) : undefined
}

const RULES: Readonly<Record<string, (value: string) => string | undefined>> = {
  specversion: value => (value === '1.0' ? undefined : '"specversion" is not 1.0'),
  source: value => (URI_REFERENCE.test(value) ? undefined : '"source" is not a URI-reference'),
  subject: value => (value === '' ? '"subject" is empty' : undefined),
  time: value => (isTimestamp(value) ? undefined : '"time" is not an RFC 3339 time with a zone'),
  dataschema: value =>
    URI_REFERENCE.test(value) && ABSOLUTE_URI.test(value) ? undefined : '"dataschema" is not an absolute URI',
  datacontenttype: value => (MEDIA_TYPE.test(value) ? undefined : '"datacontenttype" is not a media type'),
}

/** RFC 3339, 5.6 and 5.7: also the ranges that the grammar leaves open, days of the month among them. */
export function isTimestamp(value: string): boolean {
  const match = RFC_3339.exec(value)
  if (!match) return false
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const zoneHour = Number(match[8] ?? 0)
  const zoneMinute = Number(match[9] ?? 0)
  const days = new Date(Date.UTC(year, month, 0)).getUTCDate()
  return (
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= days &&
    hour <= 23 &&
    minute <= 59 &&
    second <= 60 &&
    zoneHour <= 23 &&
    zoneMinute <= 59
  )
}

/** Milliseconds since the epoch of an RFC 3339 time that passed the check; a leap second counts as the next second. */
export function parseTime(value: string): number {
  const parsed = Date.parse(value)
  return Number.isNaN(parsed) ? Date.parse(value.replace(/:60(?=[.\dZz+-])/, ':59')) + 1000 : parsed
}

function printable(name: string): string {
  return name.replace(/[^\x20-\x7e]/g, '?').slice(0, 40)
}
