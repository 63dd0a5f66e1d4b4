import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ALERT_FIRED_TYPE } from '../../../lib/alerting/alert.ts'
import { RetryableError } from '../../../packages/runtime/consumer/author-errors.ts'
import { rejected } from '../../../packages/runtime/consumer/process.ts'
import {
  type Delivered,
  type Delivery,
  delivered,
  retry,
  type Sink,
} from '../../../packages/runtime/consumer/sink.ts'
import { alertFired as alert } from '../../support/records.ts'
import { SinkKit } from '../../support/sink-kit.ts'

const HOUR_MS = 3_600_000

/** Returns a sink that keeps its deliveries, and answers as ordered, at last with `delivered`. */
function sinkThat(...answers: (Delivered | Error)[]) {
  const got: string[] = []
  const keys: string[] = []
  const answer = (what: string, key: string): Delivered => {
    got.push(what)
    keys.push(key)
    const next = answers.shift() ?? delivered('taken')
    if (next instanceof Error) throw next
    return next
  }
  const sink: Sink = {
    name: 'keeping',
    accepts: [ALERT_FIRED_TYPE],
    deliver: async ([{ event, key }]: readonly [Delivery]) => [answer(event.id, key)],
    digest: {
      olderThanMs: HOUR_MS,
      deliver: async ({ deliveries, key }) => {
        const made = answer(`digest of ${deliveries.map(({ event }) => event.id).join()}`, key)
        return deliveries.map(() => made)
      },
    },
  }
  return { kit: new SinkKit(sink), got, keys }
}

describe('the kit for sinks', () => {
  it('given events, then they are delivered in order, and a repeat is not', async () => {
    const { kit, got } = sinkThat()
    assert.deepEqual(await kit.when(alert('a'), alert('b')), ['applied/taken', 'applied/taken'])
    assert.deepEqual(await kit.when(alert('b')), ['duplicate/id-known'])
    assert.deepEqual(got, ['a', 'b'])
  })

  it('given a sink that says later, then it is asked again with the same key, and at last the event fails', async () => {
    const { kit, keys } = sinkThat(...Array.from({ length: 5 }, () => retry('busy')))
    assert.deepEqual(await kit.when(alert('a')), ['failed/not-accepted'])
    assert.deepEqual(kit.refusals, ['busy'])
    assert.equal(keys.length, 3)
    assert.equal(new Set(keys).size, 1)
  })

  it('given a sink that refuses, then the event fails, and the next one is delivered', async () => {
    const { kit } = sinkThat(rejected('no'))
    assert.deepEqual(await kit.when(alert('a'), alert('b')), ['failed/rejected', 'applied/taken'])
  })

  it('given a receiver that is away, then the events wait, and come before the next ones', async () => {
    const { kit, got } = sinkThat(delivered('taken'), ...Array(3).fill(new RetryableError('away')))
    assert.deepEqual(await kit.when(alert('a'), alert('b')), ['applied/taken', 'waits/receiver-unavailable'])
    assert.deepEqual(await kit.when(alert('c')), ['applied/taken', 'applied/taken'])
    assert.deepEqual(got, ['a', 'b', 'b', 'b', 'b', 'c'])
  })

  it('given events that come late, then they are sent in one digest', async () => {
    const { kit, got } = sinkThat()
    const outcomes = await kit.whenLate(2 * HOUR_MS, alert('a'), alert('b', { at: 60 }))
    assert.deepEqual(outcomes, ['applied/taken', 'applied/taken'])
    assert.deepEqual(got, ['digest of a,b'])
  })

  it('given a sink that throws, or an invalid event, then the test fails', async () => {
    const { kit } = sinkThat(...[1, 2, 3].map(() => new TypeError('a bug')))
    await assert.rejects(kit.when(alert('a')), /^Error: a: unexpected-error: TypeError: a bug at /)
    await assert.rejects(kit.when({ ...alert('b'), data: {} }), /^Error: b: schema-violated: /)
    await assert.rejects(kit.when({ ...alert('c'), time: 'noon' }), /malformed-event: .*"time"/)
  })
})
