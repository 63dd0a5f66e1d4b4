import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { schemaViolation } from '../../../lib/app/data/schema-violation.ts'
import { FileError } from '../../../lib/support/file-errors.ts'
import { loadPlan } from '../../../lib/views/adapters/plan-file.ts'
import type { StreamPlan, TablePlan } from '../../../lib/views/plan.ts'
import {
  createActivatedPlan,
  createActivationEvent,
  planAfterDeployment,
  planHash,
  withoutBuilding,
} from '../../../lib/views/plan-activation.ts'
import { FAMILIES } from '../../support/families.ts'
import { tablePlan } from '../../support/views.ts'

const table = (name: string, generation = '1'): TablePlan => tablePlan(undefined, { name, generation })
const stream = (name: string): StreamPlan => ({ name, signal: 'readings', columns: [] })
const createPlan = (...tables: TablePlan[]) => ({ streams: [], tables })

describe('the plan after a deployment', () => {
  const deployed = (...tables: TablePlan[]) => planAfterDeployment(undefined, createPlan(...tables))

  it('given that none is in force, then the packaged plan is, and it names its package', () => {
    const { tables, packaged } = deployed(table('a'))
    assert.deepEqual(tables, [table('a')])
    assert.deepEqual(packaged, {
      hash: planHash(createPlan(table('a'))),
      tables: [{ name: 'a', generation: '1' }],
    })
  })

  it('given the package of the plan in force, then a table that was dropped does not return', () => {
    const before = deployed(table('a'), table('b'))
    const inForce = createActivatedPlan(createPlan(table('a')), [], before.packaged)
    assert.equal(planAfterDeployment(inForce, createPlan(table('a'), table('b'))), inForce)
  })

  // Promise config/views/README.md#tables-in-force
  it('given another package, then it adds and removes only what it has changed itself', () => {
    const { packaged } = deployed(table('a'), table('b'), table('c'), table('dropped'), table('changed'))
    const own = [table('a'), table('b', '1.built'), table('c'), table('changed', '9'), table('applied')]
    const inForce = createActivatedPlan({ streams: [stream('s')], tables: own }, ['9'], packaged)
    const next = planAfterDeployment(inForce, {
      streams: [stream('s'), stream('t')],
      tables: [table('a', '2'), table('dropped'), table('new'), table('applied')],
    })
    assert.deepEqual(next.tables, [table('a'), table('changed', '9'), table('applied'), table('new')])
    assert.deepEqual(next.streams, [stream('s'), stream('t')])
    assert.deepEqual(next.building, ['9'])
    assert.notEqual(next.hash, inForce.hash)
    assert.equal(planAfterDeployment(next, createPlan()).tables.length, 2)
  })

  it('given a plan that names no package, then it belongs to the present one', () => {
    const inForce = createActivatedPlan(createPlan(table('a')), [])
    const next = planAfterDeployment(inForce, createPlan(table('b')))
    assert.deepEqual(next.tables, [table('a')])
    assert.deepEqual(next.packaged, deployed(table('b')).packaged)
  })

  it('given a change of the tables that is lost, then the tables in force remain', () => {
    const inForce = createActivatedPlan(createPlan(table('a'), table('a', '2')), ['2'])
    assert.deepEqual(withoutBuilding(inForce), createActivatedPlan(createPlan(table('a')), []))
  })
})

describe('an activation', () => {
  it('given a plan, then its event is valid, and the same if a run is repeated', () => {
    const plan = createActivatedPlan(createPlan(table('a')), [])
    const [event, again] = [0, 0].map(() => createActivationEvent(plan, 3, '2026-03-01T12:00:00Z'))
    assert.deepEqual(event, again)
    assert.equal(schemaViolation(FAMILIES, event?.type ?? '', event?.data), undefined)
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
          assert.ok(error instanceof FileError)
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
