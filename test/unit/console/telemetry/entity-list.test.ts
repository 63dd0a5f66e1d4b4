import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  buildEntityPage,
  type EntityPageQuery,
  type ShownEntity as ListedEntity,
  PAGE_SIZE,
} from '../../../../console/api/telemetry/entity-list.ts'
import { withReading } from '../../../../lib/analytics/metric-statistics.ts'
import { FAMILIES } from '../../../support/families.ts'

const QUERY: EntityPageQuery = { find: '', metric: '', page: 1 }

function entity(
  subject: string,
  values: readonly number[],
  { family = 'environment', lastAtMs = 0 }: { family?: string; lastAtMs?: number } = {},
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
  return buildEntityPage(FAMILIES, { entities: ENTITIES, isWhole: true }, alerts, { ...QUERY, ...changes })
}

const subjects = ({ rows }: ReturnType<typeof page>) => rows.map(row => row.entity.split(' ')[1])

describe('a page of entities', () => {
  it('given no family, then that with most matching entities is shown, whatever reads next', () => {
    const newer = [...ENTITIES, entity('d-2', [1], { family: 'device', lastAtMs: 10 })]
    const open = (find: string) =>
      buildEntityPage(FAMILIES, { entities: newer, isWhole: true }, new Map(), { ...QUERY, find }).family
    assert.deepEqual([open(''), open('s-'), open('d-')], ['environment', 'environment', 'device'])
  })

  it('given a family, then its entities are shown by name, and all are counted', () => {
    const found = page()
    assert.deepEqual(subjects(found), ['s-1', 's-2', 's-3'])
    assert.deepEqual(found.families, [
      { family: 'environment', entities: 3 },
      { family: 'device', entities: 1 },
    ])
    assert.deepEqual([found.matching, found.known, found.pages], [3, 4, 1])
    assert.equal(found.metrics[0]?.unit, '°C')
  })

  it('given alerts that fire, then entities that have some are first', () => {
    const alerts = new Map([['/environment/berlin s-3', 2]])
    const found = page({}, alerts)
    assert.deepEqual(subjects(found), ['s-3', 's-1', 's-2'])
    assert.deepEqual(
      found.rows.map(row => [row.alerts, row.values[0]]),
      [
        [2, null],
        [0, 0],
        [0, 20],
      ],
    )
  })

  it('given ten thousand entities, then one page of them is answered, in a tenth of a second', () => {
    const entities = Array.from({ length: 10_000 }, (_, at) => entity(`s-${at}`, [at % 97]))
    const startedMs = performance.now()
    const found = buildEntityPage(FAMILIES, { entities, isWhole: true }, new Map(), {
      ...QUERY,
      page: 3,
    })
    const tookMs = performance.now() - startedMs
    assert.deepEqual([found.rows.length, found.page, found.pages], [PAGE_SIZE, 3, 10_000 / PAGE_SIZE])
    assert.ok(tookMs < 500, `${tookMs} ms`)
    const last = buildEntityPage(FAMILIES, { entities, isWhole: true }, new Map(), { ...QUERY, page: 999 })
    assert.equal(last.page, last.pages, 'a page that is not there any more is the last one')
  })
})
