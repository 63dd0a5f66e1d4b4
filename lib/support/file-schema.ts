/**
 * Errors of form in files that people edit: violations of the JSON Schema of a file. The violation says the error, and the
 * descriptions in the schema, which editors show as well, say the expected value. Values are never quoted, because they may be
 * secrets. Pure.
 */
import type { SchemaViolation, Validate } from '../schemas/compiled.js'
import { count } from './count.ts'
import { type FilePath, MAX_ERRORS, MORE_ERRORS, type PathError, valueAt } from './file-errors.ts'
import { isObject } from './json.ts'
import { describeSchema } from './schema-texts.ts'
import { describeUnknown } from './suggestion.ts'

export interface FileSchema {
  readonly validate: Validate
  /** The schema and those to which it refers, for its descriptions. The bundles of functions have none. */
  readonly texts: readonly object[]
  /** Returns whether a value belongs to another kind of file, whose reader checks it. */
  isForeign?(path: FilePath, content: unknown): boolean
}

/** Returns the violations of the schema, at most one for each value. The last error is `MORE_ERRORS` if there are too many. */
export function findFormErrors(schema: FileSchema, content: unknown): readonly PathError[] {
  if (schema.validate(content)) return []
  const violations = (schema.validate.errors ?? []).filter(isReported)
  const places = new Map<string, { path: FilePath; found: SchemaViolation[] }>()
  for (const [instancePath, ofValue] of Map.groupBy(violations, violation => violation.instancePath)) {
    const value = parseJsonPointer(instancePath, content)
    const choice = ofValue.find(violation => isChoiceOfKeys(violation, ofValue))
    for (const violation of ofValue) {
      const path = findPlace(violation, value, choice, schema, content)
      if (path === undefined || schema.isForeign?.(path, content)) continue
      const key = JSON.stringify(path)
      const place = places.get(key)
      if (place) place.found.push(violation)
      else if (places.size < MAX_ERRORS) places.set(key, { path, found: [violation] })
      else return [...describePlaces(schema, places.values(), content), MORE_ERRORS]
    }
  }
  return describePlaces(schema, places.values(), content)
}

function isReported({ keyword, schemaPath }: SchemaViolation): boolean {
  return keyword !== 'if' && !schemaPath.includes('/propertyNames/')
}

/**
 * Returns the path of the wrong value or the missing key; undefined if other violations say the same.
 *
 * @param path path of the value that violates the schema
 * @param choice violation of alternatives that differ only in the keys that they require, if the value has one
 */
function findPlace(
  violation: SchemaViolation,
  path: FilePath,
  choice: SchemaViolation | undefined,
  { texts }: FileSchema,
  content: unknown,
): FilePath | undefined {
  const { keyword, params } = violation
  if (keyword === 'anyOf' || keyword === 'oneOf') {
    if (violation !== choice || !isObject(valueAt(path, content))) return undefined
    return [...path, ...listChoices(texts, path, keyword).slice(0, 1)]
  }
  if (choice && isOfChoice(violation)) return undefined
  const key = params.additionalProperty ?? params.propertyName ?? params.property ?? params.missingProperty
  return key === undefined ? path : [...path, String(key)]
}

/** @param ofValue violations of the same value */
function isChoiceOfKeys({ keyword, params }: SchemaViolation, ofValue: readonly SchemaViolation[]): boolean {
  if (keyword !== 'anyOf' && keyword !== 'oneOf') return false
  // Several alternatives are met.
  if (Array.isArray(params.passingSchemas)) return true
  const inside = ofValue.filter(({ schemaPath }) => IN_CHOICE.test(schemaPath))
  return inside.length > 0 && inside.every(isOfChoice)
}

const IN_CHOICE = /\/(anyOf|oneOf)\//

function isOfChoice({ keyword, schemaPath }: SchemaViolation): boolean {
  return ['required', 'not'].includes(keyword) && IN_CHOICE.test(schemaPath)
}

function listChoices(texts: FileSchema['texts'], path: FilePath, keyword: 'anyOf' | 'oneOf'): string[] {
  const { nodes } = describeSchema(texts, path)
  const node = nodes.find(node => node[keyword]?.every(({ required }) => required))
  return [...new Set((node?.[keyword] ?? []).flatMap(({ required = [] }) => required))]
}

type Place = { readonly path: FilePath; readonly found: readonly SchemaViolation[] }

/**
 * Describes the innermost places, because they explain the violations of the values that enclose them. How many elements a value may
 * have does not follow from its elements.
 */
