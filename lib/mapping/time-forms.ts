/** Rewrites times of other programs to the usual form, and explains why others are not times. Pure. */

/** Basic format of ISO 8601. */
const BASIC = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})/
/** Date of HTTP and of emails, which has a zone after the time of day. */
const WORDED = /^(?:[A-Z][a-z]{2}, )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (?=[\d:]+ \S)/
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
/** Begin of a month's name, in English and similar languages. */
const MONTH_WORD = /(?<!\p{L})(?:jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])/iu

/** Returns a text with date and time of day in the order of RFC 3339. Other texts stay as they are. */
export function toUsualForm(text: string): string {
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
export function describeUnread(value: unknown): string {
  if (Array.isArray(value))
    return 'is a list: name an element of it, or let its producer write a text such as 2026-01-31T13:45:00Z (Jackson: without WRITE_DATES_AS_TIMESTAMPS)'
  if (typeof value === 'object' && value !== null) return 'is an object: name the field in it with the time'
  if (typeof value !== 'string') return 'is neither a text nor a number'
  if (hasMonthWord(value))
    return 'has the month in words, which is read in dates of HTTP alone (Sat, 31 Jan 2026 13:45:00 GMT): let its producer write 2026-01-31T13:45:00Z'
  return 'is not a date with a time of day'
}
