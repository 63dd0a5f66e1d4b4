export interface WithOffset {
  readonly offset: number
}

/** Records of one partition in a batch, in the order of their offsets. */
export interface PartitionRecords<R extends WithOffset = WithOffset> {
  readonly partition: number
  readonly records: readonly R[]
}

export function countRecords(parts: readonly PartitionRecords[]): number {
  return parts.reduce((sum, { records }) => sum + records.length, 0)
}

/** Returns the records that pass the test. Partitions without such records are omitted. */
export function filterRecords<R extends WithOffset>(
  parts: readonly PartitionRecords<R>[],
  isWanted: (record: R, partition: number) => boolean,
): PartitionRecords<R>[] {
  const picked: PartitionRecords<R>[] = []
  for (const part of parts) {
    const { partition } = part
    const records = part.records.filter(record => isWanted(record, partition))
    if (records.length === 0) continue
    // If all records pass, which is the common case, reuse the object.
    picked.push(records.length === part.records.length ? part : { partition, records })
  }
  return picked
}

export function excludeRecords<R extends WithOffset>(
  parts: readonly PartitionRecords<R>[],
  others: readonly PartitionRecords[],
): PartitionRecords<R>[] {
  if (others.length === 0) return parts.filter(({ records }) => records.length > 0)
  const excludedOffsets = new Map(
    others.map(part => [part.partition, new Set(part.records.map(r => r.offset))]),
  )
  return filterRecords(parts, ({ offset }, partition) => !excludedOffsets.get(partition)?.has(offset))
}

/** Splits records into two halves; the first may contain one record more. The order of each partition is kept. */
export function splitInHalf<R extends WithOffset>(
  parts: readonly PartitionRecords<R>[],
): readonly [first: PartitionRecords<R>[], second: PartitionRecords<R>[]] {
  let left = Math.ceil(countRecords(parts) / 2)
  const first: PartitionRecords<R>[] = []
  for (const { partition, records } of parts) {
    if (left > 0) first.push({ partition, records: records.slice(0, left) })
    left -= records.length
  }
  return [first, excludeRecords(parts, first)]
}

/** Maximum number of ranges of offsets to show. Further ranges are merged into the last one. */
const MAX_RUNS = 10

/** Describes partitions with their offsets, such as `0@4 1@0–99,120`. */
export function describe(
  parts: readonly PartitionRecords[],
  name: (partition: number) => string = String,
): string {
  return parts.map(({ partition, records }) => `${name(partition)}@${formatOffsets(records)}`).join(' ')
}

function formatOffsets(records: readonly WithOffset[]): string {
  const runs: { first: number; last: number }[] = []
  for (const { offset } of records) {
    const run = runs.at(-1)
    if (run && (run.last + 1 === offset || runs.length === MAX_RUNS)) run.last = offset
    else runs.push({ first: offset, last: offset })
  }
  return runs.map(({ first, last }) => (first === last ? first : `${first}–${last}`)).join(',')
}
