/** Which rules count is the log's to say: a replay fires and resolves the alerts that were sent, with the same ids. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogRecord } from '#runtime/cloudevents'
import type { Event } from '#runtime/consumer'
import { environmentReading, logRecord } from '#runtime/test/support/records'
import type { Alert } from '../../../lib/alerting/alert.ts'
import { alerting } from '../../../lib/alerting/process.ts'
import type { Rule } from '../../../lib/alerting/rule.ts'
import { buildRuleSet } from '../../../lib/alerting/rule-set.ts'
import { rulesActivated } from '../../../lib/alerting/rules-activated.ts'
import { FAMILIES } from '../../support/families.ts'
import { Stage } from '../../support/stage.ts'
import { createRule } from './support.ts'

const above = (fireAbove: number) => createRule({ name: 'HIGH', fireAbove })
const COLD = createRule({ name: 'COLD', fireBelow: 0 })
const at = (minute: number) => `2026-03-01T12:${String(minute).padStart(2, '0')}:00Z`
const activated = (minute: number, ...rules: readonly Rule[]) =>
  rulesActivated(buildRuleSet(rules), 0, at(minute))
const createReading = (minute: number, temperature: number) =>
  environmentReading(`at ${minute}`, { at: minute * 60, temperature })
const createLog = (...events: readonly Event[]): LogRecord[] =>
  events.map((event, offset) =>
    logRecord(offset, event, { timestampMs: Date.parse(at(0)) + offset * 60_000 }),
  )
const listAlerts = (stage: Stage) =>
  stage.events.map(({ id, type, data }) => {
    const { alertId, ...alert } = data as Alert
    const reason = alert.status === 'resolved' ? alert.reason : undefined
    return { id, alertId, what: [type.split('.').at(-2), alert.rule, ...(reason ? [reason] : [])].join(' ') }
  })
const listChanges = (stage: Stage) => listAlerts(stage).map(({ what }) => what)

describe('a rule set in the log', () => {
  it('given none yet, then the packaged rules count', async () => {
    const stage = new Stage(alerting(FAMILIES, [above(40)]))
    await stage.batch(createLog(createReading(0, 42)))
    assert.deepEqual(listChanges(stage), ['fired HIGH'])
  })

  it('given a rule that is gone, then its alert ends at the next reading of its entity', async () => {
    const stage = new Stage(alerting(FAMILIES, []))
    await stage.batch(
      createLog(activated(0, above(40)), createReading(1, 42), activated(2, COLD), createReading(3, 42)),
    )
    assert.deepEqual(listChanges(stage), ['fired HIGH', 'resolved HIGH rule-removed'])
    assert.deepEqual(stage.outcomes, [
      'applied/rules-activated',
      'applied/fired',
      'applied/rules-activated',
      'applied/rule-removed',
    ])
  })

  it('given the same rules again the next day, then nothing changes', async () => {
    const stage = new Stage(alerting(FAMILIES, []))
    await stage.batch(
      createLog(activated(0, above(40)), createReading(1, 42), activated(2, above(40)), createReading(3, 43)),
    )
    assert.deepEqual(stage.outcomes, [
      'applied/rules-activated',
      'applied/fired',
      'applied/rules-unchanged',
      'applied/unchanged',
    ])
  })

  it('given one that cannot be used, then it leaves as a failure, and the rules before it count on', async () => {
    const stage = new Stage(alerting(FAMILIES, []))
    const { data, ...event } = activated(2, above(10))
    const broken = { ...event, data: { ...data, hash: 'another' } }
    await stage.batch(createLog(activated(0, above(40)), broken, createReading(3, 30), createReading(4, 42)))
    assert.deepEqual(stage.outcomes, [
      'applied/rules-activated',
      'failed/rejected',
      'applied/unchanged',
      'applied/fired',
    ])
  })
})
