import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RecordProducer } from '../../../../lib/runtime/producer/record-producer.ts'
import { producerSettings } from '../../../../lib/runtime/settings/producer.ts'
import { ConnectionClosed, ManualClock, ScriptedBrokers } from '../../../support/scripted-brokers.ts'

function stage() {
  const [brokers, clock] = [new ScriptedBrokers(1), new ManualClock()]
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

/** What the brokers have got, in order. */
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
})
