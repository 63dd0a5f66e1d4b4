/** Searches ranges backwards from their newest records, within limits. A page thus never has to read a whole topic. */
import { estimateSize, type LogRecord } from '#runtime/cloudevents'
import type { LogReader } from '#runtime/pipeline'
import type { Range } from '../../../lib/log/read-records.ts'

export interface SearchLimits {
  /** Maximum number of offsets to examine in all ranges together. */
  readonly mostRecords: number
  /** Maximum size of the records in memory, in bytes. A single larger record is still read. */
  readonly mostBytes?: number
  /** Signal that ends the search early. The records found so far are returned; a few of the newest records are always examined. */
  readonly signal?: AbortSignal
}

/** Extent of a finished search. */
export interface Searched {
  /** Number of examined offsets, counted from the newest. */
  readonly records: number
  /**
   * Reason why the search ended. `whole`: all ranges were examined. `enough`: no more records were needed. `limit`: a limit was
   * reached.
   */
  readonly ended: 'whole' | 'enough' | 'limit'
}

/** Number of offsets in the first step. It is small, so that the newest records are returned quickly. */
const FIRST_STEP = 500
const MAX_STEP = 8_000
const MAX_BYTES = 32 * 1024 * 1024

/**
 * Reads the records of ranges in steps, newest step first. Within a step, the records of each partition are in their original
 * order.
 *
 * @param holding text that the bytes of matching records contain. Records without it may be skipped, which is much faster if few
 * records match.
 * @param take called with the records of each step, which can be empty; returns whether more records are needed
 * @throws Unavailable if Kafka does not answer
 * @throws PartitionStopped if the records cannot be read
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
    const found = await Promise.all(steps.map(step => reading.readRange(step)))
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

/** Reads one step of all partitions in parallel. The limits apply to all partitions together. */
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

  /** Returns the records of a range. Only a part is returned if the range is too large, or the time limit is reached. */
  async readRange({ topic, partition, start, end }: Range): Promise<LogRecord[]> {
    const records: LogRecord[] = []
    for (let next = start; next < end && !this.isTooLarge && !this.isOver; ) {
      const range = { fromOffset: next, toOffset: end - 1 }
      const looked = await this.#log.read(topic, partition, range, this.#holding)
      const found = looked.records.filter(({ offset }) => offset < end)
      this.#bytes += found.reduce((sum, record) => sum + estimateSize(record), 0)
      records.push(...found)
      next = looked.nextOffset
    }
    return records
  }
}

function isOpen({ start, end }: Range): boolean {
  return end > start
}
