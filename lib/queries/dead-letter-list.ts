/** Pages of dead letters, read from the newest end of the dlq topic backwards and no further than a page needs. */
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import type { LogReader } from '../../packages/runtime/pipeline/ports.ts'
import { Counts } from './counts.ts'
import { type DeadLetterFilter, isWritten, meets } from './dead-letter-filter.ts'
import { type BrokenDeadLetter, readDlqRecord } from './dead-letter-records.ts'
import { type DeadLetterSummary, deadLetterSummary } from './dead-letters.ts'
import { HandledDeadLetters, readHandled } from './handled-dead-letters.ts'
import { CopiesBackward, MOST_REMEMBERED } from './letter-copies.ts'
import type { Range } from './records.ts'
import { readRecordGroupsBackward } from './records-backward.ts'

/** Enough for a short page, and for the older letters that show which of its letters are copies. */
const FIRST_WINDOW = MOST_REMEMBERED + 100

interface DeadLetterCounts {
  /** How many match, listed or not. */
  readonly total: number
  /** How many of them have each code, the most frequent first. */
  readonly codes: Readonly<Record<string, number>>
  /** How many of them are quarantined. */
  readonly quarantined: number
  /** How many match and were left out because people have handled them. */
  readonly handled: number
  /** How many are broken, whatever the conditions other than time. */
  readonly broken: number
  /** Records of the topic that are neither dead letters nor word of them. */
  readonly others: number
}

/** By partition of the dlq topic, the offset before which older dead letters lie. */
export type OlderPlaces = ReadonlyMap<number, number>

export interface DeadLetterList {
  /** The newest that match, in order of time. */
  readonly deadLetters: readonly DeadLetterSummary[]
  /** The broken ones among them, whatever the conditions other than time. */
  readonly broken: readonly BrokenDeadLetter[]
  /** Null if not everything was read. */
  readonly counts: DeadLetterCounts | null
  /** Where the next page begins; null if this is the last one. */
  readonly older: OlderPlaces | null
}

interface ListOptions extends DeadLetterFilter {
  /** How many of the newest are listed, broken ones among them. */
  readonly limit: number
  /** Whether those that people have handled are listed, too. */
  readonly all?: boolean | undefined
  /** Lists only what lies before these places; partitions without one are left out. */
  readonly before?: OlderPlaces | undefined
  /** Whether all that match are counted, which reads everything. */
  readonly count?: boolean | undefined
  /** Ends the search early, with its reason as an error: a part must not look like the whole. */
  readonly signal?: AbortSignal | undefined
}

type Entry = Pick<LogRecord, 'partition' | 'offset' | 'timestampMs'> &
  (
    | { readonly kind: 'letter'; readonly summary: DeadLetterSummary }
    | { readonly kind: 'broken'; readonly broken: BrokenDeadLetter }
    | { readonly kind: 'handled' | 'other' | 'unmatched' }
  )

/**
 * Lists the dead letters in ranges of the dlq topic, in memory that does not grow with their number.
 *
 * @param ranges up to the present ends of the topic
 * @throws the reason of the signal if it is aborted; else see `readRecords`
 */
