import { pipe, rawTransform, unknown } from 'valibot'
import { isObject, show } from '../support/values.ts'
import { compileAlternatives, compileFields, type Matcher, PatternError } from './filter-pattern.ts'

/** One of the patterns of `filterPatterns`. Rule 37. */
export interface Filter {
  /** The kind of value that its pattern applies to; `anything` means that it has no pattern. Rule 38. */
  readonly on: FilterData['form'] | 'anything'
  readonly matches: Matcher
}

export type FilterData = { readonly form: 'json' | 'text'; readonly data: unknown }

/** The limit applies to the pattern as written into the template. */
const MAX_PATTERN_CHARACTERS = 4_096

const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export const FILTER = pipe(
  unknown(),
  rawTransform<unknown, Filter>(({ dataset, addIssue, NEVER }) => {
    try {
      return readFilter(dataset.value)
    } catch (error) {
      if (!(error instanceof PatternError)) throw error
      addIssue({ message: `is not a valid pattern: ${error.message}` })
      return NEVER
    }
  }),
)

/** Reads one pattern: a list is for plain text, a map for JSON. Only `value` can be filtered (rule 37). @throws PatternError */
export function readFilter(pattern: unknown): Filter {
  if (!isObject(pattern)) throw new PatternError(`it must be a map, not ${show(pattern)}`)
  const other = Object.keys(pattern).find(key => key !== 'value')
  if (other !== undefined)
    throw new PatternError(`${other} cannot be filtered: only the value of a Kafka record can`)
  if (JSON.stringify(pattern).length > MAX_PATTERN_CHARACTERS)
    throw new PatternError(`it is longer than ${MAX_PATTERN_CHARACTERS} characters`)
  const { value } = pattern
  if (value === undefined) return { on: 'anything', matches: () => true }
  return Array.isArray(value)
    ? { on: 'text', matches: compileAlternatives(value, 'value') }
    : { on: 'json', matches: compileFields(value, 'value') }
}

/** Returns whether a filter admits a record (rules 37, 38, 40). A pattern applies to its own kind only: other values are delivered. */
export function admits(filters: readonly Filter[], data: FilterData | undefined): boolean {
  return filters.length === 0 || filters.some(({ on, matches }) => on !== data?.form || matches(data.data))
}

/** Classifies a value: an object or a list is JSON, any other UTF-8 is text (also a bare number), and anything else is undefined. */
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
