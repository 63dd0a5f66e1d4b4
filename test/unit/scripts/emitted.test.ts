import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { FailureData } from '#runtime/consumer'
import { emitAlert, firedAlert, resolvedAlert } from '../../../lib/alerting/alert.ts'
import type { Rule } from '../../../lib/alerting/rule.ts'
import { buildRuleSet } from '../../../lib/alerting/rule-set.ts'
import { rulesActivated } from '../../../lib/alerting/rules-activated.ts'
import { schemaViolation } from '../../../lib/app/data/schema-violation.ts'
import { dlqRouter } from '../../../lib/failures/dlq-router.ts'
import {
  DEAD_LETTER_TYPE,
  FAILURE_ENDED_TYPE,
  FAILURE_TYPE,
  RETRY_TYPE,
} from '../../../lib/failures/event-types.ts'
import { DEFAULT_POLICY } from '../../../lib/failures/policy.ts'
import { tick } from '../../../lib/telemetry/tick.ts'
import { FAMILIES } from '../../support/families.ts'
import { collectEmission } from '../../support/step-calls.ts'

const RULE: Rule = {
  name: 'HIGH_TEMP',
  family: 'environment',
  metric: 'temperature',
  condition: {
    kind: 'limits',
    fire: { above: 40, below: Number.NEGATIVE_INFINITY },
    clear: { above: 40, below: Number.NEGATIVE_INFINITY },
  },
  forMs: 0,
  keepFiringForMs: 0,
  staleAfterMs: 0,
  onSilence: 'keep',
  paused: false,
  severity: 'critical',
  labels: { team: 'ops' },
  summary: '{{value}}',
}
const CAUSE = { id: '1', source: '/environment/hall', subject: 's1', entity: '/environment/hall s1' }

const FAILURE: FailureData = {
  originalTopic: 'readings',
  originalPartition: 0,
  originalOffset: 17,
  originalTimestamp: -1,
  originalKey: null,
  originalValue: 'e30=',
  originalHeaders: [{ name: 'ce_id', value: 'MQ==' }],
  errorType: 'schema-violated',
  error: 'temperature must be number',
  consumer: 'processor',
  attempt: 1,
  firstFailedAt: '2026-01-01T00:00:00.000Z',
  failedAt: '2026-01-01T00:00:00.000Z',
  history: [],
  omitted: [],
  parks: false,
}

describe('given what Sluice itself publishes, then it fits its own schemas', () => {
  const fired = firedAlert(RULE, CAUSE, { value: 41, threshold: 40, activeAtMs: 0, firedAtMs: 60_000 })
  const alerts = [
    fired,
    resolvedAlert(fired, 90_000, 'rule-removed'),
    resolvedAlert(fired, 90_000, 'forgotten'),
    resolvedAlert(fired, 90_000, 'cleared', { value: 39, threshold: 40 }),
  ]
  for (const alert of alerts) {
    test(`when an alert is ${alert.status}`, () => {
      const { type, data } = collectEmission(step => emitAlert(step, alert, CAUSE))
      assert.equal(schemaViolation(FAMILIES, type, data), undefined)
    })
  }

  test('when a tick is appended', () => {
    const { type, data } = tick(11, '2026-01-01T00:00:00Z')
    assert.equal(schemaViolation(FAMILIES, type, data), undefined)
  })

  test('when a rule set is activated', () => {
    const { type, data } = rulesActivated(buildRuleSet([RULE]), 11, '2026-01-01T00:00:00Z')
    assert.equal(schemaViolation(FAMILIES, type, data), undefined)
  })

  const router = dlqRouter({ policy: DEFAULT_POLICY, findTopicName: () => 'readings' })
  for (const [becomes, errorType, types] of [
    ['is retried', 'not-accepted', [RETRY_TYPE]],
    ['becomes a dead letter', 'schema-violated', [DEAD_LETTER_TYPE, FAILURE_ENDED_TYPE]],
  ] as const)
    test(`when a record fails, and when it ${becomes}`, () => {
      const data = { ...FAILURE, errorType, parks: true }
      assert.equal(schemaViolation(FAMILIES, FAILURE_TYPE, data), undefined)
      const event = { id: '1', source: '/processor', type: FAILURE_TYPE, data, timeMs: 0, entity: 'e' }
      const step = router.onEvent(undefined, event)
      assert.ok(step.kind === 'decided')
      assert.deepEqual(
        step.emit.map(({ type }) => type),
        types,
      )
      for (const { type, data } of step.emit) assert.equal(schemaViolation(FAMILIES, type, data), undefined)
    })

  test('when a part is missing, then the check notices', () => {
    assert.equal(
      schemaViolation(FAMILIES, FAILURE_TYPE, { ...FAILURE, originalHeaders: undefined }),
      'originalHeaders is missing',
    )
  })
})
