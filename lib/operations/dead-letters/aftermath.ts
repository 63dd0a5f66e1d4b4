/** Determines the result of a redrive: how many records have failed again, and their new dead letters. */

import type { TopicOffsets } from '../../../packages/runtime/adapters/kafka/offsets.ts'
import type { FailureCode } from '../../../packages/runtime/consumer/failure-codes.ts'
import type { FailureData } from '../../../packages/runtime/consumer/failure-event.ts'
import type { LogReader } from '../../../packages/runtime/pipeline/ports.ts'
import { readDlqRecord } from '../../failures/dlq-record.ts'
import { ROUTER } from '../../failures/route.ts'
import { type DeadLetterSummary, deadLetterSummary } from '../../queries/dead-letter-records.ts'
import { consumerLags, pendingBefore, type ReadTopic } from '../../queries/lag.ts'
import { readRecords } from '../../queries/records.ts'
import { topicBounds } from '../../queries/topics.ts'

export interface Aftermath {
  /** Number of redriven records that have failed again so far. */
  readonly failed: number
  /** First few of the new dead letters. A failure that is retried automatically has no dead letter yet. */
  readonly letters: readonly DeadLetterSummary[]
  /** True if the outcomes of all redriven records are known. */
  readonly isDecided: boolean
}

interface Watched {
  readonly log: LogReader
  readonly offsets: Pick<TopicOffsets, 'bounds' | 'committed'>
  readonly failuresTopic: string
  readonly dlqTopic: string
  /**
   * Operator who started the redrive. The history of a record that fails again contains the operator and the time of the redrive.
   */
  readonly by: string
  readonly sinceMs: number
}

/** Maximum number of new dead letters to list. */
const MAX_NAMED = 5

export class AftermathWatch {
  readonly #watched: Watched
  /** Next offset to read in each partition, by topic. */
  readonly #next: ReadonlyMap<string, number[]>
  /** Ids of the failures already counted. A consumer that was killed publishes its outbox again, so a failure can occur twice. */
  readonly #counted = new Set<string>()
  readonly #letters: DeadLetterSummary[] = []

  private constructor(watched: Watched, next: ReadonlyMap<string, number[]>) {
    this.#watched = watched
    this.#next = next
  }

  /**
   * Starts watching the topics at their current ends.
   *
   * @throws see `topicBounds`
   */
  static async from(watched: Watched): Promise<AftermathWatch> {
    const topics = [watched.failuresTopic, watched.dlqTopic]
    const ends = topics.map(async topic => [topic, await endsOf(watched, topic)] as const)
    return new AftermathWatch(watched, new Map(await Promise.all(ends)))
  }

  /**
   * Waits until the consumers have processed the redriven records, and the router has processed the failures.
   *
   * @param readers consumers of the redriven records, and the router if it runs
   * @param pause called before each further check. If it resolves to false, the wait ends.
   * @throws see `consumerLags` and `readRecords`
   */
  async outcome(readers: readonly ReadTopic[], pause: () => Promise<boolean>): Promise<Aftermath> {
    const isDecided = await this.#goal(readers.filter(reader => reader.function !== ROUTER))
    let isRouted: typeof isDecided | undefined
    for (;;) {
      // This check must precede reading. A consumer publishes a failure before the record counts as processed.
      if (!isRouted && (await isDecided()))
        isRouted = await this.#goal(readers.filter(reader => reader.function === ROUTER))
      const isOver = isRouted !== undefined && (await isRouted())
      await this.#look()
      if (isOver || !(await pause()))
        return { failed: this.#counted.size, letters: this.#letters, isDecided: isRouted !== undefined }
    }
  }

  /** Returns a function that checks whether the consumers have processed everything up to the current ends of their topics. */
  async #goal(readers: readonly ReadTopic[]): Promise<() => Promise<boolean>> {
    const topics = [...new Set(readers.map(({ topic }) => topic))]
    const ends = new Map(
      await Promise.all(topics.map(async topic => [topic, await endsOf(this.#watched, topic)] as const)),
    )
    return async () => {
      const lags = await consumerLags(this.#watched.offsets, readers)
      return lags.every(lag => pendingBefore(lag, ends.get(lag.topic) ?? []) === 0)
    }
  }

  async #look(): Promise<void> {
    const { log, failuresTopic } = this.#watched
    for (const [topic, next] of this.#next) {
      const ends = await endsOf(this.#watched, topic)
      const ranges = ends.map((end, partition) => ({ topic, partition, start: next[partition] ?? 0, end }))
      for await (const record of readRecords(log, ranges)) {
        next[record.partition] = record.offset + 1
        const read = readDlqRecord(record)
        if (read.kind !== 'letter' || !this.#isOfThis(read.deadLetter)) continue
        if (topic !== failuresTopic) {
          if (this.#letters.length < MAX_NAMED) this.#letters.push(deadLetterSummary(read))
        } else this.#counted.add(`${read.event.source} ${read.id}`)
      }
    }
  }

  /**
   * Returns whether a failure results from this redrive. If a consumer does not recognise a redriven record, the record fails
   * without a history.
   */
  #isOfThis({ errorType, history }: Pick<FailureData, 'errorType' | 'history'>): boolean {
    if (errorType === ('unknown-failure' satisfies FailureCode)) return true
    const { redrivenBy, redrivenAt = '' } = history.at(-1) ?? {}
    return redrivenBy === this.#watched.by && Date.parse(redrivenAt) >= this.#watched.sinceMs
  }
}

async function endsOf({ offsets }: Watched, topic: string): Promise<number[]> {
  return (await topicBounds(offsets, topic)).map(({ end }) => end)
}
