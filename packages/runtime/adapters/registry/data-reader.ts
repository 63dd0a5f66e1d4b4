/** Reads data in Avro and Protobuf, and JSON with a schema id. The libraries are loaded with the first data that needs them. */
import type { UndecodableError } from '@sluice/schema-registry'
import { isFailure } from '../../cloudevents/event.ts'
import { withJsonData } from '../../cloudevents/json-format.ts'
import { findLambdaSchema, readByLambda } from '../../cloudevents/lambda-schema.ts'
import { readEvent } from '../../cloudevents/reader.ts'
import type { LogRecord } from '../../cloudevents/record.ts'
import { type SerializedData, serializedData } from '../../cloudevents/serialized-data.ts'
import { MEDIA_TYPES } from '../../consumer/data-format.ts'
import type { Event } from '../../consumer/event.ts'
import { type Failure, failure } from '../../consumer/failure-codes.ts'
import { notPrepared } from '../../pipeline/errors.ts'
import type { DataReader } from '../../pipeline/ports.ts'
import type { RegistryPlace } from './guarded-registry.ts'
import type { CachedSchema, Clocks, KnownData, SchemaBoundData, SchemaCache } from './schema-cache.ts'

const FORMATS = { JSON: 'json', AVRO: 'avro', PROTOBUF: 'protobuf' } as const

export class OnDemandDataReader implements DataReader {
  readonly takesWholeEvents: DataReader['takesWholeEvents']
  readonly #application: KnownData
  readonly #registry: RegistryPlace | undefined
  readonly #clocks: Clocks
  #schemas: SchemaCache | undefined
  #loading: Promise<SchemaCache> | undefined
  /** Schemas that were missing at a read, by record. The event need not be in its record as a CloudEvent. */
  readonly #missing = new WeakMap<LogRecord, SchemaBoundData>()

  /**
   * Creates a reader.
   *
   * @param registry schema registry; without a registry, the content type determines the format, and the application provides the
   * schema
   * @param nowMs wall clock, which determines the end of pauses after failed requests and the expiry of cached failures
   * @param elapsedMs monotonic clock, for the time limit of the requests for a chunk's schemas
   */
  constructor(
    application: KnownData,
    registry?: RegistryPlace,
    nowMs: () => number = Date.now,
    elapsedMs: () => number = () => performance.now(),
  ) {
    this.takesWholeEvents = application.takesWholeEvents
    this.#application = application
    this.#registry = registry
    this.#clocks = { nowMs, elapsedMs }
  }

  read(event: Event, record: LogRecord): Event | Failure {
    const schema = findLambdaSchema(record)
    if (schema) {
      const read = readByLambda(event, schema)
      return isFailure(read) || schema.dataFormat !== 'PROTOBUF' ? read : this.#addEmptyCollections(read)
    }
    const serialized = this.#findSerializedData(event, record)
    if (!serialized) return event
    if (serialized.kind === 'failure') return serialized
    if (serialized.kind === 'json') return withJsonData(event, serialized.body)
    const found = this.#schemas?.find(serialized)
    if (!found) {
      this.#missing.set(record, serialized)
      throw notPrepared(record)
    }
    if (found.kind === 'failure') return found
    const read = decodeData(event, serialized, found)
    return isFailure(read) || found.codec.format !== 'PROTOBUF' ? read : this.#addEmptyCollections(read)
  }

  /** Adds empty lists and maps that the event type defines. */
  #addEmptyCollections(event: Event): Event {
    const { type, data } = event
    const completed = this.#application.withEmptyCollections?.(type, data)
    return completed === undefined ? event : { ...event, data: completed }
  }

  async prepare(records: readonly LogRecord[]): Promise<void> {
    const needed: SchemaBoundData[] = []
    for (const record of records) {
      const event = readEvent(record)
      const isKept = isFailure(event) || findLambdaSchema(record) !== undefined
      const serialized =
        this.#missing.get(record) ?? (isKept ? undefined : this.#findSerializedData(event, record))
      if (serialized && serialized.kind !== 'failure' && serialized.kind !== 'json') needed.push(serialized)
    }
    if (needed.length === 0) return
    // Partitions call this concurrently. The first call loads, and the others wait for the same result.
    this.#loading ??= this.#load()
    this.#schemas = await this.#loading
    await this.#schemas.fetch(needed)
  }

  #findSerializedData(event: Event, record: LogRecord): SerializedData | Failure | undefined {
    return serializedData(event, this.#registry !== undefined, record)
  }

  async #load(): Promise<SchemaCache> {
    const [{ SchemaCache }, { GuardedRegistry }] = await Promise.all([
      import('./schema-cache.ts'),
      import('./guarded-registry.ts'),
    ])
    const registry = this.#registry && new GuardedRegistry(this.#registry, this.#clocks.nowMs)
    return new SchemaCache(this.#application, registry, this.#clocks, this.#registry?.allWithinMs)
  }
}

function decodeData(
  event: Event,
  serialized: SchemaBoundData,
  found: Exclude<CachedSchema, Failure>,
): Event | Failure {
  const { codec } = found
  const format = FORMATS[codec.format]
  if (serialized.format !== undefined && serialized.format !== format)
    return failure(
      'data-not-decodable',
      `its content type is ${serialized.format}, but its schema is in ${format}`,
    )
  // Numbers in JSON are checked for exact digits, regardless of the schema.
  const json = format === 'json' ? withJsonData(event, serialized.body) : undefined
  if (json && isFailure(json)) return json
  try {
    const data = codec.read(serialized.body)
    return json ?? { ...event, datacontenttype: MEDIA_TYPES.json, data }
  } catch (error) {
    const { code, message } = error as UndecodableError
    return failure(code === 'number-not-exact' ? code : 'data-not-decodable', message)
  }
}