function describePlaces(schema: FileSchema, places: Iterable<Place>, content: unknown): PathError[] {
  const all = [...places]
  const isWithin = (inner: FilePath, outer: FilePath) =>
    inner.length > outer.length && outer.every((part, index) => inner[index] === part)
  return all
    .filter(({ path, found }) => found.some(isOfSize) || !all.some(other => isWithin(other.path, path)))
    .map(({ path, found }) => ({ path, message: describePlace(schema, path, found, content) }))
}

function isOfSize({ keyword }: SchemaViolation): boolean {
  return /^(?:(?:min|max)(?:Items|Properties)|uniqueItems)$/.test(keyword)
}

const OF_TYPE: readonly string[] = ['type', 'const']

function describePlace(
  { texts }: FileSchema,
  path: FilePath,
  found: readonly SchemaViolation[],
  content: unknown,
): string {
  const [first] = found
  const violation = found.find(({ keyword }) => !OF_TYPE.includes(keyword)) ?? (first as SchemaViolation)
  const { keyword, params } = violation
  const value = valueAt(path, content)
  const what = (text: string) => {
    const owner = keyword === 'propertyNames' ? path.slice(0, -1) : path
    const more = describeSchema(texts, owner, keyword).description
    return more === undefined ? text : `${text}. ${more}`
  }
  switch (keyword) {
    case 'additionalProperties':
      return describeUnknown('key', String(path.at(-1)), describeSchema(texts, path.slice(0, -1)).keys)
    case 'enum':
      return describeUnknown('value', String(value), [params.allowedValues].flat().map(String))
    case 'required':
      return what('is missing')
    case 'dependentRequired':
      return `needs ${params.missingProperty} as well`
    case 'anyOf':
    case 'oneOf': {
      const keys = listChoices(texts, path.slice(0, -1), keyword)
      return `give ${keyword === 'oneOf' ? 'exactly' : 'at least'} one of ${keys.join(', ')}`
    }
    case 'false schema':
    case 'not':
      return what('does not belong here')
    case 'propertyNames':
      return what('has the wrong form')
    case 'type':
    case 'const':
      return what(describeType(found, value))
    default:
      return what(describeBound(violation))
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
}

/** Describes the types and constants that a value may have, each of which may be an alternative. */
function describeType(found: readonly SchemaViolation[], value: unknown): string {
  const names = found
    .filter(({ keyword }) => OF_TYPE.includes(keyword))
    .flatMap(({ params }) => [params.type ?? String(params.allowedValue)].flat())
    .flatMap(name => (name === 'null' ? [] : (TYPES[String(name)] ?? String(name))))
  const isBare = !names.includes('a number') && ['number', 'boolean'].includes(typeof value)
  const quotes = isBare && names[0] === 'a text' ? ': put it in quotes' : ''
  const isOther =
    typeof value === 'string' && found.some(({ params }) => typeof params.allowedValue === 'string')
  const shown = isOther ? 'another text' : describeValue(value, names[0] === 'a whole number')
  return `must be ${[...new Set(names)].join(' or ')}, not ${shown}${quotes}`
}

function describeValue(value: unknown, isInteger: boolean): string {
  if (value === null || typeof value === 'boolean' || (typeof value === 'number' && !Number.isFinite(value)))
    return String(value)
  if (isInteger && typeof value === 'number') return 'a fraction'
  return TYPES[Array.isArray(value) ? 'array' : typeof value] ?? 'this'
}

const COMPARISONS: Readonly<Record<string, string>> = {
  minimum: 'at least',
  maximum: 'at most',
  exclusiveMinimum: 'greater than',
}

function describeBound({ keyword, params }: SchemaViolation): string {
  if (keyword in COMPARISONS) return `must be ${COMPARISONS[keyword]} ${params.limit}`
  if (keyword === 'uniqueItems') return 'has an element twice'
  const [, bound, unit] = /^(min|max)(Length|Items|Properties)$/.exec(keyword) ?? []
  if (bound === undefined) return 'has the wrong form'
  if (bound === 'min' && params.limit === 1) return 'must not be empty'
  const noun = { Length: 'character', Items: 'element', Properties: 'key' }[unit as string] as string
  return `must have at ${bound === 'min' ? 'least' : 'most'} ${count(Number(params.limit), noun)}`
}

/** Converts a JSON Pointer to a path. The content shows which parts of the path are list indexes. */
function parseJsonPointer(pointer: string, content: unknown): (string | number)[] {
  const path: (string | number)[] = []
  let value = content
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    path.push(Array.isArray(value) ? Number(name) : name)
    value = (value as Readonly<Record<string, unknown>> | undefined)?.[name]
  }
  return path
}
