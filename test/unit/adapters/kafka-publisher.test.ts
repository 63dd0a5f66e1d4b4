import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Kafka, ProducerBatch, ProducerConfig } from 'kafkajs'
import { KafkaPublisher } from '../../../lib/adapters/kafka/publisher.ts'
import { Unavailable } from '../../../lib/pipeline/ports.ts'

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

  it('gives up after a few times, as unavailable', async () => {
    const { publisher, requests } = publisherOn(Array.from({ length: 10 }, passing))
    await assert.rejects(publisher.publish(RECORDS), Unavailable)
    assert.equal(requests.length, 4)
  })

  it('does not repeat what would fail for ever', async () => {
    const lasting = Object.assign(new Error('too large'), { type: 'MESSAGE_TOO_LARGE' })
    const { publisher, requests } = publisherOn([lasting])
    await assert.rejects(publisher.publish(RECORDS), /refuses a record as too large/)
    assert.equal(requests.length, 1)
  })
})

/** What the library throws where it would have tried again, had it been allowed to. */
function passing(): Error {
  return Object.assign(new Error('the connection was closed'), { name: 'KafkaJSNumberOfRetriesExceeded' })
}

/** A publisher on a Kafka that fails with these errors, one after another, and then takes everything. */
function publisherOn(errors: readonly Error[]) {
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
