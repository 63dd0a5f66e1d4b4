import { decodePartition, type FetchedPartition } from './decode-partition.ts'
import type { FetchedRecord } from './fetched-record.ts'
import { formatPartition, OpenBatches } from './open-batches.ts'

/**
 * Maximum number of partitions with a partially read batch. A group member reads its partitions in turn, and rarely more than this
 * number have large batches at the same time.
 */
const OPEN_BATCHES = 16

/**
 * Time after which decoded records that were not requested are dropped, in milliseconds. Their partition was probably paused or
 * assigned to another member.
 */
const FORGET_AFTER_MS = 60_000

/** Time after which decoding that has not ended has failed, in milliseconds. Even a record of 100 GB is decompressed sooner. */
const MAX_DECODING_MS = 600_000

interface Late {
  readonly fromOffset: number
  readonly records: Promise<FetchedRecord[]>
  readonly beganAtMs: number
  readonly askedAtMs: number
}

/**
 * Decodes responses for one client, with a time limit for each response. A consumer sends heartbeats only between two fetches, and
 * decompressing a record of many gigabytes can take longer than its session timeout. If the limit is exceeded, the response has no
 * records of that partition. Decoding continues, and a later response returns the records. Without the limit, a member would lose
 * its partitions at such a record each time, and could never process it.
 */
export class TimedDecoder {
  readonly #decode: typeof decodePartition
  readonly #open = new OpenBatches(OPEN_BATCHES)
  readonly #inProgress = new Map<string, Late>()
  readonly #nowMs: () => number

  /** @param nowMs returns the time of a monotonic clock, in milliseconds */
  constructor(decode: typeof decodePartition = decodePartition, nowMs = () => performance.now()) {
    this.#decode = decode
    this.#nowMs = nowMs
  }

  /**
   * Returns the records of a partition. If decoding takes longer than the limit, returns no records, and the caller must request
   * the records again.
   *
   * @param untilMs deadline, as a value of `performance.now()`
   * @throws Error if decoding has not ended after ten minutes. The next request starts it again.
   */
  async decodePartition(fetched: FetchedPartition, untilMs: number): Promise<readonly FetchedRecord[]> {
    const { fromOffset } = fetched
    const key = formatPartition(fetched)
    const before = this.#inProgress.get(key)
    const askedAtMs = this.#nowMs()
    const { records, beganAtMs } =
      before?.fromOffset === fromOffset
        ? before
        : { records: this.#decode(fetched, undefined, this.#open), beganAtMs: askedAtMs }
    this.#inProgress.set(key, { fromOffset, records, beganAtMs, askedAtMs })
    this.#forgetBefore(askedAtMs - FORGET_AFTER_MS)
    const late = Promise.withResolvers<undefined>()
    const timer = setTimeout(() => late.resolve(undefined), Math.max(0, untilMs - performance.now()))
    try {
      const inTime = await Promise.race([records, late.promise])
      if (inTime) this.#inProgress.delete(key)
      // If decoding fails, the next response throws the error.
      else records.catch(() => {})
      if (!inTime && this.#nowMs() - beganAtMs > MAX_DECODING_MS) throw createStuckError(key, fromOffset)
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

/** Returns an error after which kafkajs does not retry in silence, but fails. */
function createStuckError(place: string, fromOffset: number): Error {
  const what = `its records were not decoded within ${MAX_DECODING_MS / 60_000} minutes, and are fetched again`
  return Object.assign(new Error(`${place} at offset ${fromOffset}: ${what}`), { retriable: false })
}
