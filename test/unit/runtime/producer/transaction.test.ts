import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { TelemetryProducer } from '../../../../packages/runtime/producer/index.ts'
import { ConnectionClosed, ManualClock, ScriptedBrokers } from '../../../support/scripted-brokers.ts'

function stage() {
  const [brokers, clock] = [new ScriptedBrokers(1), new ManualClock()]
  brokers.isAnswering = true
  const producer = new TelemetryProducer(
    {
      ...{ kafka: { brokers: [], auth: 'none' }, topic: 't', compression: 'none', transactionalId: 'tx' },
      event: { type: 'x', source: '/s' },
    },
    { brokers, clock },
  )
  const publish = (text: string) => producer.publish(producer.createEvent(text, { subject: 'k' }))
  const passing = (ms: number) => new Promise<void>(resolve => clock.after(ms, resolve))
  return { brokers, clock, producer, publish, passing }
}

const aborted = async (transaction: Promise<unknown>) => {
  try {
    await transaction
    return 'committed'
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`
  }
}

describe('a transaction that fails', () => {
  it('given a batch that waits for its coordinator, when it is aborted, then the next one does not hold it', async () => {
    const { brokers, clock, producer, publish, passing } = stage()
    const { promise: isLost, reject: lose } = Promise.withResolvers<void>()
    const addPartitions = brokers.addPartitions.bind(brokers)
    brokers.addPartitions = async (...added) => {
      brokers.addPartitions = addPartitions
      await isLost
      return addPartitions(...added)
    }
    const told: string[] = []
    const first = aborted(
      producer.transaction(async () => {
        publish('<1>').catch(({ message }) => told.push(message))
        await passing(500)
        throw new Error('no')
      }),
    )
    await clock.pass(20_000)
    assert.equal(await first, 'DeliveryFailed: Transaction aborted: no')
    const second = producer.transaction(async () => {
      await passing(500)
      lose(new ConnectionClosed('Closed connection'))
      await passing(500)
      await publish('<2>')
    })
    await clock.pass(20_000)
    assert.equal((await second).text, 'Committed 1 message')
    assert.deepEqual(told, ['Delivery failed: its transaction is aborted'])
    assert.deepEqual(
      brokers.sent.map(({ request }) => request.batches[0]?.bytes.toString('latin1').match(/<\d>/g)),
      [['<2>']],
    )
    const said = brokers.said.filter(one => one !== 'refresh')
    assert.deepEqual(said, ['identify tx', 'identify tx', 'add 0', 'commit'])
  })

  it('given an event that is published after the work has ended, then it is refused', async () => {
    const { clock, producer, publish } = stage()
    const outcome = aborted(
      producer.transaction(async () => {
        publish('<1>').catch(() => {})
        throw new Error('no')
      }),
    )
    await clock.pass(0)
    const late = assert.rejects(publish('<2>'), /transaction/)
    await clock.pass(20_000)
    await late
    assert.equal(await outcome, 'DeliveryFailed: Transaction aborted: no')
  })

  for (const [answer, isLostBefore, expected] of [
    ['refuses', false, 'DeliveryFailed: Transaction aborted: timed out'],
    [
      'refuses after an answer was lost',
      true,
      'DeliveryFailed: Transaction not known to be committed: timed out',
    ],
  ] as const)
    it(`given a coordinator that ${answer}, then the error says ${expected.slice(16, 40)}`, async () => {
      const { brokers, clock, producer, publish } = stage()
      const errors: Error[] = [
        ...(isLostBefore ? [new ConnectionClosed('Closed connection')] : []),
        Object.assign(new Error('timed out'), { type: 'INVALID_TXN_STATE', retriable: false }),
      ]
      brokers.endTransaction = async () => {
        throw errors.shift()
      }
      const outcome = aborted(producer.transaction(() => publish('<1>')))
      await clock.pass(20_000)
      assert.equal(await outcome, expected)
    })
})
