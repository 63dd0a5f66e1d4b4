/** What the terminal shows of the flow: exact counters out of Redis, and dead letters out of Kafka. */
import type { TopicOffsets } from '../../lib/adapters/kafka/offsets.ts'
import type { SlotInspection, SlotSummary } from '../../lib/adapters/redis/inspection.ts'
import { topicName } from '../../lib/domain/topics.ts'

export interface Figures {
  /** Records of the readings topic that are no ticks, as far as the processor has decided them. */
  readonly readings: number
  readonly applied: number
  readonly duplicates: number
  /** Records of types that the processor does not know. */
  readonly ignored: number
  readonly failed: number
  readonly deadLetters: number
}

const NOTHING: Figures = {
  readings: 0,
  applied: 0,
  duplicates: 0,
  ignored: 0,
  failed: 0,
  deadLetters: 0,
}

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
      ignored: since('ignored'),
      failed: since('failed'),
      deadLetters: since('deadLetters'),
    }
  }

  async #total(): Promise<Figures> {
    const [processor, dlq] = await Promise.all([
      this.#processor(),
      this.#offsets.ends(topicName('dlq', this.#env)),
    ])
    const count = (outcome: RegExp) => tally(processor, outcome)
    return {
      readings: count(/^(?!ignored\/tick$|timer\/)/),
      applied: count(/^applied\//),
      duplicates: count(/^duplicate\//),
      ignored: count(/^ignored\/(?!tick$)/),
      failed: count(/^failed\//),
      deadLetters: dlq.reduce((sum, end) => sum + end, 0),
    }
  }

  async #processor(): Promise<SlotSummary[]> {
    const topic = topicName('readings', this.#env)
    const { length } = await this.#offsets.ends(topic)
    const slots = Array.from({ length }, (_, partition) => ({ consumer: 'processor', topic, partition }))
    return Promise.all(slots.map(slot => this.#slots.summary(slot)))
  }
}

function tally(slots: readonly SlotSummary[], outcome: RegExp): number {
  const counters = slots.flatMap(slot => Object.entries(slot.tally))
  return counters.reduce((sum, [name, count]) => (outcome.test(name) ? sum + count : sum), 0)
}
