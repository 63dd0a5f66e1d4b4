/** Searches ranges from their newest records backwards, and no further than a limit: a page must not read a topic to death. */
import { type LogRecord, sizeOf } from '../../packages/runtime/cloudevents/record.ts'
import type { LogReader } from '../../packages/runtime/pipeline/ports.ts'
import type { Range } from './records.ts'

export interface SearchLimits {
  /** Upper bound for the offsets that are looked at, all ranges together. */
  readonly mostRecords: number
  /** Upper bound for the bytes of the records that are in memory at once; one record may be larger. */
  readonly mostBytes?: number
  /** Ends the search early, with what was found until then; a few of the newest records are always looked at. */
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
const MAX_STEP = 8_000
const MAX_BYTES = 32 * 1024 * 1024

/**
 * Gives the records of ranges, the newest steps first; those of one step and partition are in their own order.
 *
 * @param holding records without this text in their bytes may be left out, which is much faster where few have it
 * @param take is given the records of one step, perhaps none, and says whether more are wanted
 * @throws Unavailable if Kafka does not answer; PartitionStopped if the records cannot be read at all
 */
export async function searchNewest(
  log: LogReader,
  ranges: readonly Range[],
  {
    mostRecords,
    mostBytes = MAX_BYTES,
    signal,
    holding,
  }: SearchLimits & { readonly holding?: string | undefined },
  take: (records: readonly LogRecord[]) => boolean | Promise<boolean>,
): Promise<Searched> {
  let open = ranges.filter(isOpen)
  let records = 0
  let largest = MAX_STEP
  for (let step = FIRST_STEP; open.length > 0; ) {
    const each = Math.min(step, Math.floor((mostRecords - records) / open.length))
    if (each < 1 || signal?.aborted) return { records, ended: 'limit' }
    const steps = open.map(range => ({ ...range, start: Math.max(range.start, range.end - each) }))
    const reading = new StepReading(log, holding, {
      bytes: each > 1 ? mostBytes : Number.POSITIVE_INFINITY,
      signal: records > 0 ? signal : undefined,
    })
    const found = await Promise.all(steps.map(one => reading.recordsIn(one)))
    if (reading.isTooLarge) {
      largest = step = Math.max(1, Math.floor(each / 2))
      continue
    }
    if (reading.isOver) return { records, ended: 'limit' }
    step = Math.min(step * 2, largest)
    records += steps.reduce((sum, { start, end }) => sum + end - start, 0)
    open = open.map((range, index) => ({ ...range, end: steps[index]?.start ?? range.start })).filter(isOpen)
    const wantsMore = await take(found.flat())
    if (!wantsMore && open.length > 0) return { records, ended: 'enough' }
  }
  return { records, ended: 'whole' }
}

interface StepLimits {
  readonly bytes: number
  readonly signal: AbortSignal | undefined
}

/** The reading of one step: of all partitions side by side, within common limits. */
class StepReading {
  readonly #log: LogReader
  readonly #holding: string | undefined
  readonly #limits: StepLimits
  #bytes = 0

  constructor(log: LogReader, holding: string | undefined, limits: StepLimits) {
    this.#log = log
    this.#holding = holding
    this.#limits = limits
  }

  get isTooLarge(): boolean {
    return this.#bytes > this.#limits.bytes
  }

  get isOver(): boolean {
    return this.#limits.signal?.aborted === true
  }

  /** Returns a part of them if the range is too large, or the time is over. */
  async recordsIn({ topic, partition, start, end }: Range): Promise<LogRecord[]> {
    const records: LogRecord[] = []
    for (let next = start; next < end && !this.isTooLarge && !this.isOver; ) {
      const range = { fromOffset: next, toOffset: end - 1 }
      const looked = await this.#log.read(topic, partition, range, this.#holding)
      const found = looked.records.filter(({ offset }) => offset < end)
      this.#bytes += found.reduce((sum, record) => sum + sizeOf(record), 0)
      records.push(...found)
      next = looked.nextOffset
    }
    return records
  }
}

function isOpen({ start, end }: Range): boolean {
  return end > start
}
