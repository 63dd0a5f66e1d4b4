/** The alerts that fired or resolved last. */
import { alertLives } from '../../../lib/queries/alert-history.ts'
import type { AlertSummary } from '../../../lib/queries/alert-summary.ts'
import { type CountedPartition, countOpen } from '../../../lib/queries/open-dead-letters.ts'
import type { Bounds } from '../../../packages/runtime/adapters/kafka/offsets.ts'
import type { ConsoleEnvironment } from '../../environment.ts'

/** How many are shown. */
const SHOWN = 8
/** Upper bound for the records of each partition that are read, the newest of them. */
const LOOKED_AT = 200

export class RecentAlerts {
  readonly #environment: ConsoleEnvironment
  #ends = ''
  #alerts: readonly AlertSummary[] = []

  constructor(environment: ConsoleEnvironment) {
    this.#environment = environment
  }

  /**
   * The newest first. It reads the topic only where there is more than at the last question.
   *
   * @param bounds of the topic now; undefined if they are not known, or there is no such topic
   * @throws see `readRecords`
   */
  async newest(bounds: readonly Bounds[] = []): Promise<readonly AlertSummary[]> {
    if (bounds.length === 0 || endsOf(bounds) === this.#ends) return this.#alerts
    const topic = this.#environment.topic('alerts')
    const ranges = bounds.map(({ start, end }, partition) => {
      return { topic, partition, start: Math.max(start, end - LOOKED_AT), end }
    })
    const lives = await alertLives(await this.#environment.log(), ranges)
    const alerts = [...lives.values()].map(({ transitions: _, ...alert }) => alert)
    this.#alerts = alerts.sort((a, b) => lastMs(b) - lastMs(a)).slice(0, SHOWN)
    this.#ends = endsOf(bounds)
    return this.#alerts
  }
}

function lastMs({ startedAt, endedAt }: AlertSummary): number {
  return Date.parse(endedAt ?? startedAt)
}

function endsOf(bounds: readonly Bounds[]): string {
  return bounds.map(({ end }) => end).join()
}

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
