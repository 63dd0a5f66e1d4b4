import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { showText } from '../../../cli/alerts/show-text.ts'
import { type AlertList, listText } from '../../../cli/alerts/text.ts'
import type { FiredAlert } from '../../../lib/alerting/alert.ts'
import { type AlertSummary, alertSummary } from '../../../lib/tables/alert-summary.ts'
import { firstAlert } from '../../support/alerts.ts'

const HELD = { by: 'ann', at: '2026-03-01T12:30:00.000Z', comment: 'on it' }
const TRACEPARENT = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`

function summary(changes: Partial<FiredAlert> = {}, more: Partial<AlertSummary> = {}): AlertSummary {
  return { ...alertSummary(firstAlert(changes), { traceparent: TRACEPARENT, acknowledged: null }), ...more }
}

function listed(changes: Partial<AlertList> = {}): AlertList {
  const alerts = changes.alerts ?? [summary()]
  return { env: 'test', state: 'firing', alerts, total: alerts.length, behind: 0, ...changes }
}

describe('a list of alerts', () => {
  it('shows what fires, since when, and who has acknowledged it', () => {
    const second = summary({ alertId: 'a-2', value: 47.123456789 }, { acknowledged: HELD })
    const text = listText(listed({ alerts: [summary(), second] }))
    assert.equal(
      text,
      `ID   SEVERITY  RULE       ENTITY                      FIRED                       VALUE  BY   SUMMARY
a-1  critical  HIGH_TEMP  /environment/test-site s-1  2026-03-01T12:00:00.000Z       41  -    Extreme heat at s-1
a-2  critical  HIGH_TEMP  /environment/test-site s-1  2026-03-01T12:00:00.000Z  47.1235  ann  Extreme heat at s-1
`,
    )
  })

  it('shows when an alert resolved, where that is asked for', () => {
    const ended = summary({}, { state: 'resolved', endedAt: '2026-03-01T13:00:00.000Z' })
    const text = listText(listed({ state: 'all', alerts: [summary(), ended] }))
    assert.match(text, /^ID +STATE +SEVERITY +RULE +ENTITY +FIRED +RESOLVED +VALUE/)
    assert.match(text, /^a-1 +firing .* - +41 /m)
    assert.match(text, /^a-1 +resolved .*2026-03-01T13:00:00\.000Z +41 /m)
  })

  const notes: [title: string, list: Partial<AlertList>, said: RegExp][] = [
    ['nothing', { alerts: [] }, /^No alert fires in "test"\.\n$/],
    [
      'nothing that has resolved',
      { alerts: [], state: 'resolved' },
      /^No alert has resolved in "test" in the last day: --since goes back further\.\n$/,
    ],
    ['more than the limit', { total: 7 }, /The last 1 of 7 alerts\. Use --limit to show more\./],
    ['a view that is behind', { behind: 3 }, /Not up to date: notifier has 3 records/],
    [
      'a Kafka that is away',
      { behind: null },
      /Kafka does not answer, so this information may be out of date\./,
    ],
    [
      'pending ones',
      { pending: [{ rule: 'R e.t', entity: '/e s', activeAt: '2026-03-01T12:00:00.000Z' }] },
      /Pending, because the condition has not held for long enough yet:\nRULE +ENTITY +SINCE\nR e\.t +\/e s +2026-03-01T12:00/,
    ],
    ['none that is pending', { pending: [] }, /No alert is pending in "test"\./],
  ]
  for (const [title, list, said] of notes)
    it(`given ${title}, then it says so`, () => assert.match(listText(listed(list)), said))

  it('given options that leave alerts out, then it says that none fits', () => {
    assert.equal(listText(listed({ alerts: [] }), undefined, true), 'No matching alert fires in "test".\n')
    const past = listText(listed({ alerts: [], state: 'all' }), undefined, true)
    assert.equal(past, 'No matching alert fires or has resolved in "test".\n')
  })
})

describe('one alert', () => {
  const fired = { kind: 'fired', time: '2026-03-01T12:00:00.000Z', partition: 2, offset: 17 } as const
  const held = { ...fired, kind: 'acknowledged', offset: 18, by: 'ann', comment: 'on it' } as const
  const shown = {
    ...summary({}, { acknowledged: HELD }),
    transitions: [
      { ...fired, reason: 'condition', value: 41, threshold: 40, traceparent: TRACEPARENT },
      held,
    ],
    phase: 'recovering',
  } as const
  const report = { env: 'test', alerts: [shown], total: 1, pending: [], behind: 0 }

  it('is shown with times, values, trace, acknowledgement and everything that happened', () => {
    assert.equal(
      showText(report),
      `HIGH_TEMP of /environment/test-site s-1: firing
  id               a-1
  severity         critical
  summary          Extreme heat at s-1
  metric           environment.temperature
  value            41, threshold 40
  condition since  2026-03-01T11:58:00.000Z
  fired            2026-03-01T12:00:00.000Z
  reason           condition
  labels           team=ops
  trace            ${TRACEPARENT}
  acknowledged     by ann at 2026-03-01T12:30:00.000Z: on it
  alerting         recovering: the value has cleared, but not for long enough yet
  History:
    2026-03-01T12:00:00.000Z  fired  2@17  condition  value 41 (threshold 40)  ${TRACEPARENT}
    2026-03-01T12:00:00.000Z  acknowledged  2@18  by ann: on it
`,
    )
  })

  it('given that alerting does not know it, or that the topic has nothing of it, then it says so', () => {
    const lost = showText({ ...report, alerts: [{ ...shown, phase: null, transitions: [] }] })
    assert.match(lost, /alerting +no longer has it: /)
    assert.match(lost, /\(no longer on the alerts topic\)/)
  })

  it('given a pattern, or a pipeline that is down, then its phase is shown, or that alerting lost it', () => {
    const shownAs = (changes: object) =>
      showText({ ...report, alerts: [{ ...shown, family: null, metric: null, ...changes }] })
    for (const entity of ['/groups/tenant acme', '/clock '])
      assert.match(shownAs({ entity, phase: 'firing' }), /alerting {9}firing\n/)
    assert.match(shownAs({ phase: 'recovering' }), /alerting +recovering: /)
    assert.match(shownAs({ phase: null }), /alerting +no longer has it: /)
    assert.doesNotMatch(shownAs({ state: 'resolved', phase: null }), /alerting {2}/)
  })

  it('cannot control the terminal', () => {
    const poison = '\u001b]0;title\u0007'
    const alert = {
      ...shown,
      ...summary(
        { summary: poison, rule: poison, labels: { [poison]: poison } },
        { acknowledged: { ...HELD, by: poison } },
      ),
      transitions: [{ ...held, by: poison, comment: poison }],
    }
    for (const text of [showText({ ...report, alerts: [alert] }), listText(listed({ alerts: [alert] }))])
      assert.doesNotMatch(text, /[^\P{Cc}\n]/u)
  })
})
