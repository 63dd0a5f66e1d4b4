import { ConfigError } from './author-errors.ts'
import type { DataFormat } from './data-format.ts'

/** A data format that requires a schema. */
export type SchemaDataFormat = Exclude<DataFormat, 'json'>

/** An event type whose data is written in the format that the setting SERIALIZATION selects. */
export interface SerializedType {
  /** CloudEvents `type`. */
  readonly type: string
  /** Additional name in SERIALIZATION, which several types can share. */
  readonly name?: string
}

/** Parsed value of the setting SERIALIZATION. */
export interface Serialization {
  /** Format of all types that are not named. */
  readonly otherwise: DataFormat
  /** Formats by event type, or by an additional name of types. */
  readonly named: ReadonlyMap<string, DataFormat>
}

export function isAllJson({ otherwise, named }: Serialization): boolean {
  return [otherwise, ...named.values()].every(format => format === 'json')
}

/**
 * Returns the types that are written in a format other than JSON. The name of a type takes precedence over a shared one.
 *
 * @throws ConfigError if SERIALIZATION contains a name that no type has
 */
export function formatsOf(
  { otherwise, named }: Serialization,
  types: readonly SerializedType[],
): ReadonlyMap<string, SchemaDataFormat> {
  const known = new Set(types.flatMap(({ type, name }) => (name === undefined ? [type] : [type, name])))
  const unknown = [...named.keys()].filter(name => !known.has(name))
  if (unknown.length > 0)
    throw new ConfigError('the environment', [
      `SERIALIZATION names ${unknown.join(', ')}, whose data is always JSON or unknown. Allowed names are ${[...known].sort().join(', ')}`,
    ])
  const formats = new Map<string, SchemaDataFormat>()
  for (const { type, name = type } of types) {
    const format = named.get(type) ?? named.get(name) ?? otherwise
    if (format !== 'json') formats.set(type, format)
  }
  return formats
}
