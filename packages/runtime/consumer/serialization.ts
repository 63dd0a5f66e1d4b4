import { ConfigError } from './author-errors.ts'
import type { DataFormat } from './data-format.ts'

/** A data format that requires a schema. */
export type SchemaDataFormat = Exclude<DataFormat, 'json'>

/** An event type whose data can be written in different formats. The setting SERIALIZATION selects the format. */
export interface SerializedType {
  readonly type: string
  /** Additional name for this type in the setting SERIALIZATION. Several types can have the same name. */
  readonly name?: string
}

/** Parsed value of the setting SERIALIZATION. */
export interface Serialization {
  /** Format of all types that are not in `named`. */
  readonly otherwise: DataFormat
  /** Formats by event type or by the additional name of types. */
  readonly named: ReadonlyMap<string, DataFormat>
}

export function isAllJson({ otherwise, named }: Serialization): boolean {
  return [otherwise, ...named.values()].every(format => format === 'json')
}

/**
 * Returns the formats of the types that are not written as JSON. If SERIALIZATION contains both a type and its additional name, the
 * type takes precedence.
 *
 * @throws ConfigError if SERIALIZATION contains an unknown name
 */
export function resolveFormats(
  { otherwise, named }: Serialization,
  types: readonly SerializedType[],
): ReadonlyMap<string, SchemaDataFormat> {
  const knownNames = new Set(types.flatMap(({ type, name }) => (name === undefined ? [type] : [type, name])))
  const unknown = [...named.keys()].filter(name => !knownNames.has(name))
  if (unknown.length > 0)
    throw new ConfigError('the environment', [
      `SERIALIZATION names ${unknown.join(', ')}, whose data is always JSON or unknown. Allowed names are ${[...knownNames].sort().join(', ')}`,
    ])
  const formats = new Map<string, SchemaDataFormat>()
  for (const { type, name = type } of types) {
    const format = named.get(type) ?? named.get(name) ?? otherwise
    if (format !== 'json') formats.set(type, format)
  }
  return formats
}
