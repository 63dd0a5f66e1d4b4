import { topicName } from '../../lib/app/topics.ts'
import { publishedAlerts } from '../../lib/queries/alerts.ts'
import { topicBounds } from '../../lib/queries/topics.ts'
import type { TopicOffsets } from '../../packages/runtime/adapters/kafka/offsets.ts'
import type { LogReader } from '../../packages/runtime/pipeline/ports.ts'

/** The alerts of one sensor that come from now on: reads their topic as it grows. */
export class FiredAlerts {
  readonly #offsets: Pick<TopicOffsets, 'bounds'>
  readonly #log: LogReader
  readonly #topic: string
  readonly #sensor: string
  /** By partition: the offset to read next. */
  #next: readonly number[]
  readonly #rules = new Set<string>()

  private constructor(
    offsets: Pick<TopicOffsets, 'bounds'>,
    log: LogReader,
    topic: string,
    sensor: string,
    next: readonly number[],
  ) {
    this.#offsets = offsets
    this.#log = log
    this.#topic = topic
    this.#sensor = sensor
    this.#next = next
  }

  static async from(
    offsets: Pick<TopicOffsets, 'bounds'>,
    log: LogReader,
    env: string,
    sensor: string,
  ): Promise<FiredAlerts> {
    const topic = topicName('alerts', env)
    const bounds = await topicBounds(offsets, topic)
    return new FiredAlerts(
      offsets,
      log,
      topic,
      sensor,
      bounds.map(({ end }) => end),
    )
  }

  /** The names of the rules of which an alert has fired so far. */
  async read(): Promise<ReadonlySet<string>> {
    const bounds = await topicBounds(this.#offsets, this.#topic)
    const ranges = bounds.map(({ start, end }, partition) => {
      return { topic: this.#topic, partition, start: this.#next[partition] ?? start, end }
    })
    for await (const { alert } of publishedAlerts(this.#log, ranges))
      if (alert.status === 'firing' && alert.entity.subject === this.#sensor) this.#rules.add(alert.rule)
    this.#next = bounds.map(({ end }) => end)
    return this.#rules
  }
}
