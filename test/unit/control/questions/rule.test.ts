import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Environment } from '../../../../control/questions/environment.ts'
import { RULE } from '../../../../control/questions/rule.ts'
import type { ActiveAlert } from '../../../../control/tables/conditions.ts'
import { buildRuleSet } from '../../../../lib/alerting/rule-set.ts'
import { FAMILIES } from '../../../support/families.ts'
import { createRule } from '../../alerting/support.ts'

const HOT = createRule({ name: 'HOT', fireAbove: 40, labels: { team: 'a' } })
const PENDING = { rule: 'R e.m', partition: 0, isOfSilence: false, phase: 'pending', alert: null } as const

function active(identity: string, entity: string, minute: number): ActiveAlert {
  return { ...PENDING, identity, entity, activeAt: `2026-03-01T12:0${minute}:00.000Z` }
}

async function ask(rule: string, ...conditions: readonly ActiveAlert[]) {
  const environment = {
    config: { families: FAMILIES },
    topicSize: async () => ({ topic: 'readings', partitions: 1 }),
    inspection: async () => ({
      context: async () => ({ hash: '', json: JSON.stringify(buildRuleSet([HOT])) }),
    }),
    share: async () => ({ active: conditions, entities: 1, reporting: new Map() }),
  } as unknown as Environment
  const limits = { most: 2, mostRecords: 0, nowMs: 0 }
  const { rows, notes } = await RULE.read(environment, { rule }, limits)
  return [rows.map(({ rule, entities }) => [rule, entities.map(({ entity }) => entity)]), notes]
}

describe('one rule', () => {
  const own = 'HOT{team="a"}'

  it('given its name, then it has its entities, newest first, and a note says that there are more', async () => {
    const all = [
      active(own, '/e a', 1),
      active(own, '/e b', 3),
      active('OTHER', '/e c', 3),
      active(own, '/e d', 2),
    ]
    assert.deepEqual(await ask('HOT', ...all), [
      [[own, ['/e b', '/e d']]],
      [`${own} affects 3 entities. The newest 2 are listed.`],
    ])
  })

  it('given a removed rule, then it is shown while it is pending or firing', async () => {
    const [rows, notes] = await ask('HOT', active('HOT', '/e a', 1))
    assert.deepEqual(rows, [
      [own, []],
      ['HOT', ['/e a']],
    ])
    assert.match(String(notes), /^HOT is no longer active\./)
    await assert.rejects(ask('COLD'), /No active rule is called COLD/)
  })
})
