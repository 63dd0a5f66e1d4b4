/** Turns the record of an input into an event, or into the failure with the reason of each mapping. Pure. */
import {
  eventViolation,
  extractTraceFromHeaders,
  isFailure,
  readJsonObject,
  readStructured,
} from '#runtime/cloudevents'
import {
  derivedId,
  type Event,
  type Failure,
  type ForeignRecord,
  failure,
  type IgnoredRecord,
  listPositionParts,
} from '#runtime/consumer'
import { isNestedTooDeeply, NESTED_TOO_DEEPLY } from '#runtime/pipeline'
import { computeFieldsId, type ForeignDocument, readEventTime } from '../mapping/apply-mapping.ts'
import { describeNoObject, eventDocument, mapDocument } from '../mapping/map-document.ts'
import type { FieldSource, Mapping } from '../mapping/mapping.ts'
import { readField } from '../mapping/read-field.ts'
import { describePaths } from '../mapping/record-path.ts'
import type { JsonSchema, TypeSchema } from '../schemas/json-schema.ts'
import { nameHint } from '../support/suggestion.ts'
import type { Families } from '../telemetry/families.ts'
import type { Input, InputEvent } from './input.ts'

/** Input with the files that it refers to. */
export interface LoadedInput extends Input {
  /** Mappings in the order in which they are tried. */
  readonly loadedMappings: readonly Mapping[]
  /** Sources of subject and id of the input's events, whose patterns are compiled. */
  readonly sources?: EventSources
  /** Schema of the data of the input's events. */
  readonly schema?: JsonSchema
  /** Describes how data violates the schema of the input's events; undefined for valid data. */
  readonly findViolation?: (data: unknown) => string | undefined
}

interface EventSources {
  readonly subject: FieldSource
  readonly id?: readonly FieldSource[]
}

/** Inputs by the name of their topic. */
export type LoadedInputs = ReadonlyMap<string, LoadedInput>

/** Returns the schemas of the event types that inputs bring to `events`. */
export function listInputSchemas(inputs: LoadedInputs): readonly TypeSchema[] {
  return [...inputs.values()].flatMap(({ as, schema }) => (as && schema ? [{ type: as.type, schema }] : []))
}

/**
 * Returns the reader for `Application.readForeign`.
 *
 * A CloudEvent that already is a reading, or that has the type of the input's `as`, is passed on with its own id. All other records
 * are mapped. No other event of Sluice is taken, because control events of strangers must not reach our topics.
 */
export function createRecordReader(families: Families, inputs: LoadedInputs) {
  return (record: ForeignRecord, event?: Event): Event | Failure | IgnoredRecord => {
    const input = inputs.get(record.topic)
    if (input === undefined) return failure('mapping-failed', 'its topic is no input of this environment')
    return readInputRecord(families, input, record, event).outcome
  }
}

/** Outcome for a record of an input, and how it came about. */
export interface InputReading {
  readonly outcome: Event | Failure | IgnoredRecord
  /** Record as mappings see it; absent if it was not mapped. */
  readonly document?: ForeignDocument
  /** Mapping that took the record. */
  readonly mapping?: Mapping
}

/** Parts of a record that mappings can read, and its position. */
export type ForeignContent = Omit<ForeignDocument, 'document' | 'isEvent' | 'extensions'>

/**
 * Reads a record of an input, as `createRecordReader` does.
 *
 * @param content by default, all parts of the record, and its position in the topic
 */
export function readInputRecord(
  { readingTypes }: Families,
  input: LoadedInput,
  record: ForeignRecord,
  event?: Event,
  content: ForeignContent = { ...record, position: listPositionParts(record) },
): InputReading {
  const parsed = event ?? parseValue(record.value, input.as === undefined)
  if ('kind' in parsed) return { outcome: parsed }
  if (!('object' in parsed)) return readCloudEvent(readingTypes, input, parsed, content)
  if (isNestedTooDeeply(parsed.object)) return { outcome: NESTED_TOO_DEEPLY }
  const extensions = extractTraceFromHeaders(record.headers)
  return mapRecord(input, { ...content, document: parsed.object, extensions })
}

/**
 * Returns the JSON object in the value of a record, or the CloudEvent that the object is.
 *
 * @param isMapped false if the whole object becomes data, so that no number of an event may be inexact
 */
export function parseValue(
  value: Buffer | null,
  isMapped = true,
): Event | Failure | IgnoredRecord | { readonly object: object } {
  if (value === null) return TOMBSTONE
  const read = readJsonObject(value)
  if (read === undefined) return failure('mapping-failed', `the value ${describeNoObject(value)}`)
  if ('kind' in read || !('specversion' in read.object)) return read
  const structured = isNestedTooDeeply(read.object) ? NESTED_TOO_DEEPLY : readStructured(value)
  const isFinal = !isFailure(structured) || (!isMapped && structured.code === 'number-not-exact')
  return isFinal ? structured : read
}

