/** Builds data that identifies an entity of any family, for readings that are made without a record: imports and tests. Pure. */
import type { Families, Family, ReadingData } from './families.ts'
import { computeRecordKey } from './reading.ts'

/** Text of the fields that are not given. */
const UNKNOWN = 'unknown'
/** Text that no field has by itself, to find out which field a function of the family reads. */
const MARKER = 'marker'

interface Described {
  /** Dimensions of the entity, such as `tenant`, by name. */
  readonly dimensions?: Readonly<Record<string, string>>
  readonly tags?: Readonly<Record<string, string>> | undefined
}

/**
 * Returns the data of a reading without its metrics. Required fields that are not given are `unknown`, or 0.
 *
 * @param id subject of the entity
 */
export function buildEntityData(
  family: Family,
  id: string,
  { dimensions = {}, tags }: Described = {},
): ReadingData {
  let data: ReadingData = tags ? { tags } : {}
  for (const path of new Set([...family.fields.keys(), ...family.entityFields])) {
    const { kind, isRequired } = family.fields.get(path) ?? { kind: 'text', isRequired: true }
    if (isRequired && valueAt(data, path) === undefined)
      data = withValue(data, path, kind === 'text' ? UNKNOWN : 0)
  }
  for (const [name, value] of Object.entries(dimensions)) {
    const path = findPath(family, data, family.dimensions[name])
    if (path !== undefined) data = withValue(data, path, value)
  }
  return withValue(data, findPath(family, data, family.subject) ?? family.entityFields.at(-1) ?? 'id', id)
}

/**
 * Returns the keys of the records of an entity, by the key strategy of each family that has such a source. A tenant is not part of
 * the entity's name, so its key is not known.
 */
export function listEntityKeys(families: Families, source: string, id: string): string[] {
  return families.all.flatMap(family => {
    const read = Object.entries(family.inSource).map(
      ([name, readIn]) => [name, readIn(source) ?? ''] as const,
    )
    const data = buildEntityData(family, id, { dimensions: Object.fromEntries(read) })
    const isKnown = family.source(data) === source && family.keyedBy !== 'tenant'
    return (isKnown && computeRecordKey(family, data)) || []
  })
}

/** Returns the path of the field that a function of the family returns unchanged; undefined if it combines several fields. */
function findPath(
  { fields, entityFields, dimensions }: Family,
  data: ReadingData,
  read: ((data: ReadingData) => unknown) | undefined,
): string | undefined {
  const tags = Object.keys(dimensions).map(name => `tags.${name}`)
  return [...fields.keys(), ...entityFields, ...tags].find(
    path => read?.(withValue(data, path, MARKER)) === MARKER,
  )
}

function valueAt(data: ReadingData, path: string): unknown {
  const [outer, inner] = splitPath(path)
  return inner === undefined ? data[outer] : (data[outer] as ReadingData | undefined)?.[inner]
}

function withValue(data: ReadingData, path: string, value: unknown): ReadingData {
  const [outer, inner] = splitPath(path)
  const whole = inner === undefined ? value : { ...(data[outer] as ReadingData | undefined), [inner]: value }
  return { ...data, [outer]: whole }
}

function splitPath(path: string): [outer: string, inner?: string] {
  const at = path.indexOf('.')
  return at < 0 ? [path] : [path.slice(0, at), path.slice(at + 1)]
}
