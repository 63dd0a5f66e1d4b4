import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RetryableError } from '#runtime/consumer'
import { deliverSink } from '../../../lib/notification/deliver.ts'
import {
  SNS_BYTES,
  type SnsMessage,
  snsBytes,
  snsMessage,
} from '../../../lib/notification/sns/sns-message.ts'
import { type NotPublished, SnsReceivers } from '../../../lib/notification/sns/sns-receivers.ts'
import { SinkKit } from '../../support/sink-kit.ts'
import { alert, IN_PROD, message, notified } from './messages.ts'

const getId = ({ attributes }: SnsMessage) => String(attributes.notificationId)
const getText = ({ message }: SnsMessage, protocol = 'default') => JSON.parse(message)[protocol]

/** A topic that keeps its messages, and answers each id as ordered, at last by taking it. */
function given(answers: Readonly<Record<string, (NotPublished | Error)[]>> = {}) {
  const calls: (readonly SnsMessage[])[] = []
  const topic = {
    publish: async (messages: readonly SnsMessage[]) => {
      calls.push(messages)
      return messages.map(message => {
        const answer = answers[getId(message)]?.shift()
        if (answer instanceof Error) throw answer
        return answer
      })
    },
  }
  const sink = deliverSink([new SnsReceivers(['sns', 'mail'], topic)], IN_PROD)
  const deliver: typeof sink.deliver = async deliveries => {
    const outcomes = await sink.deliver(deliveries)
    for (const outcome of outcomes)
      if (outcome.kind !== 'delivered') assert.match(outcome.safeMessage ?? '', /^sns: |^unknown receiver /)
    return outcomes
  }
  return { calls, kit: new SinkKit({ ...sink, deliver }) }
}

describe('a message for SNS', () => {
  it('given its parts, then its size is that of message, subject, and name, type and value of each attribute', () => {
    const attributes = { é: 'ü', list: ['a', 'b'] }
    const size = 'md'.length + 's'.length + 'éé'.length + 'String'.length + 'üü'.length
    const ofList = 'list'.length + 'String.Array'.length + '["a","b"]'.length
    assert.equal(snsBytes({ subject: 's', message: 'md', attributes }), size + ofList)
  })

  it('given alerts, then filters find their severity, rules and sources, and none of what they lack', () => {
    const { attributes } = snsMessage(
      message({ receivers: ['sns', 'mail'], alerts: [alert('a'), alert('b')] }),
    )
    assert.deepEqual(attributes, {
      ...{ notificationId: 'n1', group: 'site=oslo', env: 'prod', status: 'firing', reason: 'new' },
      ...{
        severity: 'critical',
        receivers: ['sns', 'mail'],
        rules: ['HIGH_TEMP'],
        sources: ['/environment/oslo'],
      },
    })
    const bare = Object.keys(snsMessage(message({ alerts: [] })).attributes)
    assert.deepEqual(bare, ['notificationId', 'group', 'env', 'status', 'reason', 'receivers'])
  })

  it('given more rules than an attribute has room for, then the first 50 are there', () => {
    const alerts = Array.from({ length: 51 }, (_, index) => alert(`${index}`, { rule: `R${index}` }))
    const { attributes } = snsMessage(message({ alerts }))
    assert.deepEqual(
      attributes.rules,
      alerts.slice(0, 50).map(({ rule }) => rule),
    )
  })

  it('given characters that a subject or an SMS cannot have, then they are replaced, and the rest is cut', () => {
    const { subject, message: texts } = snsMessage(
      message({ alerts: [alert('a', { rule: `é🙂${'x'.repeat(200)}` })] }),
    )
    assert.match(subject, /^\[FIRING: 1\] \?\?x+\.\.\.$/)
    assert.deepEqual([subject.length, JSON.parse(texts).sms.length], [99, 140])
  })

  it('given more alerts than fit, then as many as fit are listed in order, and the others counted', () => {
    const alerts = Array.from({ length: 300 }, (_, index) =>
      alert(`${index}`, { summary: 'x'.repeat(2_000) }),
    )
    const built = snsMessage(message({ alerts, omitted: 4 }))
    const { data } = JSON.parse(JSON.parse(built.message).default)
    assert.ok(snsBytes(built) <= SNS_BYTES)
    assert.ok(snsBytes(built) > SNS_BYTES * 0.8, `${snsBytes(built)}`)
    assert.equal(data.alerts.length + data.omitted, 304)
    assert.deepEqual(data.alerts, JSON.parse(JSON.stringify(alerts.slice(0, data.alerts.length))))
  })
})

