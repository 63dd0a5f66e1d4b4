import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CloudEvent } from 'cloudevents'
import { deliveryText, TelemetryProducer } from '../../../producer/index.ts'
import { ConnectionClosed, ManualClock, ScriptedBrokers } from '../../support/scripted-brokers.ts'

function stage() {
  const [brokers, clock] = [new ScriptedBrokers(1), new ManualClock()]
  const told: string[] = []
  const warnings: string[] = []
  const producer = new TelemetryProducer(
    {
      ...{ kafka: { brokers: [], auth: 'none' }, topic: 't', compression: 'none' },
      onDelivery: report => told.push(deliveryText(report)),
      warn: line => warnings.push(line),
    },
    { brokers, clock },
  )
  const publish = () => producer.publish(new CloudEvent({ type: 'x', source: '/s', data: 1 })).catch(() => {})
  const close = async () => {
    const closing = producer.close()
    await clock.pass(31_000)
    return closing
  }
  return { brokers, clock, told, warnings, publish, close, producer }
}

const AWAY = Object.assign(new ConnectionClosed('Closed connection'), { broker: '127.0.0.1:1' })

describe('close', () => {
  it('given a batch on its way, then it is reported as not delivered, and never sent again', async () => {
    const { brokers, clock, told, publish, close, producer } = stage()
    void publish()
    await clock.pass(200)
    assert.equal(await close(), 1)
    const expected = ['Delivery failed: not delivered before close(): Kafka has not acknowledged it yet']
    assert.deepEqual(told, expected)
    const said = brokers.said.length
    brokers.isAnswering = true
    brokers.sent[0]?.lose()
    await clock.pass(5_000)
    assert.equal(brokers.sent.length, 1)
    assert.deepEqual(brokers.said.slice(said), [])
    assert.deepEqual(told, expected)
    assert.equal(producer.metrics().errors, 1)
  })

  it('given no connection, then the report says where, one warning comes, and nothing is asked later', async () => {
    const { brokers, clock, told, warnings, publish, close } = stage()
    let asked = 0
    brokers.load = async () => {
      asked++
      throw AWAY
    }
    void publish()
    await close()
    assert.deepEqual(told, [
      'Delivery failed: not delivered before close(): Kafka at 127.0.0.1:1 does not answer: Closed connection',
    ])
    assert.deepEqual(warnings, [
      'Warning: Kafka at 127.0.0.1:1 does not answer: Closed connection. Events wait until Kafka answers',
      'Warning: 1 message not delivered',
    ])
    const before = asked
    await clock.pass(60_000)
    assert.equal(asked, before)
  })
})
