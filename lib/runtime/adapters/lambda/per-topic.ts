import type { StateKey } from '../../pipeline/model.ts'

interface Noted {
  readonly consumer: string
  readonly topic: string
  /** By partition. */
  readonly values: Map<number, number>
}

/** A value for each partition in which an invocation met something, by topic: one line tells of all of them. */
export class PerTopic {
  readonly #topics = new Map<string, Noted>()

  /** Of several values of one partition the highest stays. */
  note({ consumer, topic, partition }: StateKey, value: number): void {
    const noted = this.#topics.get(topic) ?? { consumer, topic, values: new Map<number, number>() }
    noted.values.set(partition, Math.max(value, noted.values.get(partition) ?? value))
    this.#topics.set(topic, noted)
  }

  /** All that was noted; forgets it. */
  take(): readonly Noted[] {
    const noted = [...this.#topics.values()]
    this.#topics.clear()
    return noted
  }
}
