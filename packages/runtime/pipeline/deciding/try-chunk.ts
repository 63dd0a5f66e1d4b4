/** Applies the next chunk of a partition without storing the result. This finds a record that makes its function hang or crash. */
import type { LogRecord } from '../../cloudevents/record.ts'
import type { AnyKeyedProcess, Consumer } from '../consumer.ts'
import { decodeChunk } from '../decoding/decode-chunk.ts'
import { Unavailable } from '../errors.ts'
import { load, loadedPart } from '../loading/load.ts'
import { PendingRecords } from '../log/pending-records.ts'
import type { OffsetRange, StateKey } from '../model.ts'
import type { LogReader, StateStore } from '../ports.ts'
import { type Applied, apply } from './apply.ts'

export type Backlog = StateKey & OffsetRange

/**
 * Decides the records as the next batch would decide them. Returns undefined if there are no records.
 *
 * @param began called before each record is decided
 */
export async function tryChunk(
  consumer: Consumer<AnyKeyedProcess>,
  { store, log }: { readonly store: Pick<StateStore, 'load'>; readonly log: LogReader },
  { fromOffset, toOffset, ...stateKey }: Backlog,
  began: (record: LogRecord) => void,
): Promise<Applied | undefined> {
  const chunk = await readChunk(consumer, log, stateKey, { fromOffset, toOffset })
  const { decoded } = await decodeChunk(chunk, consumer)
  const snapshot = await load(store, stateKey, decoded, consumer)
  const undecided = decoded.filter(({ record }) => record.offset > snapshot.version.appliedOffset)
  const loaded = loadedPart(undecided, snapshot, consumer)
  return loaded.length > 0 ? apply(consumer, snapshot, announced(loaded, began)) : undefined
}

function* announced<T extends { readonly record: LogRecord }>(
  chunk: readonly T[],
  began: (record: LogRecord) => void,
): Generator<T> {
  for (const decoded of chunk) {
    began(decoded.record)
    yield decoded
  }
}

/** Reads the records that fit into one commit. */
async function readChunk(
  consumer: Consumer,
  log: LogReader,
  { topic, partition }: StateKey,
  { fromOffset, toOffset }: OffsetRange,
): Promise<readonly LogRecord[]> {
  const pending = new PendingRecords([], consumer)
  for (let from = fromOffset; from <= toOffset && pending.chunk.length === pending.all.length; ) {
    try {
      const looked = await log.read(topic, partition, { fromOffset: from, toOffset })
      pending.insert(from, looked)
      from = looked.nextOffset
    } catch (error) {
      // The records of an open transaction cannot be read yet, and no batch would contain them either.
      if (pending.isEmpty || !(error instanceof Unavailable)) throw error
      break
    }
  }
  log.leave?.(topic, partition)
  return pending.chunk
}
