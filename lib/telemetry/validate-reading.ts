/**
 * Checks readings against their family. It interprets the family instead of its JSON Schema, and reports violations in the form and
 * order of ajv, which checks all other events. Pure.
 */
import type { SchemaViolation } from '../schemas/compiled.js'
import type { JsonSchema } from '../schemas/json-schema.ts'
import { isObject } from '../support/json.ts'
import type { Family } from './families.ts'
import { buildFamilySchema } from './family-schema.ts'

/** Schema of a reading, prepared for reading it many times. */
interface Checks {
  readonly properties: ReadonlyMap<string, JsonSchema>
  readonly required: readonly string[]
  /** Names of which at least one must be present. */
  readonly measured: readonly string[]
  /** Schema of the fields that are not listed; undefined if there must be none. */
  readonly further: JsonSchema | undefined
}

const checksByFamily = new WeakMap<Family, Checks>()

function getChecks(family: Family): Checks {
  const known = checksByFamily.get(family)
  if (known) return known
  const { properties = {}, required = [], additionalProperties } = buildFamilySchema(family.file)
  const checks: Checks = {
    properties: new Map(Object.entries(properties)),
    required,
    measured: [...Object.keys(family.metrics), ...Object.keys(family.states)],
    further: typeof additionalProperties === 'object' ? additionalProperties : undefined,
  }
  checksByFamily.set(family, checks)
  return checks
}

/** Returns the violations of a reading's data; none if it is valid. */
export function findViolations(family: Family, data: unknown): readonly SchemaViolation[] {
  const checks = getChecks(family)
  return isValid(checks, data) ? [] : collectViolations(checks, data)
}

/** Decides without the reasons, because nearly all readings are valid. */
function isValid({ properties, required, measured, further }: Checks, data: unknown): boolean {
  if (!isObject(data)) return false
  for (const name of required) if (data[name] === undefined) return false
  let isMeasured = measured.some(name => data[name] !== undefined)
  for (const name of Object.keys(data)) {
    const schema = properties.get(name)
    if (schema === undefined) {
      if (further === undefined || !accepts(further, data[name])) return false
      isMeasured = true
    } else if (data[name] !== undefined && !accepts(schema, data[name])) return false
  }
  return isMeasured
}

/** Returns whether a value follows the schema of a field. */
function accepts(schema: JsonSchema, value: unknown): boolean {
  if (schema.enum) return schema.enum.includes(value)
  switch (schema.type) {
    case 'string':
      return typeof value === 'string' && (schema.minLength === undefined || value.length > 0)
    case 'number':
    case 'integer':
      return hasType(schema.type, value) && !isOutside(schema, value as number)
    default:
      return isObject(value) && acceptsObject(schema, value)
  }
}

function acceptsObject(
  { properties = {}, required = [], additionalProperties }: JsonSchema,
  value: Readonly<Record<string, unknown>>,
): boolean {
  for (const name of required) if (value[name] === undefined) return false
  for (const name of Object.keys(value)) {
    const schema = Object.hasOwn(properties, name) ? properties[name] : additionalProperties
    if (typeof schema !== 'object') return false
    if (value[name] !== undefined && !accepts(schema, value[name])) return false
  }
  return true
}

function hasType(type: string, value: unknown): boolean {
  if (type === 'number') return typeof value === 'number' && Number.isFinite(value)
  if (type === 'integer') return Number.isInteger(value)
  return type === 'string' ? typeof value === 'string' : isObject(value)
}

function isOutside(
  { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY }: JsonSchema,
  value: number,
) {
  return value < minimum || value > maximum
}

function violation(
  instancePath: string,
  keyword: string,
  params: Record<string, unknown>,
  schemaPath = `#/${keyword}`,
): SchemaViolation {
  return { instancePath, schemaPath, keyword, params }
}

function collectViolations(
  { properties, required, measured, further }: Checks,
  data: unknown,
): SchemaViolation[] {
  if (!isObject(data)) return [violation('', 'type', { type: 'object' })]
  const known = Object.fromEntries(properties)
  const isMeasured = measured.some(name => data[name] !== undefined)
  const others = Object.keys(data).filter(name => !properties.has(name))
  const none = further
    ? [violation('', 'not', {})]
    : [
        ...measured.map((missingProperty, index) =>
          violation('', 'required', { missingProperty }, `#/anyOf/${index}/required`),
        ),
        violation('', 'anyOf', {}),
      ]
  const schema = { properties: known, required, additionalProperties: further ?? false }
  return [
    ...(isMeasured || (further !== undefined && others.length > 0) ? [] : none),
    ...collectInObject(schema, '', data),
  ]
}

function collectInObject(
  { properties = {}, required = [], additionalProperties }: JsonSchema,
  path: string,
  data: Readonly<Record<string, unknown>>,
): SchemaViolation[] {
  const missing = required.filter(name => data[name] === undefined)
  const others = Object.keys(data).filter(name => !Object.hasOwn(properties, name))
  return [
    ...missing.map(missingProperty => violation(path, 'required', { missingProperty })),
    ...others.flatMap(name =>
      typeof additionalProperties === 'object'
        ? collectInField(additionalProperties, `${path}/${escapePointer(name)}`, data[name])
        : [violation(path, 'additionalProperties', { additionalProperty: name })],
    ),
    ...Object.entries(properties).flatMap(([name, schema]) =>
      data[name] === undefined ? [] : collectInField(schema, `${path}/${escapePointer(name)}`, data[name]),
    ),
  ]
}

function collectInField(schema: JsonSchema, path: string, value: unknown): SchemaViolation[] {
  if (schema.enum)
    return schema.enum.includes(value) ? [] : [violation(path, 'enum', { allowedValues: schema.enum })]
  const type = String(schema.type)
  const wrong = hasType(type, value) ? [] : [violation(path, 'type', { type })]
  if (isObject(value)) return type === 'object' ? collectInObject(schema, path, value) : wrong
  if (value === '' && schema.minLength !== undefined) return [violation(path, 'minLength', { limit: 1 })]
  return typeof value === 'number' && Number.isFinite(value)
    ? [...wrong, ...limitViolations(schema, path, value)]
    : wrong
}

function limitViolations({ minimum, maximum }: JsonSchema, path: string, value: number): SchemaViolation[] {
  if (maximum !== undefined && value > maximum)
    return [violation(path, 'maximum', { comparison: '<=', limit: maximum })]
  return minimum !== undefined && value < minimum
    ? [violation(path, 'minimum', { comparison: '>=', limit: minimum })]
    : []
}

function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}
