/** How many dead letters wait for people. Each record of their topic is read once while the console runs. */
import { type CountedPartition, countOpen } from '../../../lib/queries/open-dead-letters.ts'
import type { Bounds } from '../../../packages/runtime/adapters/kafka/offsets.ts'
import type { ConsoleEnvironment } from '../../environment.ts'

/** A topic of millions is counted in parts: the figure is known when all of it has been read. */
const FOR_MS = 500

export class OpenLetters {
  readonly #environment: ConsoleEnvironment
  #last: readonly CountedPartition[] | undefined
  #ends = ''
  #open: number | null = null

  constructor(environment: ConsoleEnvironment) {
    this.#environment = environment
  }

  /**
   * Null as long as there is more to read.
   *
   * @param bounds of the topic now; undefined if they are not known, or there is no such topic
   * @throws see `readRecords`
   */
  async count(bounds?: readonly Bounds[]): Promise<number | null> {
    if (!bounds) return this.#open
    const ends = bounds.map(({ start, end }) => `${start}-${end}`).join()
    if (ends === this.#ends) return this.#open
    const endMs = performance.now() + FOR_MS
    const log = await this.#environment.log()
    const counted = await countOpen(
      log,
      this.#environment.topic('dlq'),
      bounds,
      this.#last,
      () => performance.now() < endMs,
    )
    this.#last = counted.partitions
    this.#open = counted.pending === 0 ? counted.open : null
    this.#ends = counted.pending === 0 ? ends : ''
    return this.#open
  }
}
