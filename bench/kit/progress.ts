import { setTimeout as pause } from 'node:timers/promises'
import kafkajs, { type Admin } from 'kafkajs'

/** Consumer group, and a topic that it reads. */
export interface Reader {
  readonly group: string
  readonly topic: string
}

const LOOK_EVERY_MS = 200

/** Committed offsets of consumer groups. */
export class Progress {
  readonly #admin: Admin

  private constructor(admin: Admin) {
    this.#admin = admin
  }

  static async open(broker: string): Promise<Progress> {
    const admin = new kafkajs.Kafka({ brokers: [broker], logLevel: kafkajs.logLevel.NOTHING }).admin()
    await admin.connect()
    return new Progress(admin)
  }

  /** Waits until a group has committed this many records, and returns how many it has. */
  async until(reader: Reader, count: number, signal: AbortSignal): Promise<number> {
    for (;;) {
      const committed = await this.committed(reader)
      if (committed >= count) return committed
      await pause(LOOK_EVERY_MS, undefined, { signal })
    }
  }

  /** Waits until all groups have committed all records of their topics. */
  async untilAll(readers: readonly Reader[], signal: AbortSignal): Promise<void> {
    for (const reader of readers)
      while ((await this.committed(reader)) < (await this.#end(reader)))
        await pause(LOOK_EVERY_MS, undefined, { signal })
  }

  /** Returns the number of records that a group has committed, if its topic has lost none. */
  async committed({ group, topic }: Reader): Promise<number> {
    const [found] = await this.#admin.fetchOffsets({ groupId: group, topics: [topic] })
    return sum((found?.partitions ?? []).map(({ offset }) => Math.max(Number(offset), 0)))
  }

  close(): Promise<void> {
    return this.#admin.disconnect()
  }

  async #end({ topic }: Reader): Promise<number> {
    return sum((await this.#admin.fetchTopicOffsets(topic)).map(({ high }) => Number(high)))
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0)
}
