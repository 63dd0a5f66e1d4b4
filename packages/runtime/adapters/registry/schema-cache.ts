/** Cache for the codecs of schemas. The library of a format is loaded with its first schema. */
import {
  type Codec,
  isRegistryError,
  loadCodec,
  MAX_SCHEMA_ID,
  type Schema,
  UndecodableError,
} from '@sluice/schema-registry'
import type { SerializedData } from '../../cloudevents/serialized-data.ts'
import { type Failure, failure } from '../../consumer/failure-codes.ts'
import { Unavailable } from '../../pipeline/errors.ts'
import { Semaphore } from '../../pipeline/log/partition-log.ts'
import type { GuardedRegistry } from './guarded-registry.ts'

export type SchemaBoundData = Exclude<SerializedData, { kind: 'json' }>

export type CachedSchema = { readonly kind: 'codec'; readonly codec: Codec } | Failure

/** Maximum number of cached codecs. The schema of an id never changes, so cached codecs do not expire. */
const MAX_SCHEMAS = 1_000
/**
 * Time after which an id without a usable schema is requested again, in milliseconds, because the schema may
 * have been registered or corrected.
 */
const UNKNOWN_FOR_MS = 15_000
const MAX_UNKNOWN = 10_000
const REQUESTS_AT_ONCE = 8
/**
 * Time limit for all schemas of a chunk, in milliseconds. It is shorter than the remaining time that is required to begin a chunk.
 */
const ALL_WITHIN_MS = 2_500

/** Functions of `Application` that describe the data of its events. */
export interface KnownData {
  takesWholeEvents?(this: void, kafkaTopic: string): boolean
  withEmptyCollections?(type: string, data: unknown): unknown
  packagedSchema?(
    type: string,
    format: 'avro' | 'protobuf',
  ): Promise<Pick<Schema, 'text' | 'references'> | undefined>
}

export interface Clocks {
  /** Returns the wall-clock time in milliseconds since the epoch. */
  readonly nowMs: () => number
  /** Returns the time of a monotonic clock in milliseconds. */
  readonly elapsedMs: () => number
}

export class SchemaCache {
  readonly #application: KnownData
  readonly #registry: GuardedRegistry | undefined
  readonly #nowMs: () => number
  readonly #elapsedMs: () => number
  readonly #allWithinMs: number
  readonly #known = new Map<string, CachedSchema>()
  /** Failures for missing schemas, with the time until which they are cached. */
  readonly #unknown = new Map<string, { readonly failure: Failure; readonly untilMs: number }>()
  readonly #running = new Map<string, Promise<void>>()
  /** Schemas that the fetches in progress need. */
  readonly #fetches = new Set<ReadonlyMap<string, SchemaBoundData>>()
  readonly #permits = new Semaphore(REQUESTS_AT_ONCE)

  constructor(
    application: KnownData,
    registry: GuardedRegistry | undefined,
    { nowMs, elapsedMs }: Clocks,
    allWithinMs: number = ALL_WITHIN_MS,
  ) {
    this.#elapsedMs = elapsedMs
    this.#allWithinMs = allWithinMs
    this.#application = application
    this.#registry = registry
    this.#nowMs = nowMs
  }

  find(serialized: SchemaBoundData): CachedSchema | undefined {
    if (serialized.kind === 'registered' && Number(serialized.schemaId) > MAX_SCHEMA_ID)
      return unknownSchema(serialized)
    const key = toKey(serialized)
    const cachedSchema = this.#known.get(key)
    if (cachedSchema) return cachedSchema
    const unknown = this.#unknown.get(key)
    return unknown && this.#nowMs() < unknown.untilMs ? unknown.failure : undefined
  }

  /** Fetches missing schemas, each once. If a schema cannot be fetched, rejects with `Unavailable` after all fetches have ended. */
  async fetch(needed: readonly SchemaBoundData[]): Promise<void> {
    const byKey = new Map(needed.map(serialized => [toKey(serialized), serialized]))
    this.#makeRoom(byKey)
    this.#fetches.add(byKey)
    try {
      await this.#fetchAll(byKey)
    } finally {
      this.#fetches.delete(byKey)
    }
  }

