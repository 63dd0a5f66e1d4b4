/** Writes values as JSON, and refuses those that JSON lacks: `JSON.stringify` would replace or omit them. Pure. */

/** Error for an event that cannot be published. The message names the attribute or the member, and never contains payload data. */
export class InvalidEvent extends Error {
  override readonly name = 'InvalidEvent'
}

/**
 * Returns the JSON text of a value. Undefined is omitted as a member and null in a list, -0 becomes 0, and instances of classes with
 * `toJSON`, such as a Date, are written as it returns them.
 *
 * @param name name of the value for the message; empty for a document whose members have names of their own
 * @throws InvalidEvent with the path of the first value that JSON lacks
 */
export function toJsonText(value: unknown, name = ''): string {
  const lost = findLost(value, [], false)
  if (lost === undefined) return JSON.stringify(value)
  throw new InvalidEvent(`${name}${lost}, which JSON does not have`.replace(/^[. ]/, ''))
}

/**
 * Returns the path of the first value that JSON lacks, and what it is, such as `.temperature is NaN`; undefined if there is none. This
 * takes a quarter of the time of `JSON.stringify`.
 *
 * @param parents objects that contain the value
 * @param isStrict true if instances of classes are refused, because they are only objects when they are read back
 */
export function findLost(value: unknown, parents: object[], isStrict: boolean): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : ` is ${value}`
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return undefined
  if (value === undefined) return ' is undefined'
  if (typeof value !== 'object') return ` is a ${typeof value === 'bigint' ? 'BigInt' : typeof value}`
  if (parents.includes(value)) return ' is a circle'
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null && !Array.isArray(value)) {
    const name = value.constructor?.name
    const { toJSON } = value as { readonly toJSON?: unknown }
    const json = typeof toJSON === 'function' ? toJSON.call(value, '') : value
    if (json === null || json === undefined) return ` is an invalid ${name}`
    // JSON would have nothing of a Map, whose content is hidden, and an object of numbers for bytes.
    const isHidden = json === value && Object.keys(value).length === 0
    if (isStrict || isHidden || ArrayBuffer.isView(value))
      return ` is ${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`
    if (json !== value) return findLost(json, parents, isStrict)
  }
  parents.push(value)
  if (Array.isArray(value)) {
    // By index, because holes have to be found.
    for (let index = 0; index < value.length; index += 1) {
      const item = value[index]
      const isNull = item === undefined && !isStrict && index in value
      const lost = isNull ? undefined : findLost(item, parents, isStrict)
      if (lost !== undefined) return `[${index}]${lost}`
    }
  } else {
    for (const name in value) {
      const member = (value as Readonly<Record<string, unknown>>)[name]
      const lost = member === undefined ? undefined : findLost(member, parents, isStrict)
      if (lost !== undefined && Object.hasOwn(value, name)) return `${formatName(name)}${lost}`
    }
  }
  parents.pop()
  return undefined
}

function formatName(name: string): string {
  return /^\w{1,40}$/.test(name) ? `.${name}` : `[${JSON.stringify(name.slice(0, 40))}]`
}

/** Maximum nesting depth of a value that is copied. A circle is deeper. */
const DEEPEST_PLAIN = 100

/** Copy of a value that JSON would not change. */
export interface PlainCopy {
  readonly value: unknown
  /** Upper bound for the length of its JSON, in UTF-16 units. */
  readonly length: number
}

/**
 * Returns a copy with exactly the members that JSON has of a value; undefined if JSON would change or refuse any of it, as it does with
 * a Date, -0 or an undefined member. Checking each member for a getter would take longer than writing the JSON.
 */
export function copyPlain(value: unknown): PlainCopy | undefined {
  const measured = { length: 0 }
  const copy = copyValue(value, measured, 0)
  return copy === undefined ? undefined : { value: copy, length: measured.length }
}

function copyValue(value: unknown, measured: { length: number }, level: number): unknown {
  if (typeof value === 'string') measured.length += 6 * value.length + 2
  else measured.length += typeof value === 'number' ? 25 : 5
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0) ? value : undefined
  if (typeof value !== 'object' || value === null)
    return typeof value === 'string' || typeof value === 'boolean' || value === null ? value : undefined
  if (level > DEEPEST_PLAIN || 'toJSON' in value) return undefined
  const prototype = Object.getPrototypeOf(value)
  if (prototype === Array.prototype) return copyList(value as readonly unknown[], measured, level)
  if (prototype !== Object.prototype || Object.hasOwn(value, '__proto__')) return undefined
  const copy: Record<string, unknown> = {}
  for (const name of Object.keys(value)) {
    const member = copyValue((value as Readonly<Record<string, unknown>>)[name], measured, level + 1)
    if (member === undefined) return undefined
    measured.length += 6 * name.length + 4
    copy[name] = member
  }
  return copy
}

function copyList(list: readonly unknown[], measured: { length: number }, level: number): unknown {
  const copy: unknown[] = []
  // By index, because an iterator of the list could return other values.
  for (let index = 0; index < list.length; index += 1) {
    const item = copyValue(list[index], measured, level + 1)
    if (item === undefined) return undefined
    measured.length += 1
    copy.push(item)
  }
  return copy
}
