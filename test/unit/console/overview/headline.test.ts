import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Currency, Known } from '../../../../console/api/overview/known.ts'
import {
  chooseHeadline,
  describeAge,
  describeState,
  describeTotal,
  formatKnown,
} from '../../../../console/page/overview/headline.ts'

type Facts = Parameters<typeof chooseHeadline>[0]

const known = <T>(value: T, state: Currency = 'now'): Known<T> => ({ value, asOfMs: 0, state })
const NEVER = { value: null, asOfMs: null } as const
const MINUTE = 60_000

const waiting = (name: string, pending: number, waitingMs: number | null) => {
  return { function: name, topic: `of-${name}`, group: name, pending, waitingMs, lag: pending, members: 1 }
}
const CONSUMERS = ['intake', 'alerting', 'views'].map(name => waiting(name, 0, 0))
const behind = (...late: ReturnType<typeof waiting>[]) =>
  known(CONSUMERS.map(one => late.find(other => other.function === one.function) ?? one))
const lane = (title: string, page: string, ...functions: string[]) => {
  return { title, page, isFailure: false, isRare: false, functions, counters: [] }
}
const STALLED = { functions: ['alerting'], reason: 'it is off', advice: 'Turn it on.', sinceMs: 0 }
const FIRING = known([
  { severity: 'critical', count: 1 },
  { severity: 'warning', count: 2 },
])
const WELL: Facts = {
  servers: { kafka: null, redis: null },
  standing: [],
  notices: [],
  firing: known([]),
  openDeadLetters: known(0),
  counters: known({}),
  consumers: known(CONSUMERS),
  flow: {
    inputs: [{ name: 'presses', topic: 'presses', reader: 'intake', counter: 'read' }],
    lanes: [lane('Tables', '/tables', 'views'), lane('Alerts', '/alerts', 'alerting')],
  },
}
const AWAY = { kafka: 'Kafka at b:1 does not answer', redis: null }

describe('the first sentence of the overview', () => {
  for (const [condition, changes, tone, text] of [
    ['all is well', {}, 'good', /^Everything flows\.$/],
    [
      'alerts fire',
      { firing: FIRING },
      'bad',
      /^Nothing has stalled, but 1 critical and 2 warning alerts are firing\.$/,
    ],
    [
      'a warning fires',
      { firing: known([{ severity: 'warning', count: 1 }]) },
      'warn',
      /^Nothing has stalled, but 1 warning alert is firing\.$/,
    ],
    [
      'dead letters are open',
      { openDeadLetters: known(15) },
      'warn',
      /^Nothing has stalled, but records have failed:$/,
    ],
    [
      'a function has stalled, and alerts fire',
      { standing: [STALLED], firing: FIRING },
      'bad',
      /^The flow has stalled, and 1 critical and 2 warning alerts are firing\. /,
    ],
    [
      'alerting is late, and alerts fire',
      { consumers: behind(waiting('alerting', 3_977, 16 * MINUTE + 9)), firing: FIRING },
      'bad',
      /^Alerts are 16 min behind\. Besides, 1 critical and 2 warning alerts are firing\.$/,
    ],
    [
      'a table is later than what comes in',
      { consumers: behind(waiting('views', 9, 8 * MINUTE), waiting('intake', 3_000, 2 * MINUTE)) },
      'warn',
      /^Alerts are 2 min behind, and 1 other consumer is late\.$/,
    ],
    [
      'tables alone are late',
      { consumers: behind(waiting('views', 9, MINUTE)) },
      'warn',
      /^Tables are 1 min behind\.$/,
    ],
    [
      'records have just come in',
      { consumers: behind(waiting('views', 9, 900)) },
      'good',
      /^Everything flows\.$/,
    ],
    [
      'the age of what waits is not known',
      { consumers: behind(waiting('views', 9, null)) },
      'plain',
      /^Nothing has stalled\. Still being read: how long records wait\.$/,
    ],
    [
      'groups have no members',
      { consumers: known([{ ...waiting('alerting', 0, 0), members: 0 }]) },
      'warn',
      /^Nothing has stalled, but 1 function does not run\.$/,
    ],
    [
      'a saved rule is refused, and groups have no members',
      {
        notices: [['saved', 'rules/a.yaml is not in force', '']],
        consumers: known([{ ...waiting('alerting', 0, 0), members: 0 }]),
      },
      'warn',
      /^Nothing has stalled, but 1 function does not run, and a saved change is not in force\.$/,
    ],
    [
      'the lag is being read',
      { consumers: known(CONSUMERS, 'loading') },
      'plain',
      /^It is not known yet whether anything has stalled\. Still being read: the lag\.$/,
    ],
    [
      'dead letters are being counted',
      { openDeadLetters: { ...NEVER, state: 'loading' } },
      'plain',
      /^Nothing has stalled\. Still being read: the dead letters\.$/,
    ],
    [
      'Kafka does not answer, and alerts fired before',
      { servers: AWAY, firing: { ...FIRING, state: 'away' }, consumers: known(CONSUMERS, 'away') },
      'bad',
      /^Kafka does not answer\. Grey figures are of the past\. When it was last known, 1 critical and 2 warning alerts were firing\.$/,
    ],
    [
      'Redis has never answered',
      { servers: { kafka: null, redis: 'Redis is away.' }, firing: { ...NEVER, state: 'away' } },
      'bad',
      /^Redis does not answer\. Grey figures are of the past\.$/,
    ],
  ] as const satisfies readonly (readonly [string, Partial<Facts>, string, RegExp])[])
    it(`given that ${condition}, then it is ${tone} and says so`, () => {
      const headline = chooseHeadline({ ...WELL, ...changes })
      assert.equal(headline.tone, tone)
      assert.match(headline.text, text)
    })

  it('given records that wait, then it says beside it how many, and where', () => {
    const { detail } = chooseHeadline({ ...WELL, consumers: behind(waiting('intake', 3_000, 2 * MINUTE)) })
    assert.equal(detail, '3,000 records wait at intake.')
    assert.equal(chooseHeadline({ ...WELL, openDeadLetters: known(1) }).letters, '1 open dead letter')
  })
})

