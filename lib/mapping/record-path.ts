/** Paths to the fields of a record, to its key, its topic and its headers, and the only way to read them. Pure. */
import { decodeText, type HeaderBytes, isFramed, readJsonObject, toBuffer } from '#runtime/cloudevents'
import type { ForeignRecord } from '#runtime/consumer'
import { isNestedTooDeeply, NESTED_TOO_DEEPLY } from '#runtime/pipeline'
import { isObject, parseJson } from '../support/json.ts'
import { toProtobufName } from '../support/protobuf-name.ts'

/** Path in a file: a field, whose names may be quoted as in `a["b.c"]`, or another part of the record. After `key`, of a JSON key. */
export type RawPath =
  | string
  | { readonly key: true | string | { readonly json: true } }
  | { readonly topic: true }
  | { readonly header: string }

/** Field of a record: its path as it is written, and the names of the members on the way. */
export interface Path {
  readonly name: string
  readonly steps: readonly string[]
  /** Part of the record in Kafka that is read; undefined for a field of the value. A key without steps is read as text. */
  readonly part?: 'key' | 'topic' | 'header'
  /** True for a key that is read as JSON, if it is a JSON text. */
  readonly isJson?: true
}

/** Content of a record. A record of a file has neither key nor topic nor headers. */
export interface RecordContent extends Partial<Pick<ForeignRecord, 'key' | 'topic' | 'headers'>> {
  /** Value as a JSON object. For a CloudEvent, the object has the JSON event format. */
  readonly document: object
  /** Objects in texts of the record, by text. Reading adds them, because many paths can lead into one text. */
  inner?: Map<string, object | undefined>
}

export function parsePath(raw: RawPath): Path {
  if (typeof raw === 'string') return { name: raw, steps: splitPath(raw) }
  if ('topic' in raw) return { part: 'topic', name: 'topic', steps: [] }
  if ('header' in raw) return { part: 'header', name: raw.header, steps: [] }
  if (typeof raw.key === 'string') return { part: 'key', ...parsePath(raw.key) }
  return { part: 'key', name: 'key', steps: [], ...(raw.key === true ? {} : { isJson: true }) }
}

/** Returns the names in a path. Between two quoted ones there are no others. */
function splitPath(path: string): readonly string[] {
  const [first = '', ...parts] = path.split(/\.?\["((?:[^"\\]|\\.)*)"\]\.?/)
  const steps = parts.flatMap((part, index) =>
    index % 2 === 0 ? String(parseJson(`"${part}"`) ?? part) : part.split('.').filter(() => part !== ''),
  )
  return first === '' && steps.length > 0 ? steps : [...first.split('.'), ...steps]
}

/** Returns the path with these names. A field of the record itself is found by its name, also if that has dots. */
export function formatPath(steps: readonly string[]): string {
  return (steps.length === 1 && steps[0]) || steps.reduce(joinPath, '')
}

