import type { TopicOffsets } from '../../lib/adapters/kafka/offsets.ts'
import { isFault } from '../../lib/cloudevents/event.ts'
import { readEvent } from '../../lib/cloudevents/reader.ts'
import type { Alert } from '../../lib/domain/alerting/alert.ts'
import { topicName } from '../../lib/domain/topics.ts'
import type { LogReader } from '../../lib/pipeline/ports.ts'

/** The alerts of one sensor that come from now on: reads their topic as it grows. */
export class FiredAlerts {
  readonly #offsets: Pick<TopicOffsets, 'ends'>
  readonly #log: LogReader
  readonly #topic: string
  readonly #sensor: string
  /** By partition: the offset to read next. */
  readonly #next: number[]
  readonly #rules = new Set<string>()

  private constructor(
    offsets: Pick<TopicOffsets, 'ends'>,
    log: LogReader,
    topic: string,
    sensor: string,
    next: number[],
  ) {
    this.#offsets = offsets
    this.#log = log
    this.#topic = topic
    this.#sensor = sensor
    this.#next = next
  }

  static async from(
    offsets: Pick<TopicOffsets, 'ends'>,
    log: LogReader,
    env: string,
    sensor: string,
  ): Promise<FiredAlerts> {
    const topic = topicName('alerts', env)
    return new FiredAlerts(offsets, log, topic, sensor, await offsets.ends(topic))
  }

  /** The names of the rules of which an alert has fired so far. */
  async read(): Promise<ReadonlySet<string>> {
    const ends = await this.#offsets.ends(this.#topic)
    for (const [partition, end] of ends.entries()) {
      let next = this.#next[partition] ?? 0
      while (next < end) {
        const looked = await this.#log.read(this.#topic, partition, { fromOffset: next, toOffset: end - 1 })
        for (const record of looked.records) {
          const event = readEvent(record)
          if (isFault(event)) continue
          const { status, entity, rule } = event.data as Partial<Alert>
          if (status === 'firing' && entity?.subject === this.#sensor && rule) this.#rules.add(rule)
        }
        next = looked.nextOffset
      }
      this.#next[partition] = next
    }
    return this.#rules
  }
}
