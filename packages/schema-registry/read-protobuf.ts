import protobuf, { type Field, type Message, type Type } from 'protobufjs'
import { UndecodableError } from './errors.ts'
import { exactInteger, put } from './json-values.ts'
import { isUnsupported, isWrapper, TEXT_FORMS } from './well-known.ts'

/** Maximum number of values in a message. Absent fields with an implied value are counted too. */
const MAX_VALUES = 1_000_000

interface Budget {
  values: number
}

type Convert = (value: unknown, budget: Budget) => unknown

interface FieldPlan {
  /** Name in the message. */
  readonly name: string
  /** Name in JSON. */
  readonly jsonName: string
  readonly shape: 'single' | 'list' | 'map'
  /** Value that is used if the field is absent; undefined if the field then stays absent. */
  readonly implied: unknown
  readonly convert: Convert
  readonly keyText: (key: string) => string
}

/** Plans of the types whose messages have been read, for one form of the result. */
interface Plans {
  readonly form: Form
  readonly byType: Map<Type, readonly FieldPlan[]>
}

type Form = 'plain' | 'json'

/**
 * Returns a function that converts decoded messages to the form of parsed JSON. Names are those of Protobuf's JSON mapping, which is
 * the form `json`. Unlike there, 64-bit integers are numbers in the form `plain`, and a field without presence is included even if
 * it has its default value, because readers of JSON could not distinguish this from a missing field. Empty lists and maps are absent.
 * Invalid data causes an UndecodableError.
 */
export function protobufReader(form: Form): (message: Message, type: Type) => unknown {
  const plans: Plans = { form, byType: new Map() }
  return (message, type) => createMessageConverter(type, plans)(message, { values: MAX_VALUES })
}

function createMessageConverter(type: Type, plans: Plans): Convert {
  const text = TEXT_FORMS.get(type.fullName)
  if (text) return message => text.format(message as Parameters<typeof text.format>[0])
  if (isUnsupported(type) && plans.form === 'plain')
    return () => {
      throw new UndecodableError(`it has a ${type.fullName.slice(1)}, which is not supported`)
    }
  const fields: (message: unknown, budget: Budget) => Record<string, unknown> = (message, budget) => {
    let own = plans.byType.get(type)
    if (!own) {
      own = type.fieldsArray.map(field => planField(field, plans, isWrapper(type)))
      plans.byType.set(type, own)
    }
    return convertFields(message as Readonly<Record<string, unknown>>, own, budget)
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
    const { name, jsonName, implied } = plan
    const value = Object.hasOwn(message, name) ? message[name] : undefined
    const isAbsent = value === undefined || value === null
    if (isAbsent && implied === undefined) continue
    spend(budget)
    try {
      const one = isAbsent ? implied : convertField(value, plan, budget)
      if (one !== undefined) put(plain, jsonName, one)
    } catch (error) {
      throw UndecodableError.within(jsonName, error)
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

/** @param isImplied true if the field has its default value where it is absent, also in the form `json` */
function planField(field: Field, plans: Plans, isImplied: boolean): FieldPlan {
  field.resolve()
  const { name, jsonName = name } = field
  const shape = field.map ? 'map' : field.repeated ? 'list' : 'single'
  const convert = createConverter(field, plans)
  const isMessage = field.resolvedType instanceof protobuf.Type
  const hasImplied = shape === 'single' && !isMessage && !field.hasPresence
  const implied =
    hasImplied && (isImplied || plans.form === 'plain') ? computeImplied(field, convert) : undefined
  return { name, jsonName, shape, convert, implied, keyText: createKeyConverter(field) }
}

/** Returns a converter for map keys. protobufjs stores a 64-bit key as eight characters. */
function createKeyConverter(field: Field): (key: string) => string {
  if (!(field instanceof protobuf.MapField) || !field.keyType.endsWith('64')) return key => key
  const isUnsigned = ['uint64', 'fixed64'].includes(field.keyType)
  return key => protobuf.util.longFromHash(key, isUnsigned).toString()
}

function computeImplied({ type, resolvedType, typeDefault }: Field, convert: Convert): unknown {
  if (type === 'string' || type === 'bytes') return ''
  const value = resolvedType instanceof protobuf.Enum ? typeDefault : type !== 'bool' && 0
  return convert(value, { values: 1 })
}

function createConverter({ type, resolvedType }: Field, plans: Plans): Convert {
  if (resolvedType instanceof protobuf.Type) return createMessageConverter(resolvedType, plans)
  // As in Protobuf's JSON mapping, an enum number without a name remains a number.
  if (resolvedType instanceof protobuf.Enum) return value => resolvedType.valuesById[value as number] ?? value
  if (type === 'bytes') return value => Buffer.from(value as Uint8Array).toString('base64')
  const isJson = plans.form === 'json'
  if (type === 'float' || type === 'double')
    return isJson ? value => (Number.isFinite(value) ? value : String(value)) : finite
  if (!type.endsWith('64')) return value => value
  return isJson ? String : integer
}

function finite(value: unknown): unknown {
  if (!Number.isFinite(value)) throw new UndecodableError('a number is not finite')
  return value
}

/** Converts a 64-bit integer, which protobufjs represents as an object. */
function integer(value: unknown): number {
  return exactInteger(BigInt(String(value)))
}