describe('publishing to the topic', () => {
  it('given notifications, then they are published together, ten in a call', async () => {
    const { calls, kit } = given()
    const events = Array.from({ length: 12 }, (_, index) => notified(`n${index}`, { group: `g${index}` }))
    assert.deepEqual(await kit.when(...events), Array(12).fill('applied/delivered'))
    assert.deepEqual(
      calls.map(call => call.length),
      [10, 2],
    )
  })

  it('given one that names two receivers of the topic, then it is published once, with both names', async () => {
    const { calls, kit } = given()
    await kit.when(notified('n1', { receivers: ['sns', 'mail'] }))
    assert.deepEqual(
      calls.flat().map(({ attributes }) => attributes.receivers),
      [['sns', 'mail']],
    )
  })

  it('given a topic that refuses one of them, then that one fails, and the others are published', async () => {
    const { calls, kit } = given({ never: [{ why: 'InvalidParameter' }] })
    const outcomes = await kit.when(notified('now', { group: 'g1' }), notified('never', { group: 'g2' }))
    assert.deepEqual(outcomes, ['applied/delivered', 'failed/rejected'])
    assert.deepEqual(
      calls.map(call => call.map(getId)),
      [['now', 'never']],
    )
    assert.deepEqual(kit.refusals, ['sns: InvalidParameter'])
  })

  it('given a throttled message, then it alone is published again', async () => {
    const { calls, kit } = given({ later: [{ why: 'Throttling', isTemporary: true }] })
    const outcomes = await kit.when(notified('now', { group: 'g1' }), notified('later', { group: 'g2' }))
    assert.deepEqual(outcomes, ['applied/delivered', 'applied/delivered'])
    assert.deepEqual(
      calls.map(call => call.map(getId)),
      [['now', 'later'], ['later']],
    )
  })

  it('given a request that SNS refuses because of one message, then the others are published without it', async () => {
    const invalid = Array.from({ length: 6 }, () => new Error('InvalidParameter'))
    const { calls, kit } = given({ never: invalid })
    const outcomes = await kit.when(notified('now', { group: 'g1' }), notified('never', { group: 'g2' }))
    assert.deepEqual(outcomes, ['applied/delivered', 'failed/not-accepted'])
    assert.deepEqual(
      calls.map(call => call.map(getId).join()),
      ['now,never', 'now', 'never', 'never', 'never'],
    )
  })

  it('given a fire that is not accepted, then the resolve of its group is not published before it', async () => {
    const { calls, kit } = given({ fire: [new RetryableError('Throttling')] })
    const outcomes = await kit.when(
      notified('fire'),
      notified('other', { group: 'site=bergen' }),
      notified('resolve', { status: 'resolved', at: 60 }),
    )
    assert.deepEqual(outcomes, Array(3).fill('applied/delivered'))
    assert.deepEqual(
      calls.map(call => call.map(getId).join()),
      ['fire,other', 'fire,other', 'resolve'],
    )
  })

  it('given a topic that cannot be reached in three tries, then the failure is for its receivers', async () => {
    const away = Array.from({ length: 3 }, () => new RetryableError('SNS does not answer'))
    const { calls, kit } = given({ n1: away })
    assert.deepEqual(await kit.when(notified('n1', { receivers: ['mail'] })), ['failed/not-accepted'])
    assert.deepEqual([calls.length, kit.refusals], [3, ['sns: SNS does not answer']])
  })

  it('given large notifications, then no call is larger than SNS takes', async () => {
    const { calls, kit } = given()
    const alerts = Array.from({ length: 100 }, (_, index) => alert(`s-${index}`))
    await kit.when(
      ...Array.from({ length: 10 }, (_, index) => notified(`n${index}`, { alerts, group: `g${index}` })),
    )
    assert.ok(calls.length > 1)
    for (const call of calls)
      assert.ok(call.reduce((sum, message) => sum + snsBytes(message), 0) <= SNS_BYTES)
    assert.equal(calls.flat().length, 10)
  })
})

describe('a message of SNS', () => {
  // Promise docs/notifications.md#the-topic-and-e-mail | A message of the topic has JSON, text and attributes for filters, within bounds.
  it('given a notification, then machines get JSON, people a text, and filters attributes', () => {
    const built = snsMessage(
      message({ alerts: [alert('a'), alert('b', { rule: 'WIND', severity: 'info' })] }),
    )
    const { data } = JSON.parse(getText(built))
    assert.deepEqual([data.notificationId, data.env, data.alerts.length], ['n1', 'prod', 2])
    assert.match(
      getText(built, 'email'),
      /^\[FIRING: 2\] HIGH_TEMP, WIND \(critical\) prod\n\n- critical HIGH_TEMP, a: /,
    )
    assert.match(
      getText(built, 'sms'),
      /^\[FIRING: 2\] HIGH_TEMP, WIND \(critical\) prod critical HIGH_TEMP, a: .* 52 \?C/,
    )
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

  it('given any names, then the subject has less than 100 characters, all of them ASCII and in one line', () => {
    for (const rule of ['x'.repeat(200), 'Ålesund\n\r\t😀'.repeat(20)]) {
      const { subject } = snsMessage(message({ alerts: [alert('a', { rule })] }))
      assert.match(subject, /^\[[\x20-\x7e]{98}$/)
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
    const built = snsMessage(message({ alerts, omitted: 7 }))
    const { data } = JSON.parse(getText(built))
    const bytes = snsBytes(built)
    assert.ok(bytes <= SNS_BYTES && bytes > SNS_BYTES * 0.8, String(bytes))
    assert.equal(data.omitted + data.alerts.length, 3_007)
    assert.equal(built.attributes.severity, 'critical')
  })

  it('given one alert that is larger than a message, then it is counted', () => {
    const built = snsMessage(message({ alerts: [alert('a', { summary: 'x'.repeat(SNS_BYTES) })] }))
    assert.deepEqual([JSON.parse(getText(built)).data.omitted, snsBytes(built) <= SNS_BYTES], [1, true])
  })

  it('given many rules and sources, then there are no more than ten attributes, of bounded size', () => {
    const alerts = Array.from({ length: 200 }, (_, index) =>
      alert(`s-${index}`, { rule: `R${index}`, entity: { source: `/s/${index}` } }),
    )
    const { attributes } = snsMessage(message({ alerts }))
    assert.ok(Object.keys(attributes).length <= 10)
    assert.deepEqual([attributes.rules?.length, attributes.sources?.length], [50, 50])
  })
})
