import type { Message, SchemaMetadata } from '../event.ts'
import type { FilterData } from '../filters.ts'
import type { OpenChoices } from '../open-choices.ts'
import { RegistryClient } from './client.ts'
import type { Codec } from './codec.ts'
import type { RegistryConfig } from './config.ts'
import { loadCodec } from './load-codec.ts'
import { UndecodableError, unframe } from './wire.ts'

/** A record after the registry. `data` is what a filter sees, where the value was decoded for it. */
export type Read =
  | { readonly message: Message; readonly data?: FilterData }
  | {
      readonly message: Message
      readonly reason: 'SCHEMA_NOT_FOUND' | 'DESERIALIZATION_ERROR'
      readonly why: string
    }

/** The registry has no schema of that id. */
class SchemaNotFoundError extends Error {
  override readonly name = 'SchemaNotFoundError'
}

interface Decoded {
  /** What the function receives. */
  readonly bytes: Buffer
  readonly metadata: SchemaMetadata
  readonly json: string
}

/** Validates records with the schemas that their ids name, and decodes them where that is asked for. Rules 14, 15. */
export class RegistryReader {
  readonly #config: RegistryConfig
  readonly #asObject: boolean
  readonly #client: RegistryClient
  readonly #codecs = new Map<number, Promise<Codec>>()

  constructor(config: RegistryConfig, open: Pick<OpenChoices, 'registryJson'>) {
    this.#config = config
    this.#asObject = config.form === 'JSON' && open.registryJson === 'object'
    this.#client = new RegistryClient(config.uri)
  }

  /**
   * Reads records in order.
   *
   * @throws RegistryUnavailableError, or Error for a package that is missing: nothing of it was the records' fault.
   */
  async read(messages: readonly Message[]): Promise<readonly Read[]> {
    const read: Read[] = []
    // One after another: schemas are few and cached, and what comes first names the schema of what follows.
    for (const message of messages) read.push(await this.#readOne(message))
    return read
  }

  async #readOne(message: Message): Promise<Read> {
    const { validates } = this.#config
    try {
      const key = validates.includes('KEY') && message.key ? await this.#decode(message.key) : undefined
      const value =
        validates.includes('VALUE') && message.value ? await this.#decode(message.value) : undefined
      const delivered: Message = {
        ...message,
        ...(key && { key: key.bytes, keySchema: key.metadata }),
        ...(value && { value: value.bytes, valueSchema: value.metadata }),
        ...(this.#asObject && { bare: { key: key !== undefined, value: value !== undefined } }),
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

  async #decode(bytes: Buffer): Promise<Decoded> {
    const { schemaId, body } = unframe(bytes)
    const codec = await this.#codec(schemaId)
    const json = codec.decode(body)
    return {
      json,
      bytes: this.#delivered(json, body),
      metadata: { dataFormat: codec.format, schemaId: String(schemaId) },
    }
  }

  /** Delivered as an object, it must be as long as it is in the event, whatever the producer's spaces were. */
  #delivered(json: string, body: Buffer): Buffer {
    if (this.#config.form === 'SOURCE') return body
    return Buffer.from(this.#asObject ? JSON.stringify(JSON.parse(json)) : json)
  }

  /** An id never comes to mean another schema, so what was found is kept. What was not can still be registered. */
  #codec(schemaId: number): Promise<Codec> {
    const known = this.#codecs.get(schemaId)
    if (known) return known
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
