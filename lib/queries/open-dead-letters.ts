/** How many dead letters wait for people: counted on from where the last count ended, so that each record is read once. */
import type { LogReader } from '../../packages/runtime/pipeline/ports.ts'
import { readDlqRecord } from './dead-letter-records.ts'
import { LetterCopies } from './letter-copies.ts'
import { OffsetSet, type StoredOffsets } from './offset-set.ts'
import { type Range, readRecordGroups } from './records.ts'

/** What a count leaves for the next one, of one partition: at most two bits for each offset since the first that is open. */
export interface CountedPartition {
  /** The offset that is read next. */
  readonly next: number
  readonly open: StoredOffsets
  readonly quarantined: StoredOffsets
  /** The newest dead letters, by which a copy is known. */
  readonly newest: readonly string[]
}

export interface OpenDeadLetters {
  /** By partition of the dlq topic. */
  readonly partitions: readonly CountedPartition[]
  /** Those that have been neither redriven nor dropped, broken ones among them. */
  readonly open: number
  readonly quarantined: number
  /** When the oldest of them was written, in milliseconds since the epoch; undefined if there is none. */
  readonly oldestMs: number | undefined
  /** Records that this count has not come to. */
  readonly pending: number
}

/**
 * Counts the open dead letters of the topic.
 *
 * @param bounds of its partitions now; what its retention has taken does not count any more
 * @param last what the last count left; without it, the topic is read from its beginning
 * @param mayGoOn asked between reads: false ends the count early, and the next one goes on from there
 * @throws see `readRecords`
 */
export async function countOpen(
  log: LogReader,
  topic: string,
  bounds: readonly { readonly start: number; readonly end: number }[],
  last: readonly CountedPartition[] | undefined,
  mayGoOn: () => boolean,
): Promise<OpenDeadLetters> {
  const partitions = bounds.map((bound, partition) => new Partition(bound, last?.[partition]))
  const ranges = partitions.map(({ next, end }, partition) => ({ topic, partition, start: next, end }))
  for await (const records of readRecordGroups(log, ranges)) {
    for (const record of records) partitions[record.partition]?.take(record)
    if (!mayGoOn()) break
  }
  const oldest = await Promise.all(
    partitions.map(({ open }, partition) => writtenAtMs(log, { topic, partition }, open.first)),
  )
  const times = oldest.filter(timeMs => timeMs !== undefined)
  return {
    partitions: partitions.map(partition => partition.stored()),
    open: sumOf(partitions.map(({ open }) => open.size)),
    quarantined: sumOf(partitions.map(({ quarantined }) => quarantined.size)),
    oldestMs: times.length > 0 ? Math.min(...times) : undefined,
    pending: sumOf(partitions.map(({ next, end }) => end - next)),
  }
}

class Partition {
  readonly end: number
  readonly open: OffsetSet
  readonly quarantined: OffsetSet
  readonly #copies: LetterCopies
  next: number

  constructor({ start, end }: { start: number; end: number }, last: CountedPartition | undefined) {
    // A log that ends before what was counted is another one.
    const before = last && last.next <= end ? last : undefined
    const set = (stored: StoredOffsets | undefined) =>
      stored ? OffsetSet.of(stored).within(Math.max(stored.start, start), end) : new OffsetSet(start, end)
    this.end = end
    this.open = set(before?.open)
    this.quarantined = set(before?.quarantined)
    this.#copies = new LetterCopies(before?.newest)
    this.next = Math.max(start, before?.next ?? start)
  }

  take(record: Parameters<typeof readDlqRecord>[0]): void {
    const read = readDlqRecord(record)
    const isNew = read.kind === 'letter' && !this.#copies.isCopy(read)
    if (isNew || read.kind === 'broken') this.open.add(record.offset)
    if (isNew && read.deadLetter.quarantined) this.quarantined.add(record.offset)
    if (read.kind === 'handled')
      for (const { from, to } of read.handled.ranges)
        for (const set of [this.open, this.quarantined]) set.remove(from, Math.min(to, record.offset - 1))
    this.next = record.offset + 1
  }

  stored(): CountedPartition {
    const kept = (set: OffsetSet) => set.within(set.first ?? this.next, this.end).stored()
    const sets = { open: kept(this.open), quarantined: kept(this.quarantined) }
    return { next: this.next, ...sets, newest: this.#copies.stored() }
  }
}

/** Undefined also if its retention has taken the record meanwhile. */
async function writtenAtMs(
  log: LogReader,
  { topic, partition }: Pick<Range, 'topic' | 'partition'>,
  offset: number | undefined,
): Promise<number | undefined> {
  if (offset === undefined) return undefined
  const { records } = await log.read(topic, partition, { fromOffset: offset, toOffset: offset })
  return records[0]?.timestampMs
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0)
}
