import { compileAlternatives, compileFields, type Matcher, PatternError } from './filter-pattern.ts'
import { isObject, show } from './values.ts'

/** One of the patterns of `filterPatterns`. Rule 37. */
export interface Filter {
  /** What its pattern of `value` is written for; `anything` has none. Rule 38. */
  readonly on: FilterData['form'] | 'anything'
  readonly matches: Matcher
}

/** The data of a value as a filter sees it. */
export type FilterData = { readonly form: 'json' | 'text'; readonly data: unknown }

/** A filter's pattern as it is written into the template. */
const MAX_PATTERN_CHARACTERS = 4_096

const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads one pattern. Only `value` can be filtered (rule 37): a list under it is a pattern for plain texts, a map one
 * for JSON.
 *
 * @throws PatternError
 */
export function readFilter(pattern: unknown): Filter {
  if (!isObject(pattern)) throw new PatternError(`it must be a map, not ${show(pattern)}`)
  const other = Object.keys(pattern).find(key => key !== 'value')
  if (other !== undefined)
    throw new PatternError(`${other} cannot be filtered: of a Kafka record only value can`)
  if (JSON.stringify(pattern).length > MAX_PATTERN_CHARACTERS)
    throw new PatternError(`it is longer than ${MAX_PATTERN_CHARACTERS} characters`)
  const { value } = pattern
  if (value === undefined) return { on: 'anything', matches: () => true }
  return Array.isArray(value)
    ? { on: 'text', matches: compileAlternatives(value, 'value') }
    : { on: 'json', matches: compileFields(value, 'value') }
}

/**
 * Whether a record is delivered. Filters are ORed, and none at all admits every record (rule 37). Where the form of
 * the value and that of the pattern differ, and where the value is no text, the pattern does not filter (rules 38,
 * 40): such a record is delivered.
 */
export function admits(filters: readonly Filter[], data: FilterData | undefined): boolean {
  return filters.length === 0 || filters.some(({ on, matches }) => on !== data?.form || matches(data.data))
}

/**
 * The data of a value: JSON where it is an object or a list, a text where it is any other UTF-8, nothing where it is
 * neither or there is none. A lone number or `true` is a text: as such it can be filtered by its characters.
 */
export function filterData(value: Buffer | null): FilterData | undefined {
  const text = value && decoded(value)
  if (text == null) return undefined
  const json = /^\s*[[{]/.test(text) ? parsed(text) : undefined
  return json === undefined ? { form: 'text', data: text } : { form: 'json', data: json }
}

function decoded(value: Buffer): string | undefined {
  try {
    return UTF_8.decode(value)
  } catch {
    return undefined
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
