/** The traces of alert events, through the pipeline: from the reading over alerting to the view of the alerts that fire. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Event } from '#runtime/consumer'
import { deriveSpanId } from '#runtime/test/support/inside'
import { environmentReading, logRecord } from '#runtime/test/support/records'
import { ALERT_FIRED_TYPE } from '../../../lib/alerting/alert.ts'
import { alerting } from '../../../lib/alerting/process.ts'
import type { Rule } from '../../../lib/alerting/rule.ts'
import type { FiringAlerts } from '../../../lib/notification/firing-alerts.ts'
import { notifier } from '../../../lib/notification/notifier.ts'
import { FAMILIES } from '../../support/families.ts'
import { Kit } from '../../support/kit.ts'
import { Stage } from '../../support/stage.ts'
import { createRule, ms } from './support.ts'

/** A reading whose trace consists of one hexadecimal digit; none without it. */
function createReading(at: number, temperature: number, digit?: string): Event {
  const traceparent = `00-${digit?.repeat(32)}-${'1'.repeat(16)}-01`
  const extensions = digit ? { extensions: { traceparent, tracestate: 'vendor=x' } } : {}
  return environmentReading(`r-${at}`, { at, temperature, ...extensions })
}

async function published(rule: Rule, readings: readonly Event[], pass?: string): Promise<readonly Event[]> {
  const kit = new Kit(alerting(FAMILIES, [rule]) as never)
  await kit.when(...readings)
  if (pass) await kit.pass(ms(pass))
  return kit.publishedEvents
}

const status = ({ type }: Event) => (type === ALERT_FIRED_TYPE ? 'fired' : 'resolved')
const getDigit = ({ extensions }: Event) => extensions?.traceparent?.slice(3, 4) ?? 'none'

describe('the trace of an alert event', () => {
  const cases: [
    title: string,
    rule: Readonly<Record<string, unknown>>,
    readings: Event[],
    expected: string[],
    pass?: string,
  ][] = [
    [
      'given readings that fire and clear, then it is that of the reading which decided it',
      { fireAbove: 40 },
      [
        createReading(0, 20, 'a'),
        createReading(1, 45, 'b'),
        createReading(2, 46, 'c'),
        createReading(3, 30, 'd'),
      ],
      ['fired b', 'resolved d'],
    ],
    [
      'given `for`, then it is that of the reading with which the time was up, not of the first bad one',
      { fireAbove: 40, for: '2s' },
      [createReading(0, 45, 'a'), createReading(1, 45, 'b'), createReading(2, 45, 'c')],
      ['fired c'],
    ],
    [
      'given `keepFiringFor`, then the timer that resolves has that of the reading which cleared',
      { fireAbove: 40, keepFiringFor: '5m' },
      [createReading(0, 45, 'a'), createReading(1, 30, 'b'), createReading(2, 30, 'c')],
      ['fired a', 'resolved b'],
      '10m',
    ],
    [
      'given a silence, then the timer that fires has that of the last reading before it',
      { fireAbove: 40, staleAfter: '5m', onSilence: 'alert' },
      [createReading(0, 20, 'a'), createReading(1, 20, 'b')],
      ['fired b'],
      '10m',
    ],
    [
      'given a reading without a trace, then the event has none, whatever came before',
      { fireAbove: 40 },
      [createReading(0, 45, 'a'), createReading(1, 30)],
      ['fired a', 'resolved none'],
    ],
  ]
  for (const [title, keys, readings, expected, pass] of cases)
    it(title, async () => {
      const events = await published(createRule(keys), readings, pass)
      assert.deepEqual(
        events.map(event => `${status(event)} ${getDigit(event)}`),
        expected,
      )
      for (const { id, extensions } of events) {
        if (extensions?.traceparent === undefined) continue
        assert.equal(extensions.traceparent.slice(36, 52), deriveSpanId(id))
        assert.equal(extensions.tracestate, 'vendor=x')
      }
    })

  it('given a fired event, then the view of the alerts that fire keeps its trace', async () => {
    const [event] = await published(createRule({ fireAbove: 40 }), [createReading(0, 45, 'a')])
    assert.ok(event)
    const view = new Stage(notifier({ routes: [] }) as never)
    await view.batch([logRecord(0, event)])
    const state = (await view.state(`${event.source} ${event.subject}`)) as FiringAlerts
    assert.deepEqual(
      Object.values(state.alerts).map(({ traceparent }) => traceparent),
      [event.extensions?.traceparent],
    )
  })
})
