/**
 * Reads and strictly validates a mapping. A misspelled key must be an error, because the field would otherwise never be set. All
 * errors are reported at once. Pure.
 */

import mappingTexts from '#schemas/mapping.v1.json' with { type: 'json' }
import validate from '../schemas/compiled-mapping.js'
import { parseDuration } from '../support/duration.ts'
import { readValid } from '../support/edited-file.ts'
import { linearPattern } from '../support/linear-pattern.ts'
import type { Families, Family } from '../telemetry/families.ts'
import { findConversion } from '../telemetry/unit-table.ts'
import { toAbsent, toIdPart, toSource } from './field-source.ts'
import type { FieldSource, Mapping, NamedMetric, TimeSource } from './mapping.ts'
import {
  type RawField,
  type RawMapping,
  type RawTime,
  toList,
  wholeField,
  wholeMetric,
} from './raw-mapping.ts'
import { parsePath } from './record-path.ts'
import { contradictions } from './semantic-errors.ts'
import { findTargetKind, requiredTargets } from './target-fields.ts'

const SCHEMA = { validate, texts: [mappingTexts] }

/**
 * Reads a mapping.
 *
 * @param families families, of which one is that of the mapping
 * @param name name of the mapping in failures and ids
 * @param file name of the file in error messages
 * @throws InvalidFile with all errors
 */
export function readMapping(families: Families, text: string, name: string, file: string): Mapping {
  const read = readValid<RawMapping>(SCHEMA, 'the mapping', { file, text }, (content, isWrong) =>
    contradictions(content, families, isWrong),
  )
  const mapping = toMapping(name, read.content, families.get(read.content.family))
  return read.content.when ? mapping : { ...mapping, takesAllAt: `${file}:${read.positionOf([]).line}` }
}

function toMapping(name: string, { when, id, time, fields, metric }: RawMapping, family: Family): Mapping {
  const equals = Object.entries(when?.equals ?? {})
  const type = when?.equals?.type
  return {
    name,
    family,
    has: (when?.has ?? []).map(parsePath),
    lacks: (when?.lacks ?? []).map(parsePath),
    equals: equals.map(([path, value]) => [parsePath(path), value] as const),
    ...(typeof type === 'string' ? { eventType: type } : {}),
    ...(id === undefined ? {} : { id: id === 'position' ? id : id.map(toIdPart) }),
    times: toList(time).map(source => (source === 'record' ? source : toTimeSource(source))),
    fields: Object.entries(fields).map(([target, field]) => toFieldSource(family, target, wholeField(field))),
    ...(metric === undefined ? {} : { metric: toNamedMetric(family, metric) }),
  }
}

function toTimeSource({ from, pattern, absent, add, ...rest }: RawTime): TimeSource {
  const addMs = (parseDuration(add?.replace('-', '')) ?? 0) * (add?.startsWith('-') ? -1 : 1)
  return {
    from: toList(from).map(parsePath),
    ...(pattern === undefined ? {} : { pattern: linearPattern(pattern) }),
    ...(absent === undefined ? {} : { absent: toAbsent(absent, true) }),
    ...(addMs === 0 ? {} : { addMs }),
    ...rest,
  }
}

function toFieldSource(family: Family, target: string, raw: RawField): FieldSource {
  const convert = createConversion(family.metrics[target], raw)
  return {
    ...toSource(target, findTargetKind(family, target) ?? 'text', raw),
    isRequired: requiredTargets(family).includes(target),
    ...(convert === undefined ? {} : { convert }),
    ...(raw.unit === undefined ? {} : { hasUnit: true }),
  }
}

/**
 * Returns the conversion of a number to the unit of the metric. The scale and the offset are applied first, and result in a number
 * in the unit that the mapping specifies.
 */
function createConversion(
  own: string | undefined,
  { scale = 1, offset = 0, unit }: Pick<RawField, 'scale' | 'offset' | 'unit'>,
): FieldSource['convert'] {
  const toOwn = own === undefined || unit === undefined ? undefined : findConversion(own, unit)
  if (scale === 1 && offset === 0) return toOwn
  const linear = (value: number) => Number((value * scale + offset).toPrecision(12))
  return toOwn ? value => toOwn(linear(value)) : linear
}

function toNamedMetric(
  family: Family,
  { name, value, names }: NonNullable<RawMapping['metric']>,
): NamedMetric {
  const whole = wholeField(value)
  const convert = createConversion(undefined, whole)
  const sources = {
    name: toSource('name', 'text', wholeField(name)),
    value: { ...toSource('value', 'number', whole), ...(convert === undefined ? {} : { convert }) },
  }
  if (names === undefined) return sources
  const byName = Object.entries(names).map(([found, entry]) => {
    const { metric, ...rest } = wholeMetric(entry)
    // A record that contains the name of a metric must also contain its value.
    return [found, { ...toFieldSource(family, metric, { ...whole, ...rest }), isRequired: true }] as const
  })
  return { ...sources, byName: new Map(byName) }
}
