/** Reads one field of a reading from a foreign record. Pure. Error messages contain the names of fields, but never their values. */

import type { FailureCode } from '#runtime/consumer/index.ts'
import { isObject } from '../support/json.ts'
import type { LinearPattern } from '../support/linear-pattern.ts'
import { MAX_READ_CHARACTERS, readNumber } from '../support/number-text.ts'
import { type FieldSource, firstAt, type Path } from './mapping.ts'

/** Result of reading a field: the value, undefined if an optional field is missing, or the reason why the value cannot be used. */
export type ReadField =
  | { readonly value: string | number | Readonly<Record<string, string>> | undefined }
  | Problem

/** Reason why a record cannot be converted, and the code of the failure if it is not `mapping-failed`. */
export interface Problem {
  readonly problem: string
  readonly code?: FailureCode
}

const INEXACT: Problem = {
  problem: 'cannot be represented exactly as a double: send it as text',
  code: 'number-not-exact',
}

/** Maximum depth of nested labels. */
const DEEPEST_LABELS = 8

export function readField(source: FieldSource, document: object): ReadField {
  if (source.constant !== undefined) return { value: source.constant }
  const found = firstAt(document, source.from)
  if (found === undefined) return readDefault(source)
  const { path, value } = found
  if (source.kind === 'labels') return readLabels(value, path)
  const part = source.pattern === undefined ? { part: value } : extractPart(source.pattern, value)
  if ('problem' in part) return { problem: `"${path.name}" ${part.problem}` }
  const read = convertValue(source, part.part)
  return 'problem' in read ? { ...read, problem: `"${path.name}" ${read.problem}` } : read
}

function readDefault({ otherwise, isRequired, from }: FieldSource): ReadField {
  if (otherwise !== undefined || !isRequired) return { value: otherwise }
  return { problem: describeMissing(from) }
}

/** Returns the error message for a record that has none of these fields. */
export function describeMissing(paths: readonly Path[]): string {
  const names = paths.map(({ name }) => `"${name}"`)
  return names.length === 1 ? `${names[0]} is missing` : `none of ${names.join(', ')} is there`
}

/** Returns the part of a text that matches the capturing group of a pattern. */
export function extractPart(
  pattern: LinearPattern,
  value: unknown,
): { readonly part: string } | { readonly problem: string } {
  if (typeof value !== 'string' || value.length > MAX_READ_CHARACTERS)
    return { problem: `is not a text of at most ${MAX_READ_CHARACTERS} characters, which its pattern needs` }
  const part = pattern.exec(value)?.[1]
  return part === undefined ? { problem: 'does not fit its pattern' } : { part }
}

function convertValue(source: FieldSource, value: unknown): { readonly value: string | number } | Problem {
  const { kind, values, as, convert } = source
  if (values !== undefined) {
    const meant = isScalar(value) ? values.get(String(value)) : undefined
    return meant === undefined ? { problem: 'has a value that the mapping does not know' } : { value: meant }
  }
  if (typeof value === 'bigint' && as !== 'text') return INEXACT
  if (kind === 'text') {
    const text = as === 'text' && isScalar(value) ? String(value) : value
    return typeof text === 'string' && text !== ''
      ? { value: text }
      : { problem: 'must be a text that is not empty' }
  }
  const isRead = typeof value === 'string' && (as === 'number' || as === 'decimal-comma')
  const read = isRead ? readNumber(value, as === 'number' ? '.' : ',') : { value }
  if ('problem' in read) return read
  const { value: number } = read
  if (typeof number !== 'number' || !Number.isFinite(number)) return { problem: 'must be a number' }
  return { value: convert ? convert(number) : number }
}

function isScalar(value: unknown): value is string | number | bigint | boolean {
  return ['string', 'number', 'bigint', 'boolean'].includes(typeof value)
}

/** Returns labels as an object of texts. Nested objects are flattened, with their names joined by dots. */
function readLabels(value: unknown, { name }: Path): ReadField {
  if (!isObject(value)) return { problem: `"${name}" must be an object` }
  const found: (readonly [string, string])[] = []
  if (!collect(value, '', found, 1))
    return { problem: `"${name}" is nested more than ${DEEPEST_LABELS} levels deep` }
  return { value: Object.fromEntries(found) }
}

function collect(
  value: object,
  prefix: string,
  found: (readonly [string, string])[],
  level: number,
): boolean {
  if (level > DEEPEST_LABELS) return false
  return Object.entries(value).every(([key, below]) => {
    if (typeof below === 'object' && below !== null)
      return collect(below, `${prefix}${key}.`, found, level + 1)
    if (below !== null) found.push([`${prefix}${key}`, String(below)])
    return true
  })
}
