import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { loadRoutes } from '../../../lib/notification/adapters/load-routes.ts'
import { matchesAlert } from '../../../lib/notification/alert-match.ts'
import { readRoutes } from '../../../lib/notification/parse-routes.ts'
import { findTargets, type NotificationRoutes, undefinedReceivers } from '../../../lib/notification/route.ts'
import { fired } from './support.ts'

const groupsOf = (text: string, ...alerts: Parameters<typeof fired>[]) =>
  alerts.map(alert => findTargets(readRoutes(text, 'r'), fired(...alert)).map(({ group }) => group))

const LAST = '  - { name: rest, receivers: [sns] }\n'

describe('given the routes that ship', () => {
  it('then every alert goes to sns, by rule, with the documented waits', async () => {
    const routes = await loadRoutes(new URL('../../../config/notifications', import.meta.url).pathname)
    assert.deepEqual(findTargets(routes, fired('a')), [
      {
        group: 'default/sns{rule="HIGH_TEMP"}',
        groupLabels: { rule: 'HIGH_TEMP' },
        receivers: ['sns'],
        groupWaitMs: 30_000,
        groupIntervalMs: 300_000,
        repeatIntervalMs: 14_400_000,
      },
    ])
  })
})

describe('given routes', () => {
  it('when an alert comes, then the first that matches takes it, and others only where it continues', () => {
    const text = `routes:
  - { name: log, receivers: [hook], continue: true, groupBy: [] }
  - { name: oncall, receivers: [pager, sns], match: { severity: critical, labels: { team: [infra, 'db-*'] } }, groupBy: [source, labels.team] }
${LAST}`
    assert.deepEqual(
      groupsOf(text, ['a', { labels: { team: 'db-1' } }], ['b', { severity: 'warning' }], ['c']),
      [
        ['log/hook{}', 'oncall/pager+sns{source="/environment/oslo",labels.team="db-1"}'],
        ['log/hook{}', 'rest/sns{rule="HIGH_TEMP"}'],
        ['log/hook{}', 'rest/sns{rule="HIGH_TEMP"}'],
      ],
    )
  })

  it('when what alerts have in common is long or odd, then the group is still a name that events may have', () => {
    const text = 'routes:\n  - { name: all, receivers: [sns], groupBy: [labels.a, entity] }\n'
    const [[long = ''] = [], [odd = ''] = [], [none = ''] = []] = groupsOf(
      text,
      ['a', { labels: { a: 'x'.repeat(5000) } }],
      ['b', { labels: { a: '\u0085"\ud800' } }],
      ['c', { entity: { source: '/clock' } }],
    )
    assert.match(long, /^all\/sns\{labels.a="x+…[\w-]{22}$/)
    assert.equal(odd, 'all/sns{labels.a="\\u{85}\\"\\ud800",entity="b"}')
    assert.equal(none, 'all/sns{}')
  })

  it('when receivers are defined, then those that are not are named, once', () => {
    const routes: NotificationRoutes = readRoutes(
      `routes:\n  - { name: a, match: { rule: x }, receivers: [pager, hook] }\n${LAST}`,
      'r',
    )
    assert.deepEqual(undefinedReceivers(routes, ['sns']), ['hook', 'pager'])
    assert.deepEqual(undefinedReceivers(routes, ['hook', 'sns', 'pager']), [])
  })
})

describe('given a condition on alerts', () => {
  it('when an alert lacks what is compared, then it does not match', () => {
    assert.equal(matchesAlert({ labels: { team: ['*'] } }, fired('a')), false)
    assert.equal(matchesAlert({ labels: { constructor: ['*'] } }, fired('a')), false)
    assert.equal(matchesAlert({ entity: ['*'] }, fired('a', { entity: { source: '/clock' } })), false)
  })
})
