/** Validates the data of events: readings by their family, other events with the packaged schemas in `events/schemas/`. */
import validators, { type SchemaViolation } from '../../schemas/compiled.js'
import { toProtobufName } from '../../support/protobuf-name.ts'
import type { Families } from '../../telemetry/families.ts'
import { findViolations } from '../../telemetry/validate-reading.ts'

const SHOWN = 3

/**
 * Describes the first few schema violations of an event, with paths and expected types but without values. Returns undefined if the
 * data is valid, or if the event type has no schema.
 *
 * @param families families of the readings
 * @param type CloudEvents `type`
 * @param data decoded data. Undefined, for an event without data, is never valid, and neither are bytes.
 * @param contentType content type of the data, which is the reason why bytes were not decoded
 */
export function schemaViolation(
  families: Families,
  type: string,
  data: unknown,
  contentType?: string,
): string | undefined {
  const family = families.findByType(type)
  const validate = Object.hasOwn(validators, type) ? validators[type] : undefined
  if (family === undefined && validate === undefined) return undefined
  if (Buffer.isBuffer(data))
    return `its content type is ${contentType?.slice(0, 60) ?? 'missing'}, but its data must be JSON, Avro or Protobuf`
  const violations = family ? findViolations(family, data) : validate?.(data) ? [] : (validate?.errors ?? [])
  if (violations.length === 0) return undefined
  const names = family ? [...Object.keys(family.metrics), ...Object.keys(family.states)] : []
  const isUnknown = ({ params }: SchemaViolation, name: string) =>
    params.additionalProperty !== name && params.additionalProperty === toProtobufName(name)
  const other = names.find(name => violations.some(violation => isUnknown(violation, name)))
  return `${describeViolations(violations)}${other ? `; ${other} is ${toProtobufName(other)} in Protobuf's JSON` : ''}`
}

/** Describes the first few violations. */
export function describeViolations(violations: readonly SchemaViolation[]): string {
  const places = violations.filter(violation => !isAlternative(violation))
  const shown = places.slice(0, SHOWN).map(violation => describeViolation(violation, violations))
  return [...shown, ...(places.length > SHOWN ? [`${places.length - SHOWN} more`] : [])].join('; ')
}

/**
 * Returns whether a violation is inside a branch of an `anyOf`. Such violations are not reported separately, because all branches
 * are described together.
 */
function isAlternative({ schemaPath }: SchemaViolation): boolean {
  return schemaPath.includes('/anyOf/')
}

function describeViolation(violation: SchemaViolation, all: readonly SchemaViolation[]): string {
  const { instancePath, params } = violation
  switch (violation.keyword) {
    case 'required':
      return `${place(instancePath, params.missingProperty)} is missing`
    case 'additionalProperties':
      return `${place(instancePath, params.additionalProperty)} is not known to the schema`
    case 'not':
      return `${place(instancePath)} must have at least one metric`
    case 'anyOf':
      return `${place(instancePath)} must have at least one of ${alternatives(violation, all)}`
    default:
      return `${place(instancePath)} ${describeExpectation(violation)}`
  }
}

function describeExpectation({ keyword, params }: SchemaViolation): string {
  switch (keyword) {
    case 'type':
      return `must be ${[params.type].flat().join(' or ')}`
    case 'minimum':
    case 'maximum':
      return `must be ${params.comparison} ${params.limit}`
    case 'minLength':
    case 'minProperties':
      return 'must not be empty'
    case 'enum':
      return `must be one of ${[params.allowedValues].flat().join(', ')}`
    case 'const':
      return `must be ${params.allowedValue}`
    case 'format':
      return `must be an RFC 3339 ${params.format}`
    default:
      return `violates the schema's "${keyword}"`
  }
}

/** Lists the alternatives of an `anyOf`, in which each metric is optional but at least one is required. */
function alternatives({ instancePath }: SchemaViolation, all: readonly SchemaViolation[]): string {
  return all
    .filter(violation => isAlternative(violation) && violation.instancePath === instancePath)
    .map(violation => violation.params.missingProperty)
    .join(', ')
}

/** Converts a JSON Pointer to a path such as `place.bed`; the whole document is `data`. */
function place(pointer: string, property?: unknown): string {
  const names = pointer
    .split('/')
    .slice(1)
    .map(name => name.replaceAll('~1', '/').replaceAll('~0', '~'))
  if (property !== undefined) names.push(String(property))
  return names.length === 0 ? 'data' : names.map(maskUnsafeName).join('.')
}

/**
 * Returns the property name if it is safe to show in a message. Producers choose property names, but a name helps to find typing
 * errors.
 */
function maskUnsafeName(name: string): string {
  return /^(\d{1,6}|[A-Za-z_][\w-]{0,39})$/.test(name) ? name : '(a name not shown)'
}
