/** Figures for the terminal: exact counters from Redis, and dead letters from Kafka. */

import { topicName } from '../../lib/app/topics.ts'
import type { Outcomes } from '../../lib/queries/outcomes.ts'
import { processorOutcomes } from '../../lib/queries/statistics.ts'
import { topicBounds } from '../../lib/queries/topics.ts'
import type { TopicOffsets } from '../../lib/runtime/adapters/kafka/offsets.ts'
import type { StateInspection } from '../../lib/runtime/adapters/redis/inspection.ts'

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

/** Ticks and rule sets: the readings topic has them for the functions alone. */
const FOR_FUNCTIONS = ['ignored/tick', 'ignored/rule-set']

const NOTHING: Figures = {
  readings: 0,
  applied: 0,
  duplicates: 0,
  ignored: 0,
  failed: 0,
  deadLetters: 0,
}

/** Reads the figures of one environment, counted from when this object was created. */
export class FlowFigures {
  readonly #offsets: Pick<TopicOffsets, 'bounds'>
  readonly #stateKeys: StateInspection
  readonly #env: string
  #before: Figures = NOTHING

  private constructor(offsets: Pick<TopicOffsets, 'bounds'>, stateKeys: StateInspection, env: string) {
    this.#offsets = offsets
    this.#stateKeys = stateKeys
    this.#env = env
  }

  static async from(
    offsets: Pick<TopicOffsets, 'bounds'>,
    stateKeys: StateInspection,
    env: string,
  ): Promise<FlowFigures> {
    const figures = new FlowFigures(offsets, stateKeys, env)
    figures.#before = await figures.#total()
    return figures
  }

  async read(): Promise<Figures> {
    const total = await this.#total()
    const since = (name: keyof Figures) => total[name] - this.#before[name]
    return {
      readings: since('readings'),
      applied: since('applied'),
      duplicates: since('duplicates'),
      ignored: since('ignored'),
      failed: since('failed'),
      deadLetters: since('deadLetters'),
    }
  }

  async #total(): Promise<Figures> {
    const [{ applied, duplicate, ignored, failed, reasons }, dlq] = await Promise.all([
      this.#processor(),
      topicBounds(this.#offsets, topicName('dlq', this.#env)),
    ])
    const forFunctions = FOR_FUNCTIONS.reduce((sum, reason) => sum + (reasons[reason] ?? 0), 0)
    return {
      readings: applied + duplicate + ignored + failed - forFunctions,
      applied,
      duplicates: duplicate,
      ignored: ignored - forFunctions,
      failed,
      deadLetters: dlq.reduce((sum, { end }) => sum + end, 0),
    }
  }

  async #processor(): Promise<Outcomes> {
    const topic = topicName('readings', this.#env)
    const { length } = await topicBounds(this.#offsets, topic)
    return processorOutcomes(this.#stateKeys, { topic, partitions: length })
  }
}
