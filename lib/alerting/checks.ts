/**
 * Checks for single values of a rule. A check returns the value, or an error that says what to write instead. For
 * undefined, the error says what the key needs.
 */
import { parseDuration } from '../duration.ts'
import { summaryError } from './summary.ts'

export type Check<Value> = (raw: unknown) => { readonly value: Value } | { readonly error: string }

export const finite: Check<number> = raw =>
  typeof raw === 'number' && Number.isFinite(raw)
    ? { value: raw }
    : { error: `must be a number without quotes${butIs(raw)}` }

export const duration: Check<number> = raw => {
  const value = parseDuration(raw)
  return value === undefined
    ? { error: `must be a duration such as 90s, 5m or 1h30m, or 0${butIs(raw)}` }
    : { value }
}

export const summary: Check<string> = raw => {
  if (typeof raw !== 'string' || raw.trim() === '') return { error: `must be text${butIs(raw)}` }
  const error = summaryError(raw)
  return error === undefined ? { value: raw } : { error }
}

export const labelSet: Check<Readonly<Record<string, string>>> = raw => {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    return { error: `must be a mapping of label to text${butIs(raw)}` }
  }
  const entries = Object.entries(raw)
  const badName = entries.find(([label]) => !/^[A-Za-z]\w*$/.test(label))
  if (badName !== undefined) {
    return {
      error: `label ${shown(badName[0])} must start with a letter and have only letters, digits and _`,
    }
  }
  const badValue = entries.find(([, value]) => typeof value !== 'string')
  return badValue === undefined
    ? { value: Object.fromEntries(entries) }
    : { error: `label ${badValue[0]} must be text: put ${shown(badValue[1])} in quotes` }
}

export function matching(pattern: RegExp, allowed: string): Check<string> {
  return raw =>
    typeof raw === 'string' && pattern.test(raw)
      ? { value: raw }
      : { error: `must be ${allowed}${butIs(raw)}` }
}

export function oneOf<Value extends string>(values: readonly Value[]): Check<Value> {
  return raw => {
    const value = values.find(candidate => candidate === raw)
    return value === undefined ? { error: `must be one of ${values.join(', ')}${butIs(raw)}` } : { value }
  }
}

/** Names the value that was found; empty for a missing key. */
function butIs(raw: unknown): string {
  return raw === undefined ? '' : `, not ${shown(raw)}`
}

function shown(raw: unknown): string {
  if (Array.isArray(raw)) return 'a list'
  if (typeof raw === 'object' && raw !== null) return 'a mapping'
  return typeof raw === 'string' ? JSON.stringify(raw) : String(raw)
}