describe('the dot of a consumer', () => {
  for (const [condition, changes, tone, text] of [
    ['all is well', {}, 'good', 'up to date'],
    ['it has stalled', { standing: [STALLED] }, 'bad', 'stalled'],
    ['Kafka is away', { servers: AWAY, consumers: known(CONSUMERS, 'away') }, 'muted', 'not known'],
    ['Redis is away', { servers: { kafka: null, redis: 'away' } }, 'muted', 'not known'],
    ['it has just had a record', { consumers: behind(waiting('alerting', 1, 200)) }, 'good', 'flows'],
    ['it is a minute behind', { consumers: behind(waiting('alerting', 1, MINUTE)) }, 'warn', '1 min behind'],
    ['it is late', { consumers: behind(waiting('alerting', 1, 5 * MINUTE)) }, 'bad', '5 min behind'],
    ['ages are not known', { consumers: behind(waiting('alerting', 2, null)) }, 'muted', '2 records wait'],
  ] as const satisfies readonly (readonly [string, Partial<Facts>, string, string])[])
    it(`given that ${condition}, then it says "${text}"`, () =>
      assert.deepEqual(describeState({ function: 'alerting' }, { ...WELL, ...changes }), { tone, text }))
})

describe('a figure of the overview', () => {
  // Promise docs/console.md#the-overview
  for (const [state, fact, shown, age] of [
    ['of now', known(6), { value: '6', isPast: false }, ''],
    ['of the past', known(6, 'away'), { value: '6', isPast: true }, /^as of /],
    ['that never came', { ...NEVER, state: 'away' }, { value: '–', isPast: true }, 'not known'],
    ['that is being read', { ...NEVER, state: 'loading' }, { value: '–', isPast: true }, 'being read'],
  ] as const)
    it(`given one ${state}, then it is never a zero`, () => {
      assert.deepEqual(formatKnown<number>(fact, String), shown)
      if (age) assert.match(describeAge(fact, 0), new RegExp(age))
    })

  for (const [open, total, text] of [
    [3, 12, '12 in all'],
    [5, 5, 'none handled yet'],
    [0, 0, 'none so far'],
    [null, 5, '5 in all'],
    [null, null, '–'],
  ] as const)
    it(`given ${open} open dead letters of ${total}, then their number says "${text}"`, () =>
      assert.equal(describeTotal(open, total, 'handled'), text))
})
