/** Validates mappings against `config/schemas/mapping.v1.json`, and describes the errors. */
import type { SchemaViolation } from '../schemas/compiled.js'
import validators from '../schemas/compiled-mapping.js'
import {
  describeErrors,
  type FilePath,
  keepInnermost,
  type PathError,
  parseJsonPointer,
} from '../support/file-errors.ts'
import { KEYS_OF_FIELD } from './raw-mapping.ts'

const KEYS = 'family, when, id, time, fields and metric'

/** Returns the innermost violations, because they explain the violations of the values that enclose them. */
export function schemaErrors(content: unknown): readonly PathError[] {
  const validate = validators['io.sluice.mapping.v1']
  if (validate === undefined) throw new Error('lib/schemas/compiled-mapping.js has no mapping')
  if (validate(content)) return []
  return keepInnermost(
    describeErrors(validate.errors ?? [], violation => describeViolation(violation, content)),
  )
}

function describeViolation({ instancePath, keyword, params }: SchemaViolation, content: unknown): PathError {
  const path = parseJsonPointer(instancePath, content)
  if (keyword === 'additionalProperties')
    return {
      path: [...path, String(params.additionalProperty)],
      message: `unknown key; there are ${knownIn(path)}`,
    }
  if (keyword === 'required') return { path, message: `needs the key ${params.missingProperty}` }
  return { path, message: `must be ${expectedAt(path)}` }
}

const ONE_FIELD = 'a field of the record, or a mapping with from or constant'
function knownIn(path: FilePath): string {
  const [outer, inner] = path
  if (path.includes('from') || (outer === 'when' && path.length > 1)) return 'key, topic and header'
  if (outer === 'when') return 'has, lacks and equals'
  if (outer === 'time') return 'from, pattern, timeZone, disambiguation and epoch'
  if (outer === 'metric' && inner === 'names') return 'metric, unit, scale, offset and as'
  if (outer === 'metric' && inner === undefined) return 'name, value and names'
  return outer === undefined ? KEYS : KEYS_OF_FIELD
}

const ONE_PATH = 'a field, or a mapping with one of key, topic and header'

const BY_KEY: Readonly<Record<string, string>> = {
  family: 'the name of a family',
  id: 'position, or a list of fields that together identify a record',
  epoch: 's, ms, us or ns',
  disambiguation: 'earlier or later',
  as: 'number, decimal-comma or text',
  scale: 'a number',
  offset: 'a number',
  from: `${ONE_PATH}, or a list of those`,
  key: 'true, or a field of a key that is a JSON object',
  topic: 'true',
  header: 'the name of a header',
  absent: 'a list of texts, numbers or truth values',
  orElse: 'absent',
  has: 'a list of fields',
  lacks: 'a list of fields',
  equals: 'a mapping of fields to texts, numbers or truth values',
  values: 'a mapping of values to texts or numbers',
  names: 'a mapping of names to metrics',
  pattern: 'a regular expression',
  when: 'a mapping with the keys has, lacks and equals',
  metric: 'a mapping with the keys name, value and names',
  fields: 'a mapping of fields of the reading to fields of the record',
}

function expectedAt(path: FilePath): string {
  const key = path.at(-1)
  if (path.length === 0) return `a mapping with the keys ${KEYS}`
  const isChoice = path.length === 1 || typeof key === 'number'
  if (path[0] === 'time' && isChoice && path.length < 3)
    return 'record, a mapping with the key from, or a list of those'
  if ((path[0] === 'fields' || path[0] === 'id') && path.length === 2) return ONE_FIELD
  if (path[0] === 'metric' && path.length === 2 && path[1] !== 'names') return ONE_FIELD
  if (path[1] === 'equals' && path.length === 3) return 'a text, a number or a truth value'
  if (path[0] === 'metric' && path[1] === 'names' && path.length === 3)
    return 'a metric, or a mapping with the keys metric and unit'
  if (typeof key === 'number' && (path.includes('from') || path[0] === 'when')) return ONE_PATH
  const description = typeof key === 'string' && Object.hasOwn(BY_KEY, key) ? BY_KEY[key] : undefined
  return (
    description ??
    (path.includes('values') || key === 'constant' || key === 'default' ? 'a text or a number' : 'a text')
  )
}
