/** The history on a real bucket and a real Kafka: played again, and erased. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { S3HistoryStore } from '../../lib/app/aws/history-bucket.ts'
import { objectsOf } from '../../lib/history/read.ts'
import { recordOf } from '../../lib/history/row.ts'
import { logRecordOf } from '../../packages/runtime/adapters/kafka/messages.ts'
import { isFailure } from '../../packages/runtime/cloudevents/event.ts'
import { readEvent } from '../../packages/runtime/cloudevents/reader.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import { writeEvent } from '../../packages/runtime/cloudevents/writer.ts'
import { TestEnvironment } from '../support/environment.ts'
import { addObject, historyRows } from '../support/memory-history.ts'
import { environmentReading as reading } from '../support/records.ts'
import { runSluice } from '../support/sluice.ts'

const DAY_MS = Date.parse('2026-11-20')
const HOUR_MS = 3_600_000
const SENSORS = 12
const ROUNDS = 30

function storeOf(env: string): S3HistoryStore {
  return new S3HistoryStore({ bucket: `sluice-history-${env}`, pathStyle: true })
}

function idOf(record: LogRecord): string {
  const event = readEvent(record)
  return isFailure(event) ? '' : event.id
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
      await addObject(store, 'readings', own.slice(0, 50), 'compacted')
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

  it('when an entity is erased, then its rows are empty, and the audit counts them', async () => {
    const dry = await command('state', 'erase', '/environment/test-site s-1', '--dry-run', '--json')
    assert.equal(dry.code, 0, dry.output)
    const planned = JSON.parse(dry.stdout).history
    const { code, stdout, output } = await command(
      ...['state', 'erase', '/environment/test-site s-1', '--yes', '--timeout', '1s', '--json'],
    )
    // No consumer is running, so that none has applied the erasure.
    assert.equal(code, 1, output)
    const { history } = JSON.parse(stdout)
    assert.deepEqual([history.objects, history.rows], [planned.objects, planned.rows])
    assert.ok(history.rows.readings >= 25, output)
    assert.equal(history.place, `s3://sluice-history-${environment.name}`)
    let rows = 0
    for (const { key } of await objectsOf(store, { table: 'readings' })) {
      assert.ok(!String(await store.get(key)).includes('"s-1"'))
      rows++
    }
    assert.equal(rows, 9)
    const erased: string[] = []
    for await (const group of historyRows(store, { table: 'readings' }))
      erased.push(...group.filter(row => idOf(recordOf(row)) === '').map(({ offset }) => String(offset)))
    assert.ok(erased.length >= 25)
    const [audit] = (await environment.audits()).filter(({ action }) => action === 'state erase')
    assert.equal(audit?.counts.historyRows, history.rows.readings)
    const replayed = await command('replay', 'history:readings', '--filter', 'subject=s-1', '--speed', 'max')
    assert.match(replayed.output, /there is nothing to publish/)
  })
})
