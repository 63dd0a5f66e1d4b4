import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readFunctions } from '../../../lib/app/functions.ts'
import { compactDeployedHistory } from '../../../lib/app/history-compactor.ts'
import { type Signal, TOPICS, topicName } from '../../../lib/app/topics.ts'
import { HISTORY_TABLES, signalOfTable } from '../../../lib/history/tables.ts'
import { TICK_TYPE } from '../../../lib/telemetry/tick.ts'
import { readEvent } from '../../../packages/runtime/cloudevents/reader.ts'
import type { LogRecord, OutgoingRecord } from '../../../packages/runtime/cloudevents/record.ts'
import { writeEvent } from '../../../packages/runtime/cloudevents/writer.ts'
import { Unavailable } from '../../../packages/runtime/pipeline/errors.ts'
import { MemoryLogReader } from '../../../packages/runtime/testing/log-reader.ts'
import { MemoryHistory, writePart } from '../../support/memory-history.ts'
import { alertFired } from '../../support/records.ts'

const NOON_MS = Date.parse('2026-03-01T12:00:00Z')
const MINUTE_MS = 60_000
const ALERTS = topicName('alerts', 'test')
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
        partitionsOf: async () => PARTITIONS,
        publish: async (records: readonly OutgoingRecord[]) => {
          for (const record of records) this.append(record)
          return [] as never
        },
      }),
    }
  }

  #end(topic: string, partition: number): number {
    return this.records.filter(one => one.topic === topic && one.partition === partition).length
  }
}

function alert(partition = 0, topic = ALERTS): OutgoingRecord {
  return { topic, partition, key: null, ...writeEvent(alertFired('a')) }
}

async function run(kafka: MemoryKafka, store = new MemoryHistory(kafka.nowMs), remainingMs = 300_000) {
  const warnings: unknown[] = []
  const metrics = new Map<string, number>()
  const result = await compactDeployedHistory(
    {
      config: { env: 'test', contentMode: 'binary', historyDays: new Map() } as never,
      connections: kafka.connections,
      remainingMs: () => remainingMs,
      scheduledFor: new Date(kafka.nowMs).toISOString(),
      telemetry: {
        warn: (_, details) => warnings.push(details),
        gauge() {},
        count: (name, count) => metrics.set(name, count),
      },
    },
    async () => store,
  )
  return { ...result, warnings, metrics }
}

describe('ticks in quiet partitions', () => {
  const typesIn = (kafka: MemoryKafka, topic = ALERTS) =>
    kafka.records
      .filter(one => one.topic === topic)
      .map(record => [record.partition, (readEvent(record) as { type?: string }).type === TICK_TYPE])

  it('given a last record that is ten minutes old and not archived, then its partition gets one tick', async () => {
    const kafka = new MemoryKafka()
    kafka.append(alert(1))
    kafka.nowMs += 10 * MINUTE_MS - 1
    assert.equal((await run(kafka)).ticks, 0)
    kafka.nowMs += 1
    assert.equal((await run(kafka)).ticks, 1)
    for (let hour = 0; hour < 3; hour++) {
      kafka.nowMs += 60 * MINUTE_MS
      assert.equal((await run(kafka)).ticks, 0, 'the tick is the last record now')
    }
    kafka.append(alert(1))
    kafka.nowMs += 60 * MINUTE_MS
    assert.equal((await run(kafka)).ticks, 1)
    assert.deepEqual(typesIn(kafka), [
      [1, false],
      [1, true],
      [1, false],
      [1, true],
    ])
  })

  it('given a last record that is archived, then its partition gets no tick', async () => {
    const kafka = new MemoryKafka()
    const store = new MemoryHistory(NOON_MS)
    for (const partition of [0, 1]) for (let row = 0; row < 3; row++) kafka.append(alert(partition))
    await writePart(store, { topic: ALERTS, firstOffset: 0, lastOffset: 2, atMs: NOON_MS })
    await writePart(store, { topic: ALERTS, partition: 1, firstOffset: 0, lastOffset: 1, atMs: NOON_MS })
    kafka.nowMs += 60 * MINUTE_MS
    assert.equal((await run(kafka, store)).ticks, 1)
    assert.deepEqual(kafka.records.at(-1)?.partition, 1)
  })

  it('given all archived topics, then those get ticks to which the clock appends none, and may be written', async () => {
    const kafka = new MemoryKafka()
    const signals: readonly Signal[] = HISTORY_TABLES.map(signalOfTable)
    for (const signal of signals) kafka.append(alert(0, topicName(signal, 'test')))
    kafka.nowMs += 60 * MINUTE_MS
    await run(kafka)
    const ticked = signals.filter(signal => typesIn(kafka, topicName(signal, 'test')).length > 1)
    assert.deepEqual(ticked.toSorted(), ['alerts', 'analytics', 'events'])
    assert.deepEqual(
      ticked,
      signals.filter(signal => !(TOPICS as Record<string, { isTicked: boolean }>)[signal]?.isTicked),
    )
    const entry = readFunctions().find(({ name }) => name === 'history-compactor')
    assert.deepEqual(entry?.emits.toSorted(), ticked.toSorted())
  })

  it('given that Kafka is away, then the history is compacted before the run fails', async () => {
    const kafka = new MemoryKafka()
    kafka.isAway = true
    const store = new MemoryHistory(NOON_MS)
    await writePart(store, { firstOffset: 0, lastOffset: 2, atMs: NOON_MS })
    await writePart(store, { firstOffset: 3, lastOffset: 4, atMs: NOON_MS + 24 * 60 * MINUTE_MS })
    await assert.rejects(run(kafka, store), /Kafka is away/)
    assert.ok([...store.objects.keys()].some(key => key.includes('/compacted/')))
  })

  it('given an invocation that ends soon, then nothing is compacted, and the result says so', async () => {
    const store = new MemoryHistory(NOON_MS)
    await writePart(store, { firstOffset: 0, lastOffset: 2, atMs: NOON_MS })
    const { finished, compacted } = await run(new MemoryKafka(), store, 10_000)
    assert.deepEqual([finished, compacted], [false, 0])
  })

  it('logs a warning for each finding, with its offsets, and counts findings by reason', async () => {
    const store = new MemoryHistory(NOON_MS)
    await writePart(store, { firstOffset: 0, lastOffset: 2, atMs: NOON_MS })
    await writePart(store, { firstOffset: 9, lastOffset: 9, atMs: NOON_MS })
    await writePart(store, { firstOffset: 10, lastOffset: 10, atMs: NOON_MS + 24 * 60 * MINUTE_MS })
    // The second run moves the frontier over the range.
    await run(new MemoryKafka(), store)
    await store.put('events/parts/other.txt', Buffer.from(''))
    const { warnings, metrics } = await run(new MemoryKafka(), store)
    const counts = { historyUnusable: 1, historyRecreated: 0, historyMissing: 1, historyOverlapping: 0 }
    assert.deepEqual(Object.fromEntries(metrics), counts)
    assert.deepEqual(warnings.slice(0, 1), [
      {
        kind: 'history-missing',
        topic: 'acme.sensors.alerts.test',
        partition: 0,
        fromOffset: 3,
        toOffset: 8,
      },
    ])
  })
})
