import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { schemaViolation } from '../../../lib/app/schemas.ts'
import {
  activatedPlan,
  planAfterDeployment,
  viewsActivated,
  whyActivate,
} from '../../../lib/views/activation.ts'
import { loadPlan, PlanFileError } from '../../../lib/views/adapters/plan-file.ts'
import type { StreamPlan, TablePlan } from '../../../lib/views/plan.ts'
import { tablePlan } from '../../support/views.ts'

const DAY_MS = 24 * 60 * 60_000
const table = (name: string, generation = '1'): TablePlan => tablePlan(undefined, { name, generation })
const stream = (name: string): StreamPlan => ({ name, signal: 'readings', columns: [] })
const planOf = (...tables: TablePlan[]) => ({ streams: [], tables })

describe('the plan after a deployment', () => {
  it('given that none is in force, then the packaged plan is', () => {
    const packaged = planOf(table('a'))
    assert.deepEqual(planAfterDeployment(undefined, packaged, false), activatedPlan(packaged, []))
  })

  it('given new, changed and removed tables, then only the new ones are added, with their streams', () => {
    const inForce = activatedPlan({ streams: [stream('s')], tables: [table('a'), table('b')] }, ['9'])
    const packaged = { streams: [stream('s'), stream('t')], tables: [table('a', '2'), table('c')] }
    const next = planAfterDeployment(inForce, packaged, true)
    assert.deepEqual(next.tables, [table('a'), table('b'), table('c')])
    assert.deepEqual(next.streams, [stream('s'), stream('t')])
    assert.deepEqual(next.building, ['9'])
    assert.notEqual(next.hash, inForce.hash)
  })

  it('given the same packaged plan, then a table that was dropped does not return', () => {
    const inForce = activatedPlan(planOf(table('a')), [])
    assert.equal(planAfterDeployment(inForce, planOf(table('a'), table('b')), false), inForce)
  })
})

describe('an activation', () => {
  const last = { hash: 'h', packaged: 'p', atMs: 0, partitions: 18 }
  for (const [change, why] of [
    [{}, undefined],
    [{ atMs: DAY_MS }, 'daily'],
    [{ hash: 'other' }, 'changed'],
    [{ packaged: 'other' }, 'changed'],
    [{ partitions: 19 }, 'partitions-changed'],
  ] as const)
    it(`given ${JSON.stringify(change)}, then the reason is ${why}`, () => {
      assert.equal(whyActivate(last, { ...last, ...change }), why)
    })

  it('given a plan, then its event is valid, and the same if a run is repeated', () => {
    const plan = activatedPlan(planOf(table('a')), [])
    const [event, again] = [0, 0].map(() => viewsActivated(plan, 3, '2026-03-01T12:00:00Z'))
    assert.deepEqual(event, again)
    assert.equal(schemaViolation(event?.type ?? '', event?.data), undefined)
  })
})

describe('the plan file', () => {
  for (const [text, message] of [
    [undefined, /plan\.json: the plan of the tables does not exist: run `npm run views`$/],
    ['{', /plan\.json: the plan of the tables is not JSON: run/],
    ['null', /plan\.json: it is not a plan of tables: run/],
    ['{"streams":[],"tables":[{"name":"a"}]}', /it is not a plan of tables/],
    [
      '{"streams":[],"tables":[{"name":"a","generation":"b","columns":[],"group":[]}]}',
      /it is not a plan of tables/,
    ],
    [
      JSON.stringify({
        streams: [],
        tables: [tablePlan({ kind: 'hopping', sizeMs: 3_600_000, advanceMs: 1, graceMs: 0, retentionMs: 0 })],
      }),
      /plan\.json: stats: the window is unknown, or one of its times is out of range: run/,
    ],
  ] as const)
    it(`given ${text ?? 'no file'}, then one message has the file and the remedy`, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'plan-'))
      try {
        if (text !== undefined) await writeFile(join(folder, 'plan.json'), text)
        await assert.rejects(loadPlan(folder), error => {
          assert.ok(error instanceof PlanFileError)
          assert.match(error.message, /^VIEWS_DIR: /)
          assert.match(error.message, message)
          return true
        })
      } finally {
        await rm(folder, { recursive: true })
      }
    })

  it('given the plan that ships, then it is read', async () => {
    assert.ok((await loadPlan('config/views')).tables.length > 0)
  })
})
