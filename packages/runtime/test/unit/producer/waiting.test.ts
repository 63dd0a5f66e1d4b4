import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RecordProducer } from '../../../producer/record-producer.ts'
import { producerSettings } from '../../../settings/producer.ts'
import { ConnectionClosed, ManualClock, ScriptedBrokers } from '../../support/scripted-brokers.ts'

function stage(partitions = 1) {
  const [brokers, clock] = [new ScriptedBrokers(partitions), new ManualClock()]
  const producer = new RecordProducer(brokers, producerSettings('balanced', { compression: 'none' }), {
    clock,
  })
  const delivered: string[] = []
  const accept = (name: string) =>
    producer.accept({ topic: 't', key: null, value: Buffer.from(name), headers: [] }, outcome => {
      delivered.push(outcome instanceof Error ? `${name}: ${outcome.message}` : name)
    })
  return { brokers, clock, producer, accept, delivered }
}

/** Returns the brokers' records, in order. */
const written = ({ sent }: ScriptedBrokers) =>
  sent.map(
    ({ request }) => request.batches.flatMap(({ bytes }) => bytes.toString('latin1').match(/<\d>/g)) ?? [],
  )

describe('records that wait', () => {
  it('given a batch that comes back unsent, then what is accepted later travels in another one', async () => {
    const { brokers, clock, accept, delivered } = stage()
    brokers.isAnswering = true
    brokers.identifyErrors.push(new ConnectionClosed('Closed connection'))
    accept('<1>')
    await clock.pass(10)
    accept('<2>')
    accept('<3>')
    await clock.pass(2_000)
    assert.deepEqual(written(brokers), [['<1>'], ['<2>', '<3>']])
    assert.deepEqual(
      brokers.sent.map(({ batches: [batch] }) => [batch?.firstSequence, batch?.count]),
      [
        [0, 1],
        [1, 2],
      ],
    )
    assert.deepEqual(delivered, ['<1>', '<2>', '<3>'])
  })

  it('given a record that follows a hurried one, then the next lone record is sent after the linger time', async () => {
    const { brokers, clock, producer, accept, delivered } = stage()
    accept('<1>')
    await clock.pass(10)
    accept('<2>')
    producer.hurry()
    accept('<3>')
    await clock.pass(10)
    brokers.sent[0]?.acknowledge(0)
    await clock.pass(10)
    brokers.sent[1]?.acknowledge(1)
    await clock.pass(1_000)
    brokers.isAnswering = true
    accept('<4>')
    await clock.pass(100)
    assert.deepEqual(delivered, ['<1>', '<2>', '<3>', '<4>'])
  })

  it('given a batch that was sent again, then a lone record is given up after its time-out', async () => {
    const { brokers, clock, producer, accept, delivered } = stage()
    accept('<1>')
    await clock.pass(10)
    accept('<2>')
    producer.hurry()
    accept('<3>')
    brokers.sent[0]?.lose()
    await clock.pass(110)
    for (const sent of brokers.sent) sent.acknowledge(0)
    await clock.pass(10)
    for (const sent of brokers.sent) sent.acknowledge(0)
    await clock.pass(1_000)
    brokers.leaders.set(0, -1)
    accept('<4>')
    await clock.pass(121_000)
    assert.match(delivered.at(-1) ?? '', /^<4>: .*time-out has passed/)
  })
})
