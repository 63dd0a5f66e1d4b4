/** Patches the event or the JSON of a dead letter before it is redriven. Pure. */

import { isFailure } from '../../../packages/runtime/cloudevents/event.ts'
import { isInexact, parseExact } from '../../../packages/runtime/cloudevents/exact-json.ts'
import { objectIn, readJsonEvent, toJsonEvent } from '../../../packages/runtime/cloudevents/json-format.ts'
import { readEvent } from '../../../packages/runtime/cloudevents/reader.ts'
import type { RecordHeader } from '../../../packages/runtime/cloudevents/record.ts'
import { otherHeaders, writeEvent } from '../../../packages/runtime/cloudevents/writer.ts'
import type { Event } from '../../../packages/runtime/consumer/event.ts'
import { digestOf } from '../../../packages/runtime/pipeline/failures/failure-record.ts'
import { readData } from '../../app/event-data.ts'
import type { MappingsOfTopic } from '../../app/topic-mappings.ts'
import { type FoundDeadLetter, originalEvent } from '../../failures/dlq-record.ts'
import type { ByHand } from '../../failures/redriven-record.ts'
import { isObject } from '../../json.ts'
import { entityDifference } from '../../mapping/apply.ts'
import type { Mapping } from '../../mapping/mapping.ts'
import { tried } from '../import/trial.ts'

type Document = Readonly<Record<string, unknown>>

/**
 * Patch of a dead letter. It is either a JSON merge patch (RFC 7396), or a whole event. A merge patch applies to the event in the
 * JSON event format, or to the JSON of a record without an event.
 */
export interface Patch {
  readonly document: Document
  /** True if the document is a whole event, which has a `specversion`. Otherwise, the document is a merge patch. */
  readonly isWhole: boolean
  /** Mappings for records without an event, by topic. */
  readonly mappingsOf?: MappingsOfTopic | undefined
}

type Patched =
  | { readonly kind: 'patched'; readonly patch: NonNullable<ByHand['patch']> }
  | { readonly kind: 'refused'; readonly why: string }

/**
 * Parses a patch.
 *
 * @returns an error message if the text is not a valid patch
 */
export function readPatch(text: string): Patch | string {
  try {
    const document = parseExact(text)
    if (!isObject(document) || Object.keys(document).length === 0)
      return 'a patch is a JSON object with what changes: attributes of the event, or members of plain JSON'
    return { document, isWhole: 'specversion' in document }
  } catch (error) {
    return isInexact(error) ? error.message : 'it is not JSON'
  }
}

/** Applies a patch. Returns the changed parts of the record, or the reason why the patched record would fail again. */
export function patched(found: FoundDeadLetter, { document, isWhole, mappingsOf }: Patch): Patched {
  const { key, value, headers } = found.original
  const pairs = headers.map(({ name, value }) => [name, value] as const)
  const before = originalEvent(found)
  if (!before && !isWhole)
    return patchedJson(found, document, mappingsOf?.(found.deadLetter.originalTopic) ?? [])
  const serialized = whySerialized(before, { document, isWhole })
  if (serialized) return refused(serialized)
  const after = readJsonEvent(isWhole ? document : merged(toJsonEvent(before as Event), document))
  if (isFailure(after)) return refused(`not a CloudEvent: ${after.message}`)
  if (before && (before.source !== after.source || before.subject !== after.subject))
    return refused('source and subject cannot be changed: another entity may belong to another partition')
  const written = writeEvent(after, isStructured(pairs) ? 'structured' : 'binary')
  const foreign = otherHeaders(pairs, after)
  const record = { value: written.value, headers: [...written.headers, ...foreign] }
  // Unchanged bytes are not checked, because only consumers have the schema for decoding them.
  const why = Buffer.isBuffer(after.data) ? undefined : whyNotRead(record)
  if (why) return refused(why)
  return { kind: 'patched', patch: { ...record, replaces: digestOf({ key, value, headers: pairs }) } }
}

/**
 * Applies a merge patch to the JSON of a record without an event. Key and headers are not changed, and a mapping must still assign
 * the same entity.
 */
function patchedJson(found: FoundDeadLetter, document: Document, mappings: readonly Mapping[]): Patched {
  const { key, value, headers } = found.original
  const { originalTopic, originalPartition, originalOffset } = found.deadLetter
  const position = [originalTopic, originalPartition, originalOffset]
  const before = value === null ? undefined : objectIn(value)
  if (before === undefined || 'kind' in before)
    return refused('the record is neither an event nor a JSON object: only a whole event can take its place')
  if (mappings.length === 0)
    return refused(
      `the record is not an event, and ${originalTopic} has no mappings: name some by TOPIC_MAPPINGS, or give a whole event`,
    )
  const after = merged(before.object, document) as object
  const trial = tried(mappings, { document: after, position })
  if (!trial.accepted) return refused(`${trial.code}: ${trial.reason}`)
  const mapping = mappings.find(({ name }) => name === trial.mapping) as Mapping
  const changed = entityDifference(mapping, before.object, after)
  if (changed !== undefined)
    return refused(`"${changed}" cannot be changed: another entity may belong to another partition`)
  const replaces = digestOf({ key, value, headers: headers.map(({ name, value }) => [name, value]) })
  return { kind: 'patched', patch: { value: Buffer.from(JSON.stringify(after, withDigits)), replaces } }
}

/** `JSON.rawJSON`, which is missing in the types of TypeScript. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown }

/** Keeps the digits of integers that a double cannot represent exactly. */
function withDigits(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? rawJSON(String(value)) : value
}

/** Attributes that affect how event data is decoded. */
const OF_DATA = ['data', 'data_base64', 'datacontenttype', 'dataschema', 'type']

/** Returns the reason why data in a binary format cannot be patched as requested; undefined if it can. */
function whySerialized(before: Event | undefined, { document, isWhole }: Patch): string | undefined {
  if (isWhole)
    return 'data_base64' in document
      ? 'the data of a whole event must be JSON, in "data": data_base64 cannot be validated'
      : undefined
  if (!Buffer.isBuffer(before?.data)) return undefined
  const named = OF_DATA.find(name => name in document)
  if (named === undefined) return undefined
  return `its data is ${before.datacontenttype ?? 'not JSON'}, which needs a schema to read, so "${named}" cannot be patched: use a whole event with "specversion" and JSON "data", which consumers also accept`
}

/** Returns the reason why consumers could not decode the record; undefined if they can. */
function whyNotRead(record: {
  readonly value: Buffer | null
  readonly headers: readonly RecordHeader[]
}): string | undefined {
  const event = readEvent(record)
  if (isFailure(event)) return event.message
  const data = readData(event)
  return data.kind === 'failure' ? `${data.code}: ${data.message}` : undefined
}

/**
 * Applies a merge patch to a value. According to RFC 7396, null removes a member, an object is merged, and any other value replaces
 * the member.
 */
function merged(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const result = new Map(isObject(target) ? Object.entries(target) : [])
  for (const [name, value] of Object.entries(patch))
    if (value === null) result.delete(name)
    else result.set(name, merged(result.get(name), value))
  return Object.fromEntries(result)
}

function isStructured(headers: readonly RecordHeader<Buffer>[]): boolean {
  const type = headers.find(([name]) => name === 'content-type')
  return type !== undefined && /^\s*application\/cloudevents/i.test(type[1].toString('latin1'))
}

function refused(why: string): Patched {
  return { kind: 'refused', why }
}
