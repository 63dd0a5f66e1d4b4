/** What the terminal shows of the flow: exact counters out of Redis, and how far Kafka is ahead of them. */
import type { TopicOffsets } from '../../lib/adapters/kafka/offsets.ts'
import type { SlotInspection, SlotSummary } from '../../lib/adapters/redis/inspection.ts'
import { topicName } from '../../lib/domain/topics.ts'

export interface Figures {
  /** Records of the readings topic that are no ticks, as far as the processor has decided them. */
  readonly readings: number
  readonly applied: number
  readonly duplicates: number
  readonly failed: number
  /** Records that one of the consumers of readings has not decided yet. */
  readonly pending: number
  readonly deadLetters: number
}

const NOTHING: Figures = { readings: 0, applied: 0, duplicates: 0, failed: 0, pending: 0, deadLetters: 0 }

/** Reads the figures of one environment, counted from the moment it was made. */
export class FlowFigures {
  readonly #offsets: TopicOffsets
  readonly #slots: SlotInspection
  readonly #env: string
  #before: Figures = NOTHING

  private constructor(offsets: TopicOffsets, slots: SlotInspection, env: string) {
    this.#offsets = offsets
    this.#slots = slots
    this.#env = env
  }

  static async from(offsets: TopicOffsets, slots: SlotInspection, env: string): Promise<FlowFigures> {
    const figures = new FlowFigures(offsets, slots, env)
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
      failed: since('failed'),
      deadLetters: since('deadLetters'),
      pending: total.pending,
    }
  }

  async #total(): Promise<Figures> {
    const [readings, dlq] = await Promise.all([this.#ends('readings'), this.#ends('dlq')])
    const [processor, alerting] = await Promise.all([
      this.#summaries('processor', readings.length),
      this.#summaries('alerting', readings.length),
    ])
    const count = (outcome: RegExp) => tally(processor, outcome)
    return {
      readings: count(/^(?!ignored\/tick$)/),
      applied: count(/^applied\//),
      duplicates: count(/^duplicate\//),
      failed: count(/^failed\//),
      pending: Math.max(behind(processor, readings), behind(alerting, readings)),
      deadLetters: dlq.reduce((sum, end) => sum + end, 0),
    }
  }

  #ends(signal: 'readings' | 'dlq'): Promise<number[]> {
    return this.#offsets.ends(topicName(signal, this.#env))
  }

  #summaries(consumer: string, partitions: number): Promise<SlotSummary[]> {
    const topic = topicName('readings', this.#env)
    return Promise.all(
      Array.from({ length: partitions }, (_, partition) =>
        this.#slots.summary({ consumer, topic, partition }),
      ),
    )
  }
}

function tally(slots: readonly SlotSummary[], outcome: RegExp): number {
  const counters = slots.flatMap(slot => Object.entries(slot.tally))
  return counters.reduce((sum, [name, count]) => (outcome.test(name) ? sum + count : sum), 0)
}

function behind(slots: readonly SlotSummary[], ends: readonly number[]): number {
  return ends.reduce((sum, end, partition) => sum + Math.max(0, end - 1 - (slots[partition]?.mark ?? -1)), 0)
}
