/** Makes the source of a value from its description in a file. Pure. */
import { linearPattern } from '../support/linear-pattern.ts'
import type { FieldSource, Scalar } from './mapping.ts'
import { type RawField, type RawSource, toList, wholeField } from './raw-mapping.ts'
import { toNumber } from './read-field.ts'
import { parsePath } from './record-path.ts'

/** Returns the source of a value that a record must have. A number is not converted to another unit. */
export function toSource(target: string, kind: FieldSource['kind'], raw: RawField): FieldSource {
  const { from, constant, default: otherwise, pattern, values, as, absent, orElse } = raw
  const isNumber = kind === 'number' || (kind === 'scalar' && as !== undefined && as !== 'text')
  return {
    target,
    kind,
    isRequired: true,
    from: toList(from).map(parsePath),
    ...(constant === undefined ? {} : { constant }),
    ...(otherwise === undefined ? {} : { otherwise }),
    ...(pattern === undefined ? {} : { pattern: linearPattern(pattern) }),
    ...(values === undefined ? {} : { values: new Map(Object.entries(values)) }),
    ...(as === undefined ? {} : { as }),
    ...(absent === undefined ? {} : { absent: toAbsent(absent, isNumber) }),
    ...(orElse === undefined ? {} : { orElse }),
  }
}

/** Returns the values that count as missing, of numbers and times those that are numbers as such. */
export function toAbsent(listed: readonly Scalar[], isNumber: boolean): ReadonlySet<string | number> {
  return new Set(listed.map(value => (isNumber ? toNumber(value) : undefined) ?? String(value)))
}

/** Returns the source of a part of an id. Its name is that of the field, because the id is derived from the name, too. */
export function toIdPart(raw: RawSource): FieldSource {
  const whole = wholeField(raw)
  return toSource(
    typeof whole.from === 'string' ? whole.from : JSON.stringify(whole.from ?? null),
    'scalar',
    whole,
  )
}
