/** Decodes the records of a chunk, and fetches the schemas that are needed to read their data. Plain JSON needs no schema. */
import type { LogRecord } from '../../cloudevents/record.ts'
import type { Consumer } from '../consumer.ts'
import { findUnprepared, Unavailable } from '../errors.ts'
import type { Chunk, End } from '../model/chunk.ts'
import type { Deferred } from '../model/decision.ts'
import { type Decoded, decode } from './decode.ts'

export interface DecodedPart extends DecodedChunk {
  readonly chunk: Chunk
}

/** Step 2: decodes the records. If the schema of a record is unavailable, that record and all later ones must wait. */
export function decodeRecords(
  {
    consumer,
    invocation,
  }: {
    readonly consumer: Consumer
    readonly invocation: { readonly decoded?: ReadonlyMap<number, Decoded> }
  },
  chunk: Chunk,
): Promise<DecodedPart | End> | DecodedPart {
  const { decoded: known } = invocation
  if (known) return { chunk, decoded: chunk.records.map(({ offset }) => known.get(offset) as Decoded) }
  const { decoded, missing } = decodedUpTo(chunk.records, consumer)
  return missing.length === 0 ? { chunk, decoded } : decodePrepared(chunk, consumer)
}

async function decodePrepared(chunk: Chunk, consumer: Consumer): Promise<DecodedPart | End> {
  const { decoded, restWaits } = await decodeChunk(chunk.records, consumer)
  const isWhole = chunk.base !== undefined
  if (restWaits && (isWhole || decoded.length === 0)) return { kind: 'deferred', deferred: restWaits }
  return { chunk, decoded, ...(restWaits ? { restWaits } : {}) }
}

export interface DecodedChunk {
  /** Records that can be decoded, from the start of the chunk. They are all its records unless `restWaits` is set. */
  readonly decoded: readonly Decoded[]
  readonly restWaits?: Deferred
}

/** Decodes a chunk. Rejects with any error of the reader other than `Unavailable`; the whole chunk then counts as not decoded. */
export async function decodeChunk(chunk: readonly LogRecord[], consumer: Consumer): Promise<DecodedChunk> {
  const first = decodedUpTo(chunk, consumer)
  if (first.missing.length === 0) return { decoded: first.decoded }
  const deferred = await prepare(first.missing, consumer)
  const { decoded, missing } = decodedUpTo(chunk, consumer)
  if (missing.length === 0) return { decoded }
  return { decoded, restWaits: deferred ?? { reason: 'registry-unavailable' } }
}

/**
 * Fetches the schemas of these records. Returns undefined if all schemas are available afterwards; otherwise the reason why the
 * records must wait.
 */
export async function prepare(
  records: readonly LogRecord[],
  { reader }: Pick<Consumer, 'reader'>,
): Promise<Deferred | undefined> {
  try {
    await reader?.prepare(records)
    return undefined
  } catch (error) {
    if (error instanceof Unavailable) return { reason: error.code, error }
    throw error
  }
}

/** Returns the decoded records before the first missing schema, and all records of the chunk whose schema is missing. */
function decodedUpTo(chunk: readonly LogRecord[], consumer: Consumer) {
  const decoded: Decoded[] = []
  const missing: LogRecord[] = []
  for (const record of chunk)
    try {
      const result = decode(record, consumer)
      if (missing.length === 0) decoded.push(result)
    } catch (error) {
      if (!findUnprepared(error)) throw error
      missing.push(record)
    }
  return { decoded, missing }
}
