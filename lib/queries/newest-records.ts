/** Searches ranges from their newest records backwards, and no further than a limit: a page must not read a topic to death. */
import type { LogRecord } from '../runtime/cloudevents/record.ts'
import type { LogReader } from '../runtime/pipeline/ports.ts'
import type { Range } from './records.ts'

export interface SearchLimits {
  /** Upper bound for the offsets that are looked at, all ranges together. */
  readonly mostRecords: number
  /** Ends the search early, with what was found until then. */
  readonly signal?: AbortSignal
}

/** How far a search came. */
export interface Searched {
  /** Offsets that were looked at, from the newest backwards. */
  readonly records: number
  /** `whole`: everything in the ranges was looked at. `enough`: no more was wanted. `limit`: a limit was reached. */
  readonly ended: 'whole' | 'enough' | 'limit'
}

/** Offsets of one read: few at first, so that what is newest is there soon. */
const FIRST_STEP = 500
const LARGEST_STEP = 8_000

/**
 * Gives the records of ranges, the newest steps first; those of one step and partition are in their own order.
 *
 * @param holding records without this text in their bytes may be left out, which is much faster where few have it
 * @param take is given the records of one step, perhaps none, and says whether more are wanted
 * @throws Unavailable if Kafka does not answer; UnreadableLog if the records cannot be read at all
 */
export async function searchNewest(
  log: LogReader,
  ranges: readonly Range[],
  { mostRecords, signal, holding }: SearchLimits & { readonly holding?: string | undefined },
  take: (records: readonly LogRecord[]) => boolean | Promise<boolean>,
): Promise<Searched> {
  let open = ranges.filter(isOpen)
  let records = 0
  for (let step = FIRST_STEP; open.length > 0; step = Math.min(step * 2, LARGEST_STEP)) {
    const each = Math.min(step, Math.floor((mostRecords - records) / open.length))
    if (each < 1 || signal?.aborted) return { records, ended: 'limit' }
    const steps = open.map(range => ({ ...range, start: Math.max(range.start, range.end - each) }))
    const found = await Promise.all(steps.map(one => recordsIn(log, one, holding)))
    records += steps.reduce((sum, { start, end }) => sum + end - start, 0)
    open = open.map((range, index) => ({ ...range, end: steps[index]?.start ?? range.start })).filter(isOpen)
    const wantsMore = await take(found.flat())
    if (!wantsMore && open.length > 0) return { records, ended: 'enough' }
  }
  return { records, ended: 'whole' }
}

function isOpen({ start, end }: Range): boolean {
  return end > start
}

async function recordsIn(
  log: LogReader,
  { topic, partition, start, end }: Range,
  holding: string | undefined,
): Promise<LogRecord[]> {
  const records: LogRecord[] = []
  for (let next = start; next < end; ) {
    const looked = await log.read(topic, partition, { fromOffset: next, toOffset: end - 1 }, holding)
    records.push(...looked.records.filter(({ offset }) => offset < end))
    next = looked.nextOffset
  }
  return records
}
