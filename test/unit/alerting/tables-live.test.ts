/** Rules over a table, from readings through the consumer `views` to alerts, in logs in memory. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { instant } from '#runtime/consumer'
import { type Appended, ConsumerLog } from '../../../control/trials/rule-tests/consumer-log.ts'
import type { Alert } from '../../../lib/alerting/alert.ts'
import { alerting } from '../../../lib/alerting/process.ts'
import { checkRules } from '../../../lib/alerting/rule-files.ts'
import { buildRuleSet } from '../../../lib/alerting/rule-set.ts'
import { rulesActivated } from '../../../lib/alerting/rules-activated.ts'
import { createReading } from '../../../lib/telemetry/reading.ts'
import { tick } from '../../../lib/telemetry/tick.ts'
import { loadPlan } from '../../../lib/views/adapters/plan-file.ts'
import { VIEW_CHANGED_TYPE } from '../../../lib/views/event-names.ts'
import { createActivatedPlan, createActivationEvent } from '../../../lib/views/plan-activation.ts'
import { views } from '../../../lib/views/process.ts'
import { FAMILIES, VOCABULARY } from '../../support/families.ts'

const START_MS = Date.parse('2026-03-01T00:00:00Z')
const SHAKING = {
  ...{ name: 'SHAKING', table: 'device_sensor_stats', column: 'std_x', severity: 'warning' },
  ...{ fireAbove: 4, clearBelow: 3, summary: '{{entity}} shakes: {{value}}' },
}

test('given the table that ships, when its windows close, then an alert fires and resolves', async () => {
  const plan = await loadPlan(join(import.meta.dirname, '../../../config/views'))
  const { rules, errors } = checkRules(
    FAMILIES,
    [{ file: 'a', text: JSON.stringify({ rules: [SHAKING] }) }],
    plan.tables,
  )
  assert.deepEqual(errors, [])
  const [readings, rows] = [
    new ConsumerLog(VOCABULARY, 'readings', views(FAMILIES)),
    new ConsumerLog(VOCABULARY, 'view-rows', views(FAMILIES)),
  ]
  const changes = new ConsumerLog(VOCABULARY, 'view-changes', alerting(FAMILIES, []))
  for (const log of [readings, rows])
    await log.append([START_MS, createActivationEvent(createActivatedPlan(plan, []), 0, instant(START_MS))])
  await changes.append([START_MS, rulesActivated(buildRuleSet(rules), 0, instant(START_MS))])

  const alerts: Alert[] = []
  let changed = 0
  for (let seconds = 0; seconds <= 300; seconds += 5) {
    const nowMs = START_MS + seconds * 1_000
    const at = (event: Appended[1]): Appended => [nowMs, event]
    const isShaking = seconds >= 60 && seconds < 120
    const x = (isShaking ? 8 : 1) * (seconds % 10 === 0 ? 1 : -1)
    const data = { deviceId: 'device-7', model: 'm', x, y: 0, z: 0 }
    const event = createReading(FAMILIES.get('device'), `r${seconds}`, instant(nowMs), data)
    const regrouped = await readings.append(at(event))
    const made = await rows.append(...regrouped.emitted.map(at), at(tick(0, instant(nowMs))))
    const all = made.emitted.filter(({ type }) => type === VIEW_CHANGED_TYPE)
    changed += all.length
    const decided = await changes.append(...all.map(at), at(tick(0, instant(nowMs))))
    assert.deepEqual([...regrouped.refused, ...made.refused, ...decided.refused], [])
    alerts.push(...decided.emitted.map(event => event.data as Alert))
  }
  assert.ok(changed > 5)
  assert.deepEqual(
    alerts.map(({ status, entity, startedAt, summary }) => [status, entity.subject, startedAt, summary]),
    ['firing', 'resolved'].map(status => [
      status,
      '["device-7"]',
      '2026-03-01T00:02:00.000Z',
      'device-7 shakes: 8.35573',
    ]),
  )
  assert.equal(alerts[1]?.status === 'resolved' && alerts[1].endedAt, '2026-03-01T00:03:00.000Z')
})
