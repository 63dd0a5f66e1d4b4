/**
 * Recognises decimals in base64. Kafka Connect writes a decimal as the bytes of its digits, and JSON has those bytes in base64, where
 * `1234` is another number. Pure.
 */
import { isObject } from '../support/json.ts'
import { findPayload, type Path, parsePath, type RecordContent, valueAt } from './record-path.ts'

/** Name of the type in the schemas of Kafka Connect. */
const DECIMAL = 'org.apache.kafka.connect.data.Decimal'

/** Matches base64 with padding, which has four characters for each three bytes. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/**
 * Returns whether a text may be a decimal in base64. The schema in the record decides. Without one, any text that is valid base64 may
 * be such a decimal if the record is a change event of Debezium, and one with padding in any record.
 */
export function mayBeBase64Decimal(record: RecordContent, path: Path, text: string): boolean {
  const type = findType(record, path)
  if (type !== undefined) return type === DECIMAL
  return text !== '' && BASE64.test(text) && (text.endsWith('=') || isChangeEvent(record))
}

function isChangeEvent(record: RecordContent): boolean {
  return ['', 'payload.'].some(
    outer =>
      typeof valueAt(record, parsePath(`${outer}op`)) === 'string' &&
      valueAt(record, parsePath(`${outer}source.connector`)) !== undefined,
  )
}

/** Returns the type of a field in the schema of the record; undefined if the record has none for the field. */
function findType({ document }: RecordContent, { part, steps }: Path): unknown {
  if (part !== undefined || !findPayload(document)) return undefined
  let { schema } = document as { schema?: unknown }
  for (const step of steps[0] === 'payload' ? steps.slice(1) : steps) {
    if (!isObject(schema)) return undefined
    const { fields, items } = schema
    schema = Array.isArray(fields) ? fields.find(field => isObject(field) && field.field === step) : items
  }
  return isObject(schema) ? (schema.name ?? schema.type) : undefined
}
