/** Reads one field of a reading from a foreign record. Pure. Error messages contain the names of fields, but never their values. */

import type { FailureCode } from '#runtime/consumer'
import { isObject } from '../support/json.ts'
import type { LinearPattern } from '../support/linear-pattern.ts'
import { keepsDigits, MAX_READ_CHARACTERS, readNumber } from '../support/number-text.ts'
import type { FieldSource } from './mapping.ts'
import {
  describeMissing,
  describePath,
  formatPath,
  type Path,
  type PathPosition,
  type RecordContent,
  toObject,
  UNREADABLE,
  valueAt,
} from './record-path.ts'

/** Matches base64 with padding, which has four characters for each three bytes. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** Result of reading a field: the value, undefined if an optional field is missing, or the reason why the value cannot be used. */
export type ReadField = { readonly value: Scalar | Readonly<Record<string, string>> | undefined } | Problem

type Scalar = string | number | bigint | boolean

/** Reason why a record cannot be converted, and the code of the failure if it is not `mapping-failed`. */
export interface Problem {
  readonly problem: string
  readonly code?: FailureCode
}

const INEXACT: Problem = {
  problem:
    'cannot be represented exactly as a double: round it, or keep its digits in a tag, with `as: text`',
  code: 'number-not-exact',
}

/** Maximum depth of nested labels. */
const DEEPEST_LABELS = 8

export function readField(source: FieldSource, record: RecordContent): ReadField {
  if (source.constant !== undefined) return { value: source.constant }
  const { read, refused } = readFirst(source, record, (value, path) => readValue(source, value, path, record))
  if (read) return read
  const { otherwise, isRequired, from } = source
  if (otherwise !== undefined || !isRequired) return { value: otherwise }
  return refused ?? { problem: describeMissing(record, from) }
}

type Alternatives = Pick<FieldSource, 'from' | 'absent' | 'orElse' | 'pattern'>

/** Returns the first value that is not absent, or why it cannot be read; or why the first one counts as missing, if there is any. */
export function readFirst<Read extends object>(
  source: Alternatives,
  record: RecordContent,
  read: (value: unknown, path: Path) => Read | Problem,
): { readonly read?: Read | Problem; readonly refused?: Problem | undefined } {
  let refused: Problem | undefined
  for (const path of source.from) {
    const value = valueAt(record, path)
    if (value === undefined) continue
    const isAbsent = isListed(source, value)
    const found = isAbsent ? IS_ABSENT : read(value, path)
    if (!('problem' in found)) return { read: found }
    const problem = `${describePath(path)} ${found.problem}${describeInner(record, path, value)}`
    refused ??= { ...found, problem }
    if (!isAbsent && source.orElse === undefined) return { read: refused }
  }
  return { refused }
}

/** Returns whether a value is listed as absent. A number is compared by its value, also if it is the part that the pattern selects. */
function isListed({ absent, pattern }: Alternatives, value: unknown): boolean {
  if (absent === undefined || !isScalar(value)) return false
  const part = pattern && typeof value === 'string' ? pattern.exec(value)?.[1] : undefined
  return [String(value), toNumber(value), toNumber(part)].some(form => form !== undefined && absent.has(form))
}

/** Returns the number that a value is, or that a text has; undefined for any other. A text such as `00` is a code. */
export function toNumber(value: unknown): number | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value)
  if (typeof value !== 'string' || /^\s*[+-]?0\d/.test(value)) return undefined
  const reads = [readNumber(value), readNumber(value, ',')]
  return reads.flatMap(read => ('value' in read ? read.value : []))[0]
}

/** Returns the end of a message about a text that holds JSON: how to name a field in it; empty for any other value. */
function describeInner(record: RecordContent, { part, steps }: Path, value: unknown): string {
  const object = typeof value === 'string' && part === undefined ? toObject(record, value) : undefined
  if (object === undefined) return ''
  const [name = 'NAME'] = Object.keys(object)
  return `, and is a text that holds JSON: name a field in it, such as ${formatPath([...steps, name])}`
}

const IS_ABSENT: Problem = { problem: 'has a value that the mapping lists as absent' }

function readValue(source: FieldSource, value: unknown, path: Path, record: RecordContent): ReadField {
  const isLabels = source.kind === 'labels'
  const part = extractPart(source.pattern, isLabels ? toObject(record, value) : value)
  if ('problem' in part) return part
  if (isLabels) return readLabels(part.part)
  // A pattern or a list of values says what the text is.
  const isOpen = source.kind === 'number' && !source.pattern && !source.values && typeof value === 'string'
  return isOpen && mayBeBase64Decimal(record, path, value) ? IN_BASE64 : convertValue(source, part.part)
}

const IN_BASE64: Problem = {
  problem: 'may be a decimal in base64, as Debezium writes it by default: set decimal.handling.mode=double',
}

