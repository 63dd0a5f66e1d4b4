import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { loadRoutes } from '../../../lib/notification/adapters/load-routes.ts'
import { matchesAlert, matchText } from '../../../lib/notification/alert-match.ts'
import { readRoutes } from '../../../lib/notification/parse-routes.ts'
import { findTargets } from '../../../lib/notification/route.ts'
import { goldenAnswers, listErrorLines } from '../../support/golden.ts'
import { fired } from './support.ts'

const listGroups = (text: string, ...alerts: Parameters<typeof fired>[]) =>
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
  it('when they have errors, then each is named with line and column', () =>
    goldenAnswers('routes', text => listErrorLines(() => readRoutes(`${text}\n`, 'routes.yaml'))))

  it('when they have errors, then the first line counts them', () => {
    for (const [text, count] of [
      ['routes: [{ name: a }]', '1 error'],
      ['routes: [{ name: "" }, {}]', '4 errors'],
    ] as const)
      assert.throws(() => readRoutes(text, 'r'), {
        message: new RegExp(`^${count} in the notification routes:\n`),
      })
  })

  it('when an alert comes, then the first that matches takes it, and others only where it continues', () => {
    const text = `routes:
  - { name: log, receivers: [hook], continue: true, groupBy: [] }
  - { name: oncall, receivers: [pager, sns], match: { severity: critical, labels: { team: [infra, 'db-*'] } }, groupBy: [source, labels.team] }
${LAST}`
    assert.deepEqual(
      listGroups(text, ['a', { labels: { team: 'db-1' } }], ['b', { severity: 'warning' }], ['c']),
      [
        ['log/hook{}', 'oncall/pager+sns{source="/environment/oslo",labels.team="db-1"}'],
        ['log/hook{}', 'rest/sns{rule="HIGH_TEMP"}'],
        ['log/hook{}', 'rest/sns{rule="HIGH_TEMP"}'],
      ],
    )
  })

  it('when what alerts have in common is long or odd, then the group is still a name that events may have', () => {
    const text = 'routes:\n  - { name: all, receivers: [sns], groupBy: [labels.a, entity] }\n'
    const [[long = ''] = [], [odd = ''] = [], [none = ''] = []] = listGroups(
      text,
      ['a', { labels: { a: 'x'.repeat(5000) } }],
      ['b', { labels: { a: '\u0085"\ud800' } }],
      ['c', { entity: { source: '/clock' } }],
    )
    assert.match(long, /^all\/sns\{labels.a="x+…[\w-]{22}$/)
    assert.equal(odd, 'all/sns{labels.a="\\u{85}\\"\\ud800",entity="b"}')
    assert.equal(none, 'all/sns{}')
  })

  it('when receivers are defined, then those that are not are named with their places', () => {
    const text = 'routes:\n  - { name: a, receivers: [pagr, sns] }\n'
    assert.equal(
      listErrorLines(() => readRoutes(text, 'r', ['sns', 'pager'])),
      'r:2:28  a.receivers.0: unknown receiver. Did you mean pager?',
    )
    assert.doesNotThrow(() => readRoutes(text, 'r', ['sns', 'pagr']))
  })
})

describe('given a condition on alerts', () => {
  const all = {
    rule: ['HIGH_*'],
    severity: ['critical'],
    source: ['/environment/*'],
    entity: ['a'],
    labels: { team: ['x', 'ops'] },
  }
  const alert = fired('a', { labels: { team: 'ops', other: 'y' } })

  it('when an alert has one of the texts of each key, then it matches', () =>
    assert.ok(matchesAlert(all, alert)))

  for (const [key, other] of Object.entries({
    rule: { rule: 'LOW' },
    severity: { severity: 'info' as const },
    source: { entity: { source: '/device/a', subject: 'a' } },
    entity: { entity: { source: '/environment/oslo', subject: 'b' } },
    labels: { labels: { team: 'dev' } },
  }))
    it(`when only its ${key} is another, then it does not match, and matches without that key`, () => {
      assert.ok(!matchesAlert(all, { ...alert, ...other }))
      assert.ok(matchesAlert({ ...all, [key]: undefined }, { ...alert, ...other }))
    })

  it('when it is shown, then one line has all its keys and texts', () => {
    assert.equal(
      matchText(all),
      'rule=HIGH_* severity=critical source=/environment/* entity=a labels.team=x,ops',
    )
    assert.equal(matchText({}), '')
  })

  it('when an alert lacks what is compared, then it does not match', () => {
    assert.equal(matchesAlert({ labels: { team: ['*'] } }, fired('a')), false)
    assert.equal(matchesAlert({ labels: { constructor: ['*'] } }, fired('a')), false)
    assert.equal(matchesAlert({ entity: ['*'] }, fired('a', { entity: { source: '/clock' } })), false)
  })
})
