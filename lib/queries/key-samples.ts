/** Which keys the newest records of a topic have, by partition. */
import { createHash } from 'node:crypto'
import type { Bounds } from '../../packages/runtime/adapters/kafka/offsets.ts'
import type { LogReader } from '../../packages/runtime/pipeline/ports.ts'
import { KeyCounter, type KeySample } from './balance.ts'
import { textIn } from './bytes-view.ts'
import { readRecords } from './records.ts'

export interface KeySamples {
  /** How many records were counted, of all partitions. */
  readonly records: number
  readonly partitions: readonly KeySample[]
}

export interface SampleOptions {
  /** How many records to read, of all partitions together. */
  readonly records: number
  /** Ends the counting early: the sample has what was counted until then. */
  readonly signal: AbortSignal
}

/**
 * Counts the keys of the newest records: of each partition as many as its share, so that the sample is that of the topic.
 *
 * @param bounds by partition; one that is not known is left out
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

/** Maximum of a key, so that a sample of large keys fits into memory and on a page. */
const MAX_BYTES = 200

/** Long keys that begin alike stay apart by their hash. */
function keyText(key: Buffer): string {
  if (key.length <= MAX_BYTES) return textIn(key) ?? `base64:${key.toString('base64')}`
  const hash = createHash('sha256').update(key).digest('hex').slice(0, 12)
  const start = textIn(key)?.slice(0, MAX_BYTES) ?? `base64:${key.toString('base64', 0, MAX_BYTES / 2)}`
  return `${start}… (${key.length} bytes, sha256 ${hash}…)`
}
