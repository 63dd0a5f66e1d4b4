/** What librdkafka and the Java client write, in every codec, is read by all that reads. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import kafkajs, { type Kafka } from 'kafkajs'
import { configOf } from '../../cli/connections.ts'
import { standingAt } from '../../cli/state/log.ts'
import type { Terminal } from '../../cli/terminal.ts'
import { kafkaClient } from '../../lib/runtime/adapters/kafka/client.ts'
import { KafkaLogReader } from '../../lib/runtime/adapters/kafka/log-reader.ts'
import { TopicOffsets } from '../../lib/runtime/adapters/kafka/offsets.ts'
import { type Tail, tail } from '../../lib/runtime/adapters/kafka/tail.ts'
import type { LogRecord } from '../../lib/runtime/cloudevents/record.ts'
import { Connections } from '../../lib/runtime/lambda/connections.ts'
import { digestOf } from '../../lib/runtime/pipeline/failures/failure-record.ts'
import { Project, recordsOf } from '../../localstack/msk-trigger/test/integration/project.ts'
import { temporaryFolder } from '../integration/localstack/support.ts'
import { createTopic } from '../support/create-topic.ts'
import {
  CODECS,
  installForeignProducers,
  type PlainRecord,
  writeWithJava,
  writeWithLibrdkafka,
} from '../support/foreign-producers.ts'
import { brokers } from '../support/servers.ts'
import { until } from '../support/until.ts'

const KIB = 1024
/** In blocks of 64 KiB, as lz4 has them, and of 32 KiB, as snappy has them in Java, these are several. */
const BATCH_BYTES = 250 * KIB
const RECORDS_EACH = 300
const WRITERS = [
  'librdkafka lz4 in a transaction',
  ...CODECS.flatMap(codec => [`librdkafka ${codec}`, `Java ${codec}`]),
]

/** What a reader has seen of one writer, in order. */
type Seen = Record<string, PlainRecord[]>

describe('a topic that foreign producers write to in every codec', { timeout: 180_000 }, () => {
  const topic = `compressed-${randomUUID()}`
  const { folder, remove } = temporaryFolder()
  const kafka = kafkaClient({ brokers: brokers(), clientId: 'test', auth: 'none' })
  const batches = countBatches()
  const followed: LogRecord[] = []
  let following: Tail
  let project: Project
  let end: number

  before(async () => {
    const admin = kafka.admin()
    await Promise.all([installForeignProducers(folder), admin.connect()])
    await createTopic(admin, { topic, numPartitions: 1 })
    await admin.disconnect()
    following = await tail(kafka, [topic], record => followed.push(record))
    project = await Project.create(
      { reader: { events: [{ msk: { arn: ARN, topic, maximumBatchingWindow: 0, batchSize: 1000 } }] } },
      { reader: '' },
    )
    await Promise.all([project.start(), write(topic)])
    const offsets = new TopicOffsets(kafka)
    end = (await offsets.ends(topic))[0] as number
    await offsets.close()
    assert.equal(end, WRITERS.length * RECORDS_EACH + 1, 'all records, and the marker of a commit')
  })

  after(async () => {
    await Promise.all([following?.stop(), project?.remove()])
    remove()
  })

  it('when the log reader reads it, then every record is there as it was written', async () => {
    const records = await readAll(kafka)
    assertWhole(records)
    // The library on its own sees the same, and says how large the batches are.
    batches.clear()
    const plain = new kafkajs.Kafka({ brokers: brokers(), logLevel: kafkajs.logLevel.NOTHING })
    assert.deepEqual(await readAll(plain), records)
    for (const codec of ['gzip', 'snappy of Java', 'snappy of librdkafka', 'lz4', 'zstd']) {
      const sizes = batches.get(codec) ?? []
      assert.ok(sizes.length >= 2, `${codec}: ${sizes.length} batches`)
      assert.ok(Math.max(...sizes) > 128 * KIB, `${codec}: the largest batch has ${Math.max(...sizes)} bytes`)
    }
  })

  async function readAll(by: Kafka): Promise<LogRecord[]> {
    const reader = new KafkaLogReader(by)
    const records: LogRecord[] = []
    for (let next = 0; next < end; ) {
      const looked = await reader.read(topic, 0, { fromOffset: next, toOffset: end - 1 })
      records.push(...looked.records)
      next = looked.nextOffset
    }
    await reader.close()
    return records
  }

  it('when it is followed, then every record comes', async () => {
    await until('all have come', () => followed.length >= end - 1, { describe: () => followed.length })
    assertWhole(followed)
  })

  it('when the trigger reads it, then the function gets every record, and what is after a commit marker', async () => {
    const delivered = () =>
      project
        .invocations('reader')
        .flatMap(recordsOf)
        .map(({ key, value, headers }) => ({
          key: Buffer.from(key ?? '', 'base64'),
          value: Buffer.from(value ?? '', 'base64'),
          headers: headers.flatMap(header =>
            Object.entries(header).map(([name, bytes]) => [name, Buffer.from(bytes)] as const),
          ),
        }))
    await until('all have come', () => delivered().length >= end - 1, { describe: () => project.output })
    assertWhole(delivered())
  })

  it('when the command line asks what is at an offset, then it is told', async () => {
    const environment = { KAFKA_BROKERS: brokers().join(',') }
    const connections = new Connections(configOf({ environment } as unknown as Terminal, undefined), 'test')
    try {
      const last = followed.at(-1) as LogRecord
      const { offset, timestampMs } = last
      const stateKey = { consumer: 'any', topic, partition: 0 }
      const standing = await standingAt(connections, stateKey, offset)
      const digest = digestOf(last)
      assert.deepEqual(standing, { start: 0, end, appendedAtMs: timestampMs, digest })
    } finally {
      await connections.close()
    }
  })
})

