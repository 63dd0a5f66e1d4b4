/** The topics of an environment and values of Redis, in memory, for code that appends to partitions. */

import type { LogRecord, OutgoingRecord } from '#runtime/cloudevents'
import type { Connections, StoredValue } from '#runtime/functions/connections'
import { MemoryLogReader } from '#runtime/testing'
import { resolveSignals } from '../../lib/app/naming/topic-table.ts'
import { NAMES } from './families.ts'

export class MemoryServers {
  readonly env = 'test'
  readonly records: LogRecord[] = []
  /** Values in Redis as JSON, by name. */
  values = new Map<string, string>()
  /** First retained offset of every partition. */
  start = 0
  /** Time of the next records, in milliseconds since the epoch. */
  nowMs = Date.UTC(2026, 2, 1)
  /** Called before each record is written. A record is lost if it throws. */
  writing: (record: OutgoingRecord) => void = () => {}

  readonly publisher = {
    publish: async (sent: readonly OutgoingRecord[]) =>
      sent.map(record => {
        this.writing(record)
        const { topic, partition = 0, key, value, headers } = record
        const offset = this.getEnd(topic, partition)
        this.records.push({
          topic,
          partition,
          offset,
          timestampMs: this.nowMs,
          key,
          value,
          headers: headers as never,
        })
        return offset
      }),
    countPartitions: async (topic: string) => this.#partitions(topic),
  }

  readonly bounds = {
    bounds: async (topic: string) =>
      Array.from({ length: this.#partitions(topic) }, (_, partition) => {
        const end = this.getEnd(topic, partition)
        return { start: Math.min(this.start, end), end }
      }),
  }

  readonly log = {
    read: (...range: Parameters<MemoryLogReader['read']>) =>
      new MemoryLogReader(this.records.filter(({ offset }) => offset >= this.start)).read(...range),
  }

  get connections(): Connections {
    const { publisher, log, bounds } = this
    const value = async (name: string) => this.value(name)
    return {
      publisher: async () => publisher,
      log: async () => log,
      bounds: async () => bounds,
      value,
    } as never
  }

  value<T>(name: string): StoredValue<T> {
    const read = () => {
      const json = this.values.get(name)
      return json === undefined ? undefined : (JSON.parse(json) as T)
    }
    const write = (value: T) => {
      this.values.set(name, JSON.stringify(value))
      return value
    }
    return {
      read: async () => read(),
      write: async value => void write(value),
      update: async change => write(change(read())),
    }
  }

  getEnd(topic: string, partition: number): number {
    const own = this.records.filter(record => record.topic === topic && record.partition === partition)
    return (own.at(-1)?.offset ?? -1) + 1
  }

  #partitions(topic: string): number {
    const signal = resolveSignals(['viewed', 'ruled', 'ticked']).find(
      signal => NAMES.topicName(signal, this.env) === topic,
    )
    return signal ? NAMES.topicSize(signal, this.env).partitions : 0
  }
}