/** Returns the path of a member. @param outer path of the object */
export function joinPath(outer: string, name: string): string {
  if (name === '' || /[.]|\["/.test(name)) return `${outer}[${JSON.stringify(name)}]`
  return outer === '' ? name : `${outer}.${name}`
}

/** Returns a path for a message, such as `"temperature"` or `the header "device"`. */
export function describePath({ part, name, steps }: Path): string {
  if (part === 'header') return `the header "${name}"`
  if (part === undefined) return `"${name}"`
  return steps.length === 0 ? `the ${part}` : `"${name}" of the key`
}

/** Returns several paths for a message. */
export function describePaths(paths: readonly Path[]): string {
  return paths.map(describePath).join(', ')
}

/** Value on the way to a field, and the names of the members from there on. */
export interface PathPosition {
  readonly value: unknown
  readonly steps: readonly string[]
}

/**
 * Returns the value at a path; undefined if it is missing or null, or if a key or a header is not UTF-8.
 *
 * @param trail list to which the values on the way are added, from the field outwards
 */
export function valueAt(record: RecordContent, path: Path, trail?: PathPosition[]): unknown {
  const { part, name, steps } = path
  const root = part === undefined ? record.document : readPart(record, path)
  // If the name contains dots, a member with that exact name takes precedence over the path.
  const isOneName = steps.length > 0 && steps[0] !== name && ownsMember(record, root, name)
  return findMember(record, root, isOneName ? [name] : steps, 0, trail)
}

function readPart(record: RecordContent, path: Path): string | undefined {
  if (path.part === 'topic') return record.topic
  const bytes = bytesAt(record, path)
  if (path.part === 'key' && findKeyObstacle(bytes)) return undefined
  const text = decodeText(bytes)
  const name = path.isJson && text !== undefined ? readJsonText(text) : text
  // An empty key is the name of nothing.
  return name === '' && path.part === 'key' ? undefined : name
}

/** Returns the text that a key is in JSON, also with its schema, as Kafka Connect writes it; any other key stays as it is. */
function readJsonText(key: string): string {
  if (!/^\s*["{]/.test(key)) return key
  const parsed = parseJson(key)
  const { schema, payload } = Object(parsed) as FieldsByName
  const value = isObject(schema) ? payload : parsed
  return typeof value === 'string' || Number.isSafeInteger(value) ? String(value) : key
}

/** Returns why a key cannot be the name of anything; undefined if it is a text. */
function findKeyObstacle(bytes: HeaderBytes): string | undefined {
  const key = toBuffer(bytes)
  // A schema has an id from 1 upwards, whereas a small number of 64 bits begins with zeros.
  if (isFramed(key) && key.readUInt32BE(1) > 0)
    return 'the key is framed for a schema registry, and is not a text'
  return key.some(byte => byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d)
    ? 'the key is bytes, such as a number, and not a text'
    : undefined
}

/** Returns the bytes of the key or, of several headers with the name, of the last one; null if there are none. */
function bytesAt({ key = null, headers = [] }: RecordContent, { part, name }: Path) {
  if (part === 'key') return key
  return headers.findLast(([header]) => header === name)?.[1] ?? null
}

function ownsMember(record: RecordContent, value: unknown, name: string): boolean {
  const object = toObject(record, value)
  return (
    object !== undefined && (Object.hasOwn(object, name) || Object.hasOwn(findPayload(object) ?? {}, name))
  )
}

/**
 * Returns the value of a member. A text with a JSON object is read as that object, and of a value with its schema, members of the value
 * itself are found without `payload`, too.
 */
function findMember(
  record: RecordContent,
  value: unknown,
  steps: readonly string[],
  index: number,
  trail?: PathPosition[],
): unknown {
  const name = steps[index]
  const object = name === undefined ? value : toObject(record, value)
  if (object === undefined || object === null) return undefined
  let found: unknown = object
  if (name !== undefined && !Object.hasOwn(object, UNREADABLE)) {
    const own = ownMember(object, name)
    found = own === undefined ? undefined : findMember(record, own, steps, index + 1, trail)
    const payload = found === undefined ? findPayload(object) : undefined
    if (payload !== undefined) found = findMember(record, payload, steps, index, trail)
  }
  if (found !== undefined) trail?.push({ value: object, steps: steps.slice(index) })
  return found
}

function ownMember(object: object, name: string): unknown {
  return (Object.hasOwn(object, name) ? (object as FieldsByName)[name] : undefined) ?? undefined
}

/** Name of the reason in the value of all paths into a text whose JSON cannot be read exactly. */
export const UNREADABLE = Symbol('unreadable')

/** Returns the object that a value is, or that a text has as JSON; undefined for any other value. */
export function toObject(record: Pick<RecordContent, 'inner'>, value: unknown): object | undefined {
  if (typeof value !== 'string') return typeof value === 'object' ? (value ?? undefined) : undefined
  if (!/^\s*\{/.test(value)) return undefined
  record.inner ??= new Map()
  if (!record.inner.has(value)) record.inner.set(value, parseObject(value))
  return record.inner.get(value)
}

function parseObject(text: string): object | undefined {
  const read = readJsonObject(text)
  if (read === undefined || ('object' in read && !isNestedTooDeeply(read.object))) return read?.object
  const { message, code } = 'code' in read ? read : NESTED_TOO_DEEPLY
  return { [UNREADABLE]: { problem: `is in a text whose JSON cannot be read: ${message}`, code } }
}

/** Returns the value that Kafka Connect's JSON converter has written with its schema; undefined for another document. */
export function findPayload(document: object): object | undefined {
  const { schema, payload } = document as FieldsByName
  return isObject(schema) && isObject(payload) && Object.keys(document).length === 2 ? payload : undefined
}

type FieldsByName = Readonly<Record<string, unknown>>

/** Returns the first of these fields that exists in the record, and its value. */
export function firstAt(
  record: RecordContent,
  paths: readonly Path[],
): { readonly path: Path; readonly value: unknown } | undefined {
  for (const path of paths) {
    const value = valueAt(record, path)
    if (value !== undefined) return { path, value }
  }
  return undefined
}

/** Returns the message for a record that has none of these fields. */
export function describeMissing(record: RecordContent, paths: readonly Path[]): string {
  const names = describePaths(paths)
  const missing = paths.length === 1 ? `${names} is missing` : `none of ${names} is there`
  return missing + describeObstacle(record, paths)
}

/** Returns the end of such a message: the first value at which a path ends early; empty if there is none. */
export function describeObstacle(record: RecordContent, paths: readonly Path[]): string {
  const obstacle = paths.map(path => findObstacle(record, path)).find(found => found !== undefined)
  return obstacle === undefined ? '' : `: ${obstacle}`
}

function findObstacle(record: RecordContent, path: Path): string | undefined {
  if (path.part === undefined) return findInnerObstacle(record, path)
  const bytes = bytesAt(record, path)
  if (bytes === null || path.part === 'topic') return undefined
  if (path.part === 'key' && findKeyObstacle(bytes)) return findKeyObstacle(bytes)
  if (decodeText(bytes) === undefined) return `${describePath({ ...path, steps: [] })} is not UTF-8`
  if (path.steps.length === 0) return undefined
  return toObject(record, readPart(record, path)) ? undefined : 'the key is not a JSON object'
}

function findInnerObstacle(record: RecordContent, { steps }: Path): string | undefined {
  let found: unknown = record.document
  for (const [index, step] of steps.entries()) {
    const name = formatPath(steps.slice(0, index))
    const object = toObject(record, found)
    if (object === undefined)
      return `"${name}" is a ${typeof found === 'string' ? 'text that is not a JSON' : `${typeof found}, not an`} object`
    if (Array.isArray(object) && !/^\d+$/.test(step))
      return `"${name}" is a list, whose first element is "${name}.0"`
    const owner = Object.hasOwn(object, step) ? object : (findPayload(object) ?? object)
    if (ownMember(owner, step) === undefined)
      return findDottedName(owner, steps, index) ?? findProtobufName(owner, steps, index)
    found = ownMember(owner, step)
  }
  return undefined
}

/** Returns how to write a path of which several steps are one name. @param start the first of these steps */
function findDottedName(found: object, steps: readonly string[], start: number): string | undefined {
  const names = steps.map((_, index) => steps.slice(start, index + 1).join('.'))
  const end = names.findLastIndex((name, index) => index > start && ownMember(found, name) !== undefined)
  const path = [...steps.slice(0, start), names[end] ?? '', ...steps.slice(end + 1)]
  return end < 0 ? undefined : `"${names[end]}" is one name, so write ${formatPath(path)}`
}

/** Returns how to write a path of which a step is the name in a `.proto` file, which Protobuf's JSON mapping changes. */
function findProtobufName(found: object, steps: readonly string[], index: number): string | undefined {
  const name = toProtobufName(steps[index] as string)
  return ownMember(found, name) === undefined
    ? undefined
    : `its name in Protobuf's JSON is "${name}", so write ${formatPath(steps.with(index, name))}`
}
