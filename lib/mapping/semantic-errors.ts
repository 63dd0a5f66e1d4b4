/**
 * Errors of a mapping that the schema cannot express, such as fields that do not exist in the family, or units of another
 * dimension. Pure.
 */
import { OWN_TYPES } from '../schemas/event-types.ts'
import type { Validated } from '../support/edited-file.ts'
import type { FilePath, PathError } from '../support/file-errors.ts'
import { describeUnknown, nameHint } from '../support/suggestion.ts'
import type { Families, Family } from '../telemetry/families.ts'
import { findMetricUnit } from '../telemetry/metric-names.ts'
import { describeName, describeUnfit, findConversion, suggestUnits } from '../telemetry/unit-table.ts'
import type { FieldSource } from './mapping.ts'
import { patternErrors } from './pattern-errors.ts'
import {
  type RawField,
  type RawMapping,
  type RawSource,
  toList,
  wholeField,
  wholeMetric,
} from './raw-mapping.ts'
import { sourceErrors } from './source-errors.ts'
import { findTargetKind, getTargets, isMeasured, requiredTargets, TAG } from './target-fields.ts'
import { zoneErrors } from './zone-errors.ts'

/** @param isWrong returns whether a part of the mapping is wrong in form, and missing here */
export function contradictions(
  sound: Validated<RawMapping>,
  families: Families,
  isWrong: (...path: FilePath) => boolean,
): PathError[] {
  const raw = { time: [], fields: {}, ...sound } as unknown as RawMapping
  const family = families.byName[raw.family]
  const message = describeUnknown('family', raw.family ?? '', families.names)
  return [
    ...whenErrors(raw),
    ...idErrors(raw),
    ...timeErrors(raw),
    ...(family
      ? [...fieldsErrors(family, raw), ...metricErrors(family, raw)]
      : [{ path: ['family'], message }]),
    ...(family && !isWrong('metric') ? targetErrors(family, raw) : []),
  ]
}

function wholeErrors(source: RawSource | undefined, kind: FieldSource['kind'], path: FilePath): PathError[] {
  if (source === undefined) return []
  return [...sourceErrors(source, kind, path), ...patternErrors(wholeField(source).pattern, path)]
}

function idErrors({ id }: RawMapping): PathError[] {
  if (typeof id !== 'object') return []
  return id.flatMap((part, index) => wholeErrors(part, 'scalar', ['id', index]))
}

/**
 * Returns the errors in the `when` condition of a mapping. A condition must not match Sluice's own events, such as readings and
 * ticks, because they are never mapped.
 */
function whenErrors({ when }: RawMapping): PathError[] {
  const type = when?.equals?.type
  if (typeof type !== 'string' || !type.startsWith(OWN_TYPES)) return []
  return [
    {
      path: ['when', 'equals', 'type'],
      message: `events of ${OWN_TYPES}* are Sluice's own, and never mapped`,
    },
  ]
}

function timeErrors({ time }: RawMapping): PathError[] {
  const times = toList(time)
  return times.flatMap((source, index) => {
    const path: FilePath = Array.isArray(time) ? ['time', index] : ['time']
    if (source === 'record')
      return index < times.length - 1
        ? [{ path, message: 'every record has this one, so the following ones are never used' }]
        : []
    return [...zoneErrors(source, path), ...patternErrors(source.pattern, path)]
  })
}

/** Returns errors for a mapping that can never result in a valid reading. */
function targetErrors(family: Family, { fields, metric }: RawMapping): PathError[] {
  const hasTags = Object.hasOwn(fields, 'tags')
  const missing = requiredTargets(family).filter(
    target => !Object.hasOwn(fields, target) && !(hasTags && TAG.test(target)),
  )
  const measured = [...Object.keys(family.metrics), ...Object.keys(family.states)]
  return [
    ...missing.map(target => ({
      path: ['fields', target],
      message: 'is missing: specify the field that contains it, or a constant',
    })),
    ...(metric === undefined && !Object.keys(fields).some(target => isMeasured(family, target))
      ? [
          {
            path: ['fields'],
            message: `nothing is measured: there must be a metric or state of ${family.name}, or metric.${nameHint('', measured)}`,
          },
        ]
      : []),
  ]
}

