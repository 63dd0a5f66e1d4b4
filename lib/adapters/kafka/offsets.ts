import type { Admin, Kafka } from 'kafkajs'

/** Asks how far topics have come, over one connection. */
export class TopicOffsets {
  readonly #admin: Admin
  #connected: Promise<void> | undefined

  constructor(kafka: Kafka) {
    this.#admin = kafka.admin()
  }

  /** The offset after the last record of each partition, by partition. */
  async ends(topic: string): Promise<number[]> {
    this.#connected ??= this.#admin.connect().catch(error => {
      this.#connected = undefined
      throw error
    })
    await this.#connected
    const ends: number[] = []
    for (const { partition, high } of await this.#admin.fetchTopicOffsets(topic))
      ends[partition] = Number(high)
    return ends
  }

  async close(): Promise<void> {
    await this.#admin.disconnect()
  }
}
