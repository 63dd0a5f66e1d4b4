import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { errorLine } from '../../../lib/file-errors.ts'
import { loadRoutes } from '../../../lib/notification/adapters/routes-file.ts'
import { matchesAlert } from '../../../lib/notification/match.ts'
import { InvalidRoutes, readRoutes } from '../../../lib/notification/parse-routes.ts'
import { type NotificationRoutes, targetsOf, undefinedReceivers } from '../../../lib/notification/route.ts'
import { fired } from './support.ts'

const errorsOf = (text: string): readonly string[] => {
  try {
    readRoutes(text, 'r.yaml')
    return []
  } catch (error) {
    if (!(error instanceof InvalidRoutes)) throw error
    return error.errors.map(one => errorLine(one, one.route))
  }
}
const groupsOf = (text: string, ...alerts: Parameters<typeof fired>[]) =>
  alerts.map(alert => targetsOf(readRoutes(text, 'r'), fired(...alert)).map(({ group }) => group))

const LAST = '  - { name: rest, receivers: [sns] }\n'

describe('given the routes that ship', () => {
  it('then every alert goes to sns, by rule, with the documented waits', async () => {
    const routes = await loadRoutes(new URL('../../../config/notifications', import.meta.url).pathname)
    assert.deepEqual(targetsOf(routes, fired('a')), [
      {
        group: 'default/sns{rule="HIGH_TEMP"}',
        groupLabels: { rule: 'HIGH_TEMP' },
        receivers: ['sns'],
        groupWaitMs: 30_000,
        groupIntervalMs: 300_000,
        repeatIntervalMs: 14_400_000,
      },
    ])
    assert.equal(routes.watchdog, undefined)
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
      `routes:\n  - { name: a, match: { rule: x }, receivers: [pager, hook] }\n${LAST}watchdog: { every: 5m, receivers: [pager] }\n`,
      'r',
    )
    assert.deepEqual(undefinedReceivers(routes, ['sns']), ['hook', 'pager'])
    assert.deepEqual(undefinedReceivers(routes, ['hook', 'sns', 'pager']), [])
    assert.deepEqual(routes.watchdog, { everyMs: 300_000, receivers: ['pager'] })
  })
})

const ERRORS: readonly (readonly [given: string, text: string, errors: readonly string[]])[] = [
  ['nothing', '', ['r.yaml:1:1  must be a mapping with the keys routes and, optionally, watchdog']],
  [
    'what is not YAML',
    'routes: [',
    ['r.yaml:1:10  not YAML: unexpected end of the stream within a flow collection'],
  ],
  ['no route', 'routes: []', ['r.yaml:1:1  routes: must be a list of routes, at least one']],
  [
    'unknown keys',
    `route: 1\nroutes:\n  - { name: a, receiver: sns, receivers: [x], match: { site: oslo } }\n${LAST}`,
    [
      'r.yaml:1:1  route: unknown key; there are routes and watchdog',
      'r.yaml:3:16  a.receiver: unknown key; there are name, match, groupBy, groupWait, groupInterval, repeatInterval, receivers, continue',
      'r.yaml:3:56  a.match.site: unknown key; there are rule, severity, labels, source and entity',
    ],
  ],
  [
    'wrong values',
    'routes:\n  - name: 1a\n    groupWait: 30\n    groupBy: [site]\n    match: { labels: { a: 1 } }\n    receivers: []\n    continue: x\n',
    [
      'r.yaml:2:5  1a.name: must be a letter, then up to 63 letters, digits, _ and -',
      'r.yaml:3:5  1a.groupWait: must be a duration such as 30s, 5m or 4h',
      'r.yaml:4:15  1a.groupBy.0: must be a list of rule, severity, source, entity and labels.NAME, each once',
      'r.yaml:5:24  1a.match.labels.a: must be a text of at most 256 characters in quotes, or a list of such texts',
      'r.yaml:6:5  1a.receivers: must be a list of 1 to 10 names of receivers, each once',
      'r.yaml:7:5  1a.continue: must be true or false',
    ],
  ],
  [
    'missing keys',
    'routes:\n  - {}\nwatchdog: {}\n',
    [
      'r.yaml:2:5  route 1.name: is missing: must be a letter, then up to 63 letters, digits, _ and -',
      'r.yaml:2:5  route 1.receivers: is missing: must be a list of 1 to 10 names of receivers, each once',
      'r.yaml:3:1  watchdog.every: is missing: must be a duration such as 30s, 5m or 4h',
      'r.yaml:3:1  watchdog.receivers: is missing: must be a list of 1 to 10 names of receivers, each once',
    ],
  ],
  [
    'a name twice, a route out of reach, and odd intervals',
    'routes:\n  - { name: a, receivers: [x], repeatInterval: 1m }\n  - { name: a, receivers: [x], groupInterval: 0 }\nwatchdog: { every: 0s, receivers: [x] }\n',
    [
      'r.yaml:2:32  a.repeatInterval: must not be shorter than groupInterval',
      'r.yaml:3:5  a: is never reached: the earlier route a matches every alert and does not continue',
      'r.yaml:3:7  a.name: a is the name of an earlier route: rename one',
      'r.yaml:3:32  a.groupInterval: must be longer than 0',
      'r.yaml:4:13  watchdog.every: must be longer than 0',
    ],
  ],
  [
    'a severity that no alert has',
    `routes:\n  - { name: a, receivers: [x], match: { severity: [critcal, 'c*'] } }\n${LAST}`,
    ['r.yaml:2:52  a.match.severity.0: unknown severity; the severities are critical, warning, info'],
  ],
  [
    'no route for what is left',
    'routes:\n  - { name: a, receivers: [x], match: { rule: y } }\n',
    [
      'r.yaml:1:1  routes: the last route must have neither match nor continue: it receives the alerts that no other route matches',
    ],
  ],
]

describe('given routes with errors', () => {
  for (const [given, text, errors] of ERRORS)
    it(`given ${given}, then each is named with line and key`, () => assert.deepEqual(errorsOf(text), errors))
})

describe('given a condition on alerts', () => {
  it('when an alert lacks what is compared, then it does not match', () => {
    assert.equal(matchesAlert({ labels: { team: ['*'] } }, fired('a')), false)
    assert.equal(matchesAlert({ labels: { constructor: ['*'] } }, fired('a')), false)
    assert.equal(matchesAlert({ entity: ['*'] }, fired('a', { entity: { source: '/clock' } })), false)
  })
})
