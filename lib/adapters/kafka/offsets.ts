import type { Admin, Kafka } from 'kafkajs'

export interface Bounds {
  /** The offset of the first record that is still there. */
  readonly start: number
  /** The offset after the last record. */
  readonly end: number
}

/** Asks how far topics have come, over one connection. */
export class TopicOffsets {
  readonly #admin: Admin
  #connected: Promise<void> | undefined

  constructor(kafka: Kafka) {
    this.#admin = kafka.admin()
  }

  /** The offset after the last record of each partition, by partition. */
  async ends(topic: string): Promise<number[]> {
    return (await this.bounds(topic)).map(({ end }) => end)
  }

  /** From where to where each partition can be read now, by partition. */
  async bounds(topic: string): Promise<Bounds[]> {
    this.#connected ??= this.#admin.connect().catch(error => {
      this.#connected = undefined
      throw error
    })
    await this.#connected
    const bounds: Bounds[] = []
    for (const { partition, low, high } of await this.#admin.fetchTopicOffsets(topic))
      bounds[partition] = { start: Number(low), end: Number(high) }
    return bounds
  }

  async close(): Promise<void> {
    await this.#admin.disconnect()
  }
}
