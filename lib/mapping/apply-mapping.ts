/** Converts a foreign record to a reading by a mapping, or returns the reason why that is not possible. Pure. */
import { eventViolation, parseTime } from '#runtime/cloudevents'
import { derivedId, type Event, type Failure, failure } from '#runtime/consumer'
import { inOwnUnits } from '../telemetry/convert-units.ts'
import type { Family, ReadingData } from '../telemetry/families.ts'
import { findMetricUnit } from '../telemetry/metric-names.ts'
import { createReading } from '../telemetry/reading.ts'
import { toIdPart } from './field-source.ts'
import type { FieldSource, Mapping, TimeSource } from './mapping.ts'
import { extractPart, type Problem, readField, readFirst } from './read-field.ts'
import { type ReadTime, readTime } from './read-time.ts'
import {
  describeMissing,
  describeObstacle,
  describePath,
  describePaths,
  firstAt,
  type Path,
  type RecordContent,
  valueAt,
} from './record-path.ts'
import { isMeasured, TAG } from './target-fields.ts'

/** Foreign record to which a mapping is applied. */
export interface ForeignDocument extends RecordContent {
  /** Values that identify the record permanently, such as its topic, partition and offset. */
  readonly position: readonly (string | number)[]
  /** True if the document is a CloudEvent, which already has an identity. */
  readonly isEvent?: true
  /** Extension attributes that are copied to the reading, such as the trace context. */
  readonly extensions?: Readonly<Record<string, string>>
}

/** Returns whether the mapping applies to this record. */
export function isApplicable(mapping: Mapping, record: ConditionRecord): boolean {
  return findUnmetCondition(mapping, record) === undefined
}

type ConditionRecord = RecordContent & Pick<ForeignDocument, 'isEvent'>

/** Returns the first condition of the mapping that the record does not meet; undefined if the mapping applies to the record. */
export function findUnmetCondition(
  { eventType, equals, has, lacks }: Mapping,
  record: ConditionRecord,
): string | undefined {
  if (record.isEvent && eventType === undefined) return 'it is a CloudEvent'
  for (const [path, value] of equals)
    if (valueAt(record, path) !== value) return `"${path.name}" is not ${JSON.stringify(value)}`
  for (const path of has)
    if (valueAt(record, path) === undefined)
      return `it has no ${describePath(path).replace(/^the /, '')}${describeObstacle(record, [path])}`
  for (const path of lacks) if (valueAt(record, path) !== undefined) return `it has ${describePath(path)}`
  return undefined
}

/** Returns the share of the fields that a mapping reads which the record has, from 0 to 1. */
export function computeFoundShare(
  { eventType, equals, has, times, fields, metric }: Mapping,
  record: ConditionRecord,
): number {
  if (record.isEvent && eventType === undefined) return 0
  const sources = [...fields, ...(metric ? [metric.name, metric.value] : [])].map(({ from }) => from)
  const read = [
    ...equals.map(([path]) => [path]),
    ...has.map(path => [path]),
    ...times.flatMap(time => (time === 'record' ? [] : [time.from])),
    ...sources.filter(from => from.length > 0),
  ]
  const found = read.filter(paths => firstAt(record, paths) !== undefined)
  return found.length / Math.max(1, read.length)
}

/**
 * Returns a reading in the units of its family, or the failure `mapping-failed` or `unit-mismatch`. The same record always results
 * in the same id. The data is not validated against the schema of the family.
 */
export function applyMapping(mapping: Mapping, foreign: ForeignDocument): Event | Failure {
  const { name, family } = mapping
  const createFailure = ({ problem, code = 'mapping-failed' }: Problem) =>
    failure(code, `mapping ${name}: ${problem}`)
  const data = readData(mapping, foreign)
  if ('problem' in data) return createFailure(data)
  const time = readEventTime(mapping, foreign)
  if ('problem' in time) return createFailure(time)
  const id = computeId(mapping, foreign)
  if ('problem' in id) return createFailure(id)
  const own = inOwnUnits(family, data.data, data.converted)
  if (own.kind === 'failure') return own
  const { extensions } = foreign
  const event = {
    ...createReading(family, id.id, time.time, own.data as ReadingData),
    ...(extensions && Object.keys(extensions).length > 0 ? { extensions } : {}),
  }
  const broken = eventViolation(event)
  return broken === undefined ? event : createFailure({ problem: `the attribute ${broken}` })
}

interface ReadData {
  readonly data: ReadingData
  /** Metrics that are in the unit of the family, because the mapping names theirs. */
  readonly converted: ReadonlySet<string>
}

