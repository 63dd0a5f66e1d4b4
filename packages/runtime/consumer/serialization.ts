import { ConfigError } from './author-errors.ts'
import type { DataFormat } from './data-format.ts'

/** A format that needs a schema to be read or written. */
export type SchemaDataFormat = Exclude<DataFormat, 'json'>

/** An event type whose data is written as the setting SERIALIZATION says. */
export interface SerializedType {
  /** CloudEvents `type`. */
  readonly type: string
  /** Name in SERIALIZATION beside the type: several types can share it. */
  readonly name?: string
}

/** Parsed value of SERIALIZATION. */
export interface Serialization {
  /** The format of every type that is not named. */
  readonly otherwise: DataFormat
  /** Formats by event type, or by another name that the application gives to types. */
  readonly named: ReadonlyMap<string, DataFormat>
}

export function isAllJson({ otherwise, named }: Serialization): boolean {
  return [otherwise, ...named.values()].every(format => format === 'json')
}

/**
 * The types that are written in another format than JSON. A type's own name goes before one that it shares.
 *
 * @throws ConfigError if SERIALIZATION has a name that no type has
 */
export function formatsOf(
  { otherwise, named }: Serialization,
  types: readonly SerializedType[],
): ReadonlyMap<string, SchemaDataFormat> {
  const known = new Set(types.flatMap(({ type, name }) => (name === undefined ? [type] : [type, name])))
  const unknown = [...named.keys()].filter(name => !known.has(name))
  if (unknown.length > 0)
    throw new ConfigError('the environment', [
      `SERIALIZATION names ${unknown.join(', ')}, whose data is always JSON or not known. It can name ${[...known].sort().join(', ')}`,
    ])
  const formats = new Map<string, SchemaDataFormat>()
  for (const { type, name = type } of types) {
    const format = named.get(type) ?? named.get(name) ?? otherwise
    if (format !== 'json') formats.set(type, format)
  }
  return formats
}
