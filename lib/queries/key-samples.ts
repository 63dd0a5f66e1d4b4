/** Counts the keys of the newest records in each partition of a topic. */
import { createHash } from 'node:crypto'
import type { Bounds } from '../../packages/runtime/adapters/kafka/offsets.ts'
import type { LogReader } from '../../packages/runtime/pipeline/ports.ts'
import { KeyCounter, type KeySample } from './balance.ts'
import { textIn } from './bytes-view.ts'
import { readRecords } from './records.ts'

export interface KeySamples {
  /** Number of counted records in all partitions. */
  readonly records: number
  readonly partitions: readonly KeySample[]
}

export interface SampleOptions {
  /** Number of records to read, in all partitions together. */
  readonly records: number
  /** Signal that ends counting early. The sample counted so far is returned. */
  readonly signal: AbortSignal
}

/**
 * Counts the keys of the newest records. The sample represents the topic, because each partition is sampled in proportion to its
 * number of records.
 *
 * @param bounds bounds by partition. Partitions with unknown bounds are omitted.
 * @throws see `readRecords`
 */
export async function keySamples(
  log: LogReader,
  topic: string,
  bounds: readonly (Bounds | undefined)[],
  { records: wanted, signal }: SampleOptions,
): Promise<KeySamples> {
  const total = bounds.reduce((sum, bound) => sum + (bound ? bound.end - bound.start : 0), 0)
  const ranges = bounds.flatMap((bound, partition) => {
    if (!bound) return []
    const own = Math.ceil(((bound.end - bound.start) / Math.max(1, total)) * wanted)
    return [{ topic, partition, start: Math.max(bound.start, bound.end - own), end: bound.end }]
  })
  const keys = new KeyCounter()
  let records = 0
  for await (const { partition, key } of readRecords(log, ranges)) {
    keys.add(partition, key === null ? '(no key)' : keyText(key))
    records += 1
    if (signal.aborted) break
  }
  return { records, partitions: keys.samples(bounds.length) }
}

/** Maximum length of a key in bytes. Longer keys are shortened to save memory. */
const MAX_BYTES = 200

/** Returns a key as text. A shortened key ends with a hash, so that keys with the same start remain distinct. */
function keyText(key: Buffer): string {
  if (key.length <= MAX_BYTES) return textIn(key) ?? `base64:${key.toString('base64')}`
  const hash = createHash('sha256').update(key).digest('hex').slice(0, 12)
  const start = textIn(key)?.slice(0, MAX_BYTES) ?? `base64:${key.toString('base64', 0, MAX_BYTES / 2)}`
  return `${start}… (${key.length} bytes, sha256 ${hash}…)`
}