function readData(mapping: Mapping, record: RecordContent): ReadData | Problem {
  const named = namedMetric(mapping, record)
  if (named !== undefined && 'problem' in named) return named
  const data = new Map<string, unknown>()
  const converted = new Set<string>()
  const tags: (readonly [string, unknown])[] = []
  for (const source of named === undefined ? mapping.fields : [...mapping.fields, named]) {
    const read = readField(source, record)
    if ('problem' in read) return read
    if (read.value === undefined) continue
    if (source.hasUnit) converted.add(source.target)
    const tag = TAG.exec(source.target)?.[1]
    if (tag !== undefined) tags.push([tag, read.value])
    else if (source.kind === 'labels') tags.unshift(...Object.entries(read.value))
    // The name of a metric can have dots, which do not lead into an object.
    else if (source === named) data.set(source.target, read.value)
    else put(data, source.target, read.value)
  }
  // Producers choose the names of tags, so a tag may be named `__proto__`.
  if (tags.length > 0) data.set('tags', Object.fromEntries(tags))
  const hasMeasured = [...data.keys()].some(target => isMeasured(mapping.family, target))
  const blocked = mapping.fields.find(({ from }) => describeObstacle(record, from) !== '')
  if (!hasMeasured && blocked) return { problem: describeMissing(record, blocked.from) }
  return { data: Object.fromEntries(data), converted }
}

/** Sets the value of a target. A target has one or two levels, such as `place.bed`. */
function put(data: Map<string, unknown>, target: string, value: unknown): void {
  const [outer = '', inner] = target.split('.')
  data.set(
    outer,
    inner === undefined ? value : { ...(data.get(outer) as object | undefined), [inner]: value },
  )
}

function namedMetric({ family, metric }: Mapping, record: RecordContent): FieldSource | undefined | Problem {
  if (metric === undefined) return undefined
  const name = readField(metric.name, record)
  if ('problem' in name) return name
  const found = String(name.value)
  const source = metric.byName ? metric.byName.get(found) : findOwnMetric(family, found, metric.value)
  return (
    source ?? { problem: `${describePaths(metric.name.from)} names a metric that the mapping does not know` }
  )
}

/** Returns the source of a metric that has the same name in the record; undefined if it would be another field of the reading. */
function findOwnMetric(family: Family, target: string, value: FieldSource): FieldSource | undefined {
  return findMetricUnit(family, target) === undefined ? undefined : { ...value, target }
}

/** Returns the event time of a record; undefined for the time of its record. */
export function readEventTime(
  { times }: Pick<Mapping, 'times'>,
  record: RecordContent,
): { readonly time: string | undefined } | Problem {
  const looked: Path[] = []
  let refused: Problem | undefined
  for (const source of times) {
    // If an event has no time, the time of its record applies.
    if (source === 'record') return { time: undefined }
    looked.push(...source.from)
    const { read, refused: absent } = readFirst(source, record, value => readPartTime(source, value))
    if (read) return read
    refused ??= absent
  }
  return refused ?? { problem: describeMissing(record, looked) }
}

function readPartTime(source: TimeSource, value: unknown): ReadTime {
  const part = extractPart(source.pattern, value)
  const read = 'problem' in part ? part : readTime(part.part, source)
  if (source.addMs === undefined || 'problem' in read) return read
  return { time: new Date(parseTime(read.time) + source.addMs).toISOString() }
}

/**
 * Returns the id of the reading. Each id is derived from its kind of origin and the event type of the family, so ids of different
 * kinds and families cannot collide.
 */
function computeId({ id, family }: Mapping, foreign: ForeignDocument): { readonly id: string } | Problem {
  const { position, isEvent } = foreign
  if (id === undefined && isEvent) return computeFieldsId(family.type, EVENT_IDENTITY, foreign)
  if (id === undefined || id === 'position')
    return { id: derivedId('mapped-position', family.type, ...position) }
  return computeFieldsId(family.type, id, foreign)
}

const EVENT_IDENTITY = [toIdPart('source'), toIdPart('id')]

/** Returns an id that is derived from fields of the record. @param type event type of the id */
export function computeFieldsId(
  type: string,
  sources: readonly FieldSource[],
  record: RecordContent,
): { readonly id: string } | Problem {
  const parts: string[] = []
  for (const source of sources) {
    const read = readField(source, record)
    if ('problem' in read) return { ...read, problem: `${read.problem}, and is part of the id` }
    const { value } = read
    // Encode as JSON, because the text "1" and the number 1 must result in different ids.
    parts.push(source.target, typeof value === 'bigint' ? String(value) : JSON.stringify(value))
  }
  return { id: derivedId('mapped-fields', type, ...parts) }
}
