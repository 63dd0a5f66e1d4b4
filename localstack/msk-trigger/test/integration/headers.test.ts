import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Kafka, logLevel } from 'kafkajs'
import { appendBatches } from '../../../../test/support/raw-producer.ts'
import { recordBatch } from '../../../../test/support/record-batches.ts'
import { until } from '../../../../test/support/until.ts'
import { BROKERS, TestKafka } from './kafka.ts'
import { Project, recordsOf } from './project.ts'

/** In an order that no object keeps, with repeats. */
const HEADERS = [
  ['2', 'two'],
  ['a', null],
  ['1', 'one'],
  ['2', 'again'],
  ['__proto__', 'a name'],
  ['a', ''],
] as const

const MANY = Array.from({ length: 90_000 }, (_, n) => [`h${n % 45_000}`, `${n % 10}`] as const)

describe('the headers of a record', () => {
  let kafka: TestKafka
  let project: Project
  let topic: string

  before(async () => {
    kafka = await TestKafka.connect()
    topic = await kafka.topic('headers', 1)
    const client = new Kafka({ brokers: BROKERS.split(','), logLevel: logLevel.NOTHING })
    const records = [
      { value: 'v', headers: HEADERS },
      { value: 'v', headers: MANY },
    ]
    await appendBatches(client, topic, 0, [recordBatch({ records })])
    project = await Project.ofTopic(topic, '')
    await project.start()
    await until('both records', () => project.invocations('f').flatMap(recordsOf).length === 2)
  })
  after(async () => {
    await project?.remove()
    await kafka?.close()
  })

  it('arrive in the order of the log, with repeats', () => {
    const [few] = project.invocations('f').flatMap(recordsOf)
    assert.deepEqual(few?.headers, expected(HEADERS))
  })

  it('arrive likewise if they are 90,000', () => {
    const [, many] = project.invocations('f').flatMap(recordsOf)
    assert.equal(many?.headers.length, 90_000)
    assert.deepEqual(many?.headers, expected(MANY))
  })
})

function expected(headers: readonly (readonly [name: string, value: string | null])[]) {
  return headers.map(([name, value]) => Object.fromEntries([[name, [...Buffer.from(value ?? '')]]]))
}
