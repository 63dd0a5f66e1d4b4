import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import kafkajs from 'kafkajs'
import type { MessageList } from '../../console/api/kafka/messages/list.ts'
import { type ServedConsole, servedConsole } from '../support/console.ts'
import { createTopic } from '../support/create-topic.ts'
import { brokers } from '../support/servers.ts'
import { until } from '../support/until.ts'

const foreign = new kafkajs.Kafka({ brokers: brokers(), logLevel: kafkajs.logLevel.NOTHING })
const topic = `open-${randomUUID()}`

describe('given a topic with transactions', { timeout: 60_000 }, () => {
  const admin = foreign.admin()
  const producers = [1, 2].map(n =>
    foreign.producer({ transactionalId: `${topic}-${n}`, idempotent: true, maxInFlightRequests: 1 }),
  )
  let served: ServedConsole

  before(async () => {
    await admin.connect()
    await createTopic(admin, { topic, numPartitions: 1 })
    for (const producer of producers) await producer.connect()
    served = await servedConsole({ env: 'open-transactions' })
  })

  after(async () => {
    for (const producer of producers) await producer.disconnect()
    await admin.deleteTopics({ topics: [topic] })
    await admin.disconnect()
    await served?.close()
  })

  const list = (values: Record<string, string> = {}) =>
    served.ask<MessageList>(`/kafka/messages?${new URLSearchParams({ topic, ...values })}`)
  const begun = async (producer: kafkajs.Producer | undefined, value: string) => {
    const transaction = await producer?.transaction()
    assert.ok(transaction)
    await transaction.send({ topic, messages: [{ value }] })
    return transaction
  }

  it('when one stays open behind an aborted one, then the rest is listed until it ends', async () => {
    const [one, two] = producers
    const aborted = await begun(one, 'aborted')
    const open = await begun(two, 'open')
    await aborted.abort()
    await until('the marker is in the log', async () => (await list()).held === 1)
    // Hidden are the record of the open one and, behind it, the marker of the other.
    for (const from of ['newest', 'oldest']) {
      const { messages, held, behindTransactions } = await list({ from })
      assert.deepEqual([messages.length, held, behindTransactions], [0, 1, 2])
    }
    const hidden = await served.request(`/kafka/messages/one?topic=${topic}&partition=0&offset=1`)
    assert.match(await hidden.text(), /a transaction is open at offset 1/)
    await open.commit()
    await until('all can be read', async () => (await list()).behindTransactions === 0)
    assert.deepEqual(
      (await list()).messages.map(({ offset }) => offset),
      [1],
    )
  })
})
