import { pipe, rawTransform, unknown } from 'valibot'
import { isObject, show } from '../support/config-values.ts'
import { compileAlternatives, compileFields, type Matcher, PatternError } from './filter-pattern.ts'

/** Compiled pattern of `filterPatterns`. See rule 37 in `RULES.md`. */
export interface Filter {
  /** Kind of value to which the pattern applies; `anything` if there is no pattern. See rule 38 in `RULES.md`. */
  readonly on: FilterData['form'] | 'anything'
  readonly matches: Matcher
}

export type FilterData = { readonly form: 'json' | 'text'; readonly data: unknown }

/** Maximum length of a pattern in the template, in characters. */
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

/**
 * Reads a pattern. A list applies to plain text, a map to JSON. Only `value` can be filtered (rule 37 in `RULES.md`).
 *
 * @throws PatternError
 */
export function readFilter(pattern: unknown): Filter {
  if (!isObject(pattern)) throw new PatternError(`it must be a map, not ${show(pattern)}`)
  const other = Object.keys(pattern).find(key => key !== 'value')
  if (other !== undefined)
    throw new PatternError(`${other} cannot be filtered: only the value of a Kafka record can`)
  if (JSON.stringify(pattern).length > MAX_PATTERN_CHARACTERS)
    throw new PatternError(`it is longer than ${MAX_PATTERN_CHARACTERS} characters`)
  const { value } = pattern
  if (value === undefined) return { on: 'anything', matches: () => true }
  if (Array.isArray(value)) return { on: 'text', matches: compileAlternatives(value, 'value') }
  return { on: 'json', matches: compileFields(value, 'value') }
}

/**
 * Returns true if a filter accepts a record (rules 37, 38 and 40 in `RULES.md`). A pattern applies either to JSON or to plain text,
 * and accepts every value of another kind.
 */
export function admits(filters: readonly Filter[], data: FilterData | undefined): boolean {
  return filters.length === 0 || filters.some(({ on, matches }) => on !== data?.form || matches(data.data))
}

/**
 * Classifies a value: objects and lists are JSON, and other UTF-8 text (including a bare number) is text. Returns undefined for any
 * other value.
 */
export function filterData(value: Buffer | null): FilterData | undefined {
  const text = value && decodeText(value)
  if (text == null) return undefined
  const json = /^\s*[[{]/.test(text) ? parseJson(text) : undefined
  return json === undefined ? { form: 'text', data: text } : { form: 'json', data: json }
}

function decodeText(value: Buffer): string | undefined {
  try {
    return UTF_8.decode(value)
  } catch {
    return undefined
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
