import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type LogRecord, type OutgoingRecord, readEvent, writeEvent } from '#runtime/cloudevents'
import { Unavailable } from '#runtime/pipeline'
import { MemoryLogReader } from '#runtime/testing'
import { readFunctions } from '../../../control/environment/function-entries.ts'
import type { Signal } from '../../../lib/app/naming/topic-table.ts'
import { appendQuietTicks } from '../../../lib/clock/clock.ts'
import { SEGMENT_SPAN_MS } from '../../../lib/history/archiver.ts'
import { getTableSignal, HISTORY_TABLES } from '../../../lib/history/tables.ts'
import { TICK_TYPE } from '../../../lib/telemetry/tick.ts'
import { alertFired } from '../../support/alerts.ts'
import { NAMES, VOCABULARY } from '../../support/families.ts'

const NOON_MS = Date.parse('2026-03-01T12:00:00Z')
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const ALERTS = NAMES.topicName('alerts', 'test')
const PARTITIONS = 3

/** Kafka with topics in memory. Every topic exists. */
class MemoryKafka {
  readonly records: LogRecord[] = []
  nowMs = NOON_MS
  isAway = false

  append({ topic, partition = 0, key = null, value, headers = [] }: OutgoingRecord): LogRecord {
    const offset = this.#end(topic, partition)
    const record = { topic, partition, offset, timestampMs: this.nowMs, key, value, headers } as LogRecord
    this.records.push(record)
    return record
  }

  get connections() {
    return {
      log: async () => new MemoryLogReader(this.records),
      bounds: async () => ({
        bounds: async (topic: string) => {
          if (this.isAway) throw new Unavailable('broker-unavailable', 'Kafka is away')
          return Array.from({ length: PARTITIONS }, (_, partition) => {
            return { start: 0, end: this.#end(topic, partition) }
          })
        },
      }),
      publisher: async () => ({
        countPartitions: async () => PARTITIONS,
        publish: async (records: readonly OutgoingRecord[]) => {
          for (const record of records) this.append(record)
          return [] as never
        },
      }),
    }
  }

  #end(topic: string, partition: number): number {
    return this.records.filter(record => record.topic === topic && record.partition === partition).length
  }
}

function alert(partition = 0, topic = ALERTS): OutgoingRecord {
  return { topic, partition, key: null, ...writeEvent(alertFired('a')) }
}

function run(kafka: MemoryKafka): Promise<number> {
  return appendQuietTicks({
    config: { env: 'test', contentMode: 'binary', ...VOCABULARY },
    connections: kafka.connections as never,
    scheduledFor: new Date(kafka.nowMs).toISOString(),
  })
}

describe('ticks in quiet partitions', () => {
  const listTypes = (kafka: MemoryKafka, topic = ALERTS) =>
    kafka.records
      .filter(record => record.topic === topic)
      .map(record => [record.partition, (readEvent(record) as { type?: string }).type === TICK_TYPE])

  // Promise docs/history.md#objects
  it('given a last record as old as a segment is long, then its partition gets one tick', async () => {
    const kafka = new MemoryKafka()
    kafka.append(alert(1))
    kafka.nowMs += SEGMENT_SPAN_MS
    kafka.records[0] = { ...(kafka.records[0] as LogRecord), timestampMs: NOON_MS + 1 }
    assert.equal(await run(kafka), 0)
    kafka.records[0] = { ...(kafka.records[0] as LogRecord), timestampMs: NOON_MS }
    assert.equal(await run(kafka), 1)
    for (let hour = 0; hour < 3; hour++) {
      kafka.nowMs += HOUR_MS
      assert.equal(await run(kafka), 0, 'the tick is the last record now')
    }
    kafka.append(alert(1))
    kafka.nowMs += SEGMENT_SPAN_MS
    assert.equal(await run(kafka), 1)
    assert.deepEqual(listTypes(kafka), [
      [1, false],
      [1, true],
      [1, false],
      [1, true],
    ])
  })

  it('given a run after the first minute of an hour, then it asks nothing of Kafka', async () => {
    const kafka = new MemoryKafka()
    kafka.append(alert())
    kafka.isAway = true
    kafka.nowMs += SEGMENT_SPAN_MS + MINUTE_MS
    assert.equal(await run(kafka), 0)
    kafka.nowMs -= 1
    await assert.rejects(run(kafka), /Kafka is away/)
  })

  it('given all archived topics, then those without other ticks get them, and may be written and read', async () => {
    const kafka = new MemoryKafka()
    const signals: readonly Signal[] = HISTORY_TABLES.map(getTableSignal)
    for (const signal of signals) kafka.append(alert(0, NAMES.topicName(signal, 'test')))
    kafka.nowMs += SEGMENT_SPAN_MS
    await run(kafka)
    const ticked = signals.filter(signal => listTypes(kafka, NAMES.topicName(signal, 'test')).length > 1)
    assert.deepEqual(ticked.toSorted(), ['alerts', 'analytics', 'dlq', 'events'])
    const clock = readFunctions().find(({ name }) => name === 'clock')
    for (const signal of ticked) assert.ok(clock?.emits.includes(signal), signal)
    assert.ok(clock?.uses.includes('emitted-topics'))
  })
})
