import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import process from 'node:process'
import { json } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { startHttpServer } from '@sluice/test-kit/http-server'
import { until } from '@sluice/test-kit/until'
import type { Message } from 'kafkajs'
import { explainRefusal } from '../../deliver/aws-destinations.ts'
import { createSender } from '../../deliver/destinations.ts'
import type { DiscardedRecords } from '../../deliver/invocation-record.ts'
import { createMapping, queueWithTaken } from './support.ts'

const TOPIC = { kind: 'kafka', topic: 'failed' } as const

function discarded(count: number, value: Buffer | null = null, timestamp = '1'): DiscardedRecords {
  const mapping = createMapping({ destination: TOPIC })
  const message = { key: Buffer.from('k'), value, timestamp }
  const { records } = queueWithTaken(3, 0, count, { mapping, message })
  return { parts: [{ partition: 3, records }], condition: 'RetryAttemptsExhausted', invocations: 2 }
}

function topicSender(mapping = createMapping({ destination: TOPIC })) {
  const requests: { topic: string; messages: readonly Message[] }[] = []
  const connections = {
    ...{ opened: 0, closed: 0, refused: 0 },
    ...{ maxBytes: Number.POSITIVE_INFINITY, isCompacted: false },
  }
  const producer = {
    connect: async () => {
      if (connections.refused-- > 0) throw new Error('connection refused')
      connections.opened += 1
    },
    disconnect: async () => {
      connections.closed += 1
    },
    send: async (request: (typeof requests)[number]) => {
      const bytes = request.messages.reduce((sum, { value }) => sum + String(value).length, 0)
      if (bytes > connections.maxBytes)
        throw Object.assign(new Error('too large'), { type: 'MESSAGE_TOO_LARGE' })
      if (connections.isCompacted && request.messages.some(({ key }) => key === null))
        throw Object.assign(new Error('This record has failed'), { type: 'INVALID_RECORD' })
      requests.push(request)
    },
  }
  const origin = { mapping, brokers: ['b:1'] }
  const kafka = { producer: () => producer } as never
  return { requests, connections, sender: createSender(TOPIC, { origin, groupId: 'g', kafka }) }
}

const listOffsets = (requests: readonly { readonly messages: readonly Message[] }[]): string[] =>
  requests
    .flatMap(({ messages }) => messages)
    .map(({ value }) => JSON.parse(String(value)).KafkaBatchInfo.recordInfo.offset)

describe('a topic as a destination', () => {
  it('given a record without a timestamp, then its time is null', async () => {
    const { requests, sender } = topicSender()
    await sender.send(discarded(1, null, '-1'))
    const { KafkaBatchInfo } = JSON.parse(String(requests[0]?.messages[0]?.value))
    assert.equal(KafkaBatchInfo.recordInfo.timestamp, null)
  })

  // Promise packages/msk-trigger/RULES.md#rule 43
  // Promise packages/msk-trigger/RULES.md#rule 47
  it('receives a message for each record, under its own key (rules 43, 47)', async () => {
    const { requests, sender } = topicSender()
    await sender.send(discarded(2))
    assert.deepEqual(
      requests.map(({ topic }) => topic),
      ['failed'],
    )
    const messages = requests.flatMap(request => request.messages)
    assert.deepEqual(
      messages.map(({ key }) => String(key)),
      ['k', 'k'],
    )
    const bodies = messages.map(({ value }) => JSON.parse(String(value)))
    assert.deepEqual(
      bodies.map(({ KafkaBatchInfo }) => [KafkaBatchInfo.batchSize, KafkaBatchInfo.recordInfo.offset]),
      [
        [1, '0'],
        [1, '1'],
      ],
    )
    assert.deepEqual(Object.keys(bodies[0].payload.records), ['t-3'])
  })

  it('has one connection, which is closed, even if batches are discarded concurrently', async () => {
    const { requests, connections, sender } = topicSender()
    connections.refused = 1
    await assert.rejects(sender.send(discarded(1)), /connection refused/)
    await Promise.all([sender.send(discarded(1)), sender.send(discarded(1))])
    await sender.close()
    assert.equal(requests.length, 2)
    assert.deepEqual([connections.opened, connections.closed], [1, 1])
  })

  it('splits many records into requests that a broker accepts', async () => {
    const { requests, sender } = topicSender()
    await sender.send(discarded(10, Buffer.alloc(100_000)))
    assert.deepEqual(
      requests.map(({ messages }) => messages.length),
      [3, 2, 3, 2],
    )
  })

  it('given records that are together too large for it, then they are sent in halves, in order', async () => {
    const { requests, connections, sender } = topicSender()
    connections.maxBytes = 5_000
    await sender.send(discarded(7, Buffer.alloc(1_000)))
    assert.deepEqual(
      requests.map(({ messages }) => messages.length),
      [2, 2, 2, 1],
    )
    assert.deepEqual(listOffsets(requests), ['0', '1', '2', '3', '4', '5', '6'])
  })

  it('given a record that is too large for it, then its size is named, and no other is sent twice', async () => {
    const { requests, connections, sender } = topicSender()
    connections.maxBytes = 2_000
    const batch = discarded(2, Buffer.alloc(100))
    const [large, ...others] = discarded(1, Buffer.alloc(3_000)).parts
    const [small] = batch.parts
    const together = { ...batch, parts: [small, large, ...others].filter(part => part !== undefined) }
    const fault = /^Error: a copy of \d+ bytes is larger than the topic's max\.message\.bytes: raise it$/
    for (const _ of [1, 2]) await assert.rejects(sender.send(together), fault)
    assert.deepEqual(listOffsets(requests), ['0', '1'])
    connections.maxBytes = 9_000
    await sender.send(together)
    assert.equal(requests.flatMap(({ messages }) => messages).length, 3)
  })
})

