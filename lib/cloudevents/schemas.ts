/** Checks the data of events against the schemas that ship in `schemas/`. */
import validators, { type Misfit } from '../../schemas/compiled.js'

const SHOWN = 3

/**
 * Why `data` does not fit the schema of its event type: the first few places and what is expected there, never what
 * was found. Undefined where it fits, and for a type that is not one of ours.
 *
 * @param type CloudEvents `type`
 * @param data decoded; `undefined` for an event without data, which fits no schema
 */
export function schemaFault(type: string, data: unknown): string | undefined {
  const validate = Object.hasOwn(validators, type) ? validators[type] : undefined
  if (validate === undefined || validate(data)) return undefined
  const misfits = validate.errors ?? []
  const places = misfits.filter(misfit => !isAlternative(misfit))
  const shown = places.slice(0, SHOWN).map(misfit => described(misfit, misfits))
  return [...shown, ...(places.length > SHOWN ? [`${places.length - SHOWN} more`] : [])].join('; ')
}

/** The branches of an `anyOf` are told together, where the `anyOf` itself is reported. */
function isAlternative({ schemaPath }: Misfit): boolean {
  return schemaPath.includes('/anyOf/')
}

function described(misfit: Misfit, all: readonly Misfit[]): string {
  const { instancePath, params } = misfit
  switch (misfit.keyword) {
    case 'required':
      return `${place(instancePath, params.missingProperty)} is missing`
    case 'additionalProperties':
      return `${place(instancePath, params.additionalProperty)} is not known to the schema`
    case 'anyOf':
      return `${place(instancePath)} must have at least one of ${alternatives(misfit, all)}`
    default:
      return `${place(instancePath)} ${expected(misfit)}`
  }
}

function expected({ keyword, params }: Misfit): string {
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
      return `must be a ${params.format} of RFC 3339`
    default:
      return `breaks the schema's "${keyword}"`
  }
}

/** Metrics are optional one by one, but not all of them: `anyOf` of `required`. */
function alternatives({ instancePath }: Misfit, all: readonly Misfit[]): string {
  return all
    .filter(misfit => isAlternative(misfit) && misfit.instancePath === instancePath)
    .map(misfit => misfit.params.missingProperty)
    .join(', ')
}

/** JSON Pointer → `location.latitude`; the data as a whole is `data`. */
function place(pointer: string, property?: unknown): string {
  const names = pointer
    .split('/')
    .slice(1)
    .map(name => name.replaceAll('~1', '/').replaceAll('~0', '~'))
  if (property !== undefined) names.push(String(property))
  return names.length === 0 ? 'data' : names.map(shown).join('.')
}

/** A property's name is the producer's text, too: shown if it looks like a name, so that a typo can be seen. */
function shown(name: string): string {
  return /^(\d{1,6}|[A-Za-z_][\w-]{0,39})$/.test(name) ? name : '(a name not shown)'
}
