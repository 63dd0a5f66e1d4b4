import { listHeaders } from '@sluice/kafka-records'
import { type Codec, loadCodec, RegistryClient, UndecodableError, unframe } from '@sluice/schema-registry'
import type { FilterData } from '../config/filters.ts'
import type { RegistryConfig } from '../config/registry-setting.ts'
import type { PolledMessage, SchemaMetadata } from '../invoke/event.ts'

/** Record after it was checked with the registry. If the value was decoded, `data` is the content that filters use. */
export type ReadMessage =
  | { readonly message: PolledMessage; readonly data?: FilterData }
  | {
      readonly message: PolledMessage
      readonly reason: 'SCHEMA_NOT_FOUND' | 'DESERIALIZATION_ERROR'
      readonly why: string
    }

class SchemaNotFoundError extends Error {
  override readonly name = 'SchemaNotFoundError'
}

interface Decoded {
  /** Bytes that are delivered to the function. */
  readonly bytes: Buffer
  readonly metadata: SchemaMetadata
  readonly json: string
}

/**
 * Validates records with the schemas that the records refer to by id, and decodes them if configured. See rules 14 and 15 in
 * `RULES.md`.
 */
export class RegistryReader {
  readonly #config: RegistryConfig
  readonly #client: RegistryClient
  readonly #codecs = new Map<number, Promise<Codec>>()

  constructor(config: RegistryConfig) {
    this.#config = config
    this.#client = new RegistryClient(config.uri)
  }

  /** Reads records in their order. @throws RegistryError, or Error if a required package is missing */
  async read(messages: readonly PolledMessage[]): Promise<readonly ReadMessage[]> {
    const read: ReadMessage[] = []
    // Read records one after another. There are few schemas, and the first record loads the schema for the records that follow.
    for (const message of messages) read.push(await this.#readOne(message))
    return read
  }

  async #readOne(message: PolledMessage): Promise<ReadMessage> {
    const { validates } = this.#config
    try {
      const key = validates.includes('KEY') ? await this.#decode(message, 'key') : undefined
      const value = validates.includes('VALUE') ? await this.#decode(message, 'value') : undefined
      const delivered: PolledMessage = {
        ...message,
        ...(key && { key: key.bytes, keySchema: key.metadata }),
        ...(value && { value: value.bytes, valueSchema: value.metadata }),
      }
      return value
        ? { message: delivered, data: { form: 'json', data: JSON.parse(value.json) } }
        : { message: delivered }
    } catch (error) {
      if (error instanceof SchemaNotFoundError)
        return { message, reason: 'SCHEMA_NOT_FOUND', why: error.message }
      if (error instanceof UndecodableError)
        return { message, reason: 'DESERIALIZATION_ERROR', why: error.message }
      throw error
    }
  }

  async #decode(message: PolledMessage, part: 'key' | 'value'): Promise<Decoded | undefined> {
    const bytes = message[part]
    if (!bytes) return undefined
    const header = listHeaders(message).find(([name]) => namesSchema(name, part))?.[0]
    if (header)
      throw new UndecodableError(`the header "${header.slice(0, 40)}" names its schema, not an id before it`)
    const { schemaId, body } = unframe(bytes)
    const codec = await this.#codec(schemaId)
    const json = codec.decode(body)
    return {
      json,
      bytes: this.#config.form === 'SOURCE' ? body : Buffer.from(json),
      metadata: { dataFormat: codec.format, schemaId: String(schemaId) },
    }
  }

  /**
   * Returns the codec of a schema. It is cached, because the schema of an id never changes. A missing id is not cached, because its
   * schema may be registered later.
   */
  #codec(schemaId: number): Promise<Codec> {
    const cachedCodec = this.#codecs.get(schemaId)
    if (cachedCodec) return cachedCodec
    const codec = this.#load(schemaId)
    this.#codecs.set(schemaId, codec)
    codec.catch(error => {
      if (!(error instanceof UndecodableError)) this.#codecs.delete(schemaId)
    })
    return codec
  }

  async #load(schemaId: number): Promise<Codec> {
    const schema = await this.#client.schema(schemaId)
    if (!schema) throw new SchemaNotFoundError(`the registry has no schema ${schemaId}`)
    return loadCodec(schema)
  }
}

/** Returns true for a header in which a serializer of Confluent or Apicurio names the schema of a key or a value. */
function namesSchema(header: string, part: 'key' | 'value'): boolean {
  return header === `__${part}_schema_id` || header.startsWith(`apicurio.${part}.`)
}
