/** Data writer of a producer that uses Avro or Protobuf. */
import type { DataWriter } from '../cloudevents/data-writer.ts'
import type { SchemaDataFormat } from '../consumer/serialization.ts'
import { once } from '../lambda/once.ts'
import { ConfigError } from '../settings/config-error.ts'

/** Options for writing data in a format other than JSON. */
export interface ProducerSerialization {
  readonly format: SchemaDataFormat
  /** Schema of each event type that is written in this format. The data of other types is written as JSON. */
  readonly schemas: Readonly<Record<string, string>>
  /**
   * A schema registry with Confluent's API. Schemas are registered under the event type or another subject.
   * Without a registry, data has no schema id, and readers need the same schemas.
   */
  readonly registry?: { readonly url: string; readonly subject?: (type: string) => string }
}

/**
 * Returns a function that loads the writer once; undefined for JSON. The schema parser and the registry
 * client are loaded with the first event.
 *
 * @throws ConfigError if there is no schema
 */
export function writerLoader(
  serialization: ProducerSerialization | undefined,
): (() => Promise<DataWriter>) | undefined {
  if (serialization === undefined) return undefined
  const { format, schemas, registry } = serialization
  if (Object.keys(schemas).length === 0)
    throw new ConfigError('the producer', ['serialization.schemas: must have the schema of an event type'])
  return once(async () => {
    const { dataWriter, schemaIds } = await import('../adapters/registry/data-writer.ts')
    const ids = registry && (await schemaIds({ url: registry.url }))
    return dataWriter({
      application: {
        serializedTypes: Object.keys(schemas).map(type => ({ type })),
        packagedSchema: async type => ({ text: schemas[type] ?? '', references: [] }),
        schemaSubjects: type => [registry?.subject?.(type) ?? type],
      },
      env: '',
      serialization: { otherwise: format, named: new Map() },
      ...(ids ? { registry: ids } : {}),
    })
  })
}
