import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Kafka, ProducerBatch, ProducerConfig } from 'kafkajs'
import { KafkaPublisher, RefusedByKafka } from '../../../../lib/runtime/adapters/kafka/publisher.ts'
import { RecordRefused, Unavailable } from '../../../../lib/runtime/pipeline/errors.ts'
import { rejection } from '../../../support/rejection.ts'

const RECORDS = ['a', 'b'].map(topic => ({ topic, key: null, value: Buffer.from(topic), headers: [] }))

describe('the publisher, when a broker is lost while it sends', () => {
  it('sends all of the request again, and leaves none of it to the library, which would forget a part', async () => {
    const { publisher, requests, configs } = publisherOn([passing(), passing()])
    await publisher.publish(RECORDS)
    const topics = requests.map(({ topicMessages = [] }) => topicMessages.map(({ topic }) => topic))
    assert.deepEqual(topics, [
      ['a', 'b'],
      ['a', 'b'],
      ['a', 'b'],
    ])
    assert.equal(configs[0]?.retry?.retries, 0)
  })

  it('fails as unavailable after a few attempts', async () => {
    const { publisher, requests } = publisherOn(Array.from({ length: 10 }, passing))
    await assert.rejects(publisher.publish(RECORDS), Unavailable)
    assert.equal(requests.length, 4)
  })

  it('does not retry what would always fail', async () => {
    const { publisher, requests } = publisherOn([refused()])
    await assert.rejects(publisher.publish(RECORDS), RecordRefused)
    assert.equal(requests.length, 1)
  })
})

describe('what the publisher is rejected with', () => {
  const rejectedAfter = (error: Error) => rejection(publisherOn([error]).publisher.publish(RECORDS))

  it('given that Kafka is away, then it is unavailable, with the cause', async () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    const error = await rejectedAfter(cause)
    assert.ok(error instanceof Unavailable)
    assert.equal(error.cause, cause)
  })

  it('given a permission that is missing, then Kafka refuses: waiting would not help', async () => {
    const cause = Object.assign(new Error('Not authorized'), { type: 'TOPIC_AUTHORIZATION_FAILED' })
    const error = await rejectedAfter(cause)
    assert.ok(error instanceof RefusedByKafka)
    assert.match(error.message, /refuses it: Not authorized/)
    assert.equal(error.cause, cause)
  })

  it('given a bug, then the error stays what it is', async () => {
    const bug = new TypeError('cannot read properties of undefined')
    assert.equal(await rejectedAfter(bug), bug)
  })
})

describe('the publisher, when partitions publish side by side', () => {
  const one = (topic: string) => [{ topic, key: null, value: Buffer.from(topic), headers: [] }]
  const sent = (requests: readonly ProducerBatch[]) =>
    requests.map(({ topicMessages = [] }) => topicMessages.map(({ topic }) => topic))

  it('sends in one request, and in order, what came while another was on its way', async () => {
    const { publisher, requests } = publisherOn([])
    await Promise.all(['a', 'b', 'c', 'd'].map(topic => publisher.publish(one(topic))))
    assert.deepEqual(sent(requests), [['a'], ['b', 'c', 'd']])
  })

  it('fails only the one whose record is refused, and sends the others', async () => {
    const { publisher, requests } = publisherOn([undefined, refused(), undefined, refused()])
    const outcomes = await Promise.allSettled(
      ['a', 'b', 'c', 'd'].map(topic => publisher.publish(one(topic))),
    )
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
    )
    assert.deepEqual(sent(requests), [['a'], ['b', 'c', 'd'], ['b'], ['c'], ['d']])
  })

  it('fails with Kafka away at once whatever waits, and begins anew afterwards', async () => {
    const { publisher, requests } = publisherOn(Array.from({ length: 4 }, passing))
    const outcomes = await Promise.allSettled(['a', 'b', 'c'].map(topic => publisher.publish(one(topic))))
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['rejected', 'rejected', 'rejected'],
    )
    assert.equal(requests.length, 4)
    await publisher.publish(one('d'))
    assert.deepEqual(sent(requests).at(-1), ['d'])
  })
})

/** What no repetition helps against. */
function refused(): Error {
  return Object.assign(new Error('too large'), { type: 'MESSAGE_TOO_LARGE' })
}

/** What the library throws where it would have tried again, had it been allowed to. */
function passing(): Error {
  return Object.assign(new Error('the connection was closed'), { name: 'KafkaJSNumberOfRetriesExceeded' })
}

/** A publisher on a Kafka that fails with these errors, one for each request, and then takes everything. */
function publisherOn(errors: readonly (Error | undefined)[]) {
  const left = [...errors]
  const requests: ProducerBatch[] = []
  const configs: ProducerConfig[] = []
  const producer = {
    connect: async () => {},
    disconnect: async () => {},
    sendBatch: async (request: ProducerBatch) => {
      requests.push(request)
      const error = left.shift()
      if (error) throw error
    },
  }
  const kafka = {
    producer: (config: ProducerConfig) => {
      configs.push(config)
      return producer
    },
  }
  return { publisher: new KafkaPublisher(kafka as unknown as Kafka), requests, configs }
}
