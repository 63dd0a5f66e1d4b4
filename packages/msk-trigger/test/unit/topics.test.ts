import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { describe, it } from 'node:test'
import { Kafka, logLevel } from 'kafkajs'
import { Topics } from '../../poll/topic-watch.ts'

/** Questions to a broker at whose address nothing listens, and how often one was tried to be connected to. */
function given() {
  let connections = 0
  const kafka = new Kafka({
    brokers: ['127.0.0.1:1'],
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
    socketFactory: ({ host, port, onConnect }) => {
      connections += 1
      return connect({ host, port }, onConnect)
    },
  })
  return { topics: new Topics(kafka), tried: () => connections }
}

describe('questions about topics', () => {
  it('given a broker that did not answer, then the next one connects anew', async () => {
    const { topics, tried } = given()
    await assert.rejects(topics.states(['t']), /ECONNREFUSED/)
    await assert.rejects(topics.states(['t']), /ECONNREFUSED/)
    assert.equal(tried(), 2)
  })

  it('given that they are closed, then a later one fails, and opens no connection', async () => {
    const { topics, tried } = given()
    await topics.close()
    await assert.rejects(topics.states(['t']), /closed/)
    assert.equal(tried(), 0)
  })
})