describe('a compacted topic as a destination', () => {
  it('given a record without a key, then that is named with the way, and the others of its batch arrive once', async () => {
    const { requests, connections, sender } = topicSender()
    connections.isCompacted = true
    const batch = discarded(2)
    Object.assign(batch.parts[0]?.records[1] ?? {}, { key: null })
    const fault =
      /^Error: the record has no key, and a compacted topic accepts none without: set cleanup\.policy of failed to delete$/
    for (const _ of [1, 2]) await assert.rejects(sender.send(batch), fault)
    assert.equal(requests.length, 1)
    connections.isCompacted = false
    await sender.send(batch)
    assert.deepEqual(
      requests.flatMap(({ messages }) => messages.map(({ key }) => key && String(key))),
      ['k', null],
    )
  })
})

describe('a destination in AWS', () => {
  const arn = 'arn:aws:sqs:eu-west-1:123456789012:failed'
  const variables = ['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_SQS', 'AWS_ENDPOINT_URL_S3']
  const before = new Map(variables.map(name => [name, process.env[name]]))
  beforeEach(() => {
    for (const name of variables) delete process.env[name]
  })
  afterEach(() => {
    for (const [name, value] of before) if (value !== undefined) process.env[name] = value
  })
  const send = () => {
    const origin = { mapping: createMapping(), brokers: [] }
    const sender = createSender({ kind: 'sqs', arn }, { origin, groupId: 'g', kafka: undefined as never })
    return sender.send(discarded(1))
  }

  it('receives nothing if no endpoint is set: local failures do not belong in an account', async () => {
    process.env.AWS_ENDPOINT_URL_S3 = 'http://127.0.0.1:9'
    await assert.rejects(send(), {
      message: `neither AWS_ENDPOINT_URL_SQS nor AWS_ENDPOINT_URL is set, so nothing is sent to ${arn}: the trigger does not access the cloud`,
    })
  })

  it('is asked for at the address of its own service first', async () => {
    const asked: string[] = []
    const owners: unknown[] = []
    const { url, close } = await startHttpServer(async (request, response) => {
      asked.push(String(request.headers['x-amz-target']))
      const { MessageBody = '', QueueOwnerAWSAccountId } = (await json(request)) as Record<string, string>
      owners.push(QueueOwnerAWSAccountId)
      // The client checks it.
      const MD5OfMessageBody = createHash('md5').update(MessageBody).digest('hex')
      response.end(JSON.stringify({ QueueUrl: 'http://elsewhere.example/failed', MD5OfMessageBody }))
    })
    process.env.AWS_ENDPOINT_URL = 'http://127.0.0.1:9'
    process.env.AWS_ENDPOINT_URL_SQS = url
    await send()
    await close()
    assert.deepEqual(asked, ['AmazonSQS.GetQueueUrl', 'AmazonSQS.SendMessage'])
    assert.deepEqual(owners, ['123456789012', undefined], 'the queue is that of its account')
  })

  it('given that it accepts a request and never answers, then the attempt fails after ten seconds', async t => {
    const { url, close } = await startHttpServer(() => {})
    t.after(close)
    process.env.AWS_ENDPOINT_URL_SQS = url
    const limit = new AbortController()
    const limits = t.mock.method(AbortSignal, 'timeout', () => limit.signal)
    const sent = send()
    await until('it is limited', () => limits.mock.callCount() > 0)
    limit.abort(new Error('late'))
    await assert.rejects(sent, /asked: account 123456789012/)
    assert.deepEqual(limits.mock.calls[0]?.arguments, [10_000])
  })

  it('needs an address with a protocol', async () => {
    process.env.AWS_ENDPOINT_URL_SQS = 'localhost:9324'
    await assert.rejects(send(), /AWS_ENDPOINT_URL_SQS must be an address like http:/)
  })
})

describe('an error of a destination in AWS', () => {
  const endpoint = 'http://127.0.0.1:4566'
  const asked = `region eu-west-1, ${endpoint})`
  const aws = `AWS_SECRET_ACCESS_KEY=test aws --endpoint-url ${endpoint} --region eu-west-1`
  const own = 'account 111122223333'
  const cases = [
    [
      'sqs',
      'sqs:eu-west-1:111122223333:failed',
      'QueueDoesNotExist',
      own,
      'sqs create-queue --queue-name failed',
    ],
    [
      'sqs',
      'sqs:eu-west-1:111122223333:failed',
      'AWS.SimpleQueueService.NonExistentQueue',
      own,
      'sqs create-queue --queue-name failed',
    ],
    ['sns', 'sns:eu-west-1:111122223333:failed', 'NotFoundException', own, 'sns create-topic --name failed'],
    ['s3', 's3:::failed.records', 'NoSuchBucket', undefined, 's3 mb s3://failed.records'],
  ] as const
  for (const [kind, arn, name, account, command] of cases)
    it(`given ${name}, then it names the place that was asked, and how to create a resource of ${kind} there`, () => {
      process.env.AWS_REGION = 'eu-west-1'
      const explain = (error: object) =>
        explainRefusal(kind, `arn:aws:${arn}`, endpoint, Object.assign(new Error('It is missing.'), error))
      const place = `(asked: ${account ? `${account}, ` : ''}${asked}`
      const key = `AWS_ACCESS_KEY_ID=${account ? '111122223333' : 'test'}`
      assert.equal(explain({ name }), `It is missing ${place}. To create it: ${key} ${aws} ${command}`)
      assert.equal(explain({ name: 'TimeoutError' }), `It is missing ${place}`)
    })
})
