/** Questions to brokers, byte by byte: what is sent, and what is understood of an answer. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  askBroker,
  logDirsQuestion,
  metadataQuestion,
  settingsQuestion,
  topicIdsQuestion,
} from '@sluice/kafka-records/requests'

const int8 = (value: number) => Buffer.from([value & 0xff])
const int16 = (value: number) => Buffer.from([(value >> 8) & 0xff, value & 0xff])
const int32 = (value: number) => Buffer.from([24, 16, 8, 0].map(shift => (value >> shift) & 0xff))
const text = (value: string) => Buffer.concat([int16(value.length), Buffer.from(value)])
const compact = (value: string) => Buffer.concat([int8(value.length + 1), Buffer.from(value)])
const ids = (...values: number[]) => Buffer.concat([int32(values.length), ...values.map(int32)])
const NO_TEXT = int16(-1)
const NO_TAGS = int8(0)

describe('given the answer to a question about the cluster', () => {
  const partition = (number: number, error: number, leader: number) => [
    ...[int16(error), int32(number), int32(leader), ids(1, 2), ids(1), ids(2)],
  ]
  const answer = Buffer.concat([
    int32(0),
    ...[int32(2), int32(1), text('one'), int32(9092), text('a'), int32(2), text('two'), int32(9093), NO_TEXT],
    ...[text('id'), int32(2)],
    ...[int32(1), int16(0), text('orders'), int8(1), int32(2), ...partition(1, 5, -1), ...partition(0, 0, 1)],
  ])

  it('then brokers, controller and topics are shown; a partition without leader leaves the rest alone', () => {
    const found = metadataQuestion(null).decode(answer)
    assert.deepEqual(found.brokers, [
      { id: 1, host: 'one', port: 9092, rack: 'a' },
      { id: 2, host: 'two', port: 9093, rack: null },
    ])
    assert.deepEqual([found.clusterId, found.controllerId], ['id', 2])
    assert.deepEqual(found.topics, [
      {
        errorCode: 0,
        topic: 'orders',
        isInternal: true,
        partitions: [
          { errorCode: 5, partition: 1, leader: -1, replicas: [1, 2], inSync: [1] },
          { errorCode: 0, partition: 0, leader: 1, replicas: [1, 2], inSync: [1] },
        ],
      },
    ])
  })

  it('when it is cut off anywhere, then that is an error, and never half an answer', () => {
    for (let length = 0; length < answer.length; length++)
      assert.throws(() => metadataQuestion(null).decode(answer.subarray(0, length)), {
        name: 'UnreadableBytes',
        reason: 'malformed',
      })
  })

  it('then no topic is created by the question', () => {
    assert.deepEqual(metadataQuestion(null).encode(), Buffer.concat([int32(-1), int8(0)]))
    assert.deepEqual(metadataQuestion(['t']).encode(), Buffer.concat([int32(1), text('t'), int8(0)]))
  })
})

describe('given the ids of topics', () => {
  const [ID, NO_ID] = ['0123456789abcdef0123456789abcdef', '0'.repeat(32)]
  const [none, one] = [int8(1), (value: number) => Buffer.concat([int8(2), int32(value)])]
  const partition = (number: number) =>
    Buffer.concat([int16(0), int32(number), int32(1), int32(0), one(1), one(1), none, NO_TAGS])
  const broker = Buffer.concat([int32(1), compact('host'), int32(9092), int8(0), NO_TAGS])
  const topic = (name: string, error: number, id: string, ...partitions: Buffer[]) =>
    Buffer.concat([
      ...[int16(error), compact(name), Buffer.from(id, 'hex'), int8(0)],
      ...[int8(partitions.length + 1), ...partitions, int32(-1), NO_TAGS],
    ])
  const answer = Buffer.concat([
    ...[NO_TAGS, int32(0), int8(2), broker, compact('cluster'), int32(1)],
    ...[int8(3), topic('orders', 0, ID, partition(0), partition(1)), topic('gone', 3, NO_ID)],
  ])

  it('when the answer is cut off anywhere, then that is an error, and never half an answer', () => {
    for (let length = 0; length < answer.length; length++)
      assert.throws(() => topicIdsQuestion([]).decode(answer.subarray(0, length)), {
        name: 'UnreadableBytes',
        reason: 'malformed',
      })
  })
})

describe('given answers about settings', () => {
  it('then a setting is its own or a default, and the value of a secret one is not kept', () => {
    const setting = (name: string, value: string, source: number, isSecret: number) =>
      Buffer.concat([text(name), text(value), int8(0), int8(source), int8(isSecret), int32(0)])
    const answer = Buffer.concat([
      ...[int32(0), int32(1), int16(0), NO_TEXT, int8(2), text('t'), int32(3)],
      ...[setting('a', '1', 1, 0), setting('b', '2', 5, 0), setting('c', 'hush', 1, 1)],
    ])
    assert.deepEqual(settingsQuestion('topic', 't').decode(answer), {
      errorCode: 0,
      settings: [
        { name: 'a', value: '1', isOwn: true },
        { name: 'b', value: '2', isOwn: false },
        { name: 'c', value: null, isOwn: true },
      ],
    })
  })
})

describe('given a broker that is asked', () => {
  const broker = (minVersion: number, maxVersion: number) => {
    const sent: number[] = []
    const send = async ({ request, response }: SentRequest) => {
      sent.push(request.apiVersion)
      return response.parse(await response.decode(Buffer.concat([int32(0), int32(0)])))
    }
    return { sent, asked: { versions: { 35: { minVersion, maxVersion } }, connectionPool: { send } } }
  }
  interface SentRequest {
    request: { apiVersion: number }
    response: { decode(bytes: Buffer): Promise<unknown>; parse(decoded: unknown): unknown }
  }

  it('then the version is taken that this package has', async () => {
    const { sent, asked } = broker(0, 3)
    await askBroker(asked as never, logDirsQuestion())
    assert.deepEqual(sent, [1])
  })

  it('when they have no version in common, or it does not know the question, then it is not asked', async () => {
    const { sent, asked } = broker(2, 3)
    await assert.rejects(askBroker(asked as never, logDirsQuestion()), { type: 'UNSUPPORTED_VERSION' })
    await assert.rejects(
      askBroker(asked as never, settingsQuestion('topic', 't')),
      /does not support version 1 of DescribeConfigs/,
    )
    assert.deepEqual(sent, [])
  })
})
