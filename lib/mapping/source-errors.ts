/**
 * Errors in the source of a value that do not depend on the family. Mappings and inputs have such sources. Pure, and without the
 * engine for patterns, because functions read the file of inputs that have no use for it.
 */
import type { FilePath, PathError } from '../support/file-errors.ts'
import type { FieldSource } from './mapping.ts'
import { PARTS, type RawField, type RawSource, wholeField } from './raw-mapping.ts'

/** Returns the errors of a source of this kind. */
export function sourceErrors(source: RawSource, kind: FieldSource['kind'], path: FilePath): PathError[] {
  const whole = wholeField(source)
  return [...originErrors(source, whole, path), ...kindErrors(whole, kind, path)]
}

function originErrors(source: RawSource, { from, constant, ...rest }: RawField, path: FilePath): PathError[] {
  const part = PARTS.find(name => typeof source === 'object' && Object.hasOwn(source, name))
  if (part !== undefined && Object.keys(source).length > 1)
    return [{ path, message: `${part} stands alone: with other keys, it belongs into from` }]
  if ((from === undefined) === (constant === undefined))
    return [{ path, message: 'needs either from or constant' }]
  const [other] = Object.keys(rest)
  if (constant === undefined || other === undefined) return []
  return [{ path: [...path, other], message: 'has no effect with a constant' }]
}

const OF_NUMBERS = ['scale', 'offset', 'unit'] as const

function kindErrors(field: RawField, kind: FieldSource['kind'], path: FilePath): PathError[] {
  const wrong = (key: keyof RawField, message: string) => [{ path: [...path, key], message }]
  if (kind === 'labels') {
    const other = (Object.keys(field) as (keyof RawField)[]).find(key => key !== 'from')
    return other
      ? wrong(other, 'says nothing about tags, which are all taken from an object: use tags.NAME')
      : []
  }
  const number = OF_NUMBERS.find(key => field[key] !== undefined)
  if (number && kind !== 'number') return wrong(number, 'is for numbers, and this field is a text')
  if (number && field.values) return wrong(number, 'has no effect on values: write the results in values')
  if (kind === 'scalar') return []
  if (field.as !== undefined && (field.as === 'text') !== (kind === 'text'))
    return wrong('as', `this field is a ${kind}`)
  const type = kind === 'text' ? 'string' : 'number'
  for (const key of ['constant', 'default'] as const)
    if (field[key] !== undefined && typeof field[key] !== type) return wrong(key, `must be a ${kind}`)
  const value = Object.entries(field.values ?? {}).find(([, meant]) => typeof meant !== type)
  return value ? [{ path: [...path, 'values', value[0]], message: `must be a ${kind}` }] : []
}
