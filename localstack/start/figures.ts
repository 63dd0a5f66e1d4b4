/** Figures for the terminal: exact counters from Redis, and dead letters from Kafka. */

import { topicName } from '../../lib/app/topics.ts'
import { dlqEntry } from '../../lib/failures/letter-row.ts'
import { LetterFold } from '../../lib/failures/open-letters.ts'
import type { Outcomes } from '../../lib/queries/outcomes.ts'
import { outcomesOf } from '../../lib/queries/outcomes.ts'
import { readRecords } from '../../lib/queries/records.ts'
import { topicBounds } from '../../lib/queries/topics.ts'
import { ENTITIES } from '../../lib/tables/statistics.ts'
import { partitionsOf } from '../../lib/tables/table.ts'
import type { TopicOffsets } from '../../packages/runtime/adapters/kafka/offsets.ts'
import type { StateInspection } from '../../packages/runtime/adapters/redis/inspection.ts'
import type { LogReader } from '../../packages/runtime/pipeline/ports.ts'

export interface Figures {
  /** Records of the readings topic that the processor has decided, without ticks and rule sets. */
  readonly readings: number
  readonly applied: number
  readonly duplicates: number
  /** Records of types that the processor does not handle. */
  readonly ignored: number
  readonly failed: number
  readonly deadLetters: number
}

type Counters = Omit<Figures, 'deadLetters'>

/** Ticks and rule sets: the readings topic has them for the functions alone. */
const FOR_FUNCTIONS = ['ignored/tick', 'ignored/rule-set']

const NOTHING: Counters = { readings: 0, applied: 0, duplicates: 0, ignored: 0, failed: 0 }

interface Sources {
  readonly offsets: Pick<TopicOffsets, 'bounds'>
  readonly stateKeys: StateInspection
  readonly log: LogReader
}

/** Reads the figures of one environment, counted from when this object was created. */
export class FlowFigures {
  readonly #offsets: Pick<TopicOffsets, 'bounds'>
  readonly #stateKeys: StateInspection
  readonly #env: string
  readonly #letters: DeadLetters
  #before = NOTHING

  private constructor({ offsets, stateKeys }: Sources, env: string, letters: DeadLetters) {
    this.#offsets = offsets
    this.#stateKeys = stateKeys
    this.#env = env
    this.#letters = letters
  }

  static async from(sources: Sources, env: string): Promise<FlowFigures> {
    const figures = new FlowFigures(sources, env, await DeadLetters.fromNow(sources, topicName('dlq', env)))
    figures.#before = await figures.#total()
    return figures
  }

  async read(): Promise<Figures> {
    const [total, deadLetters] = await Promise.all([this.#total(), this.#letters.count()])
    const since = (name: keyof Counters) => total[name] - this.#before[name]
    return {
      readings: since('readings'),
      applied: since('applied'),
      duplicates: since('duplicates'),
      ignored: since('ignored'),
      failed: since('failed'),
      deadLetters,
    }
  }

  async #total(): Promise<Counters> {
    const { applied, duplicate, ignored, failed, reasons } = await this.#processor()
    const forFunctions = FOR_FUNCTIONS.reduce((sum, reason) => sum + (reasons[reason] ?? 0), 0)
    return {
      readings: applied + duplicate + ignored + failed - forFunctions,
      applied,
      duplicates: duplicate,
      ignored: ignored - forFunctions,
      failed,
    }
  }

  async #processor(): Promise<Outcomes> {
    const topic = topicName('readings', this.#env)
    const { length } = await topicBounds(this.#offsets, topic)
    return outcomesOf(this.#stateKeys, partitionsOf(ENTITIES.process.name, { topic, partitions: length }))
  }
}

/** The dead letters that have come since a moment, without what the topic says of handled ones. */
class DeadLetters {
  readonly #sources: Sources
  readonly #topic: string
  /** The next offset of each partition. */
  readonly #next: number[]
  readonly #folds: LetterFold[] = []
  #count = 0

  private constructor(sources: Sources, topic: string, next: number[]) {
    this.#sources = sources
    this.#topic = topic
    this.#next = next
  }

  static async fromNow(sources: Sources, topic: string): Promise<DeadLetters> {
    const bounds = await topicBounds(sources.offsets, topic)
    return new DeadLetters(
      sources,
      topic,
      bounds.map(({ end }) => end),
    )
  }

  async count(): Promise<number> {
    const { offsets, log } = this.#sources
    const bounds = await topicBounds(offsets, this.#topic)
    const ranges = bounds.map(({ end }, partition) => {
      return { topic: this.#topic, partition, start: this.#next[partition] ?? 0, end }
    })
    for await (const record of readRecords(log, ranges)) {
      const { partition, offset } = record
      // Another count can run at the same time.
      if (offset < (this.#next[partition] ?? 0)) continue
      this.#next[partition] = offset + 1
      this.#folds[partition] ??= new LetterFold()
      const reason = this.#folds[partition].take(dlqEntry(record))
      if (reason === 'letter' || reason === 'broken') this.#count += 1
    }
    return this.#count
  }
}
