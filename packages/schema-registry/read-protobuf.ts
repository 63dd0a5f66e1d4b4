import protobuf, { type Field, type Message, type Type } from 'protobufjs'
import { UndecodableError } from './errors.ts'
import { exactInteger, put } from './json-values.ts'
import { isUnsupported, isWrapper } from './well-known.ts'

/** Maximum number of values in a message. Absent fields with an implied value are counted too. */
const MAX_VALUES = 1_000_000

interface Budget {
  values: number
}

type Convert = (value: unknown, budget: Budget) => unknown

interface FieldPlan {
  readonly name: string
  readonly shape: 'single' | 'list' | 'map'
  /** Value that is used if the field is absent; undefined if the field then stays absent. */
  readonly implied: unknown
  readonly convert: Convert
  readonly keyText: (key: string) => string
}

/** Types with a specific JSON form. */
const OWN_FORM: ReadonlySet<string> = new Set(['.google.protobuf.Timestamp', '.google.protobuf.Duration'])

/**
 * Returns a function that converts decoded messages to the form of parsed JSON. Unlike in Protobuf's JSON mapping, 64-bit integers
 * are numbers. A field without presence is included even if it has its default value, because readers of JSON could not distinguish
 * this from a missing field. Empty lists and maps are absent. Invalid data causes an UndecodableError.
 */
export function protobufReader(): (message: Message, type: Type) => unknown {
  const plansByType = new Map<Type, readonly FieldPlan[]>()
  return (message, type) => createMessageConverter(type, plansByType)(message, { values: MAX_VALUES })
}

function createMessageConverter(type: Type, plansByType: Map<Type, readonly FieldPlan[]>): Convert {
  const form = OWN_FORM.has(type.fullName) ? protobuf.wrappers[type.fullName]?.toObject : undefined
  if (form) return message => form.call(type, message as Message, {})
  if (isUnsupported(type))
    return () => {
      throw new UndecodableError(`it has a ${type.fullName.slice(1)}, which is not supported`)
    }
  const fields: (message: unknown, budget: Budget) => Record<string, unknown> = (message, budget) => {
    let plans = plansByType.get(type)
    if (!plans) {
      plans = type.fieldsArray.map(field => planField(field, plansByType))
      plansByType.set(type, plans)
    }
    return convertFields(message as Readonly<Record<string, unknown>>, plans, budget)
  }
  return isWrapper(type) ? (message, budget) => fields(message, budget).value : fields
}

function convertFields(
  message: Readonly<Record<string, unknown>>,
  plans: readonly FieldPlan[],
  budget: Budget,
): Record<string, unknown> {
  const plain: Record<string, unknown> = {}
  for (const plan of plans) {
    const { name, implied } = plan
    const value = Object.hasOwn(message, name) ? message[name] : undefined
    const isAbsent = value === undefined || value === null
    if (isAbsent && implied === undefined) continue
    spend(budget)
    try {
      const one = isAbsent ? implied : convertField(value, plan, budget)
      if (one !== undefined) put(plain, name, one)
    } catch (error) {
      throw UndecodableError.within(name, error)
    }
  }
  return plain
}

/** Returns the value of a field; undefined for an empty list or map. */
function convertField(value: unknown, { shape, convert, keyText }: FieldPlan, budget: Budget): unknown {
  if (shape === 'single') return convert(value, budget)
  if (shape === 'list') {
    const items = (value as readonly unknown[]).map(item => spend(budget) && convert(item, budget))
    return items.length > 0 ? items : undefined
  }
  const map: Record<string, unknown> = {}
  for (const [key, one] of Object.entries(value as object))
    put(map, keyText(key), spend(budget) && convert(one, budget))
  return Object.keys(map).length > 0 ? map : undefined
}

/**
 * Counts a value against the limit.
 *
 * @returns true
 * @throws UndecodableError if the message has too many values
 */
function spend(budget: Budget): boolean {
  budget.values -= 1
  if (budget.values < 0) throw new UndecodableError(`it has more than ${MAX_VALUES} values`)
  return true
}

function planField(field: Field, plansByType: Map<Type, readonly FieldPlan[]>): FieldPlan {
  field.resolve()
  const shape = field.map ? 'map' : field.repeated ? 'list' : 'single'
  const convert = createConverter(field, plansByType)
  const isMessage = field.resolvedType instanceof protobuf.Type
  const hasImplied = shape === 'single' && !isMessage && !field.hasPresence
  const implied = hasImplied ? computeImplied(field, convert) : undefined
  return { name: field.name, shape, convert, implied, keyText: createKeyConverter(field) }
}

/** Returns a converter for map keys. protobufjs stores a 64-bit key as eight characters. */
function createKeyConverter(field: Field): (key: string) => string {
  if (!(field instanceof protobuf.MapField) || !field.keyType.endsWith('64')) return key => key
  const isUnsigned = ['uint64', 'fixed64'].includes(field.keyType)
  return key => protobuf.util.longFromHash(key, isUnsigned).toString()
}

function computeImplied({ type, resolvedType, typeDefault }: Field, convert: Convert): unknown {
  if (resolvedType instanceof protobuf.Enum) return convert(typeDefault, { values: 1 })
  if (type === 'string' || type === 'bytes') return ''
  return type === 'bool' ? false : 0
}

function createConverter(
  { type, resolvedType }: Field,
  plansByType: Map<Type, readonly FieldPlan[]>,
): Convert {
  if (resolvedType instanceof protobuf.Type) return createMessageConverter(resolvedType, plansByType)
  // As in Protobuf's JSON mapping, an enum number without a name remains a number.
  if (resolvedType instanceof protobuf.Enum) return value => resolvedType.valuesById[value as number] ?? value
  if (type === 'bytes') return value => Buffer.from(value as Uint8Array).toString('base64')
  if (type === 'float' || type === 'double') return finite
  return type.endsWith('64') ? integer : value => value
}

function finite(value: unknown): unknown {
  if (!Number.isFinite(value)) throw new UndecodableError('a number is not finite')
  return value
}

/** Converts a 64-bit integer, which protobufjs represents as an object. */
function integer(value: unknown): number {
  return exactInteger(BigInt(String(value)))
}
