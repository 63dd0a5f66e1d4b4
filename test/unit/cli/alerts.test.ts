import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatAnswer } from '../../../cli/questions.ts'
import { ALERT, describeAlert } from '../../../control/questions/alert.ts'
import { ALERTS, describeTimes, rankAlert } from '../../../control/questions/alerts.ts'
import { describeLag } from '../../../control/questions/lag.ts'
import { type AlertSummary, alertSummary } from '../../../control/tables/alert-summary.ts'
import type { FiredAlert } from '../../../lib/alerting/alert.ts'
import { firstAlert } from '../../support/alerts.ts'
import { FAMILIES } from '../../support/families.ts'
import { golden } from '../../support/golden.ts'

const TRACEPARENT = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
const END = '2026-03-01T13:00:00.000Z'
const ENDED = { state: 'resolved', endedAt: END, changedAt: END } as const

function summary(changes: Partial<FiredAlert> = {}, more: Partial<AlertSummary> = {}): AlertSummary {
  return { ...alertSummary(FAMILIES, firstAlert(changes), TRACEPARENT), ...more }
}

type Row = Awaited<ReturnType<typeof ALERTS.read>>['rows'][number]
const NOW = Date.parse('2026-03-01T12:05:00Z')

function list(
  rows: readonly AlertSummary[],
  more: { readonly more?: number; readonly notes?: readonly string[] } = {},
) {
  const shown = rows.map(
    (row): Row =>
      ({ unit: null, ...describeTimes(row), silenced: null, end: null, tone: 'bad', ...row }) as Row,
  )
  return formatAnswer(ALERTS, { more: 0, notes: [], ...more, rows: shown }, NOW, undefined)
}

const fired = {
  kind: 'fired',
  time: '2026-03-01T12:00:00.000Z',
  writtenAt: '2026-03-01T12:00:01.000Z',
  partition: 2,
  offset: 17,
} as const
const shown = {
  ...summary(),
  transitions: [{ ...fired, reason: 'condition', value: 41, threshold: 40, traceparent: TRACEPARENT }],
  phase: 'recovering',
} as const
const one = (changes: object = {}) => {
  const rows = [describeAlert({ ...shown, ...changes }, [], 'alerts')]
  return formatAnswer(ALERT, { rows, more: 0, notes: [] }, NOW, undefined)
}

describe('what sluice alerts prints', () => {
  it('given lists and single alerts, then they are printed as the golden text says', () => {
    const second = summary({ alertId: 'a-2', value: 47.123456789 }, { changedAt: '2026-03-01T12:04:00.000Z' })
    const old = summary({ alertId: 'a-3' }, { changedAt: '2026-03-03T12:00:00.000Z' })
    const group = { family: null, metric: null, entity: '/groups/tenant acme' }
    golden('alerts', {
      'firing alerts': list([summary(), second, old]),
      'firing and resolved': list([summary(), { ...summary({}, ENDED), reason: 'cleared' }]),
      nothing: list([]),
      'more than the limit, and a view that is behind': list([summary()], {
        more: 6,
        notes: describeLag(3, 'notifier', 'alerts'),
      }),
      'Kafka is away': list([summary()], { notes: describeLag(null, 'notifier', 'alerts') }),
      'one alert': one(),
      'an alert that alerting has lost': one({ ...group, phase: null }),
      'an alert of a group that the topic has lost': one({ ...group, phase: 'firing', transitions: [] }),
      'a resolved alert': one({ ...group, ...ENDED, reason: 'cleared', phase: null, transitions: [] }),
    })
  })

  it('given alerts, then firing ones are first by severity, and those of old readings behind others of theirs', () => {
    const changedAt = '2026-03-03T12:00:00.000Z'
    const warning = { severity: 'warning' } as const
    const alerts = [summary(), summary({}, { changedAt }), summary(warning), summary(warning, { changedAt })]
    assert.deepEqual([...alerts, summary({}, ENDED)].map(rankAlert), [0, 0.5, 1, 1.5, 3])
  })

  it('given events whose producer has another zone, then all times are in UTC', () => {
    const transitions = [{ ...fired, time: '2026-03-01T14:00:00.5+01:00' }]
    const text = one({ transitions, startedAt: '2026-03-01T13:00:00Z', endedAt: '2026-03-01T20:00:00+05:30' })
    assert.match(text, /2026-03-01T13:00:00\.500Z {2}fired/)
    assert.match(text, /Resolved +2026-03-01T14:30:00\.000Z/)
    assert.doesNotMatch(text, /[+-]\d\d:\d\d/)
  })
})
