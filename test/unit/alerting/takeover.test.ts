/** A rebuilt state replaces the live one: published alerts are not repeated, and all active ones are published. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogRecord } from '#runtime/cloudevents'
import { logRecord, environmentReading as reading } from '#runtime/test/support/records'
import { reprocessed } from '#runtime/test/support/reprocessing'
import type { Alert } from '../../../lib/alerting/alert.ts'
import { alerting } from '../../../lib/alerting/process.ts'
import type { Rule } from '../../../lib/alerting/rule.ts'
import { buildRuleSet } from '../../../lib/alerting/rule-set.ts'
import { rulesActivated } from '../../../lib/alerting/rules-activated.ts'
import { FAMILIES } from '../../support/families.ts'
import { Stage } from '../../support/stage.ts'
import { createRule } from './support.ts'

/** Temperatures of one sensor, a minute apart. */
function temperatures(...values: readonly number[]): LogRecord[] {
  return values.map((temperature, offset) =>
    logRecord(offset, reading(`r${offset}`, { at: offset * 60, temperature }), {
      timestampMs: Date.parse('2026-03-01T12:00:00Z') + offset * 60_000,
    }),
  )
}

const HOT = createRule({ fireAbove: 40 })
const HOTTER = createRule({ fireAbove: 60 })
const COOL = createRule({ fireAbove: 30 })
const OTHER = createRule({ name: 'OTHER', fireAbove: 40 })

interface Case {
  readonly given: string
  readonly before: readonly Rule[]
  readonly after: readonly Rule[]
  readonly values: readonly number[]
  readonly from?: number
  /** `status rule` of the events of the switch. */
  readonly told: readonly string[]
  readonly type: number
}

const CASES: readonly Omit<Case, 'type'>[] = [
  { given: 'the same rules', before: [HOT], after: [HOT], values: [50, 50], told: [] },
  { given: 'nothing that fires', before: [HOT], after: [HOT], values: [20, 20], told: [] },
  { given: 'an alert that both have', before: [HOT], after: [COOL], values: [35, 50], told: [] },
  {
    given: 'an alert that only the live state has',
    before: [HOT],
    after: [HOTTER],
    values: [50, 50],
    told: ['resolved HOT'],
  },
  {
    given: 'an alert that only the new state has',
    before: [HOTTER],
    after: [HOT],
    values: [50, 50],
    told: ['firing HOT'],
  },
  {
    given: 'a rule under another name',
    before: [HOT],
    after: [OTHER],
    values: [50],
    told: ['resolved HOT', 'firing OTHER'],
  },
  { given: 'an alert that has ended in both', before: [HOT], after: [COOL], values: [50, 20], told: [] },
  {
    given: 'a start after the entity last reported, which is dropped',
    before: [HOT],
    after: [HOT],
    values: [50],
    from: 1,
    told: ['resolved HOT'],
  },
  { given: 'a start within the alert', before: [HOT], after: [HOT], values: [50, 50, 50], from: 2, told: [] },
]

