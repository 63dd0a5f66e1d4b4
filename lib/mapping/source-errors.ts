/** Errors in the source of a value that do not depend on the family. Mappings and inputs have such sources. Pure. */
import type { FilePath, PathError } from '../support/file-errors.ts'
import { linearPattern } from '../support/linear-pattern.ts'
import type { FieldSource } from './mapping.ts'
import { PARTS, type RawField, type RawSource, wholeField } from './raw-mapping.ts'

/** Returns the errors of a source of this kind. */
export function sourceErrors(source: RawSource, kind: FieldSource['kind'], path: FilePath): PathError[] {
  const whole = wholeField(source)
  return [
    ...originErrors(source, whole, path),
    ...patternErrors(whole.pattern, path),
    ...kindErrors(whole, kind, path),
  ]
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

export function patternErrors(pattern: string | undefined, path: FilePath): PathError[] {
  if (pattern === undefined) return []
  const at = [...path, 'pattern']
  try {
    const groups = linearPattern(pattern).groupCount()
    return groups === 1
      ? []
      : [{ path: at, message: `must have one group in parentheses, and has ${groups}` }]
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return [{ path: at, message: `is not a regular expression that RE2 can match: ${error.message}` }]
  }
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
  const number = kind !== 'number' && OF_NUMBERS.find(key => field[key] !== undefined)
  if (number) return wrong(number, 'is for numbers, and this field is a text')
  if (kind === 'scalar') return []
  if (field.as !== undefined && (field.as === 'text') !== (kind === 'text'))
    return wrong('as', `this field is a ${kind}`)
  const type = kind === 'text' ? 'string' : 'number'
  for (const key of ['constant', 'default'] as const)
    if (field[key] !== undefined && typeof field[key] !== type) return wrong(key, `must be a ${kind}`)
  const value = Object.entries(field.values ?? {}).find(([, meant]) => typeof meant !== type)
  return value ? [{ path: [...path, 'values', value[0]], message: `must be a ${kind}` }] : []
}
