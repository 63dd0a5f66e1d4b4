import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { APPLY_VIEWS, describeChange } from '../../../../control/operations/change-tables.ts'
import {
  createBuildingPlan,
  createBuiltPlan,
  planChange,
  removeTables,
  toNewGenerations,
} from '../../../../control/statements/plan-change.ts'
import type { TablePlan, ViewPlan } from '../../../../lib/views/plan.ts'
import { createActivatedPlan } from '../../../../lib/views/plan-activation.ts'

const table = (name: string, generation: string) => ({ name, generation }) as TablePlan
const createPlan = (...tables: TablePlan[]): ViewPlan => ({ streams: [], tables })
const names = (tables: readonly TablePlan[]) => tables.map(table => `${table.name} ${table.generation}`)

const inForce = createActivatedPlan(
  createPlan(table('a', '1.x'), table('b', '1'), table('c', '1'), table('d', '2')),
  ['2'],
)
const wanted = createPlan(table('a', '1'), table('b', '2'), table('d', '2'))

describe('changes of tables', () => {
  it('given statements, then new and changed tables are built, and others dropped or left', () => {
    const { build, replaced, dropped, unchanged } = planChange(inForce, wanted)
    assert.deepEqual(names(build), ['b 2', 'd 2'])
    assert.deepEqual(replaced, ['b'])
    assert.deepEqual(names(dropped), ['c 1'])
    assert.deepEqual(names(unchanged), ['a 1'])
  })

  it('given a table that the function clock has put into force, then it has no past; a built one has', () => {
    const change = planChange(inForce, createPlan(table('a', '1'), table('b', '1')))
    assert.deepEqual(change.withoutPast, ['b'])
    assert.match(
      describeChange({ change }).join('\n'),
      /unchanged: a, b\n.*without the past, because the function clock .*: b \(/,
    )
  })

  it('given tables that would be dropped, then the folder without their statements is named', () => {
    const lines = describeChange({ folder: 'my-views', change: planChange(inForce, wanted) })
    assert.ok(lines.includes('  - c: drop, because my-views has no statement for it'))
  })

  it('given no changes, then there is nothing to do, unless a run was interrupted', () => {
    const same = createPlan(table('a', '1.x'), table('b', '1'), table('c', '1'))
    const plan = { inForce, wanted: same, change: planChange(inForce, same) }
    const unfinished = { by: 'anna', begunAt: '2026-03-01T10:00:00Z' } as never
    const notice = 'a: the example of device_ksql.sql steps aside'
    assert.deepEqual(describeChange({ ...plan, notices: [notice] }).slice(0, 2), [
      'All tables are in force.',
      `  ! ${notice}`,
    ])
    assert.deepEqual(
      describeChange({ ...plan, unfinished })[0],
      '  finish the change that anna began at 2026-03-01T10:00:00Z',
    )
    assert.deepEqual(
      [plan, { ...plan, unfinished }].map(plan => APPLY_VIEWS.isEmpty?.(plan)),
      [true, false],
    )
  })

  it('given tables that are built, then they are beside the old ones, and then replace them', () => {
    const built = toNewGenerations(planChange(inForce, wanted).build, '0123456789')
    assert.deepEqual(names(built), ['b 2.012345', 'd 2.012345'])
    const beside = ['a 1.x', 'b 1', 'c 1', 'b 2.012345', 'd 2.012345']
    assert.deepEqual(names(createBuildingPlan(inForce, wanted, built).tables), beside)
    assert.deepEqual(names(createBuiltPlan(inForce, wanted, built).tables), [
      'a 1.x',
      'b 2.012345',
      'd 2.012345',
    ])
  })

  it('given a built table whose statement has changed again, then the old one stays', () => {
    assert.deepEqual(names(createBuiltPlan(inForce, wanted, []).tables), ['a 1.x', 'b 1'])
  })

  it('given a name in another case, then the table is dropped; an unknown one is refused', () => {
    assert.deepEqual(names(removeTables(inForce, ['A']).tables), ['b 1', 'c 1'])
    assert.throws(() => removeTables(inForce, ['nothing']), /There is no table nothing\./)
    assert.throws(() => removeTables(inForce, ['d']), /The table d is being built\./)
  })
})