/** Returns the part of a text that matches the capturing group of a pattern; the value itself without a pattern. */
export function extractPart(
  pattern: LinearPattern | undefined,
  value: unknown,
): { readonly part: unknown } | Problem {
  const unreadable: Problem | undefined = Object(value)[UNREADABLE]
  if (unreadable) return unreadable
  if (pattern === undefined) return { part: value }
  if (typeof value !== 'string' || value.length > MAX_READ_CHARACTERS)
    return { problem: `is not a text of at most ${MAX_READ_CHARACTERS} characters, which its pattern needs` }
  const part = pattern.exec(value)?.[1]
  return part === undefined ? { problem: 'does not fit its pattern' } : { part }
}

function convertValue(source: FieldSource, value: unknown): { readonly value: Scalar } | Problem {
  const { kind, values, as, convert } = source
  if (values !== undefined) {
    const meant = isScalar(value) ? values.get(String(value)) : undefined
    return meant === undefined ? { problem: 'has a value that the mapping does not know' } : { value: meant }
  }
  if (kind === 'scalar' && as === undefined)
    return isScalar(value) ? { value } : { problem: 'must be a text or a number' }
  if (kind === 'text' || (kind === 'scalar' && as === 'text')) {
    const text = as === 'text' && isScalar(value) ? String(value) : value
    if (typeof text !== 'string' && isScalar(text)) return { problem: 'is not a text: add `as: text`' }
    return typeof text === 'string' && text !== ''
      ? { value: text }
      : { problem: 'must be a text that is not empty' }
  }
  const text = typeof value === 'bigint' ? String(value) : value
  const isRead =
    typeof text === 'string' && (typeof value === 'bigint' || (as !== undefined && as !== 'text'))
  const read = isRead ? readNumber(text, as === 'decimal-comma' ? ',' : '.') : { value }
  if ('problem' in read) return read
  const { value: number } = read
  if (typeof number !== 'number') return { problem: 'must be a number' }
  if (isRead && !keepsDigits(text, number)) return INEXACT
  const converted = convert ? convert(number) : number
  return Number.isFinite(converted) ? { value: converted } : { problem: 'must be finite in its unit' }
}

function isScalar(value: unknown): value is Scalar {
  return ['string', 'number', 'bigint', 'boolean'].includes(typeof value)
}

/** Returns labels as an object of texts. Nested objects are flattened, with their names joined by dots. */
function readLabels(value: unknown): ReadField {
  if (!isObject(value)) return { problem: 'must be an object' }
  const found: (readonly [string, string])[] = []
  if (!collect(value, '', found, 1)) return { problem: `is nested more than ${DEEPEST_LABELS} levels deep` }
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

/**
 * Returns whether a text may be a decimal in base64. Kafka Connect writes a decimal as the bytes of its digits, and JSON has those bytes
 * in base64, where `1234` is another number. The schema nearest to the field decides. Without one, any text that is valid base64 may be
 * such a decimal if it is in a change event of Debezium, and one with padding in any record. Schema and change event are looked for in
 * all objects around the field.
 */
function mayBeBase64Decimal(record: RecordContent, path: Path, text: string): boolean {
  const trail: PathPosition[] = []
  valueAt(record, path, trail)
  const type = findType(trail)
  if (type !== undefined) return type === 'bytes'
  if (text === '' || !BASE64.test(text)) return false
  const { payload } = record.document as { readonly payload?: unknown }
  return (
    text.endsWith('=') || [record.document, payload, ...trail.map(({ value }) => value)].some(isChangeEvent)
  )
}

/** Returns whether a value is a change event of Debezium: whole, with its fields in one level, or in the envelope of a CloudEvent. */
function isChangeEvent(value: unknown): boolean {
  if (!isObject(value)) return false
  const { op, source, __op, __deleted, iodebeziumop, type } = value
  const marks = [isObject(source) && source.connector !== undefined && op, __op, __deleted, iodebeziumop]
  return marks.some(mark => typeof mark === 'string') || String(type).startsWith('io.debezium.')
}

/** Returns the type in the schema of Kafka Connect that is nearest to the field; undefined if no schema has the field. */
function findType(trail: readonly PathPosition[]): unknown {
  let inner: PathPosition | undefined
  for (const outer of trail) {
    const { schema, payload } = Object(outer.value)
    const type = inner && payload === inner.value ? typeAt(schema, inner.steps) : undefined
    if (type !== undefined) return type
    inner = outer
  }
  return undefined
}

function typeAt(schema: unknown, steps: readonly string[]): unknown {
  let found = schema
  for (const step of steps) {
    if (!isObject(found)) return undefined
    const { fields, items, values } = found
    found = Array.isArray(fields)
      ? fields.find(field => isObject(field) && field.field === step)
      : (items ?? values)
  }
  return isObject(found) ? found.type : undefined
}