/** Compacted topics mark a removed key with a record without a value. There is nothing to map, and no redrive could change that. */
const TOMBSTONE: IgnoredRecord = { kind: 'ignored', reason: 'tombstone' }

function readCloudEvent(
  readingTypes: readonly string[],
  input: LoadedInput,
  event: Event,
  content: ForeignContent,
): InputReading {
  const { as } = input
  if (as !== undefined) {
    if (isNestedTooDeeply(event.data)) return { outcome: NESTED_TOO_DEEPLY }
    if (event.type === as.type) return { outcome: withValidData(input, withoutSequence(event)) }
    return {
      outcome: failure('mapping-failed', `it is a CloudEvent of another type than ${as.type}`),
    }
  }
  if (readingTypes.includes(event.type)) return { outcome: withoutSequence(event) }
  const mapped = mapRecord(input, eventDocument(event, content))
  if (input.loadedMappings.some(({ eventType }) => eventType === event.type)) return mapped
  const hint = nameHint(event.type, readingTypes)
  const reason = `it is a CloudEvent whose type no family and no mapping has.${hint}`
  return { ...mapped, outcome: failure('mapping-failed', reason) }
}

/** Removes the position among the emissions of another consumer. The event gets one of its own. */
function withoutSequence(event: Event): Event {
  const { origin: _, sequence: __, ...extensions } = event.extensions ?? {}
  return { ...event, extensions }
}

function mapRecord(input: LoadedInput, document: ForeignDocument): InputReading {
  if (input.as !== undefined && input.sources !== undefined) {
    const event = createInputEvent(input.as, input.sources, document)
    return { outcome: isFailure(event) ? event : withValidData(input, event), document }
  }
  const mapped = mapDocument(input.loadedMappings, document)
  if (mapped.kind === 'failure') return { outcome: mapped, document }
  return { outcome: mapped.event, document, mapping: mapped.mapping }
}

function withValidData({ findViolation }: LoadedInput, event: Event): Event | Failure {
  if (Buffer.isBuffer(event.data)) return failure('schema-violated', 'its data must be JSON')
  const violation = findViolation?.(event.data)
  return violation === undefined ? event : failure('schema-violated', violation)
}

/** Returns the event of a record that is not a measurement. Its data is the record. */
function createInputEvent(as: InputEvent, sources: EventSources, record: ForeignDocument): Event | Failure {
  const { document, position, extensions = {} } = record
  const { type, source } = as
  const subject = readField(sources.subject, record)
  if ('problem' in subject)
    return failure(subject.code ?? 'mapping-failed', `${subject.problem}, and is the subject`)
  if (subject.value === '' || typeof subject.value === 'boolean')
    return failure(
      'mapping-failed',
      `${describePaths(sources.subject.from)} must be a text that is not empty or a number, and is the subject`,
    )
  const time = readEventTime(as, record)
  if ('problem' in time) return failure('mapping-failed', time.problem)
  const id =
    sources.id === undefined
      ? { id: derivedId('mapped-position', type, ...position) }
      : computeFieldsId(type, sources.id, record)
  if ('problem' in id) return failure(id.code ?? 'mapping-failed', id.problem)
  const event = {
    id: id.id,
    source,
    type,
    subject: String(subject.value),
    ...(time.time === undefined ? {} : { time: time.time }),
    datacontenttype: 'application/json',
    data: withTexts(document, as.texts ?? []),
    ...(Object.keys(extensions).length > 0 ? { extensions } : {}),
  }
  const broken = eventViolation(event)
  return broken === undefined ? event : failure('mapping-failed', `the attribute ${broken}`)
}

/**
 * Returns a value of a record for the data of an event, in which an integer beyond those that a double holds is a text with the same
 * digits. So are numbers and truth values at these paths, which lead through the elements of lists. Other values are not copied.
 */
function withTexts(value: unknown, paths: readonly (readonly string[])[]): unknown {
  if (typeof value !== 'object' || value === null) {
    const isText = typeof value === 'bigint' || (value !== null && paths.some(steps => steps.length === 0))
    return isText ? String(value) : value
  }
  const isList = Array.isArray(value)
  let copy: Record<string, unknown> | undefined
  for (const [name, member] of Object.entries(value)) {
    const inner = isList || paths.length === 0 ? paths : paths.flatMap(steps => stepInto(name, steps))
    const text = withTexts(member, inner)
    if (text === member) continue
    copy ??= (isList ? [...value] : { ...value }) as Record<string, unknown>
    copy[name] = text
  }
  return copy ?? value
}

/** Returns the rest of a path within a member. A member whose name is the whole path, with its dots, is its end. */
function stepInto(name: string, steps: readonly string[]): readonly (readonly string[])[] {
  if (steps[0] === name) return [steps.slice(1)]
  return steps.join('.') === name ? [[]] : []
}
