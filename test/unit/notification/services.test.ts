import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import fc from 'fast-check'
import type { Delivery } from '#runtime/consumer'
import type { Alert } from '../../../lib/alerting/alert.ts'
import { httpsPost } from '../../../lib/notification/adapters/https.ts'
import { deliverSink } from '../../../lib/notification/deliver.ts'
import type { Notification } from '../../../lib/notification/notification.ts'
import type { PostRequest } from '../../../lib/notification/webhook/attempt.ts'
import { pagerdutyParts } from '../../../lib/notification/webhook/pagerduty.ts'
import { teamsBody } from '../../../lib/notification/webhook/teams.ts'
import { Webhook } from '../../../lib/notification/webhook/webhook.ts'
import { SinkKit } from '../../support/sink-kit.ts'
import { AT_MS, alert, IN_PROD, message, notified, webhook } from './messages.ts'
import {
  type Answers,
  findCardErrors,
  findEventErrors,
  type Json,
  startPagerDuty,
  startTeams,
} from './stand-ins.ts'

const KEY = 'R0123456789abcdef0123456789abcde'
const ENDED = { endedAt: '2026-03-01T12:00:30.000Z' }
const HUNDRED = Array.from({ length: 100 }, (_, index) => alert(`a${index}`))

/** A sink for one receiver, with a clock of its own; each request takes `requestMs`. */
function createSink(url: string, format: 'pagerduty' | 'teams', requestMs = 0) {
  const post = httpsPost()
  let clockMs = AT_MS
  const pass = async (ms: number) => {
    clockMs += ms
  }
  const ports = {
    post: (request: PostRequest) => pass(requestMs).then(() => post(request)),
    access: async () => ({ url, keys: [], headers: {}, routingKey: KEY }),
    nowMs: () => clockMs,
    pause: pass,
  }
  return deliverSink([new Webhook(webhook('pager', { format, allowPrivate: true }), ports)], IN_PROD)
}

async function givenPager(context: TestContext, answers: Answers = {}, requestMs = 0) {
  const pager = await startPagerDuty(answers)
  context.after(() => pager.close())
  const sink = createSink(pager.url, 'pagerduty', requestMs)
  return { ...pager, sink, kit: new SinkKit(sink) }
}

const notify = (id: string, changes: Parameters<typeof notified>[1] = {}) =>
  notified(id, { receivers: ['pager'], ...changes })

