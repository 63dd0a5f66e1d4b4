import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { confirmDelivery, type Delivered, reject, retry } from '#runtime/consumer'
import { deliverSink } from '../../../lib/notification/deliver.ts'
import {
  buildDigest,
  highestSeverity,
  listRules,
  type NotificationMessage,
  sluiceBody,
  toMessage,
} from '../../../lib/notification/message.ts'
import type { Notification } from '../../../lib/notification/notification.ts'
import { AT_MS, alert, IN_PROD, message, notified } from './messages.ts'

const delivery = (id: string, changes: Partial<Notification> = {}, more = {}) =>
  ({ event: { ...notified(id, changes), timeMs: AT_MS, entity: '' }, ...more }) as never

describe('a message', () => {
  it('given a delivery to some of its receivers, then it is for those; else for all', () => {
    const to = (more: object) => toMessage(delivery('n', { receivers: ['a', 'b'] }, more), IN_PROD).to
    assert.deepEqual(to({}), ['a', 'b'])
    assert.deepEqual(to({ receivers: ['b', 'c'] }), ['b'])
  })

  it('given a sequence, then that orders it; else its time', () => {
    const { event } = delivery('n') as { event: object }
    assert.equal(
      toMessage({ event: { ...event, extensions: { sequence: '0.1' } } } as never, IN_PROD).order,
      '0.1',
    )
    assert.equal(toMessage(delivery('n'), IN_PROD).order, '2026-03-01T12:00:00.000Z')
    assert.throws(() => toMessage({ event: { ...event, data: undefined } } as never, IN_PROD), /without data/)
  })

  it('given alerts, then the highest severity of those that fire counts, and each rule is listed once', () => {
    const ended = { endedAt: '2026-03-01T12:00:00Z' }
    const of = (...alerts: readonly ReturnType<typeof alert>[]) => message({ alerts }).notification
    const [info, over] = [
      alert('a', { severity: 'info', rule: 'B' }),
      alert('b', { severity: 'critical', ...ended }),
    ]
    assert.equal(highestSeverity(of(over, info)), 'info')
    assert.equal(highestSeverity(of(over)), 'critical')
    assert.equal(highestSeverity(of()), undefined)
    assert.deepEqual(listRules(of(info, over, info)), ['B', 'HIGH_TEMP'])
  })
})

describe('a digest', () => {
  const of = (order: string, changes: Partial<Notification>, atMs = 0): NotificationMessage =>
    message(changes, { order, atMs, to: ['a', 'b'] })
  const resolved = {
    status: 'resolved',
    reason: 'resolved',
    alerts: [alert('x', { endedAt: '2026-03-01T12:00:00Z' })],
  } as const
  const messages = [
    of('2', resolved, 7),
    of('1', { alerts: [alert('x'), alert('y')], omitted: 3 }, 9),
    of('3', { reason: 'test', alerts: [alert('z')] }),
  ]

  it('given late messages, then it counts each alert once, and has time and reason of the last in order', () => {
    const digest = buildDigest(messages, 'a', 'key')
    assert.ok(digest?.notification.notificationId)
    const { notificationId: _, ...notification } = digest.notification
    assert.deepEqual(
      { ...digest, notification },
      {
        notification: {
          group: 'digest',
          groupLabels: {},
          status: 'firing',
          reason: 'resolved',
          receivers: ['a'],
          alerts: [],
          omitted: 5,
        },
        ...{ to: ['a'], atMs: 7, order: '2', ...IN_PROD, isDigest: true, endedIds: ['x'] },
      },
    )
    const backwards = buildDigest(messages.toReversed(), 'a', 'key')
    assert.deepEqual(backwards, digest)
    const { data } = sluiceBody(digest) as { data: { isDigest?: true } }
    assert.equal(data.isDigest, true)
    assert.ok(!('isDigest' in (sluiceBody(message()) as { data: object }).data))
  })

  it('given only ends, then it is resolved; given only tests, or none for the receiver, then there is none', () => {
    assert.equal(buildDigest(messages.slice(0, 1), 'a', 'key')?.notification.status, 'resolved')
    assert.equal(buildDigest(messages.slice(2), 'a', 'key'), undefined)
    assert.equal(buildDigest(messages, 'c', 'key'), undefined)
  })

  it('given another receiver or key, then it has another id, and the same have the same', () => {
    const ids = [
      ['a', 'k'],
      ['b', 'k'],
      ['a', 'l'],
      ['a', 'k'],
    ].map(([to = '', key = '']) => buildDigest(messages, to, key)?.notification.notificationId)
    assert.equal(new Set(ids).size, 3)
    assert.equal(ids[0], ids[3])
  })
})

describe('the outcome of a notification', () => {
  const done = confirmDelivery('delivered')
  const old = confirmDelivery('superseded')
  // biome-ignore format: a table
  for (const [given, each, outcome] of [
    ['both took it', [done, done], confirmDelivery('delivered')],
    ['one had a later one', [old, done], confirmDelivery('delivered')],
    ['both had a later one', [old, old], confirmDelivery('superseded')],
    ['one refused', [done, reject('b: no')], { ...reject('b: no'), receivers: ['b'] }],
    ['both refused', [reject('a: no'), reject('b: no')], { ...reject('a: no; b: no'), receivers: ['a', 'b'] }],
    ['one refused, one is away', [reject('a: no'), retry('b: away', 'safe b')], { kind: 'retry', why: 'a: no; b: away', safeMessage: 'safe b', receivers: ['a', 'b'] }],
    ['both are away', [retry('a', 'safe a'), retry('b', 'safe b')], { kind: 'retry', why: 'a; b', safeMessage: 'safe a; safe b', receivers: ['a', 'b'] }],
    ['one is away for a reason that may quote data', [retry('a: quote'), done], { kind: 'retry', why: 'a: quote', receivers: ['a'] }],
  ] as readonly (readonly [string, readonly [Delivered, Delivered], Delivered & object])[])
    it(`given that ${given}, then only those that have not taken it get it again`, async () => {
      const names = ['a', 'b'] as const
      const outlets = names.map((name, index) => ({
        names: [name],
        deliver: async (all: readonly NotificationMessage[]) => all.map(() => each[index] as Delivered),
      }))
      const sink = deliverSink(outlets, IN_PROD)
      assert.deepEqual(await sink.deliver([delivery('n', { receivers: names })]), [outcome])
    })

  it('given an outlet that throws, then its messages are tried again, and it is asked for nothing without a message', async () => {
    const calls: number[] = []
    const outlet = {
      names: ['a'],
      async deliver(all: readonly NotificationMessage[]): Promise<readonly Delivered[]> {
        calls.push(all.length)
        throw new Error('broken')
      },
    }
    const sink = deliverSink([outlet], IN_PROD)
    const [failed, none] = await sink.deliver([
      delivery('n', { receivers: ['a'] }),
      delivery('m', { receivers: [] }),
    ])
    assert.deepEqual(failed, {
      ...{ kind: 'retry', why: 'a: broken', receivers: ['a'] },
      safeMessage: 'a: Error, see the failure record',
    })
    assert.deepEqual(none, confirmDelivery('no-receiver'))
    await sink.deliver([delivery('m', { receivers: [] })])
    assert.deepEqual(calls, [1])
  })
})
