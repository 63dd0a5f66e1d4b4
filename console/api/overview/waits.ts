/** For how long the first pending record of each consumer has waited. */
import type { ConsumerLag, ReadTopic } from '../../../lib/queries/lag.ts'
import type { LogReader } from '../../../packages/runtime/pipeline/ports.ts'
import { problemOf } from '../problem.ts'
import { OffsetTimes } from './offset-times.ts'

/** Upper bound for the records that are read after one look. */
const MOST_READ = 12

interface Place {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export class Waits {
  readonly #times = new OffsetTimes()
  readonly #log: () => Promise<LogReader>
  readonly #told: (error: unknown) => void
  #isReading = false
  /** The fault of the last reading. */
  #fault: string | undefined

  /** @param told hears of faults of Sluice itself, once where the same one happens again and again */
  constructor(log: () => Promise<LogReader>, told = logged) {
    this.#log = log
    this.#told = told
  }

  /**
   * In seconds, by `consumer/topic`; null as long as it is not known. What was written before the first look is read from the topic
   * until the next one.
   */
  next(lags: readonly (ReadTopic & ConsumerLag)[], nowMs: number): Readonly<Record<string, number | null>> {
    for (const { topic, partitions } of lags)
      for (const { partition, end } of partitions) this.#times.ended(topic, partition, end, nowMs)
    const unknown: Place[] = []
    const waits = lags.map(
      lag => [`${lag.function}/${lag.topic}`, this.#waitOf(lag, nowMs, unknown)] as const,
    )
    void this.#read(unknown.slice(0, MOST_READ))
    return Object.fromEntries(waits)
  }

  #waitOf({ topic, partitions }: ReadTopic & ConsumerLag, nowMs: number, unknown: Place[]): number | null {
    let longest: number | null = 0
    for (const { partition, next, pending } of partitions) {
      if (pending === 0) continue
      const atMs = this.#times.timeOf(topic, partition, next)
      if (atMs === undefined) unknown.push({ topic, partition, offset: next })
      if (atMs === undefined || longest === null) longest = null
      else longest = Math.max(longest, (nowMs - atMs) / 1_000)
    }
    return longest
  }

  async #read(places: readonly Place[]): Promise<void> {
    if (this.#isReading || places.length === 0) return
    this.#isReading = true
    try {
      const log = await this.#log()
      for (const place of places) await this.#readOne(log, place)
      this.#fault = undefined
    } catch (error) {
      // Nobody waits for the reading. The next look at Kafka tells of what is no fault of Sluice.
      if (problemOf(error).code === 'fault') this.#tell(error)
    } finally {
      this.#isReading = false
    }
  }

  #tell(error: unknown): void {
    const fault = String(error)
    if (fault !== this.#fault) this.#told(error)
    this.#fault = fault
  }

  async #readOne(log: LogReader, { topic, partition, offset }: Place): Promise<void> {
    const { records } = await log.read(topic, partition, { fromOffset: offset, toOffset: offset })
    const [first] = records
    if (first) this.#times.written(topic, partition, first.offset, first.timestampMs)
  }
}

function logged(error: unknown): void {
  process.stderr.write(`${(error as Error)?.stack ?? error}\n`)
}
