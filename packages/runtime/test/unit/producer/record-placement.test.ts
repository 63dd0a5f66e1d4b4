import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { OutgoingRecord } from '../../../cloudevents/record.ts'
import { RecordRefused } from '../../../pipeline/errors.ts'
import { RecordProducer } from '../../../producer/record-producer.ts'
import { producerSettings } from '../../../settings/producer.ts'
import { ManualClock, ScriptedBrokers } from '../../support/scripted-brokers.ts'

function stage(partitions: number) {
  const [brokers, clock] = [new ScriptedBrokers(partitions), new ManualClock()]
  const producer = new RecordProducer(brokers, producerSettings('plain', { retries: 1_000 }), { clock })
  brokers.isAnswering = true
  const outcomes: string[] = []
  const accept = (name: string, to: Pick<OutgoingRecord, 'partition' | 'everyPartition'> = {}) =>
    producer.accept({ topic: 't', key: null, value: Buffer.from(name), headers: [], ...to }, outcome => {
      outcomes.push(
        outcome instanceof Error
          ? `${name}: ${outcome.constructor.name} ${outcome.message}`
          : `${name} in ${outcome.partition}`,
      )
    })
  const pass = () => clock.pass(5_000)
  return { brokers, clock, producer, accept, pass, outcomes }
}

describe('the partition of a record', () => {
  it('given a topic that has grown, then a record for its new partition, and what follows, stay in order', async () => {
    const { brokers, accept, pass, outcomes } = stage(1)
    accept('a', { partition: 0 })
    await pass()
    brokers.partitions = 2
    accept('b', { partition: 1 })
    accept('c', { partition: 0 })
    accept('d', { partition: 1 })
    await pass()
    const { batches } = brokers.sent.at(-1) ?? { batches: [] }
    assert.deepEqual(
      batches.map(({ partition, count }) => [partition, count]),
      [
        [0, 1],
        [1, 2],
      ],
    )
    assert.deepEqual(outcomes, ['a in 0', 'c in 0', 'b in 1', 'd in 1'])
  })

  it('given a partition that is not there after a second look either, then the record alone is refused', async () => {
    const { brokers, accept, pass, outcomes } = stage(2)
    accept('a', { partition: 0 })
    await pass()
    accept('b', { partition: 7 })
    accept('c', { partition: 1 })
    await pass()
    assert.ok(brokers.said.includes('refresh'))
    assert.deepEqual(outcomes.slice(1), [
      'b: RecordRefused the topic t has 2 partitions, so partition 7 does not exist',
      'c in 1',
    ])
  })

  it('given a record for every partition, then each has it, also a new one, with one outcome', async () => {
    const { brokers, accept, pass, outcomes } = stage(2)
    accept('a', { partition: 0 })
    await pass()
    brokers.partitions = 3
    accept('all', { everyPartition: true })
    await pass()
    assert.deepEqual(
      brokers.sent.at(-1)?.batches.map(({ partition }) => partition),
      [0, 1, 2],
    )
    assert.equal(outcomes.length, 2)
  })

  it('given a copy for one of all partitions that is refused, then the record has failed', async () => {
    const { brokers, producer, pass } = stage(2)
    brokers.isAnswering = false
    const published = producer.publish([
      { topic: 't', key: null, value: null, headers: [], everyPartition: true },
    ])
    const refused = assert.rejects(published, RecordRefused)
    await pass()
    brokers.sent[0]?.refuse(87)
    await refused
  })

  it('given a partition without a leader, then records without a key go to the others', async () => {
    const { brokers, accept, pass, outcomes } = stage(3)
    brokers.leaders.set(1, -1)
    for (const name of ['a', 'b', 'c', 'd']) accept(name)
    await pass()
    assert.deepEqual(outcomes.map(outcome => outcome.slice(-1)).sort(), ['0', '0', '2', '2'])
  })

  it('given a topic that is not there, then its records fail as of an unknown topic, within seconds', async () => {
    const { brokers, producer, clock } = stage(1)
    brokers.loadError = Object.assign(new Error('no such topic'), {
      type: 'UNKNOWN_TOPIC_OR_PARTITION',
      retriable: true,
    })
    const failed = assert.rejects(producer.publish([{ topic: 't', key: null, value: null, headers: [] }]), {
      name: 'UnknownTopic',
    })
    await clock.pass(3_000)
    await failed
  })

  it('given a look-up that finds no partition, then records wait until there is one', async () => {
    const { brokers, clock, accept, pass, outcomes } = stage(1)
    brokers.leaders.clear()
    accept('a')
    await clock.pass(1_000)
    assert.deepEqual(outcomes, [])
    brokers.leaders.set(0, 1)
    await pass()
    assert.deepEqual(outcomes, ['a in 0'])
  })
})
