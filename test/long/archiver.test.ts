/** The archiver on real servers: what its bucket has, beside what the log has. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { awsEndpoint, brokers, redisUrl } from '@sluice/test-kit/servers'
import { Kafka, logLevel } from 'kafkajs'
import { type LogRecord, normalizeEvent, readEvent, writeEvent } from '#runtime/cloudevents'
import { KafkaLogReader, kafkaClient } from '#runtime/operating/kafka'
import { S3HistoryStore } from '../../lib/history/adapters/history-bucket.ts'
import { listSlices, rowsOfSlice } from '../../lib/history/read-history.ts'
import { type HistoryRow, toOriginalRecord } from '../../lib/history/row.ts'
import { createSensors } from '../../lib/telemetry/simulator/fleet.ts'
import { GENERATOR_DEFAULTS } from '../../lib/telemetry/simulator/settings.ts'
import { simulate } from '../../lib/telemetry/simulator/simulate.ts'
import { LOCAL_AWS_ENVIRONMENT } from '../../localstack/aws/resources.ts'
import { TestEnvironment } from '../support/environment.ts'
import { FAMILIES } from '../support/families.ts'
import { deliver } from './archiver-function.ts'

/** More than one complete segment of one partition. */
const READINGS = 51_000
const SEGMENT = 50_000
const AT_ONCE = 2_000

describe('given the archiver and a log', () => {
  let environment: TestEnvironment
  let store: S3HistoryStore
  let topic: string
  const kafka = kafkaClient({ brokers: brokers(), clientId: 'test', auth: 'none' })
  const log = new KafkaLogReader(kafka)
  const producer = new Kafka({ brokers: brokers(), logLevel: logLevel.NOTHING }).producer()

  before(async () => {
    environment = await TestEnvironment.create()
    topic = environment.topic('readings')
    const bucket = `sluice-history-${environment.name}`
    Object.assign(process.env, LOCAL_AWS_ENVIRONMENT, {
      SLUICE_ENV: environment.name,
      KAFKA_BROKERS: brokers().join(','),
      REDIS_URL: redisUrl(),
      AWS_ENDPOINT_URL: awsEndpoint(),
      HISTORY_BUCKET: bucket,
      LOG_LEVEL: 'WARN',
      // The function is called once, and closes its connections.
      IS_LOCAL: 'true',
    })
    store = new S3HistoryStore({ bucket, pathStyle: true }, { endpoint: awsEndpoint() })
    await producer.connect()
  })

  after(async () => {
    store?.close()
    await Promise.all([producer.disconnect(), log.close(), environment?.close()])
  })

  /** Records that are no readings, among the readings of the first partition that has any. */
  const OTHERS = [
    { key: null, value: Buffer.from('no event'), headers: { 'content-type': 'text/plain' } },
    { key: Buffer.from([0xff]), value: null, headers: {} },
    { key: 'k', value: Buffer.from('{'), headers: { ce_id: '1', 'content-type': 'application/json' } },
  ]

  async function send(): Promise<void> {
    const fleet = createSensors([{ family: 'environment', sensors: 1 }])
    const settings = { ...GENERATOR_DEFAULTS, fleet, tickSeconds: 1, seed: 'history' }
    let messages: object[] = [...OTHERS.map(other => ({ ...other, partition: 0 }))]
    const flush = async () => {
      await producer.send({ topic, messages: messages as never, acks: -1 })
      messages = []
    }
    for (const { key, event } of simulate(FAMILIES, settings, 0, READINGS)) {
      const { value, headers } = writeEvent(normalizeEvent(event))
      // Each tenth comes twice, as after an acknowledgement that was lost.
      const message = { key, value, headers: Object.fromEntries(headers), partition: 0 }
      messages.push(message)
      if (messages.length % 10 === 0) messages.push(message)
      if (messages.length >= AT_ONCE) await flush()
    }
    await flush()
  }

  /** Number of records that complete segments must have, by partition. */
  async function archived(): Promise<number[]> {
    const ends = await environment.client.ends(topic)
    return ends.map(end => Math.floor(end / SEGMENT) * SEGMENT)
  }

  // Promise docs/history.md#tables
  it('when it has read it, then the history has each record of complete segments once, with its content', async () => {
    await send()
    await deliver(environment, 'archiver', 'readings')
    const wanted = await archived()
    assert.ok(wanted.some(end => end > 0))
    const total = wanted.reduce((sum, end) => sum + end, 0)
    let compared = 0
    for (const { partition, slices: all } of await listSlices(store, { table: 'readings' }))
      for (const slice of all) {
        const rows: HistoryRow[] = []
        for await (const group of rowsOfSlice(FAMILIES, store, slice)) rows.push(...group)
        const records: LogRecord[] = []
        for (let from = slice.fromOffset; from <= slice.toOffset; ) {
          const read = await log.read(topic, partition, { fromOffset: from, toOffset: slice.toOffset })
          records.push(...read.records)
          from = read.nextOffset
        }
        assert.deepEqual(
          rows.map(({ offset }) => offset),
          records.map(({ offset }) => offset),
        )
        for (const [index, row] of rows.entries())
          assert.ok(
            isDeepStrictEqual(content(toOriginalRecord(row)), content(records[index] as LogRecord)),
            `${partition}/${row.offset}`,
          )
        compared += rows.length
      }
    assert.ok(compared >= total)
  })

  function content(record: LogRecord) {
    const event = readEvent(record)
    const { offset, timestampMs, key } = record
    return 'kind' in event
      ? { ...record, headers: record.headers.map(([name, value]) => [name, String(value)]) }
      : { offset, timestampMs, key, event }
  }
})
