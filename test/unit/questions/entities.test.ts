import assert from 'node:assert/strict'
import { it } from 'node:test'
import { withReading } from '../../../lib/analytics/metric-statistics.ts'
import { ENTITIES, formatTotals } from '../../../lib/questions/entities.ts'
import type { Environment } from '../../../lib/questions/environment.ts'
import { FAMILIES } from '../../support/families.ts'
import { createInspection } from '../tables/stored.ts'

it('given outcomes, then those that are not usual have their reasons', () => {
  const applied = { 'applied/counted': 4, 'applied/window-closed': 3, 'applied/late': 1 }
  const ignored = { 'ignored/tick': 5, 'ignored/rule-set': 2 }
  const reasons = {
    ...applied,
    ...ignored,
    'applied/erased': 1,
    'duplicate/id-known': 2,
    'failed/rejected': 1,
  }
  assert.equal(
    formatTotals(
      { applied: 8, duplicate: 2, ignored: 8, failed: 1, parked: 0, reasons, outbox: 2, position: 18 },
      'readings',
    ),
    '8 readings applied (1 too late for their minute), 2 duplicates, 8 ignored (1 erased, 2 rule sets, 5 ticks of the clock), ' +
      '1 failed (1 rejected); 2 waiting to be published',
  )
})

it('given the source of an event that a mapping renamed, then its entity is found, and a silent one is grey', async () => {
  const reading = withReading({}, { values: [['temperature', 20]], timeMs: 0 })
  const counted = { family: 'environment', metrics: reading, minutes: [[0, reading]] }
  const tags = { source: '/sensor/temperature/room1' }
  const inspection = createInspection({
    'processor readings/0': { states: ['/e room1', '/e room2', '/e room3'].map(name => [name, counted]) },
    'activity readings/0': {
      states: [
        ['/e room1', { lastMs: 0, tags, isSilent: true }],
        ['/e room3', { lastMs: 0, tags }],
      ],
    },
  })
  const environment = {
    config: { families: FAMILIES },
    topicSize: async (topic: string) => ({ topic, partitions: 1 }),
    inspection: async () => inspection,
  } as unknown as Environment
  const find = async (text?: string) => {
    const filter = text === undefined ? {} : { find: text }
    const { rows } = await ENTITIES.read(environment, filter, { most: 9, mostRecords: 9, nowMs: 0 })
    return rows.map(({ entity, silent, age }) => `${entity} ${silent} ${age}`)
  }
  const [first, second, third] = ['/e room1 silent muted', '/e room2 null plain', '/e room3 null plain']
  assert.deepEqual(await find(), [first, second, third])
  assert.deepEqual(await find('/sensor/temperature/room1'), [first, third])
  assert.deepEqual(await find('room2'), [second])
  assert.deepEqual(await find('humidity'), [])
})
