/** Uses the internals of kafkajs into which the decoder is hooked: with another version of kafkajs, this fails. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, it } from 'node:test'
import { installRecordDecoder } from '@sluice/kafka-records'
import { recordBatch, type WrittenBatch } from '@sluice/test-kit/record-batches'
import { rejection } from '@sluice/test-kit/rejection'
import { Kafka, logLevel } from 'kafkajs'
import { createCluster } from '../../kafkajs-internals.ts'

const require = createRequire(import.meta.url)
const Batch = require('kafkajs/src/consumer/batch.js')
const Broker = require('kafkajs/src/broker/index.js')
const Encoder = require('kafkajs/src/protocol/encoder.js')
const { lookup } = require('kafkajs/src/protocol/requests/index.js')

const FETCH = 1

interface Answer {
  readonly version?: number
  /** The bytes of each partition of topic `t`. */
  readonly partitions: readonly (Buffer | { readonly errorCode: number })[]
  readonly aborted?: readonly [producerId: number, firstOffset: number][]
}

/** The response of a Kafka broker. */
function payload({ version = 11, partitions, aborted = [] }: Answer): Buffer {
  const head = new Encoder().writeInt32(7)
  if (version >= 7) head.writeInt16(0).writeInt32(0)
  const encoded = partitions.map((value, partition) => {
    const bytes = Buffer.isBuffer(value) ? value : Buffer.alloc(0)
    const encoder = new Encoder()
      .writeInt32(partition)
      .writeInt16('errorCode' in value ? value.errorCode : 0)
      .writeInt64(100)
      .writeInt64(90)
    if (version >= 5) encoder.writeInt64(0)
    encoder.writeArray(aborted.map(([id, first]) => new Encoder().writeInt64(id).writeInt64(first)))
    if (version >= 11) encoder.writeInt32(-1)
    return encoder.writeInt32(bytes.length).writeBuffer(bytes)
  })
  return head.writeArray([new Encoder().writeString('t').writeArray(encoded)]).buffer
}

interface Response {
  decode(payload: Buffer): Promise<unknown>
  parse(decoded: unknown): Promise<unknown>
}

/** A broker of the client's cluster, which answers each fetch with the next response. */
async function fetching(kafka: Kafka, ...answers: Answer[]) {
  // biome-ignore lint/suspicious/noExplicitAny: parts of the library that have no types
  const cluster = createCluster(kafka, {}) as any
  const versions = answers.map(({ version = 11 }) => version)
  const connectionPool = {
    send: async ({ response }: { response: Response }) =>
      response.parse(await response.decode(payload(answers.shift() as Answer))),
  }
  const logger = { namespace: () => ({}) }
  const broker = new Broker({ connectionPool, logger })
  broker.lookupRequest = lookup({ [FETCH]: { minVersion: 0, maxVersion: versions[0] } })
  cluster.brokerPool.findBroker = async () => broker
  return async (fetchOffset = 0, partition = 0) => {
    const found = await cluster.findBroker({ nodeId: '1' })
    const partitions = [0, 1].map(partition => ({ partition, fetchOffset: String(fetchOffset), maxBytes: 1 }))
    const { responses } = await found.fetch({ topics: [{ topic: 't', partitions }] })
    const data = responses[0].partitions.find((value: { partition: number }) => value.partition === partition)
    return { data, batch: new Batch('t', String(fetchOffset), data) }
  }
}

const client = () => {
  const kafka = new Kafka({ brokers: ['127.0.0.1:1'], logLevel: logLevel.NOTHING })
  installRecordDecoder(kafka)
  installRecordDecoder(kafka)
  return kafka
}
const createBatch = (part: Partial<WrittenBatch> = {}) => recordBatch({ records: [{}, {}, {}], ...part })
const offsets = (batch: { messages: { offset: string }[] }) => batch.messages.map(({ offset }) => offset)

describe('a kafkajs client that uses this decoder', () => {
  for (const version of [4, 5, 6, 7, 8, 9, 10, 11])
    it(`given a broker with version ${version} of Fetch, then records are read from the offset on`, async () => {
      const headers = [
        ['b', 'x'],
        ['a', null],
        ['b', 'y'],
      ] as const
      const bytes = createBatch({ records: [{}, { headers }] })
      const fetch = await fetching(client(), { version, partitions: [bytes, Buffer.alloc(0)] })
      const { data, batch } = await fetch(1)
      assert.deepEqual(offsets(batch), ['1'])
      assert.deepEqual(
        batch.messages[0].headerList.map(([name]: [string]) => name),
        ['b', 'a', 'b'],
      )
      assert.deepEqual([data.errorCode, data.highWatermark, data.lastStableOffset], [0, '100', '90'])
      assert.equal(batch.offsetLag(), '98')
    })

  it('given transactions and offsets without records, then kafkajs continues after them', async () => {
    const aborted = createBatch({ producerId: 5, isTransactional: true })
    const fetch = await fetching(client(), { partitions: [aborted], aborted: [[5, 0]] })
    const { batch } = await fetch()
    assert.deepEqual([batch.isEmptyDueToFiltering(), batch.lastOffset()], [true, '2'])
  })

  it('given an error from the broker, then kafkajs throws its own error', async () => {
    const fetch = await fetching(client(), { partitions: [{ errorCode: 1 }] })
    assert.equal((await rejection(fetch())).name, 'KafkaJSOffsetOutOfRange')
  })

  it('given a partition in a format before Kafka 0.11, then it is refused with that reason', async () => {
    const old = createBatch()
    old.writeInt8(1, 16)
    const fetch = await fetching(client(), { partitions: [old] })
    assert.match((await rejection(fetch())).message, /^t\/0 at offset 0: a record batch has format 1, not 2/)
  })

  it('given another version of the library, then it is refused', () => {
    assert.throws(() => installRecordDecoder({}), /this version of kafkajs .*: install version 2\.2\.4/)
  })
})
