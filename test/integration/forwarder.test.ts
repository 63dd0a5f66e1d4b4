import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Context } from 'aws-lambda'
import { scheduledForwarder } from '../../lib/app/forwarder.ts'
import { type Forwarder, forwarded, notDue } from '../../packages/runtime/consumer/forwarder.ts'
import { TestEnvironment } from '../support/environment.ts'
import { brokers, redisUrl } from '../support/servers.ts'

const CONTEXT = { getRemainingTimeInMillis: () => 60_000 } as Context
const WAITING = 'not yet'

describe('a forwarder on Kafka and Redis', () => {
  const variables = { ...process.env }
  let environment: TestEnvironment

  before(async () => {
    environment = await TestEnvironment.create()
    Object.assign(process.env, {
      SLUICE_ENV: environment.name,
      KAFKA_BROKERS: brokers().join(','),
      REDIS_URL: redisUrl(),
      // Each invocation is the only one of its process: it closes its connections.
      IS_LOCAL: 'true',
    })
  })

  after(async () => {
    process.env = variables
    await environment.close()
  })

  /** Forwards everything but values that say that they must wait. */
  function mover(isDue: () => boolean): Forwarder {
    return {
      name: 'mover',
      from: ['retry-1m'],
      forward: ({ key, value, headers, partition }) =>
        String(value) === WAITING && !isDue()
          ? notDue(Date.now() + 60_000)
          : forwarded('moved', { topic: environment.topic('events'), partition, key, value, headers }),
    }
  }

  /** Wakes the forwarder in a process of its own. */
  const wake = (isDue = true): Promise<object> =>
    scheduledForwarder(
      'mover',
      mover(() => isDue),
    )({ time: new Date().toISOString() } as never, CONTEXT)

  it('given records, when it is woken, then what is due is moved once, in order, and the rest later', async () => {
    const record = (partition: number, value: string) => ({
      partition,
      key: Buffer.from([0xff, partition]),
      value,
      headers: { twice: ['a', 'b'] },
    })
    const values = ['one', 'two', WAITING, 'three']
    const records = [...values.map(value => record(0, value)), record(2, 'other')]
    await environment.client.send(environment.topic('retry-1m'), records)

    assert.deepEqual(without(await wake(false), 'nextDueMs'), {
      forwarded: 3,
      failed: 0,
      skipped: 0,
      deferred: 0,
    })
    assert.deepEqual(await wake(), { forwarded: 2, failed: 0, skipped: 0, deferred: 0 })
    assert.deepEqual(await wake(), { forwarded: 0, failed: 0, skipped: 0, deferred: 0 })

    const moved = await environment.read('events')
    const [first, other] = [0, 2].map(at => moved.filter(({ partition }) => partition === at))
    assert.deepEqual(
      first?.map(({ value }) => String(value)),
      values,
    )
    assert.deepEqual(
      other?.map(({ value }) => String(value)),
      ['other'],
    )
    const sent = await environment.read('retry-1m')
    const bytes = ({ key, value, headers }: (typeof sent)[number]) => ({ key, value, headers })
    assert.deepEqual(first?.map(bytes), sent.filter(({ partition }) => partition === 0).map(bytes))
  })
})

function without<T extends object>(object: T, name: string): object {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== name))
}
