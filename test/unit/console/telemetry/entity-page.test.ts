import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ShownEntity as ListedEntity } from '../../../../console/api/telemetry/entity-page.ts'
import { type EntityPageQuery, entityPage, PAGE_SIZE } from '../../../../console/api/telemetry/entity-page.ts'
import { withReading } from '../../../../lib/analytics/metrics.ts'
import type { FamilyName } from '../../../../lib/telemetry/families.ts'

const QUERY: EntityPageQuery = { find: '', statistic: 'last', sort: '', alerting: false, page: 1 }

function entity(
  subject: string,
  values: readonly number[],
  { family = 'environment', lastAtMs = 0 }: { family?: FamilyName; lastAtMs?: number } = {},
): ListedEntity {
  const metric = family === 'device' ? 'x' : 'temperature'
  const metrics = values.reduce<ListedEntity['metrics']>(
    (known, value, at) => withReading(known, { values: [[metric, value]], timeMs: at }),
    {},
  )
  const name = `/${family}/berlin ${subject}`
  return { entity: name, partition: 0, family, metrics, readings: values.length, lastAtMs }
}

const ENTITIES = [
  entity('s-2', [10, 20], { lastAtMs: 5 }),
  entity('s-1', [30, 0], { lastAtMs: 9 }),
  entity('s-3', [], { lastAtMs: 1 }),
  entity('d-1', [1], { family: 'device' }),
]

function page(changes: Partial<EntityPageQuery> = {}, alerts = new Map<string, number>()) {
  return entityPage({ entities: ENTITIES, isWhole: true }, alerts, { ...QUERY, ...changes })
}

const subjects = ({ rows }: ReturnType<typeof page>) => rows.map(one => one.entity.split(' ')[1])

describe('a page of entities', () => {
  it('given no family, then that with most entities is shown, by name, and all are counted', () => {
    const found = page()
    assert.deepEqual(subjects(found), ['s-1', 's-2', 's-3'])
    assert.deepEqual(found.families, [
      { family: 'environment', entities: 3 },
      { family: 'device', entities: 1 },
    ])
    assert.deepEqual([found.matching, found.known, found.pages], [3, 4, 1])
    assert.equal(found.metrics[0]?.unit, '°C')
  })

  const sorts: [sort: string, expected: string[]][] = [
    ['-entity', ['s-3', 's-2', 's-1']],
    ['readings', ['s-3', 's-1', 's-2']],
    ['-last-reading', ['s-1', 's-2', 's-3']],
    ['temperature', ['s-1', 's-2', 's-3']],
    // Entities without a value are last either way.
    ['-temperature', ['s-2', 's-1', 's-3']],
    ['no-such-thing', ['s-1', 's-2', 's-3']],
  ]
  for (const [sort, expected] of sorts)
    it(`given the order ${sort}, then it is kept`, () => assert.deepEqual(subjects(page({ sort })), expected))

  it('given another statistic, then it is shown and sorted by', () => {
    const found = page({ statistic: 'mean', sort: '-temperature' })
    assert.deepEqual(
      found.rows.map(({ values }) => values[0]),
      [15, 15, null],
    )
    const [first] = page({ statistic: 'standardDeviation', sort: '-temperature' }).rows
    assert.equal(first?.values[0], Math.sqrt(450))
  })

  it('given alerts that fire, then they are counted, and entities without can be left out', () => {
    const alerts = new Map([['/environment/berlin s-3', 2]])
    assert.deepEqual(
      page({ sort: '-alerts' }, alerts).rows.map(one => one.alerts),
      [2, 0, 0],
    )
    assert.deepEqual(subjects(page({ alerting: true }, alerts)), ['s-3'])
  })

  it('given ten thousand entities, then one page of them is answered, in a tenth of a second', () => {
    const entities = Array.from({ length: 10_000 }, (_, at) => entity(`s-${at}`, [at % 97]))
    const startedMs = performance.now()
    const found = entityPage({ entities, isWhole: true }, new Map(), {
      ...QUERY,
      sort: '-temperature',
      page: 3,
    })
    const tookMs = performance.now() - startedMs
    assert.deepEqual([found.rows.length, found.page, found.pages], [PAGE_SIZE, 3, 10_000 / PAGE_SIZE])
    assert.equal(found.rows[0]?.values[0], 96)
    assert.ok(tookMs < 500, `${tookMs} ms`)
    const last = entityPage({ entities, isWhole: true }, new Map(), { ...QUERY, page: 999 })
    assert.equal(last.page, last.pages, 'a page that is not there any more is the last one')
  })
})