describe('alerts at the switch to a state that was computed anew', () => {
  for (const { given, before, after, values, from = 0, told } of CASES)
    it(`given ${given}, then ${told.length === 0 ? 'no event is published' : `it tells ${told.join(', ')}`}`, async () => {
      const { alertsBefore, alerts, standing } = await switched(before, after, temperatures(...values), from)
      assert.deepEqual(
        alerts.map(({ status, rule }) => `${status} ${rule}`),
        told,
      )
      assert.deepEqual(listOpen([...alertsBefore, ...alerts]), standing)
      for (const alert of alerts) if (alert.status === 'resolved') assert.equal(alert.reason, 'reprocessed')
    })

  it('given an alert that both have, then its later resolve is that of the published alert', async () => {
    const log = temperatures(35, 50, 20)
    const { stage, alertsBefore } = await switched([HOT], [COOL], log.slice(0, 2))
    await stage.batch(log.slice(2))
    const [fired, resolved, ...others] = listAlerts(stage)
    assert.deepEqual(others, [])
    assert.deepEqual(alertsBefore, [fired])
    assert.deepEqual(
      [resolved?.status, resolved?.alertId, resolved?.startedAt],
      ['resolved', fired?.alertId, fired?.startedAt],
    )
  })

  it('given a resolved alert that is active in the new state, then it is published as another alert', async () => {
    const clears = createRule({ fireAbove: 40 })
    const lasts = createRule({ fireAbove: 40, clearBelow: 10 })
    const { alertsBefore, alerts } = await switched([clears], [lasts], temperatures(50, 20))
    assert.deepEqual(
      [...alertsBefore, ...alerts].map(({ status }) => status),
      ['firing', 'resolved', 'firing'],
    )
    assert.notEqual(alerts[0]?.alertId, alertsBefore[0]?.alertId)
    assert.equal(alerts[0]?.startedAt, alertsBefore[0]?.startedAt)
  })

  it('given an entity from before the start, when it is left, then its alert goes on by whatever rules', async () => {
    const { alertsBefore, alerts, standing } = await switched([HOT], [OTHER], temperatures(50, 50), 1, false)
    assert.deepEqual(alerts, [])
    assert.deepEqual(listOpen(alertsBefore), standing)
  })

  it('given rules that the log has set before the start, then they are in force at the start', async () => {
    const set = logRecord(0, rulesActivated(buildRuleSet([HOT]), 0, '2026-03-01T12:00:00Z'))
    const log = [set, ...temperatures(20, 50, 50).slice(1)]
    const { alerts, standing } = await switched([], [], log, 1)
    assert.deepEqual(alerts, [])
    assert.equal(standing.length, 1)
  })

  it('given a rule set in the log, then other packaged rules do not decide the records after it', async () => {
    const hot = temperatures(50, 50, 50, 50)
    const logWithSetAt = (at: number) =>
      hot.map((record, offset) =>
        offset === at
          ? logRecord(at, rulesActivated(buildRuleSet([HOT]), 0, '2026-03-01T12:00:00Z'))
          : record,
      )
    for (const at of [0, 2]) {
      const { alertsBefore, alerts } = await switched([HOT], [OTHER], logWithSetAt(at))
      assert.deepEqual(
        alertsBefore.map(({ rule }) => rule),
        ['HOT'],
      )
      assert.deepEqual(alerts, [])
    }
    // No reading after the set has resolved the alert of the packaged rules yet.
    const { alerts } = await switched([HOT], [OTHER], logWithSetAt(3))
    assert.deepEqual(
      alerts.map(({ status, rule }) => `${status} ${rule}`),
      ['resolved HOT', 'firing OTHER'],
    )
  })

  it('given a rule with an alert for silence, then its alert NoData is matched as well', async () => {
    const rule = createRule({ fireAbove: 40, staleAfter: '2m', onSilence: 'no-data' })
    const log = temperatures(20, 20)
    const others = Array.from({ length: 6 }, (_, index) =>
      logRecord(2 + index, reading(`o${index}`, { sensor: 's-2', at: 120 + index * 60 }), {
        timestampMs: Date.parse('2026-03-01T12:02:00Z') + index * 60_000,
      }),
    )
    const { alertsBefore, alerts } = await switched([rule], [rule], [...log, ...others], 1)
    assert.deepEqual(
      alertsBefore.map(({ rule: name }) => name),
      ['NoData'],
    )
    assert.deepEqual(alerts, [])
  })
})

/** Reads the log with some rules, reprocesses it with others, and lets the live consumer publish the result. */
async function switched(
  before: readonly Rule[],
  after: readonly Rule[],
  log: readonly LogRecord[],
  startOffset = 0,
  dropsOlder = true,
) {
  const stage = new Stage(alerting(FAMILIES, before) as never)
  await stage.batch(log)
  const alertsBefore = listAlerts(stage)
  stage.consumer = { ...stage.consumer, process: alerting(FAMILIES, after) as never }
  await reprocessed(stage, log, { startOffset, dropsOlder })
  // Any delivery publishes what the outbox holds.
  await stage.batch(log.slice(-1))
  const state = (await stage.state('/environment/test-site s-1')) as
    | { rules: Record<string, { alert?: Alert }> }
    | undefined
  const standing = Object.values(state?.rules ?? {}).flatMap(({ alert }) => alert?.alertId ?? [])
  return { stage, alertsBefore, alerts: listAlerts(stage).slice(alertsBefore.length), standing }
}

function listAlerts(stage: Stage): Alert[] {
  return stage.events
    .filter(({ type }) => type.startsWith('io.sluice.alert.'))
    .map(({ data }) => data as Alert)
}

/** Returns the ids of published alerts without an end; fails if one is published twice. */
function listOpen(alerts: readonly Alert[]): string[] {
  const open = new Set<string>()
  for (const { status, alertId } of alerts)
    if (status === 'resolved') assert.ok(open.delete(alertId), `${alertId} was not open`)
    else {
      assert.ok(!open.has(alertId), `${alertId} was published twice`)
      open.add(alertId)
    }
  return [...open]
}
