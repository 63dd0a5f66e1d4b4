import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ENTITIES, formatTotals, METRICS } from '../../../../control/questions/entities.ts'
import type { Environment } from '../../../../control/questions/environment.ts'
import { withReading } from '../../../../lib/analytics/metric-statistics.ts'
import { addStateReading } from '../../../../lib/analytics/state-times.ts'
import { FAMILIES } from '../../../support/families.ts'
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
      {
        applied: 8,
        duplicate: 2,
        ignored: 8,
        failed: 1,
        parked: 0,
        reasons,
        outbox: 2,
        position: 18,
        decidedMs: 0,
      },
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

it('given entities with a state, then it stands before their values, with its shares, and the list is filtered by it', async () => {
  const observe = (values: readonly [minute: number, value: string][]) =>
    values.reduce<ReturnType<typeof addStateReading> | undefined>(
      (step, [minute, value]) => addStateReading(step?.times, value, minute * 60_000, 3_600_000),
      undefined,
    )?.times
  const states = [
    [
      '/e press-1',
      {
        family: 'environment',
        metrics: {},
        states: {
          status: observe([
            [600, 'ok'],
            [645, 'degraded'],
            [660, 'ok'],
          ]),
        },
      },
    ],
    ['/e press-2', { family: 'environment', metrics: {}, states: { status: observe([[600, 'degraded']]) } }],
  ] as const
  const environment = {
    config: { families: FAMILIES },
    topicSize: async (topic: string) => ({ topic, partitions: 1 }),
    inspection: async () => createInspection({ 'processor readings/0': { states } }),
    inputs: [],
  } as unknown as Environment
  const limits = { most: 9, mostRecords: 9, nowMs: 0 }
  const find = async (state: string) => {
    const { rows } = await ENTITIES.read(environment, { state }, limits)
    return rows.map(({ entity, states, stateSince }) => `${entity} ${states} ${stateSince}`)
  }
  const degraded = '/e press-2 degraded 1970-01-01T10:00:00.000Z'
  assert.deepEqual(await find('degraded'), [degraded])
  assert.deepEqual(await find('status=degraded'), [degraded])
  assert.deepEqual(await find('temperature=degraded'), [])
  const { rows } = await METRICS.read(environment, { find: 'press-1' }, limits)
  const [row] = rows
  assert.deepEqual([row?.metric, row?.is, row?.last, row?.count], ['status', 'state', 'ok', 3])
  assert.deepEqual(row?.lastHour, ['ok 75.0 %', 'degraded 25.0 %'])
  assert.deepEqual(row?.hour, {
    from: '1970-01-01T10:00:00.000Z',
    to: '1970-01-01T11:00:00.000Z',
    seconds: { ok: 2700, degraded: 900 },
  })
  assert.deepEqual(row?.lastDay, ['unknown 95.8 %', 'ok 3.1 %', 'degraded 1.0 %'])
})