describe('a receiver of PagerDuty', () => {
  it('given alerts that fire and resolve, then each opens an alert of its own, and closes it', async context => {
    const { open, kit } = await givenPager(context)
    const labels = { team: 'ops', runbook: 'https://wiki.example/heat' }
    const one = alert('one', { labels, severity: 'warning' })
    await kit.when(notify('fire', { alerts: [one, alert('two')] }))
    assert.deepEqual([...open.keys()], ['one', 'two'])
    const { payload, links, ...ids } = open.get('one')
    assert.deepEqual(ids, { routing_key: KEY, dedup_key: 'one', event_action: 'trigger' })
    assert.deepEqual(links, [{ href: 'https://wiki.example/heat', text: 'runbook' }])
    assert.deepEqual(payload, {
      ...{ summary: 'HIGH_TEMP, one: Extreme heat at one: 52 °C, above 40 °C', severity: 'warning' },
      ...{ source: '/environment/oslo', component: 'one', group: 'site=oslo', class: 'HIGH_TEMP' },
      timestamp: '2026-03-01T11:59:00.000Z',
      custom_details: { ...one, env: 'prod', notificationId: 'fire' },
    })
    await kit.when(notify('change', { at: 60, alerts: [alert('two'), alert('one', ENDED)] }))
    assert.deepEqual([...open.keys()], ['two'])
    await kit.when(notify('end', { at: 90, status: 'resolved', alerts: [alert('two', ENDED)] }))
    assert.deepEqual([...open.keys()], [])
  })

  // Promise docs/notifications.md#format-pagerduty | Retries and redrives send only the events of a notification that were not accepted. A test does not leave an alert open.
  for (const [status, outcome, tries, left] of [
    [400, 'failed/rejected', 1, ['pager/two']],
    [500, 'failed/not-accepted', 3, ['pager/two']],
    // Fewer requests are wanted, so those behind it are not sent either.
    [429, 'failed/not-accepted', 3, ['pager/two', 'pager/three']],
  ] as const)
    it(`given an alert that is answered with ${status}, then what was accepted is not sent again, in a redrive either`, async context => {
      const { open, keys, kit, sink } = await givenPager(context, { two: Array(tries).fill([status]) })
      const changes = { alerts: ['one', 'two', 'three'].map(id => alert(id)) }
      assert.deepEqual(await kit.when(notify('n', changes)), [outcome])
      assert.deepEqual(kit.receiversLeft, [left])
      const why = `pager: answered with status ${status}; ${left.length} of 3 events are not accepted`
      assert.deepEqual([kit.refusals, keys.filter(key => key === 'two').length], [[why], tries])
      const event = { ...notify('n', changes), timeMs: AT_MS }
      const redriven = { event, receivers: left } as unknown as Delivery<Notification>
      assert.equal((await sink.deliver([redriven]))[0]?.kind, 'delivered')
      assert.deepEqual([open.size, keys.filter(key => key === 'one').length], [3, 1])
      assert.deepEqual(
        keys.slice(-left.length),
        left.map(name => name.replace('pager/', '')),
      )
    })

  it('given a hundred alerts and a short pause, then it is waited for, and one request is sent twice', async context => {
    const { open, keys, kit } = await givenPager(context, { a60: [[429, '7']] })
    assert.deepEqual(await kit.when(notify('n', { alerts: HUNDRED })), ['applied/delivered'])
    assert.deepEqual([open.size, keys.length], [100, 101])
  })

  it('given a long pause, then the next tries send nothing, and the same alerts are left', async context => {
    const { keys, kit } = await givenPager(context, { a98: [[429, '300']] })
    assert.deepEqual(await kit.when(notify('n', { alerts: HUNDRED })), ['failed/not-accepted'])
    assert.deepEqual([keys.length, kit.receiversLeft], [99, [['pager/a98', 'pager/a99']]])
  })

  it('given slow answers, then a batch ends in time, and the next one goes on behind it', async context => {
    const { keys, kit } = await givenPager(context, {}, 1_000)
    assert.deepEqual(await kit.when(notify('n', { alerts: HUNDRED })), ['failed/not-accepted'])
    assert.match(kit.refusals.join(), /^pager: not sent: its batch took too long; 37 of 100 events/)
    assert.deepEqual([new Set(keys).size, keys.length, kit.receiversLeft[0]?.length], [63, 63, 37])
  })

  it('given an alert that a later notification resolves, which is accepted in part, then it does not fire late', async context => {
    const { open, kit } = await givenPager(context, { b: Array(3).fill([500]), c: Array(3).fill([500]) })
    const first = notify('first', { alerts: [alert('a'), alert('b')] })
    const later = notify('later', { at: 60, alerts: [alert('a'), alert('c'), alert('b', ENDED)] })
    assert.deepEqual(await kit.when(first), ['failed/not-accepted'])
    assert.deepEqual(await kit.when(later), ['failed/not-accepted'])
    assert.deepEqual(await kit.when(first), ['applied/superseded'])
    assert.deepEqual([...open.keys()], ['a'])
    assert.deepEqual(await kit.when(later), ['applied/delivered'])
    assert.deepEqual([...open.keys()], ['a', 'c'])
  })

  it('given the end of an alert that returns after it has fired again, then it is closed, and the new one stays open', async context => {
    const { open, kit } = await givenPager(context, { a1: [[202], ...Array(3).fill([500])] })
    const [fired, again] = ['a1', 'a2'].map(id => alert(id, { fingerprint: 'same' }))
    const end = notify('end', {
      at: 30,
      alerts: [{ ...(fired as Alert), ...ENDED, status: 'resolved' } as Alert],
    })
    await kit.when(notify('fire', { alerts: [fired as Alert] }))
    assert.deepEqual(await kit.when(end), ['failed/not-accepted'])
    await kit.when(notify('again', { at: 60, alerts: [again as Alert] }))
    assert.deepEqual([...open.keys()], ['a1', 'a2'])
    assert.deepEqual(await kit.when(end), ['applied/delivered'])
    assert.deepEqual([...open.keys()], ['a2'])
  })

  it('given omitted alerts, then one event counts them, until their group resolves', async context => {
    const { open, kit } = await givenPager(context)
    await kit.when(notify('n', { alerts: [alert('a')], omitted: 3 }))
    const { summary, severity } = [...open.values()][1].payload
    assert.equal(summary, '[FIRING: 1+] HIGH_TEMP (critical) prod and 3 more alerts')
    assert.equal(severity, 'critical')
    await kit.when(notify('end', { at: 60, status: 'resolved', alerts: [alert('a', ENDED)], omitted: 3 }))
    assert.equal(open.size, 0)
  })

  it('given late notifications, then their digest is one alert, which a person resolves', async context => {
    const { open, kit } = await givenPager(context)
    await kit.whenLate(7_200_000, notify('n', { alerts: [alert('a'), alert('b')] }))
    const [event] = [...open.values()]
    assert.equal(event.payload.summary, '[DIGEST] 2 alerts were older than 1 h prod')
    assert.deepEqual([open.size, event.payload.severity], [1, 'warning'])
  })

  it('given the end of an alert that comes too late, then the digest closes the alert', async context => {
    const { open, kit } = await givenPager(context)
    await kit.when(notify('fire', { alerts: [alert('a'), alert('b')] }))
    await kit.whenLate(7_200_000, notify('end', { at: 60, alerts: [alert('a', ENDED)] }))
    assert.deepEqual([open.has('a'), open.has('b'), open.size], [false, true, 2])
  })
})

