/**
 * Recognises decimals in base64. Kafka Connect writes a decimal as the bytes of its digits, and JSON has those bytes in base64, where
 * `1234` is another number. Pure.
 */
import { isObject } from '../support/json.ts'
import { type Path, type PathPosition, type RecordContent, valueAt } from './record-path.ts'

/** Matches base64 with padding, which has four characters for each three bytes. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/**
 * Returns whether a text may be a decimal in base64. The schema nearest to the field decides. Without one, any text that is valid base64
 * may be such a decimal if it is in a change event of Debezium, and one with padding in any record. Schema and change event are looked
 * for in all objects around the field.
 */
export function mayBeBase64Decimal(record: RecordContent, path: Path, text: string): boolean {
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
