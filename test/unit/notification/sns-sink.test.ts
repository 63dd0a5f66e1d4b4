import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Receiver } from '../../../lib/notification/receiver.ts'
import { SNS_BYTES, type SnsMessage, snsBytes, snsMessage } from '../../../lib/notification/sns/message.ts'
import { type NotPublished, snsSink } from '../../../lib/notification/sns/sink.ts'
import { RetryableError } from '../../../packages/runtime/consumer/author-errors.ts'
import { SinkKit } from '../../support/sink-kit.ts'
import { alert, message, notified, webhook } from './messages.ts'

const RECEIVERS: readonly Receiver[] = [
  { name: 'sns', kind: 'sns' },
  { name: 'mail', kind: 'sns' },
  webhook('hook'),
]

const idOf = ({ attributes }: SnsMessage) => String(attributes.notificationId)
const textOf = ({ message }: SnsMessage, protocol = 'default') => JSON.parse(message)[protocol]

/** A topic that keeps its messages, and answers each id as ordered, at last by taking it. */
function given(answers: Readonly<Record<string, (NotPublished | Error)[]>> = {}) {
  const calls: (readonly SnsMessage[])[] = []
  const topic = {
    publish: async (messages: readonly SnsMessage[]) => {
      calls.push(messages)
      return messages.map(one => {
        const answer = answers[idOf(one)]?.shift()
        if (answer instanceof Error) throw answer
        return answer
      })
    },
  }
  return { calls, kit: new SinkKit(snsSink(RECEIVERS, 'prod', topic)) }
}

describe('publishing to the topic', () => {
  it('given notifications, then those that name it are published together, ten in a call', async () => {
    const { calls, kit } = given()
    const events = Array.from({ length: 12 }, (_, index) => notified(`n${index}`, { group: `g${index}` }))
    const outcomes = await kit.when(...events, notified('hooked', { receivers: ['hook'] }))
    assert.deepEqual(outcomes, [...Array(12).fill('applied/published'), 'applied/other-receivers'])
    assert.deepEqual(
      calls.map(call => call.length),
      [10, 2],
    )
  })

  it('given one that names two receivers of the topic, then it is published once, with both names', async () => {
    const { calls, kit } = given()
    await kit.when(notified('n1', { receivers: ['sns', 'hook', 'mail'] }))
    assert.deepEqual(
      calls.flat().map(({ attributes }) => attributes.receivers),
      [['sns', 'mail']],
    )
  })

  it('given a topic that refuses one of them, then that one fails, and the others are published', async () => {
    const { calls, kit } = given({ never: [{ why: 'InvalidParameter' }] })
    const outcomes = await kit.when(notified('now', { group: 'g1' }), notified('never', { group: 'g2' }))
    assert.deepEqual(outcomes, ['applied/published', 'failed/rejected'])
    assert.deepEqual(
      calls.map(call => call.map(idOf)),
      [['now', 'never']],
    )
    assert.deepEqual(kit.refusals, ['sns: InvalidParameter'])
  })

  it('given a fire that is not taken, then the resolve of its group is not published before it', async () => {
    const { calls, kit } = given({ fire: threeTimes('Throttling') })
    const waits = await kit.when(
      notified('fire'),
      notified('other', { group: 'site=bergen' }),
      notified('resolve', { status: 'resolved', at: 60 }),
    )
    assert.deepEqual(waits, ['waits/receiver-unavailable'])
    assert.deepEqual(new Set(calls.map(call => call.map(idOf).join())), new Set(['fire,other']))
    assert.deepEqual(await kit.when(), Array(3).fill('applied/published'))
    assert.deepEqual(
      calls.slice(3).map(call => call.map(idOf)),
      [['fire', 'other'], ['resolve']],
    )
  })

  it('given a topic that cannot be reached, then the records wait in Kafka', async () => {
    const { kit } = given({ n1: threeTimes('SNS does not answer') })
    assert.deepEqual(await kit.when(notified('n1')), ['waits/receiver-unavailable'])
    assert.deepEqual(await kit.when(), ['applied/published'])
  })

  it('given a name that no receiver has, then it fails with that name, and the others get theirs', async () => {
    const { calls, kit } = given()
    assert.deepEqual(await kit.when(notified('n1', { receivers: ['sns', 'pagr'] })), ['failed/rejected'])
    assert.equal(calls.length, 1)
    assert.match(kit.refusals[0] ?? '', /^unknown receiver pagr/)
  })

  it('given a backlog, then one message contains all of it', async () => {
    const { calls, kit } = given()
    const outcomes = await kit.whenLate(2 * 3_600_000, notified('n1'), notified('n2', { at: 60 }))
    assert.deepEqual(outcomes, ['applied/delivered', 'applied/delivered'])
    const [published, ...others] = calls.flat()
    assert.deepEqual(others, [])
    assert.equal(JSON.parse(textOf(published as SnsMessage)).data.digest.notifications, 2)
  })

  it('given a backlog with a name that no receiver has, then it fails, and the others get theirs', async () => {
    const { calls, kit } = given()
    const unknown = notified('n2', { receivers: ['pagr'], at: 60 })
    const outcomes = await kit.whenLate(2 * 3_600_000, notified('n1'), unknown)
    assert.deepEqual(outcomes, ['failed/rejected', 'failed/rejected'])
    assert.match(kit.refusals[0] ?? '', /^unknown receiver pagr/)
    assert.equal(calls.length, 1)
  })

  it('given large notifications, then no call is larger than SNS takes', async () => {
    const { calls, kit } = given()
    const alerts = Array.from({ length: 100 }, (_, index) => alert(`s-${index}`))
    await kit.when(
      ...Array.from({ length: 10 }, (_, index) => notified(`n${index}`, { alerts, group: `g${index}` })),
    )
    assert.ok(calls.length > 1)
    for (const call of calls) assert.ok(call.reduce((sum, one) => sum + snsBytes(one), 0) <= SNS_BYTES)
    assert.equal(calls.flat().length, 10)
  })
})

