import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Hold, StateKey, StoredTimer } from '#runtime/pipeline'
import type { RememberedFailure } from '#runtime/test/support/inside'
import { listEntityStates } from '../../../../control/queries/states/entities.ts'
import { readPartitionStates } from '../../../../control/queries/states/partition-states.ts'
import { listStateKeys, storedEntities } from '../../../../control/tables/table.ts'
import { appliedUpTo, createInspection } from '../tables/stored.ts'

const NOON = Date.parse('2026-03-01T12:00:00Z')
const TIMER: StoredTimer = { name: 'silence', dueMs: NOON, thresholdMs: 90_000, id: 'i', trace: {} }
const FAILURE: RememberedFailure = {
  id: 'f1',
  partition: 1,
  offset: 17,
  attempt: 2,
  digest: 'd',
  producerGroup: 0,
  isOpen: true,
  firstFailedAt: '2026-03-01T11:00:00Z',
  failedAtMs: 1,
}
const PARTITIONS = listStateKeys('processor', { topic: 'readings', partitions: 2 })

const inspection = createInspection({
  'processor readings/1': {
    details: {
      ...appliedUpTo(41, 2),
      clock: { nowMs: 30_000, lastAppendMs: NOON, highestAppendMs: NOON },
      entities: 2,
      timers: 1,
      nextTimer: { entity: '/a pump-1', timer: TIMER },
      outbox: 2,
      oldestOutbox: '0.40.0',
      openFailures: [FAILURE],
      ids: 40,
      tally: { 'applied/counted': 40 },
    },
    // Redis may give a field twice.
    states: [
      ['/a pump-10', { count: 2 }, 3],
      ['/a pump-1', { count: 1 }],
      ['/a pump-1', { count: 1 }],
    ],
    timers: { '/a pump-1': [TIMER] },
  },
})

describe('partition states', () => {
  it('given what Redis holds and how far the log reaches, then both are in the answer', async () => {
    const bounds = [
      { start: 5, end: 9 },
      { start: 0, end: 50 },
    ]
    const [empty, full] = await readPartitionStates(inspection, PARTITIONS, bounds)
    assert.deepEqual([empty?.appliedOffset, empty?.lag, empty?.asOf, empty?.nextTimer], [-1, 4, null, null])
    assert.deepEqual(full, {
      partition: 1,
      appliedOffset: 41,
      lag: 8,
      epoch: 2,
      asOf: '2026-03-01T12:00:00.000Z',
      logClockMs: 30_000,
      entities: 2,
      held: 0,
      parked: 0,
      timers: 1,
      nextTimer: {
        entity: '/a pump-1',
        name: 'silence',
        due: '2026-03-01T12:00:00.000Z',
        firesAfterMs: 60_000,
      },
      outbox: 2,
      oldestOutbox: '0.40.0',
      failures: [{ id: 'f1', offset: 17, attempt: 2, since: '2026-03-01T11:00:00Z' }],
      ids: 40,
      tally: { 'applied/counted': 40 },
    })
  })

  it('given that nothing is known of the log, then only the lag is missing', async () => {
    const states = await readPartitionStates(inspection, PARTITIONS)
    assert.deepEqual(
      states.map(({ appliedOffset, lag }) => [appliedOffset, lag]),
      [
        [-1, null],
        [41, null],
      ],
    )
  })
})

describe('held entities', () => {
  const HOLD: Hold = {
    waitsFor: { failure: 'f1', eventId: 'e', digest: 'd', clockMs: 1_000 },
    untilMs: 90_000,
    parked: [{ offset: 7, timestampMs: 0, clockMs: 2_000, id: 'i', key: null, value: null, headers: [] }],
    timers: [],
  }
  const holding = createInspection({
    'processor readings/1': {
      details: {
        entities: 3,
        clock: { nowMs: 30_000, lastAppendMs: undefined, highestAppendMs: undefined },
        tally: {
          'parked/entity-held': 3,
          'parked-applied/counted': 2,
          'held/unexpected-error': 2,
          'released/retried': 1,
        },
      },
      states: [['/a pump-1', undefined, 1, HOLD]],
    },
  })

  it('given counters of holds, then the held entities and the parked events are what is left', async () => {
    const [, { entities, held, parked } = {}] = await readPartitionStates(holding, PARTITIONS)
    assert.deepEqual({ entities, held, parked }, { entities: 2, held: 1, parked: 1 })
  })

  it('given a held entity without a state, then it is shown with what it waits for, but not as a state', async () => {
    const held = { failure: 'f1', parked: [7], endsAfterMs: 60_000, timers: [] }
    assert.deepEqual(await listEntityStates(holding, PARTITIONS, 'pump-1'), [
      { partition: 1, entity: '/a pump-1', timers: [], held },
    ])
    for await (const stored of storedEntities(holding, PARTITIONS[1] as StateKey))
      assert.fail(`${stored.entity} has no state`)
  })
})

describe('states of entities', () => {
  it('given a text, then a whole subject means that one alone, and a part all that have it', async () => {
    const names = async (wanted: string) =>
      (await listEntityStates(inspection, PARTITIONS, wanted)).map(({ entity }) => entity)
    assert.deepEqual(await names('pump'), ['/a pump-1', '/a pump-10'])
    assert.deepEqual(await names('pump-1'), ['/a pump-1'])
    assert.deepEqual(await names('valve'), [])
  })

  it('given an entity, then its state is there with its timers, and the version where that is not 1', async () => {
    const [first, second] = await listEntityStates(inspection, PARTITIONS, 'pump')
    assert.deepEqual(first, {
      partition: 1,
      entity: '/a pump-1',
      state: { count: 1 },
      timers: [
        { entity: '/a pump-1', name: 'silence', due: '2026-03-01T12:00:00.000Z', firesAfterMs: 60_000 },
      ],
    })
    assert.deepEqual([second?.version, second?.timers], [3, []])
  })
})
