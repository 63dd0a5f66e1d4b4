import type { FetchedRecord } from './fetched-record.ts'
import { OpenBatches, placeOf } from './open-batches.ts'
import { type FetchedPartition, recordsOf } from './partition.ts'

/** A member of a group reads some partitions alternately, and a topic has seldom more with large batches at once. */
const OPEN_BATCHES = 16

/** Records that no request has asked for in this time belong to a partition that is paused or read by another member. */
const FORGET_AFTER_MS = 60_000

interface Late {
  readonly fromOffset: number
  readonly records: Promise<FetchedRecord[]>
  readonly askedAtMs: number
}

/**
 * Decoding for one client, with a time limit for each response: a consumer sends heartbeats only between two fetches, and inflating a record
 * of many gigabytes can take longer than its session. Such a response has no records of that partition, and a later one has those that
 * were decoded meanwhile. Otherwise a member would lose its partitions at such a record every time, and never pass it.
 */
export class Decoding {
  readonly #decode: typeof recordsOf
  readonly #open = new OpenBatches(OPEN_BATCHES)
  readonly #inProgress = new Map<string, Late>()
  readonly #nowMs: () => number

  /** @param nowMs milliseconds since any moment */
  constructor(decode: typeof recordsOf = recordsOf, nowMs = () => performance.now()) {
    this.#decode = decode
    this.#nowMs = nowMs
  }

  /**
   * Returns the records of a partition; none if decoding takes longer, and the caller must ask for them again.
   *
   * @param untilMs deadline, by `performance.now()`
   */
  async recordsOf(fetched: FetchedPartition, untilMs: number): Promise<readonly FetchedRecord[]> {
    const { fromOffset } = fetched
    const key = placeOf(fetched)
    const before = this.#inProgress.get(key)
    const records =
      before?.fromOffset === fromOffset ? before.records : this.#decode(fetched, undefined, this.#open)
    const askedAtMs = this.#nowMs()
    this.#inProgress.set(key, { fromOffset, records, askedAtMs })
    this.#forgetBefore(askedAtMs - FORGET_AFTER_MS)
    const late = Promise.withResolvers<undefined>()
    const timer = setTimeout(() => late.resolve(undefined), Math.max(0, untilMs - performance.now()))
    try {
      const inTime = await Promise.race([records, late.promise])
      if (inTime) this.#inProgress.delete(key)
      // If it fails, the next response throws the error.
      else records.catch(() => {})
      return inTime ?? []
    } catch (error) {
      this.#inProgress.delete(key)
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  #forgetBefore(timeMs: number): void {
    for (const [key, { askedAtMs }] of this.#inProgress) if (askedAtMs < timeMs) this.#inProgress.delete(key)
  }
}