describe('a message of SNS', () => {
  it('given a notification, then machines get JSON, people a text, and filters attributes', () => {
    const built = snsMessage(
      message({ alerts: [alert('a'), alert('b', { rule: 'WIND', severity: 'info' })] }),
      ['sns'],
    )
    const { data } = JSON.parse(textOf(built))
    assert.deepEqual([data.notificationId, data.env, data.alerts.length], ['n1', 'prod', 2])
    assert.match(
      textOf(built, 'email'),
      /^\[FIRING: 2\] HIGH_TEMP, WIND \(critical\) prod\n\n- critical HIGH_TEMP, a: /,
    )
    assert.equal(textOf(built, 'sms'), '[FIRING: 2] HIGH_TEMP, WIND (critical) prod')
    assert.equal(built.subject, '[FIRING: 2] HIGH_TEMP, WIND (critical) prod')
    assert.deepEqual(built.attributes, {
      notificationId: 'n1',
      group: 'site=oslo',
      env: 'prod',
      status: 'firing',
      reason: 'new',
      severity: 'critical',
      receivers: ['sns'],
      rules: ['HIGH_TEMP', 'WIND'],
      sources: ['/environment/oslo'],
    })
  })

  it('given any names, then the subject has at most 100 characters, all of them ASCII and in one line', () => {
    for (const rule of ['x'.repeat(200), 'Ålesund\n\r\t😀'.repeat(20)]) {
      const { subject } = snsMessage(message({ alerts: [alert('a', { rule })] }), ['sns'])
      assert.match(subject, /^\[[\x20-\x7e]{99}$/)
      assert.match(subject, /\.\.\.$/)
    }
  })

  it('given more alerts than fit, then some are left out and counted, and filters still see all', () => {
    const alerts = Array.from({ length: 3_000 }, (_, index) =>
      alert(`s-${index}`, {
        severity: index === 2_999 ? 'critical' : 'info',
        summary: '"\\°'.repeat(index % 90),
      }),
    )
    const built = snsMessage(message({ alerts, omitted: 7 }), ['sns'])
    const { data } = JSON.parse(textOf(built))
    const bytes = snsBytes(built)
    assert.ok(bytes <= SNS_BYTES && bytes > SNS_BYTES * 0.8, String(bytes))
    assert.equal(data.omitted + data.alerts.length, 3_007)
    assert.equal(built.attributes.severity, 'critical')
  })

  it('given one alert that is larger than a message, then it is counted', () => {
    const built = snsMessage(message({ alerts: [alert('a', { summary: 'x'.repeat(SNS_BYTES) })] }), ['sns'])
    assert.deepEqual([JSON.parse(textOf(built)).data.omitted, snsBytes(built) <= SNS_BYTES], [1, true])
  })

  it('given many rules and sources, then there are no more than ten attributes, of bounded size', () => {
    const alerts = Array.from({ length: 200 }, (_, index) =>
      alert(`s-${index}`, { rule: `R${index}`, entity: { source: `/s/${index}` } }),
    )
    const { attributes } = snsMessage(message({ alerts }), ['sns'])
    assert.ok(Object.keys(attributes).length <= 10)
    assert.deepEqual([attributes.rules?.length, attributes.sources?.length], [50, 50])
  })
})

/** The number of calls of an unreachable receiver in one invocation. */
function threeTimes(why: string): RetryableError[] {
  return Array.from({ length: 3 }, () => new RetryableError(why))
}
