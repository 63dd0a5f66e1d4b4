import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { computePartition } from '#runtime/consumer'
import { readTableSizes, selectRows } from '../../../../control/queries/states/view-rows.ts'
import { groupName, rowSource } from '../../../../lib/views/event-names.ts'
import { compilePlan } from '../../../../lib/views/language/compile-plan.ts'
import { parse } from '../../../../lib/views/language/parser.ts'
import { readableTables, type TablePlan } from '../../../../lib/views/plan.ts'
import { createActivatedPlan } from '../../../../lib/views/plan-activation.ts'
import { FAMILIES } from '../../../support/families.ts'
import { createInspection, type StoredPartition } from '../tables/stored.ts'

const TOPIC = { topic: 'rows', partitions: 3 }
const text = `CREATE STREAM s (a VARCHAR, b BIGINT) WITH (KAFKA_TOPIC = 'readings', VALUE_FORMAT = 'JSON');
CREATE TABLE counts AS SELECT a, b, COUNT(*) AS n FROM s GROUP BY a, b;
CREATE TABLE others AS SELECT a, COUNT(*) AS n FROM s GROUP BY a;`
const plan = compilePlan(FAMILIES, [{ name: 'a.sql', text }], parse)
const [counts, others] = plan.tables as readonly [TablePlan, TablePlan]

/** State of a group without windows: its one window has one aggregate, a count. */
const createState = (count: number, late = 0) => ({ w: [[0, [count]]], ...(late > 0 && { l: late }) })

const stored: Record<string, { states: [string, unknown][] }> = {}
function store(table: TablePlan, group: readonly (string | number)[], state: unknown): void {
  const name = groupName(group)
  const place = `views rows/${computePartition(Buffer.from(name), TOPIC.partitions)}`
  stored[place] ??= { states: [] }
  stored[place].states.push([`${rowSource(table.name, table.generation)} ${name}`, state])
}
for (const a of ['x', 'y', 'z z', '"]']) for (const b of [1, 2]) store(counts, [a, b], createState(b, 1))
store(others, ['x'], createState(7))
store({ ...counts, generation: 'before' }, ['x', 1], createState(99))
stored['views rows/0'] ??= { states: [] }
stored['views rows/0'].states.push(['/device/m d-1', { newestMs: 5 }])
const states = createInspection(stored as Record<string, StoredPartition>)

const all = { toAnswer: ({ values }: { values: object }) => values, limit: 100 }

describe('rows of tables', () => {
  it('given all groups, then the rows come in the order of their names, without other generations', async () => {
    const { rows, isWhole } = await selectRows(states, TOPIC, counts, all)
    const expected = ['"]', 'x', 'y', 'z z'].flatMap(a => [1, 2].map(b => ({ a, b, n: b })))
    assert.deepEqual(rows, expected)
    assert.ok(isWhole)
  })

  for (const group of [
    ['x', 2],
    ['z z', 1],
    ['"]', 1],
  ] as const)
    it(`given the group ${JSON.stringify(group)}, then only its row is read`, async () => {
      const { rows } = await selectRows(states, TOPIC, counts, { ...all, group })
      assert.deepEqual(rows, [{ a: group[0], b: group[1], n: group[1] }])
    })

  it('given an unknown group, then there is no row', async () => {
    assert.deepEqual(await selectRows(states, TOPIC, counts, { ...all, group: ['x', 3] }), {
      rows: [],
      isWhole: true,
    })
  })

  it('given a condition and a limit, then rows that are not wanted do not count', async () => {
    const of = ({ values }: { values: Readonly<Record<string, unknown>> }) =>
      values.b === 2 ? [values.a] : undefined
    const limited = await selectRows(states, TOPIC, counts, { ...all, toAnswer: of, limit: 3 })
    assert.deepEqual([limited.rows.length, limited.isWhole], [3, false])
    const { rows, isWhole } = await selectRows(states, TOPIC, counts, { ...all, toAnswer: of, limit: 4 })
    assert.deepEqual([rows, isWhole], [[['"]'], ['x'], ['y'], ['z z']], true])
  })

  it('given a table that is being built, then it is counted, but not read', async () => {
    const inForce = createActivatedPlan(plan, [others.generation])
    assert.deepEqual(readableTables(inForce), [counts])
    const sizes = await readTableSizes(states, TOPIC, inForce)
    assert.deepEqual(
      sizes.map(({ table, isBuilding, groups, late }) => [table.name, isBuilding, groups, late]),
      [
        ['counts', false, 8, 8],
        ['others', true, 1, 0],
      ],
    )
  })
})
