/** Implements conditions on records, such as `data.temperature>30`, which select the records to show. Pure. */
import { linearPattern, UnfitPattern } from '../linear-pattern.ts'
import type { RecordView } from './record-view.ts'

export type Filter = (view: RecordView) => boolean

const FORM = /^([A-Za-z][\w.-]*)(!=|>=|<=|!~|=|>|<|~)(.*)$/s

type Comparison = (found: unknown, wanted: string) => boolean

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  '=': (found, wanted) => textOf(found) === wanted,
  '!=': (found, wanted) => textOf(found) !== wanted,
  '>': ordered(order => order > 0),
  '>=': ordered(order => order >= 0),
  '<': ordered(order => order < 0),
  '<=': ordered(order => order <= 0),
}

/**
 * Parses a condition, which consists of a name, an operator and a value.
 * The name is an attribute of the event, `data.` with a path into its data, `topic`, `partition`, `offset`, `key`, `recordTime`, or
 * `failure` for a failure code. `=` and `!=` compare text. `>`, `>=`, `<` and `<=` compare numbers or times. `~` and `!~` search
 * for a regular expression. A missing value matches only `!=` and `!~`.
 *
 * @returns undefined if the text is not a condition
 */
export function parseFilter(text: string): Filter | undefined {
  const [, name = '', operator = '', wanted = ''] = FORM.exec(text) ?? []
  if (name === '') return undefined
  if (operator === '~' || operator === '!~') return matching(name, wanted, operator === '~')
  const compare = COMPARISONS[operator]
  return compare && (view => compare(namedIn(view, name), wanted))
}

function matching(name: string, wanted: string, isWanted: boolean): Filter | undefined {
  try {
    const expression = linearPattern(wanted)
    return view => {
      const found = textOf(namedIn(view, name))
      return (found !== undefined && expression.test(found)) === isWanted
    }
  } catch (error) {
    if (!(error instanceof UnfitPattern)) throw error
    return undefined
  }
}

function namedIn(view: RecordView, name: string): unknown {
  if (name === 'topic' || name === 'partition' || name === 'offset' || name === 'recordTime')
    return view[name]
  if (name === 'key') return view.key && ('text' in view.key ? view.key.text : view.key.base64)
  if (name === 'failure') return view.failure?.code
  if (name === 'data' || name.startsWith('data.')) return at(view.event?.data, name.split('.').slice(1))
  return view.event?.[name]
}

function at(value: unknown, path: readonly string[]): unknown {
  let found = value
  for (const step of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, step)) return undefined
    found = (found as Record<string, unknown>)[step]
  }
  return found
}

function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Returns a comparison of two values, as numbers or else as times. */
function ordered(fits: (order: number) => boolean): Comparison {
  return (found, wanted) => {
    const text = textOf(found)
    if (text === undefined) return false
    for (const read of [numberOf, Date.parse]) {
      const [a, b] = [read(text), read(wanted)]
      if (!Number.isNaN(a) && !Number.isNaN(b)) return fits(a - b)
    }
    return false
  }
}

function numberOf(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text)
}
