/** Paths to the fields of a record, to its key, its topic and its headers, and the only way to read them. Pure. */
import { decodeText, readJsonObject } from '#runtime/cloudevents/index.ts'
import type { ForeignRecord } from '#runtime/consumer/index.ts'
import { isObject, parseJson } from '../support/json.ts'

/** Path in a file: a field, whose names may be quoted as in `a["b.c"]`, or another part of the record. After `key`, of a JSON key. */
export type RawPath =
  | string
  | { readonly key: true | string }
  | { readonly topic: true }
  | { readonly header: string }

/** Field of a record: its path as it is written, and the names of the members on the way. */
export interface Path {
  readonly name: string
  readonly steps: readonly string[]
  /** Part of the record in Kafka that is read; undefined for a field of the value. A key without steps is read as text. */
  readonly part?: 'key' | 'topic' | 'header'
}

/** Content of a record. A record of a file has neither key nor topic nor headers. */
export interface RecordContent extends Partial<Pick<ForeignRecord, 'key' | 'topic' | 'headers'>> {
  /** Value as a JSON object. For a CloudEvent, the object has the JSON event format. */
  readonly document: object
}

export function parsePath(raw: RawPath): Path {
  if (typeof raw === 'string') return { name: raw, steps: splitPath(raw) }
  if ('topic' in raw) return { part: 'topic', name: 'topic', steps: [] }
  if ('header' in raw) return { part: 'header', name: raw.header, steps: [] }
  return { part: 'key', ...(raw.key === true ? { name: 'key', steps: [] } : parsePath(raw.key)) }
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

/** Returns the value at a path; undefined if it is missing or null, or if a key or a header is not UTF-8. */
export function valueAt(record: RecordContent, path: Path): unknown {
  if (path.part === undefined) return memberAt(record.document, path)
  if (path.part === 'topic') return record.topic
  const bytes = bytesAt(record, path)
  if (bytes === null) return undefined
  if (path.steps.length === 0) return decodeText(bytes)
  const key = readJsonObject(record.key as Buffer)
  return key !== undefined && 'object' in key ? memberAt(key.object, path) : undefined
}

/** Returns the bytes of the key or, of several headers with the name, of the last one; null if there are none. */
function bytesAt({ key = null, headers = [] }: RecordContent, { part, name }: Path) {
  if (part === 'key') return key
  return headers.findLast(([header]) => header === name)?.[1] ?? null
}

/** Returns the value of a member. Of a value with its schema, members of the value itself are found without `payload`, too. */
function memberAt(document: object, path: Path): unknown {
  const found = findMember(document, path)
  const payload = found === undefined ? findPayload(document) : undefined
  return payload ? findMember(payload, path) : found
}

/** Returns the value that Kafka Connect's JSON converter has written with its schema; undefined for another document. */
export function findPayload(document: object): object | undefined {
  const { schema, payload } = document as FieldsByName
  return isObject(schema) && isObject(payload) && Object.keys(document).length === 2 ? payload : undefined
}

/** Returns the value of a member. If the name contains dots, a member with that exact name takes precedence over the path. */
function findMember(document: object, { name, steps }: Path): unknown {
  if (steps[0] !== name && Object.hasOwn(document, name)) return present((document as FieldsByName)[name])
  return steps.reduce<unknown>(ownMember, document)
}

function ownMember(value: unknown, name: string): unknown {
  const isOwn = typeof value === 'object' && value !== null && Object.hasOwn(value, name)
  return isOwn ? present((value as FieldsByName)[name]) : undefined
}

type FieldsByName = Readonly<Record<string, unknown>>

function present(value: unknown): unknown {
  return value === null ? undefined : value
}

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
  if (decodeText(bytes) === undefined) return `${describePath({ ...path, steps: [] })} is not UTF-8`
  if (path.steps.length === 0) return undefined
  const key = readJsonObject(record.key as Buffer)
  return key !== undefined && 'object' in key ? undefined : 'the key is not a JSON object'
}

function findInnerObstacle({ document }: RecordContent, { steps }: Path): string | undefined {
  let found: unknown = steps[0] === 'payload' ? document : (findPayload(document) ?? document)
  for (const [index, step] of steps.entries()) {
    const name = formatPath(steps.slice(0, index))
    if (Array.isArray(found) && !/^\d+$/.test(step))
      return `"${name}" is a list, whose first element is "${name}.0"`
    if (typeof found !== 'object')
      return `"${name}" is a ${typeof found === 'string' ? 'text' : typeof found}, not an object`
    if (ownMember(found, step) === undefined) return findDottedName(found, steps, index)
    found = ownMember(found, step)
  }
  return undefined
}

/** Returns how to write a path of which several steps are one name. @param start the first of these steps */
function findDottedName(found: unknown, steps: readonly string[], start: number): string | undefined {
  const names = steps.map((_, index) => steps.slice(start, index + 1).join('.'))
  const end = names.findLastIndex((name, index) => index > start && ownMember(found, name) !== undefined)
  const path = [...steps.slice(0, start), names[end] ?? '', ...steps.slice(end + 1)]
  return end < 0 ? undefined : `"${names[end]}" is one name, so write ${formatPath(path)}`
}