function fieldsErrors(family: Family, { fields }: RawMapping): PathError[] {
  return Object.entries(fields).flatMap(([target, field]) => {
    const path = ['fields', target]
    const kind = findTargetKind(family, target)
    if (kind === undefined)
      return [
        {
          path,
          message: describeUnknown(`field of ${family.name}`, target, [
            ...getTargets(family).keys(),
            'tags.NAME',
          ]),
        },
      ]
    const whole = wholeField(field)
    return [
      ...wholeErrors(field, kind, path),
      ...unitErrors(kind === 'number' ? whole.unit : undefined, findMetricUnit(family, target), path),
      ...textErrors(whole, text => describeText(family, target, text), path),
    ]
  })
}

function unitErrors(unit: string | undefined, own: string | undefined, path: FilePath): PathError[] {
  if (unit === undefined) return []
  const at = [...path, 'unit']
  if (own === undefined) return [{ path: at, message: 'is for metrics' }]
  if (own === '') return [{ path: at, message: 'the metric has no unit' }]
  return findConversion(own, unit) ? [] : [{ path: at, message: describeUnfit(own, unit) }]
}

/** Returns the error message for a text that every reading with it would be refused for; undefined for any other. */
function describeText({ name, metrics, states }: Family, target: string, text: string): string | undefined {
  const allowed = states[target]
  if (allowed) return allowed.includes(text) ? undefined : describeUnknown('value', text, allowed)
  const owns = [...new Set(Object.values(metrics))]
  if (target !== 'unit' || owns.some(own => findConversion(own, text))) return undefined
  return `${describeName(text)} is the unit of no metric of ${name}.${suggestUnits(text, owns)}`
}

/** Returns the errors of texts that do not depend on the record. */
function textErrors(
  field: RawField,
  describe: (text: string) => string | undefined,
  path: FilePath,
): PathError[] {
  const wrong = (key: FilePath, value: unknown) => {
    const message = value === undefined ? undefined : describe(String(value))
    return message === undefined ? [] : [{ path: [...path, ...key], message }]
  }
  return [
    ...wrong(['constant'], field.constant),
    ...wrong(['default'], field.default),
    ...Object.entries(field.values ?? {}).flatMap(([name, value]) => wrong(['values', name], value)),
  ]
}

function metricErrors(family: Family, { fields, metric }: RawMapping): PathError[] {
  if (metric && metric.names === undefined && !family.others)
    return [
      {
        path: ['metric', 'names'],
        message: `is missing: it may be left out only if the family has \`others: numbers\``,
      },
    ]
  if (metric === undefined) return []
  const { metrics } = family
  const ofUnit = metric.value === undefined ? undefined : wholeField(metric.value).unit
  const ofSources = [
    ...wholeErrors(metric.name, 'text', ['metric', 'name']),
    ...wholeErrors(metric.value, 'number', ['metric', 'value']),
    ...(ofUnit === undefined
      ? []
      : [{ path: ['metric', 'value', 'unit'], message: 'depends on the metric: specify it in names' }]),
  ]
  const ofNames = Object.entries(metric.names ?? {}).flatMap(([name, entry]) => {
    const whole = wholeMetric(entry)
    if (whole.metric === undefined) return []
    const path = ['metric', 'names', name]
    const at = typeof entry === 'string' ? path : [...path, 'metric']
    const own = findMetricUnit(family, whole.metric)
    if (own === undefined)
      return [
        {
          path: at,
          message: describeUnknown(`metric of ${family.name}`, whole.metric, Object.keys(metrics)),
        },
      ]
    if (Object.hasOwn(fields, whole.metric))
      return [{ path: at, message: `${whole.metric} is also in fields, but can have only one source` }]
    return unitErrors(whole.unit, own, path)
  })
  return [...ofSources, ...ofNames]
}