const ARN = 'arn:aws:kafka:eu-west-1:123456789012:cluster/shop/751d2973-a626-431c-9d4e-d7975eb44dd7-2'

function written(writer: string): PlainRecord[] {
  return Array.from({ length: RECORDS_EACH }, (_, n) => ({
    key: `key ${n}`,
    value: Array.from(
      { length: 60 },
      (_, at) => `the reading ${n * 60 + at} of sensor ${(n * at) % 97}`,
    ).join('; '),
    headers: [
      ['writer', writer],
      ['number', String(n)],
    ],
  }))
}

/** All at once, but for the transaction: others go on behind its marker. */
async function write(topic: string): Promise<void> {
  const runs = WRITERS.map(writer => {
    const codec = CODECS.find(name => writer.split(' ')[1] === name) ?? 'none'
    const transactional = writer.endsWith('transaction')
    return { topic, codec, records: written(writer), batchBytes: BATCH_BYTES, transactional }
  })
  await writeWithLibrdkafka(
    brokers(),
    runs.filter((_, at) => WRITERS[at]?.startsWith('librdkafka')),
  )
  await Promise.all(
    runs.filter((_, at) => WRITERS[at]?.startsWith('Java')).map(run => writeWithJava(brokers(), run)),
  )
}

/** Every writer's records, in their order, each once. */
function assertWhole(records: readonly Pick<LogRecord, 'key' | 'value' | 'headers'>[]): void {
  const seen: Seen = {}
  for (const { key, value, headers } of records) {
    const plain = headers.map(([name, bytes]) => [name, String(bytes)] as const)
    const writer = plain[0]?.[1] ?? ''
    seen[writer] ??= []
    seen[writer].push({ key: String(key), value: String(value), headers: plain })
  }
  assert.deepEqual(Object.keys(seen).sort(), WRITERS.toSorted())
  for (const writer of WRITERS) assert.deepEqual(seen[writer], written(writer), writer)
}

/** The sizes of the batches that kafkajs inflates in this process, by codec. */
function countBatches(): Map<string, number[]> {
  const sizes = new Map<string, number[]>()
  const codecs = kafkajs.CompressionCodecs as unknown as Record<
    number,
    () => { decompress: (bytes: Buffer) => Promise<Buffer> }
  >
  for (const [number, codec] of CODECS.entries()) {
    const former = codecs[number]
    if (!former) continue
    codecs[number] = () => ({
      ...former(),
      decompress: async bytes => {
        const inflated = await former().decompress(bytes)
        const framing = bytes.includes('SNAPPY') ? ' of Java' : ' of librdkafka'
        const name = codec === 'snappy' ? codec + framing : codec
        sizes.set(name, [...(sizes.get(name) ?? []), inflated.length])
        return inflated
      },
    })
  }
  return sizes
}
