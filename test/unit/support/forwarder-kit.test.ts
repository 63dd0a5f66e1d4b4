import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { APPLICATION } from '../../../lib/app/application.ts'
import { type Forwarder, forwarded, notDue, skipped } from '../../../packages/runtime/consumer/forwarder.ts'
import { rejected } from '../../../packages/runtime/consumer/process.ts'
import { ForwarderKit } from '../../../packages/runtime/testing/forwarder-kit.ts'

const MINUTE = 60_000

/** Sends records to the topic events a minute after they were appended, and does with some what their value says. */
const delaying: Forwarder = {
  name: 'delaying',
  from: ['retry-1m'],
  forward({ timestampMs, key, value, headers }, nowMs) {
    if (timestampMs + MINUTE > nowMs) return notDue(timestampMs + MINUTE)
    if (String(value) === 'skip') return skipped('not-wanted')
    if (String(value) === 'refuse') return rejected('it says so')
    if (String(value) === 'throw') throw new Error('a bug')
    return forwarded('sent-on', { topic: APPLICATION.kafkaTopic('events', 'test'), key, value, headers })
  },
}

const valued = (value: string, timestampMs = 0) => ({ value: Buffer.from(value), timestampMs })

describe('the kit for forwarders', () => {
  it('given records that are due and one that is not, then it forwards the first, and waits for the other', async () => {
    const kit = new ForwarderKit(APPLICATION, delaying)
    kit.given('retry-1m', valued('a'), valued('skip'), valued('b', MINUTE))
    assert.deepEqual(await kit.wake(MINUTE), [
      'applied/sent-on',
      'ignored/not-wanted',
      'waits/1970-01-01T00:02:00.000Z',
    ])
    assert.deepEqual(await kit.wake(2 * MINUTE), ['applied/sent-on'])
    assert.deepEqual(
      kit.published.map(({ topic, value }) => [topic, String(value)]),
      [
        [APPLICATION.kafkaTopic('events', 'test'), 'a'],
        [APPLICATION.kafkaTopic('events', 'test'), 'b'],
      ],
    )
    assert.deepEqual(await kit.wake(3 * MINUTE), [])
  })

  it('given records that it rejects or throws at, then they become failure records', async () => {
    const kit = new ForwarderKit(APPLICATION, delaying)
    kit.given('retry-1m', valued('refuse'), valued('throw'), valued('a'))
    assert.deepEqual(await kit.wake(MINUTE), [
      'failed/rejected',
      'failed/unexpected-error',
      'applied/sent-on',
    ])
    assert.deepEqual(
      kit.published.map(({ topic }) => topic.split('.')[2]),
      ['failures', 'failures', 'events'],
    )
  })

  it('given a forwarder that throws at every record, then the breaker opens, and the kit says so', async () => {
    const kit = new ForwarderKit(APPLICATION, delaying)
    kit.given('retry-1m', ...Array.from({ length: 30 }, () => valued('throw')))
    await assert.rejects(kit.wake(MINUTE), /a partition cannot continue: breaker-open/)
  })
})
