/**
 * Checks readings against their family. It interprets the family instead of its JSON Schema, and reports violations in the form and
 * order of ajv, which checks all other events. Pure.
 */
import type { SchemaViolation } from '../schemas/compiled.js'
import type { JsonSchema } from '../schemas/json-schema.ts'
import { isObject } from '../support/json.ts'
import type { Family } from './families.ts'
import { buildFamilySchema } from './family-schema.ts'

type Check = (value: unknown) => boolean

/** Schema of a reading, prepared for reading it many times. */
interface Checks {
  /** Decides without the reasons, because nearly all readings are valid. */
  readonly isValid: Check
  readonly schema: JsonSchema
  /** Names of which at least one must be present. */
  readonly measured: readonly string[]
}

const checksByFamily = new WeakMap<Family, Checks>()

function getChecks(family: Family): Checks {
  const known = checksByFamily.get(family)
  if (known) return known
  const schema = buildFamilySchema(family.file)
  const measured = [...Object.keys(family.metrics), ...Object.keys(family.states)]
  const checks = { isValid: createObjectCheck(schema, measured), schema, measured }
  checksByFamily.set(family, checks)
  return checks
}

/** Returns the violations of a reading's data; none if it is valid. */
export function findViolations(family: Family, data: unknown): readonly SchemaViolation[] {
  const checks = getChecks(family)
  return checks.isValid(data) ? [] : collectViolations(checks, data)
}

interface PropertyCheck {
  readonly accepts: Check
  readonly isRequired: boolean
  readonly isMeasured: boolean
}

/**
 * Returns the check of an object.
 *
 * @param measured names of which at least one must be present, or a further one; undefined if none needs to be
 */
function createObjectCheck(
  { properties = {}, required = [], additionalProperties }: JsonSchema,
  measured?: readonly string[],
): Check {
  const checks: ReadonlyMap<string, PropertyCheck> = new Map(
    Object.entries(properties).map(([name, schema]) => [
      name,
      {
        accepts: createCheck(schema),
        isRequired: required.includes(name),
        isMeasured: measured?.includes(name) ?? true,
      },
    ]),
  )
  const further = typeof additionalProperties === 'object' ? createCheck(additionalProperties) : undefined
  // Names that are required without a schema of their own, such as tags.
  const others = required.filter(name => !checks.has(name))
  const expected = required.length - others.length
  return data => {
    if (!isObject(data) || others.some(name => data[name] === undefined)) return false
    let found = 0
    let isMeasured = measured === undefined
    for (const name in data) {
      const value = data[name]
      const check = checks.get(name)
      if (check === undefined) {
        if (further === undefined || !further(value)) return false
        isMeasured = true
      } else if (value !== undefined) {
        if (!check.accepts(value)) return false
        if (check.isRequired) found += 1
        if (check.isMeasured) isMeasured = true
      }
    }
    return isMeasured && found === expected
  }
}

/** Returns the check of a field. */
function createCheck(schema: JsonSchema): Check {
  const { enum: words, type, minLength } = schema
  if (words) return value => words.includes(value)
  if (type === 'object') return createObjectCheck(schema)
  if (type === 'string')
    return value => typeof value === 'string' && (minLength === undefined || value !== '')
  const isNumber = type === 'integer' ? Number.isInteger : Number.isFinite
  return value => isNumber(value) && findBrokenBound(schema, value as number) === undefined
}

/** Returns the bound that a number violates. A bound itself is valid. */
function findBrokenBound({ minimum, maximum }: JsonSchema, value: number): 'minimum' | 'maximum' | undefined {
  if (maximum !== undefined && value > maximum) return 'maximum'
  return minimum !== undefined && value < minimum ? 'minimum' : undefined
}

function hasType(type: string, value: unknown): boolean {
  if (type === 'number') return Number.isFinite(value)
  if (type === 'integer') return Number.isInteger(value)
  return type === 'string' ? typeof value === 'string' : isObject(value)
}

function violation(
  instancePath: string,
  keyword: string,
  params: Record<string, unknown>,
  schemaPath = `#/${keyword}`,
): SchemaViolation {
  return { instancePath, schemaPath, keyword, params }
}

function collectViolations({ schema, measured }: Checks, data: unknown): SchemaViolation[] {
  if (!isObject(data)) return [violation('', 'type', { type: 'object' })]
  const { properties = {}, additionalProperties } = schema
  const isMeasured =
    measured.some(name => data[name] !== undefined) ||
    (typeof additionalProperties === 'object' &&
      Object.keys(data).some(name => !Object.hasOwn(properties, name)))
  return [...(isMeasured ? [] : listUnmeasured(schema, measured)), ...collectInObject(schema, '', data)]
}

/** Returns the violations of a reading without metrics and states. */
function listUnmeasured({ anyOf }: JsonSchema, measured: readonly string[]): SchemaViolation[] {
  if (anyOf === undefined) return [violation('', 'not', {})]
  const alternatives = measured.map((missingProperty, index) =>
    violation('', 'required', { missingProperty }, `#/anyOf/${index}/required`),
  )
  return [...alternatives, violation('', 'anyOf', {})]
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
  const bound = Number.isFinite(value) ? findBrokenBound(schema, value as number) : undefined
  if (bound === undefined) return wrong
  const params = { comparison: bound === 'minimum' ? '>=' : '<=', limit: schema[bound] }
  return [...wrong, violation(path, bound, params)]
}

function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}
