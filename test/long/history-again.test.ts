/** The history on a real bucket and a real Kafka: played again. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { S3HistoryStore } from '../../lib/app/aws/history-bucket.ts'
import { logRecordOf } from '../../packages/runtime/adapters/kafka/messages.ts'
import { readEvent } from '../../packages/runtime/cloudevents/reader.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import { writeEvent } from '../../packages/runtime/cloudevents/writer.ts'
import { TestEnvironment } from '../support/environment.ts'
import { addObject } from '../support/memory-history.ts'
import { environmentReading as reading } from '../support/records.ts'
import { runSluice } from '../support/sluice.ts'

const DAY_MS = Date.parse('2026-11-20')
const HOUR_MS = 3_600_000
const SENSORS = 12
const ROUNDS = 30

function storeOf(env: string): S3HistoryStore {
  return new S3HistoryStore({ bucket: `sluice-history-${env}`, pathStyle: true })
}

describe('given a day of readings in the history', () => {
  let environment: TestEnvironment
  let store: S3HistoryStore
  /** Records of the log, as if they had been written on that day, by partition. */
  let partitions: LogRecord[][]
  let variables: Record<string, string>

  before(async () => {
    environment = await TestEnvironment.create()
    store = storeOf(environment.name)
    variables = { SLUICE_ENV: environment.name }
    const topic = environment.topic('readings')
    const messages = Array.from({ length: SENSORS * ROUNDS }, (_, index) => {
      const sensor = `s-${index % SENSORS}`
      const { value, headers } = writeEvent(
        reading(`r-${index}`, { sensor, at: Math.floor(index / SENSORS) }),
      )
      return { key: sensor, value, headers: Object.fromEntries(headers), partition: index % 3 }
    })
    await environment.client.send(topic, messages)
    const records = (await environment.read('readings')).map(one => logRecordOf(topic, one.partition, one))
    const all = records.map(record => ({
      ...record,
      timestampMs: DAY_MS + record.offset * HOUR_MS * 0.25 + record.partition,
    }))
    partitions = [0, 1, 2].map(partition => all.filter(record => record.partition === partition))
    for (const own of partitions) {
      await addObject(store, 'readings', own.slice(0, 50))
      await addObject(store, 'readings', own.slice(40, 60))
      // A range that was never archived.
      await addObject(store, 'readings', own.slice(65))
    }
  })

  after(async () => {
    store?.close()
    await environment?.close()
  })

  const command = (...args: string[]) => runSluice(args, variables)

  it('when it is replayed, then its records come in order of time, after a note of the missing range', async () => {
    const before = await environment.lengthOf('analytics')
    const { code, output } = await command(
      ...['replay', 'history:readings', '--since', '2026-11-20', '--until', '2026-11-21'],
      ...['--topic', 'analytics', '--speed', 'max', '--keep-partitions'],
    )
    assert.equal(code, 0, output)
    for (const partition of [0, 1, 2])
      assert.match(output, new RegExp(`Missing in the history: offsets 60 to 64 of \\S+/${partition}\\.`))
    const expected = partitions
      .flatMap(own => own.filter(({ offset }) => offset < 60 || offset >= 65))
      .filter(({ timestampMs }) => timestampMs < DAY_MS + 24 * HOUR_MS)
      .sort((a, b) => a.timestampMs - b.timestampMs)
    assert.ok(expected.length > 200 && expected.length < SENSORS * ROUNDS)
    const topic = environment.topic('analytics')
    const played = (await environment.read('analytics')).map(one => logRecordOf(topic, one.partition, one))
    assert.equal(played.length - before, expected.length)
    const events = (records: readonly LogRecord[], partition: number) =>
      records.filter(one => one.partition === partition).map(one => [String(one.key), readEvent(one)])
    for (const partition of [0, 1, 2])
      assert.deepEqual(events(played, partition), events(expected, partition))
  })
})
