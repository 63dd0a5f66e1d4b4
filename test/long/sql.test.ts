import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { runProgram } from '@sluice/test-kit/program'
import { awsEndpoint, brokers } from '@sluice/test-kit/servers'
import { type LogRecord, writeEvent } from '#runtime/cloudevents'
import { KafkaLogReader, kafkaClient, TopicOffsets } from '#runtime/operating/kafka'
import { environmentReading } from '#runtime/test/support/records'
import { S3HistoryStore } from '../../lib/history/adapters/history-bucket.ts'
import { formatDay, formatObjectKey } from '../../lib/history/object-key.ts'
import { encodeRows } from '../../lib/history/parquet.ts'
import { toHistoryRows } from '../../lib/history/row.ts'
import { readRecords, toRanges } from '../../lib/log/read-records.ts'
import { readTopicReach } from '../../lib/log/topic-bounds.ts'
import { TestEnvironment } from '../support/environment.ts'
import { FAMILIES } from '../support/families.ts'

const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' }
const AWS = { env: { AWS_ENDPOINT_URL: process.env.AWS_ENDPOINT_URL } }

describe('given readings of which most are archived, and a part is no longer in Kafka', () => {
  const TOLD = 4_000
  const COUNTED = `SELECT partition, count(*) AS rows, count(DISTINCT "offset") AS offsets, min("offset") AS first, max("offset") AS last,
    count(DISTINCT id) AS ids FROM readings GROUP BY ALL ORDER BY partition`
  let environment: TestEnvironment
  let topic: string
  let log: LogRecord[]
  const kafka = kafkaClient({ brokers: brokers(), clientId: 'test', auth: 'none' })
  const reader = new KafkaLogReader(kafka)
  const sql = (...args: string[]) =>
    runProgram('./cli/sluice.ts', ['sql', ...args, '--env', environment.name], AWS)

  async function send(from: number, to: number): Promise<void> {
    const records = Array.from({ length: to - from }, (_, n) => {
      const reading = environmentReading(`r-${from + n}`, { sensor: `s-${n % 50}`, temperature: n % 40 })
      const { value, headers } = writeEvent(reading)
      return { key: `s-${n % 50}`, value, headers: Object.fromEntries(headers) }
    })
    await environment.client.send(topic, records)
  }

  /** Writes objects as an archiver does that has lost its state: some of each partition overlap. */
  async function archive(): Promise<void> {
    const bucket = `sluice-history-${environment.name}`
    const place = { endpoint: awsEndpoint(), region: 'us-east-1', credentials: CREDENTIALS }
    const store = new S3HistoryStore({ bucket, pathStyle: true }, place)
    for (const [partition, records] of Map.groupBy(log, record => record.partition)) {
      const write = async (from: number, to: number) => {
        const some = records.slice(Math.floor(records.length * from), Math.floor(records.length * to))
        const [first, last] = [some[0], some.at(-1)]
        if (!first || !last) return
        const range = { topic, partition, firstOffset: first.offset, lastOffset: last.offset }
        const key = formatObjectKey({ table: 'readings', day: formatDay(first.timestampMs), ...range })
        const rows = await toHistoryRows(some, { read: event => event, prepare: async () => {} })
        await store.put(key, encodeRows(FAMILIES, 'readings', rows))
      }
      await write(0, 0.5)
      await write(0, 0.25)
      await write(0.25, 0.5)
      await write(0.4, 0.7)
      await write(0.6, 0.8)
    }
    store.close()
  }

  before(async () => {
    environment = await TestEnvironment.create()
    topic = environment.topic('readings')
    await send(0, TOLD - 500)
    const offsets = new TopicOffsets(kafka)
    log = []
    for await (const record of readRecords(reader, toRanges(topic, await readTopicReach(offsets, topic))))
      log.push(record)
    assert.equal(log.length, TOLD - 500)
    await archive()
    await send(TOLD - 500, TOLD)
    await Promise.all([offsets.close(), reader.close()])
    for (const [partition, end] of (await environment.client.ends(topic)).entries())
      await environment.client.expire(topic, partition, Math.floor(end * 0.4))
  })

  after(() => environment?.close())

  it('when offsets are counted, then none is missing and none is doubled', async () => {
    const { code, stdout, output } = await sql(COUNTED, '--format', 'json')
    assert.equal(code, 0, output)
    const [{ rows }] = JSON.parse(stdout).answers
    const ends = await environment.client.ends(topic)
    const expected = ends.flatMap((end, partition) =>
      end === 0 ? [] : [{ partition, rows: end, offsets: end, first: 0, last: end - 1, ids: end }],
    )
    assert.deepEqual(rows, expected)
    assert.equal(
      ends.reduce((sum, end) => sum + end, 0),
      TOLD,
    )
  })

  it('when statements name lists of commands, then they have the same rows, with numbers, times and lists', async () => {
    const lists = ['open_dead_letters', 'groups', 'silences'].map(
      view => `SELECT count(*) AS rows FROM ${view}`,
    )
    const about = `SELECT t.topic, t.partitions, typeof(t.records) AS type, r.rows
      FROM topics t JOIN (SELECT count(*) AS rows FROM readings) r ON true WHERE t.signal = 'readings'`
    const statements = [about, ...lists, 'DESCRIBE silences'].join('; ')
    const { code, stdout, output } = await sql(statements, '--format', 'json')
    assert.equal(code, 0, output)
    const [topics, letters, groups, silences, described] = JSON.parse(stdout).answers
    const { length: partitions } = await environment.client.ends(topic)
    assert.deepEqual(topics.rows, [{ topic, partitions, type: 'BIGINT', rows: TOLD }])
    assert.deepEqual([letters.rows, silences.rows], [[{ rows: 0 }], [{ rows: 0 }]])
    assert.ok(groups.rows[0].rows >= 0)
    const types = described.rows.map((row: Record<string, string>) => `${row.column_name} ${row.column_type}`)
    assert.ok(types.includes('starts_at TIMESTAMP'), String(types))
  })
})
