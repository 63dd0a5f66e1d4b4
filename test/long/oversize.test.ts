/** A record that inflates to more than the memory stops no other record, and becomes a failure of its own. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { bombBatch, recordBatch } from '@sluice/test-kit/record-batches'
import { brokers } from '@sluice/test-kit/servers'
import { until } from '@sluice/test-kit/until'
import { type LogRecord, toBuffer } from '#runtime/cloudevents'
import type { FailureData } from '#runtime/consumer'
import { KafkaLogReader, kafkaClient } from '#runtime/operating/kafka'
import type { KafkaEvent } from '#runtime/pipeline'
import { appendBatches } from '#runtime/test/support/raw-producer'
import { logRecord, environmentReading as reading } from '#runtime/test/support/records'
import { TestKafka } from '../../packages/msk-trigger/test/integration/kafka.ts'
import { listRecords, Project } from '../../packages/msk-trigger/test/integration/project.ts'
import { Stage } from '../support/stage.ts'

const ARN = 'arn:aws:kafka:eu-west-1:123456789012:cluster/shop/751d2973-a626-431c-9d4e-d7975eb44dd7-2'
const BOMB_MIB = 300
const MAX_MEMORY_MIB = 200

describe('a record that inflates to 300 MiB', () => {
  const client = kafkaClient({ brokers: brokers(), clientId: 'test', auth: 'none' })
  const log = new KafkaLogReader(client)
  let kafka: TestKafka
  let project: Project
  let topic: string

  before(async () => {
    kafka = await TestKafka.connect()
    topic = await kafka.topic('oversize', 1)
    project = await Project.create(
      { reader: { events: [{ msk: { arn: ARN, topic, maximumBatchingWindow: 0, batchSize: 100 } }] } },
      { reader: '' },
    )
    await project.start()
    const good = (n: number) => {
      const { key, value, headers } = logRecord(0, reading(`r${n}`))
      return { key, value, headers: headers.map(([name, bytes]) => [name, toBuffer(bytes)] as const) }
    }
    const now = Date.now()
    const one = (n: number) => recordBatch({ records: [good(n)], firstTimestampMs: now, maxTimestampMs: now })
    await appendBatches(client, topic, 0, [
      one(0),
      bombBatch('gzip', BOMB_MIB, [good(1), good(3)], now),
      one(4),
      bombBatch('zstd', BOMB_MIB, [good(5), good(7)], now),
      one(8),
    ])
  })

  after(async () => {
    await Promise.all([project?.remove(), kafka?.close(), log.close()])
  })

  it('when the log is read, then those around it are there, and memory stays bounded', async () => {
    const before = process.memoryUsage().rss
    let most = before
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss)
    }, 5)
    const records: LogRecord[] = []
    for (let next = 0; next <= 8; ) {
      const looked = await log.read(topic, 0, { fromOffset: next, toOffset: 8 })
      records.push(...looked.records)
      next = looked.nextOffset
    }
    clearInterval(watch)
    assert.deepEqual(
      records.map(({ offset, value, oversizeBytes }) => [
        offset,
        value === null,
        oversizeBytes !== undefined,
      ]),
      [0, 1, 2, 3, 4, 5, 6, 7, 8].map(n => [n, n === 2 || n === 6, n === 2 || n === 6]),
    )
    assert.equal(String(records[2]?.key), 'large')
    const usedMib = (most - before) / 1024 / 1024
    assert.ok(usedMib < MAX_MEMORY_MIB, `${usedMib} MiB`)
  })

  it('when the trigger reads it, then the others are delivered, applied, and it is one failure', async () => {
    // Delivered at least once: a slow member starts again.
    const delivered = () =>
      new Set(
        project
          .invocations('reader')
          .flatMap(listRecords)
          .map(({ offset }) => offset),
      )
    await until('all others are delivered', () => delivered().size >= 7, { describe: () => project.output })
    assert.deepEqual([...delivered()], [0, 1, 3, 4, 5, 7, 8])
    assert.match(project.output, /oversize\S+@2 discarded: MaximumPayloadSizeExceeded/)
    const stage = new Stage(undefined, { log })
    for (const { event } of project.invocations('reader'))
      assert.deepEqual(await stage.consume(event as unknown as KafkaEvent), { batchItemFailures: [] })
    const [applied, failed] = ['applied/counted', 'failed/record-too-large']
    assert.deepEqual(stage.outcomes, [
      ...[applied, applied, failed, applied, applied, applied, failed, applied, applied],
    ])
    const failures = stage.events.flatMap(({ type, data }) =>
      type === 'io.sluice.failure.v1' ? [(data as FailureData).originalOffset] : [],
    )
    assert.deepEqual(failures, [2, 6])
  })
})
