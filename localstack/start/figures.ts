/** Figures for the terminal: counters from Redis and dead letters from Kafka. */

import { topicName, topicsOf } from '../../lib/app/topics.ts'
import { dlqEntry } from '../../lib/failures/dead-letter-row.ts'
import { DeadLetterFold } from '../../lib/failures/open-dead-letters.ts'
import { outcomesOf } from '../../lib/queries/outcomes.ts'
import { NewRecords } from '../../lib/queries/records.ts'
import { topicBounds } from '../../lib/queries/topics.ts'
import { ENTITIES } from '../../lib/tables/statistics.ts'
import { partitionsOf } from '../../lib/tables/table.ts'
import type { TopicOffsets } from '../../packages/runtime/adapters/kafka/offsets.ts'
import type { StateInspection } from '../../packages/runtime/adapters/redis/inspection.ts'
import type { LogReader } from '../../packages/runtime/pipeline/ports.ts'

export interface Figures {
  /** Number of processed records of the readings topic, without ticks and rule sets. */
  readonly readings: number
  readonly applied: number
  readonly duplicates: number
  /** Number of records whose type the processor does not handle. */
  readonly ignored: number
  readonly failed: number
  readonly deadLetters: number
}

type Counters = Omit<Figures, 'deadLetters'>

/**
 * Reasons that the figure `readings` does not count. Ticks, rule sets and plans of tables are written to the
 * readings topic only for the functions.
 */
const FOR_FUNCTIONS = ['ignored/tick', 'ignored/rule-set', 'ignored/plan-of-tables']

interface Sources {
  readonly offsets: Pick<TopicOffsets, 'bounds'>
  readonly stateKeys: StateInspection
  readonly log: LogReader
}

export interface FlowFigures {
  /** Returns the figures of the environment. They are counted from the creation of this object. */
  read(): Promise<Figures>
}

export async function flowFigures(sources: Sources, env: string): Promise<FlowFigures> {
  const letters = new NewDeadLetters(await NewRecords.fromNow(sources, topicName('dlq', env)))
  const before = await countersOf(sources, env)
  return {
    async read() {
      const [total, deadLetters] = await Promise.all([countersOf(sources, env), letters.count()])
      const since = (name: keyof Counters) => total[name] - before[name]
      return {
        readings: since('readings'),
        applied: since('applied'),
        duplicates: since('duplicates'),
        ignored: since('ignored'),
        failed: since('failed'),
        deadLetters,
      }
    },
  }
}

async function countersOf({ offsets, stateKeys }: Sources, env: string): Promise<Counters> {
  const sizes = topicsOf(['readings']).map(async signal => {
    const topic = topicName(signal, env)
    return { topic, partitions: (await topicBounds(offsets, topic)).length }
  })
  const keys = (await Promise.all(sizes)).flatMap(size => partitionsOf(ENTITIES.process.name, size))
  const { applied, duplicate, ignored, failed, reasons } = await outcomesOf(stateKeys, keys)
  const forFunctions = FOR_FUNCTIONS.reduce((sum, reason) => sum + (reasons[reason] ?? 0), 0)
  return {
    readings: applied + duplicate + ignored + failed - forFunctions,
    applied,
    duplicates: duplicate,
    ignored: ignored - forFunctions,
    failed,
  }
}

/** Dead letters that were written after a point in time. Records about handled dead letters are not counted. */
class NewDeadLetters {
  readonly #records: NewRecords
  readonly #folds: DeadLetterFold[] = []
  #count = 0

  constructor(records: NewRecords) {
    this.#records = records
  }

  async count(): Promise<number> {
    for await (const record of this.#records.read()) {
      this.#folds[record.partition] ??= new DeadLetterFold()
      const reason = this.#folds[record.partition]?.take(dlqEntry(record))
      if (reason === 'letter' || reason === 'broken') this.#count += 1
    }
    return this.#count
  }
}
