import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readActivatedRules } from '../../../../control/queries/alerts/activated-rules.ts'
import { conditionsNow } from '../../../../control/tables/conditions.ts'
import { NO_DATA } from '../../../../lib/alerting/alert.ts'
import { buildRuleSet } from '../../../../lib/alerting/rule-set.ts'
import { firstAlert } from '../../../support/alerts.ts'
import { FAMILIES } from '../../../support/families.ts'
import { createRule } from '../../alerting/support.ts'
import { createInspection } from './stored.ts'

const READINGS = { topic: 'readings', partitions: 3 }
const GROUPS = { topic: 'patterns', partitions: 1 }
const AT_MS = Date.parse('2026-03-01T12:00:00Z')

describe('the rules in force', () => {
  const stored = (...rules: Parameters<typeof buildRuleSet>[0]) => {
    const set = buildRuleSet(rules)
    return { context: { hash: set.hash, json: JSON.stringify(set) } }
  }

  it('given partitions that have not read the newest set, then the most common set is shown with its share', async () => {
    const [hot, cold] = [createRule({ fireAbove: 40 }), createRule({ name: 'COLD', fireBelow: 0 })]
    const known = await readActivatedRules(
      FAMILIES,
      createInspection({
        'alerting readings/0': stored(hot),
        'alerting readings/1': stored(hot, cold),
        'alerting readings/2': stored(hot, cold),
      }),
      READINGS,
    )
    assert.deepEqual(
      [known?.rules.map(({ name }) => name), known?.having, known?.partitions, known?.hash],
      [['COLD', 'HOT'], 2, 3, buildRuleSet([hot, cold]).hash],
    )
  })

  it('given that the log has activated none, then that is said', async () =>
    assert.equal(await readActivatedRules(FAMILIES, createInspection({}), READINGS), undefined))
})

describe('how rules stand', () => {
  it('given states of entities and groups, then each rule that is on is named', async () => {
    const noData = firstAlert({ alertId: 'silent', rule: NO_DATA, labels: { rule: 'HOT' } })
    const later = { seenMs: AT_MS + 1, activeAtMs: AT_MS + 60_000 }
    const { active, entities, reporting } = await conditionsNow(
      createInspection({
        'alerting readings/0': {
          states: [
            [
              '/e a',
              {
                seen: { temperature: 1 },
                rules: { 'HOT environment.temperature': { state: { phase: 'pending', ...later } } },
              },
            ],
            ['/e b', { seen: { temperature: 1, humidity: 2 }, rules: {} }],
            ['/clock ', { seen: {}, rules: {}, lastTickMs: 1 }],
          ],
        },
        'alerting readings/2': {
          states: [
            [
              '/e c',
              {
                seen: { temperature: 1 },
                rules: { 'HOT environment.temperature': { state: { phase: 'inactive', seenMs: 1 }, noData } },
              },
            ],
          ],
        },
        'patterns patterns/0': {
          states: [
            [
              '/groups/site oslo',
              {
                tracked: { 'MANY{team="ops"} pattern x': { state: { counted: [AT_MS - 1000] } } },
              },
            ],
          ],
        },
      }),
      READINGS,
      GROUPS,
    )
    assert.deepEqual(
      active.map(({ identity, entity, phase, isOfSilence }) => [identity, entity, phase, isOfSilence]),
      [
        ['HOT', '/e a', 'pending', false],
        ['HOT', '/e c', 'firing', true],
        ['MANY{team="ops"}', '/groups/site oslo', 'pending', false],
      ],
    )
    assert.equal(entities, 3)
    assert.deepEqual(
      [...reporting],
      [
        ['temperature', 3],
        ['humidity', 1],
      ],
    )
  })
})