export async function listDeadLetters(
  log: LogReader,
  ranges: readonly Range[],
  { limit, all = false, before, count = false, signal, ...filter }: ListOptions,
): Promise<DeadLetterList> {
  const deadLetters: DeadLetterSummary[] = []
  const broken: BrokenDeadLetter[] = []
  const codes = new Counts()
  let [handled, brokenTotal, quarantined, others] = [0, 0, 0, 0]
  let isMore = false
  const known = new HandledDeadLetters(ranges)
  const pages = ranges.map(range => olderPart(range, before))
  // Only later records say what was handled.
  const newer = ranges.map((range, at) => ({ ...range, start: pages[at]?.end ?? range.start }))
  await readHandled(log, newer, known, signal)
  const older = new Map(pages.map(({ partition, end }) => [partition, end]))
  const entryOf = (record: LogRecord, read: Read): Entry => {
    const { partition, offset, timestampMs } = record
    return { partition, offset, timestampMs, ...listed(read, known.how(record), filter, all) }
  }
  for await (const entry of newestFirst(pages.map(page => entriesBackward(log, page, known, entryOf)))) {
    signal?.throwIfAborted()
    const isFull = deadLetters.length + broken.length === limit
    if (isFull && !count) {
      isMore = true
      break
    }
    if (!isFull) older.set(entry.partition, entry.offset)
    else if (entry.kind === 'letter' || entry.kind === 'broken') isMore = true
    if (entry.kind === 'other') others++
    if (entry.kind === 'handled') handled++
    if (entry.kind === 'broken') {
      brokenTotal++
      if (!isFull) broken.push(entry.broken)
    }
    if (entry.kind === 'letter') {
      codes.add(entry.summary.code)
      if (entry.summary.quarantined) quarantined++
      if (!isFull) deadLetters.push(entry.summary)
    }
  }
  signal?.throwIfAborted()
  const counted = { total: codes.total, codes: codes.byFrequency(), quarantined, handled }
  return {
    deadLetters: deadLetters.reverse(),
    broken: broken.reverse(),
    counts: count || !(isMore || before) ? { ...counted, broken: brokenTotal, others } : null,
    older: isMore ? older : null,
  }
}

type Read = Exclude<ReturnType<typeof readDlqRecord>, { kind: 'handled' }>

function listed(
  read: Read,
  how: DeadLetterSummary['handled'] | undefined,
  filter: DeadLetterFilter,
  all: boolean,
) {
  if (read.kind === 'other') return { kind: 'other' } as const
  const isLeftOut = how !== undefined && !all
  if (read.kind === 'broken')
    return isWritten(read, filter) && !isLeftOut
      ? ({ kind: 'broken', broken: read } as const)
      : ({ kind: 'unmatched' } as const)
  if (!meets(read, filter)) return { kind: 'unmatched' } as const
  if (isLeftOut) return { kind: 'handled' } as const
  return { kind: 'letter', summary: deadLetterSummary(read, how ?? undefined) } as const
}

function olderPart(range: Range, before: OlderPlaces | undefined): Range {
  if (!before) return range
  const end = Math.min(range.end, before.get(range.partition) ?? range.start)
  return { ...range, end: Math.max(range.start, end) }
}

/** The records of one partition from the last to the first, without copies of letters and without word of what was handled. */
async function* entriesBackward(
  log: LogReader,
  range: Range,
  known: HandledDeadLetters,
  entryOf: (record: LogRecord, read: Read) => Entry,
): AsyncGenerator<Entry> {
  const copies = new CopiesBackward<Entry>()
  for await (const records of readRecordGroupsBackward(log, [range], FIRST_WINDOW))
    for (const record of records) {
      known.take(record)
      const read = readDlqRecord(record)
      if (read.kind === 'handled') continue
      const letter = read.kind === 'letter' ? read : undefined
      const decided = copies.take(entryOf(record, read), record.offset, letter)
      if (decided) yield decided
    }
  yield* copies.rest()
}

/** Merges the partitions by time. */
async function* newestFirst(partitions: readonly AsyncGenerator<Entry>[]): AsyncGenerator<Entry> {
  const results = await Promise.allSettled(partitions.map(partition => partition.next()))
  const heads = results.map(result => {
    if (result.status === 'rejected') throw result.reason
    return { ...result.value }
  })
  while (true) {
    let latest = -1
    for (const [at, head] of heads.entries()) {
      const best = heads[latest]
      if (!head.done && (!best || best.done || head.value.timestampMs >= best.value.timestampMs)) latest = at
    }
    const head = heads[latest]
    const partition = partitions[latest]
    if (!head || head.done || !partition) return
    yield head.value
    heads[latest] = await partition.next()
  }
}
