/** Finds where events have the fields of an input's records, which mappings translate to those of readings. Pure. */
import type { LoadedInput } from '../../intake/read-record.ts'
import type { Mapping } from '../../mapping/mapping.ts'
import { getTargets, TAG } from '../../mapping/target-fields.ts'
import { findMetricUnit } from '../../telemetry/metric-names.ts'
import type { ColumnType, StreamColumn } from '../plan.ts'
import { typeNamed } from './compile-expression.ts'
import { StatementError, unknownName } from './statement-error.ts'
import type { ColumnClause, Name } from './syntax.ts'

/** Types of values in events, by their kind in mappings. */
const TYPES = {
  ...({ text: 'VARCHAR', scalar: 'VARCHAR', number: 'DOUBLE', time: 'TIMESTAMP' } as const),
  labels: 'STRUCT<name VARCHAR>',
} as const

/** Field of records or of readings that a column can name. */
interface KnownField {
  /** Dotted path. */
  readonly name: string
  /** Dotted path in the data of the reading; absent for the time of the event. */
  readonly target?: string
  readonly kind: keyof typeof TYPES
  /** True for the key of the record as text. A column that is a `KEY` can give it any name. */
  readonly isKey?: boolean
}

/**
 * Returns the function that finds the place of a column in the events of an input. If the input has one mapping, columns are fields of
 * the records, or of the reading that the mapping makes of them. If it has several, they are fields of the readings.
 *
 * @throws StatementError for a field that no mapping reads, and for a type that the value does not have
 */
export function createFieldLocator({ topic, loadedMappings: mappings }: LoadedInput) {
  const only = mappings.length === 1 ? mappings[0] : undefined
  const ofRecords = only ? listRecordFields(only) : []
  const ofReadings = mappings.flatMap(mapping => listReadingFields(mapping, !only))
  const known = [...new Set((only ? ofRecords : ofReadings).map(record => record.name))]
  const reader = only ? `mapping ${only.name} does not read` : 'mappings do not set'
  return (names: readonly Name[], { type, isKey }: ColumnClause): Pick<StreamColumn, 'path' | 'stored'> => {
    const name = names.map(({ text }) => text).join('.')
    const { at } = names[0] as Name
    const isExact = names.some(({ isQuoted }) => isQuoted)
    const field =
      findField(ofRecords, name, isExact) ??
      findField(ofReadings, name, isExact) ??
      ofRecords.find(record => isKey && record.isKey) ??
      (mappings.some(mapping => isNamedMetric(mapping, name))
        ? { name, target: name, kind: 'number' }
        : undefined)
    if (field) return placeColumn(field, typeNamed(type, at), name, at)
    throw unknownName(`field of the input ${topic}, whose ${reader}`, name, known, at)
  }
}

/** Returns a name without what `device_id`, `deviceId` and `DEVICE_ID` differ in. */
export function plain(name: string): string {
  return name.replaceAll('_', '').toLowerCase()
}

function findField(fields: readonly KnownField[], name: string, isExact: boolean): KnownField | undefined {
  // A reading has the labels of an object as tags, and those of nested objects with dots in their names.
  const labels = fields.find(field => field.kind === 'labels' && name.startsWith(`${field.name}.`))
  return (
    fields.find(field => field.name === name) ??
    fields.find(field => !isExact && plain(field.name) === plain(name)) ??
    (labels && { name, target: `${labels.target}${name.slice(labels.name.length)}`, kind: 'text' })
  )
}

/** Returns the fields of records that a mapping reads into a reading. */
function listRecordFields({ fields, times, metric, eventType }: Mapping): readonly KnownField[] {
  const ofTimes = times.flatMap(time => (time === 'record' ? [] : { from: time.from, kind: 'time' as const }))
  const read: readonly (Omit<KnownField, 'name'> & Pick<Mapping['fields'][number], 'from'>)[] = [
    ...fields,
    ...ofTimes,
  ]
  return [
    ...read.flatMap(({ from, target, kind }) =>
      from
        .filter(({ part }) => part === undefined || part === 'key')
        // The value of a CloudEvent is its data.
        .map(({ name, steps }) => ({
          ...{
            name: eventType === undefined ? name : name.replace(/^data\./, ''),
            isKey: steps.length === 0,
          },
          ...{ kind, ...(target !== undefined && { target }) },
        })),
    ),
    ...[...(metric?.byName ?? [])].map(([name, { target, kind }]) => ({ name, target, kind })),
  ]
}

/** Returns the fields that a mapping sets. @param all true to add those that readings of its family may have from others */
function listReadingFields({ family, fields, metric }: Mapping, all: boolean): readonly KnownField[] {
  return [
    ...[...fields, ...(metric?.byName?.values() ?? [])].map(source => ({ ...source, name: source.target })),
    ...(all ? [...getTargets(family)].map(([name, kind]) => ({ name, target: name, kind })) : []),
  ]
}

/** Returns whether a name can be that of a metric which only the records name. */
function isNamedMetric({ family, metric }: Mapping, name: string): boolean {
  const isRead = metric && [...metric.name.from, ...metric.value.from].some(path => path.name === name)
  return metric?.byName === undefined && isRead === false && findMetricUnit(family, name) !== undefined
}

function placeColumn(
  { target, kind }: KnownField,
  type: ColumnType,
  name: string,
  at: Name['at'],
): Pick<StreamColumn, 'path' | 'stored'> {
  const stored = TYPES[kind]
  const isOther = kind === 'time' ? type !== stored : kind === 'number' && type === 'BOOLEAN'
  if (stored === TYPES.labels || isOther)
    throw new StatementError(`${name} is ${stored} in the events`, at, `${name} ${stored}`)
  if (target === undefined) return { path: ['timeMs'] }
  // The name of a tag may have dots, which do not lead into an object.
  const tag = TAG.exec(target)?.[1]
  const path = ['data', ...(tag === undefined ? target.split('.') : ['tags', tag])]
  const isSame = stored === type || type === 'TIMESTAMP' || (kind === 'number' && type === 'BIGINT')
  return isSame ? { path } : { path, stored }
}
