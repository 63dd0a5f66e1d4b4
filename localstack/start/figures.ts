/** What the terminal shows of the flow: exact counters out of Redis, and how far Kafka is ahead of them. */
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
  /** Records that one of the consumers of readings has not decided yet. */
  readonly pending: number
  readonly deadLetters: number
}

const NOTHING: Figures = {
  readings: 0,
  applied: 0,
  duplicates: 0,
  ignored: 0,
  failed: 0,
  pending: 0,
  deadLetters: 0,
}

/** Who decides every record of the readings topic. */
const CONSUMERS = ['processor', 'alerting', 'activity'] as const
export type ConsumerOfReadings = (typeof CONSUMERS)[number]

/** How far the consumers of readings have come. */
export class ReadingsProgress {
  readonly #offsets: TopicOffsets
  readonly #slots: SlotInspection
  readonly #topic: string

  constructor(offsets: TopicOffsets, slots: SlotInspection, env: string) {
    this.#offsets = offsets
    this.#slots = slots
    this.#topic = topicName('readings', env)
  }

  /** The present ends of the topic, by partition. */
  ends(): Promise<number[]> {
    return this.#offsets.ends(this.#topic)
  }

  /** How many records before these ends each consumer has not decided yet; what came later is not asked about. */
  async pending(ends: readonly number[]): Promise<Record<ConsumerOfReadings, number>> {
    const pending = CONSUMERS.map(
      async consumer => [consumer, behind(await this.summaries(consumer, ends.length), ends)] as const,
    )
    return Object.fromEntries(await Promise.all(pending)) as Record<ConsumerOfReadings, number>
  }

  summaries(consumer: ConsumerOfReadings, partitions: number): Promise<SlotSummary[]> {
    const slots = Array.from({ length: partitions }, (_, partition) => ({
      consumer,
      topic: this.#topic,
      partition,
    }))
    return Promise.all(slots.map(slot => this.#slots.summary(slot)))
  }
}

/** Reads the figures of one environment, counted from the moment it was made. */
export class FlowFigures {
  readonly #offsets: TopicOffsets
  readonly #progress: ReadingsProgress
  readonly #env: string
  #before: Figures = NOTHING

  private constructor(offsets: TopicOffsets, slots: SlotInspection, env: string) {
    this.#offsets = offsets
    this.#progress = new ReadingsProgress(offsets, slots, env)
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
      pending: total.pending,
    }
  }

  async #total(): Promise<Figures> {
    const dlqTopic = topicName('dlq', this.#env)
    const [readings, dlq] = await Promise.all([this.#progress.ends(), this.#offsets.ends(dlqTopic)])
    const [processor, pending] = await Promise.all([
      this.#progress.summaries('processor', readings.length),
      this.#progress.pending(readings),
    ])
    const count = (outcome: RegExp) => tally(processor, outcome)
    return {
      readings: count(/^(?!ignored\/tick$|timer\/)/),
      applied: count(/^applied\//),
      duplicates: count(/^duplicate\//),
      ignored: count(/^ignored\/(?!tick$)/),
      failed: count(/^failed\//),
      pending: Math.max(...Object.values(pending)),
      deadLetters: dlq.reduce((sum, end) => sum + end, 0),
    }
  }
}

function tally(slots: readonly SlotSummary[], outcome: RegExp): number {
  const counters = slots.flatMap(slot => Object.entries(slot.tally))
  return counters.reduce((sum, [name, count]) => (outcome.test(name) ? sum + count : sum), 0)
}

/** A slot that is further than the end counts as none, not as less than none. */
function behind(slots: readonly SlotSummary[], ends: readonly number[]): number {
  return ends.reduce((sum, end, partition) => sum + Math.max(0, end - 1 - (slots[partition]?.mark ?? -1)), 0)
}