  /** Removes the oldest cached schemas above the limit. Schemas that are needed now are kept, even if they exceed the limit. */
  #makeRoom(needed: ReadonlyMap<string, SchemaBoundData>): void {
    for (const entries of [this.#known, this.#unknown])
      for (const key of needed.keys()) moveToEnd<unknown>(entries, key)
    const isNeeded = (key: string) => needed.has(key) || [...this.#fetches].some(fetch => fetch.has(key))
    removeOldest(this.#known, MAX_SCHEMAS, isNeeded)
    removeOldest(this.#unknown, MAX_UNKNOWN, isNeeded)
  }

  async #fetchAll(byKey: ReadonlyMap<string, SchemaBoundData>): Promise<void> {
    const untilMs = this.#elapsedMs() + this.#allWithinMs
    const ends = await Promise.allSettled(
      [...byKey].map(([key, serialized]) =>
        this.find(serialized) ? undefined : this.#once(key, serialized, untilMs),
      ),
    )
    for (const end of ends) if (end.status === 'rejected') throw end.reason
  }

  #once(key: string, serialized: SchemaBoundData, untilMs: number): Promise<void> {
    const running = this.#running.get(key)
    if (running) return running
    const fetched = this.#fetch(key, serialized, untilMs).finally(() => this.#running.delete(key))
    this.#running.set(key, fetched)
    return fetched
  }

  async #fetch(key: string, serialized: SchemaBoundData, untilMs: number): Promise<void> {
    await this.#permits.acquire()
    try {
      const leftMs = untilMs - this.#elapsedMs()
      if (leftMs <= 0)
        throw new Unavailable(
          'registry-unavailable',
          'the schema registry responds too slowly for the number of schemas',
        )
      const schema = await this.#schema(serialized, leftMs)
      if (schema) this.#known.set(key, await loadCachedSchema(schema, serialized))
      else this.#believe(key, unknownSchema(serialized))
    } catch (error) {
      if (!isRegistryError(error, 'unusable-schema')) throw error
      this.#believe(key, failure('data-not-decodable', error.message))
    } finally {
      this.#permits.release()
    }
  }

  #believe(key: string, failure: Failure): void {
    this.#unknown.set(key, { failure, untilMs: this.#nowMs() + UNKNOWN_FOR_MS })
  }

  async #schema(serialized: SchemaBoundData, leftMs: number): Promise<Schema | undefined> {
    if (serialized.kind === 'registered') return this.#registry?.schema(serialized.schemaId, leftMs)
    const { type, format } = serialized
    const packaged = await this.#application.packagedSchema?.(type, format)
    if (!packaged) return undefined
    const { text, references } = packaged
    return { format: format === 'avro' ? 'AVRO' : 'PROTOBUF', text, references }
  }
}

async function loadCachedSchema(schema: Schema, { kind }: SchemaBoundData): Promise<CachedSchema> {
  try {
    return { kind: 'codec', codec: await loadCodec(schema, kind === 'registered' ? 'framed' : 'plain') }
  } catch (error) {
    if (error instanceof UndecodableError) return failure('data-not-decodable', error.message)
    throw error
  }
}

function toKey(serialized: SchemaBoundData): string {
  return serialized.kind === 'registered'
    ? `${serialized.schemaId}`
    : `${serialized.format} ${serialized.type}`
}

function unknownSchema(serialized: SchemaBoundData): Failure {
  return failure(
    'schema-unknown',
    serialized.kind === 'registered'
      ? `the schema registry has no schema ${serialized.schemaId}`
      : `there is no packaged ${serialized.format} schema of its event type, and its data contains no schema id of a registry`,
  )
}

function moveToEnd<T>(entries: Map<string, T>, key: string): void {
  const value = entries.get(key)
  if (value === undefined) return
  entries.delete(key)
  entries.set(key, value)
}

/** Removes the least recently used entries beyond the limit, except for entries that are needed now. */
function removeOldest(entries: Map<string, unknown>, most: number, isNeeded: (key: string) => boolean): void {
  for (const key of entries.keys()) {
    if (entries.size <= most) return
    if (!isNeeded(key)) entries.delete(key)
  }
}
