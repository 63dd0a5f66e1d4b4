import { setTimeout as pause } from 'node:timers/promises'
import kafkajs, { type Admin } from 'kafkajs'

/** Whether the table has windows of a minute, or one row for each device. */
export type TableKind = 'windows' | 'keys'

/** A system that is running, and keeps the table of one topic. */
export interface Side {
  /** Consumer groups, whose offsets are committed when records are in the table, and the topics that they read. */
  readonly groups: readonly Reader[]
  /** Returns the processor time of its processes, its store's included, in milliseconds. */
  processorMs(): Promise<number | undefined>
  /** Returns the memory that its processes and its store hold. */
  memoryBytes(): Promise<number>
  /** Returns the number of readings in the table. */
  total(): Promise<number>
  stop(): Promise<void>
}

export interface Reader {
  readonly group: string
  readonly topic: string
}

const LOOK_EVERY_MS = 200

/** Offsets of the groups of a side. */
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

  /** Waits until the first group has committed this many records, and returns how many it has. */
  async until({ groups: [first] }: Side, count: number, signal: AbortSignal): Promise<number> {
    for (;;) {
      const committed = await this.#committed(first as Reader)
      if (committed >= count) return committed
      await pause(LOOK_EVERY_MS, undefined, { signal })
    }
  }

  /** Waits until all groups have committed all records of their topics. */
  async untilAll({ groups }: Side, signal: AbortSignal): Promise<void> {
    for (const reader of groups)
      while ((await this.#committed(reader)) < (await this.#end(reader)))
        await pause(LOOK_EVERY_MS, undefined, { signal })
  }

  close(): Promise<void> {
    return this.#admin.disconnect()
  }

  async #committed({ group, topic }: Reader): Promise<number> {
    const [found] = await this.#admin.fetchOffsets({ groupId: group, topics: [topic] })
    return sum((found?.partitions ?? []).map(({ offset }) => Math.max(Number(offset), 0)))
  }

  async #end({ topic }: Reader): Promise<number> {
    return sum((await this.#admin.fetchTopicOffsets(topic)).map(({ high }) => Number(high)))
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0)
}
