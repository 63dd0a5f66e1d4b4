/**
 * What a single value of a rule may be. A check gives the value, or says what is wrong and what to write instead; of
 * undefined it says what the key needs.
 */
import { parseDuration } from './duration.ts'
import { summaryProblem } from './summary.ts'

export type Check<Value> = (raw: unknown) => { readonly value: Value } | { readonly problem: string }

export const finite: Check<number> = raw =>
  typeof raw === 'number' && Number.isFinite(raw)
    ? { value: raw }
    : { problem: `must be a number without quotes${butIs(raw)}` }

export const duration: Check<number> = raw => {
  const value = parseDuration(raw)
  return value === undefined
    ? { problem: `must be a duration such as 90s, 5m or 1h30m, or 0${butIs(raw)}` }
    : { value }
}

export const summary: Check<string> = raw => {
  if (typeof raw !== 'string' || raw.trim() === '') return { problem: `must be text${butIs(raw)}` }
  const problem = summaryProblem(raw)
  return problem === undefined ? { value: raw } : { problem }
}

export const labelSet: Check<Readonly<Record<string, string>>> = raw => {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    return { problem: `must be a mapping of label to text${butIs(raw)}` }
  }
  const entries = Object.entries(raw)
  const badName = entries.find(([label]) => !/^[A-Za-z]\w*$/.test(label))
  if (badName !== undefined) {
    return { problem: `label ${shown(badName[0])} must be letters, digits and _, a letter first` }
  }
  const badValue = entries.find(([, value]) => typeof value !== 'string')
  return badValue === undefined
    ? { value: Object.fromEntries(entries) }
    : { problem: `label ${badValue[0]} must be text: put ${shown(badValue[1])} in quotes` }
}

export function matching(pattern: RegExp, allowed: string): Check<string> {
  return raw =>
    typeof raw === 'string' && pattern.test(raw)
      ? { value: raw }
      : { problem: `must be ${allowed}${butIs(raw)}` }
}

export function oneOf<Value extends string>(values: readonly Value[]): Check<Value> {
  return raw => {
    const value = values.find(candidate => candidate === raw)
    return value === undefined ? { problem: `must be one of ${values.join(', ')}${butIs(raw)}` } : { value }
  }
}

/** What is there instead; nothing to say of a key that is missing. */
function butIs(raw: unknown): string {
  return raw === undefined ? '' : `, not ${shown(raw)}`
}

function shown(raw: unknown): string {
  if (Array.isArray(raw)) return 'a list'
  if (typeof raw === 'object' && raw !== null) return 'a mapping'
  return typeof raw === 'string' ? JSON.stringify(raw) : String(raw)
}