describe('a receiver of Teams', () => {
  const FAILURE = 'pager: answered with status 200, but its response reports a failure: delivery failed'
  for (const [kind, outcome, refusals] of [
    ['workflow', 'applied/delivered', []],
    ['connector', 'failed/not-accepted', [FAILURE]],
  ] as const)
    it(`given a ${kind}, then its answer says whether it accepts the card`, async context => {
      const teams = await startTeams(kind)
      context.after(() => teams.close())
      const kit = new SinkKit(createSink(teams.url, 'teams'))
      assert.deepEqual([await kit.when(notify('n')), kit.refusals], [[outcome], refusals])
    })

  it('given names with Markdown, mentions and links, then they are shown letter for letter, and links are buttons', () => {
    const name = '<at>Ann</at> **b** _i_ [x](https://y.example) {{DATE(2026-01-01T00:00:00Z)}}'
    const labels = { runbook: 'https://wiki.example/heat' }
    const alerts = [alert('a', { rule: name }), alert('b', { labels })]
    const { body, actions } = (teamsBody(message({ alerts, omitted: 2, group: name })) as Json).attachments[0]
      .content
    const runs = body.flatMap(({ inlines }: Json) => inlines)
    assert.equal(runs[0].color, 'attention')
    for (const index of [0, 1, 4]) assert.ok(runs[index].text.includes(name), runs[index].text)
    assert.equal(runs[3].text, 'and 2 more alerts')
    assert.deepEqual(actions, [{ type: 'Action.OpenUrl', title: 'runbook: HIGH_TEMP', url: labels.runbook }])
  })
})

describe('any notification', () => {
  const unit = fc.constantFrom('x', '😀', '雪', '\u202e', '"')
  const words = fc.tuple(unit, fc.nat(6_000)).map(([one, count]) => `${one}${one.repeat(count)}`)
  const anyAlert = fc
    .tuple(words, words, fc.webUrl(), fc.constantFrom('critical', 'warning', 'info'), fc.boolean())
    .map(([id, rule, url, severity, ends]) =>
      alert(id, { rule, summary: id, labels: { [rule]: url, [id]: url }, severity, ...(ends ? ENDED : {}) }),
    )

  // Promise docs/notifications.md#format-teams | A card stays within the limit of Teams, whatever the alerts.
  it('then no limit of PagerDuty or of Teams is passed', () => {
    const notifications = fc.tuple(fc.array(anyAlert, { maxLength: 60 }), words, fc.nat(9), fc.boolean())
    fc.assert(
      fc.property(notifications, ([alerts, group, omitted, isDigest]) => {
        const of = message({ alerts, group, omitted }, isDigest ? { isDigest } : {})
        for (const { body } of pagerdutyParts(of, KEY)) assert.deepEqual(findEventErrors(body), [])
        assert.deepEqual(findCardErrors(JSON.stringify(teamsBody(of))), [])
      }),
      { numRuns: 50 },
    )
  })
})
