import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Event } from '#runtime/consumer'
import { databaseReading, environmentReading } from '#runtime/test/support/records'
import { buildSettings } from '../../../cli/generate/generate.ts'
import { readConfig } from '../../../control/environment/config.ts'
import { computeEventKey } from '../../../control/recordings/event-key.ts'
import { type KeyStrategy, keyStrategyNamed } from '../../../lib/telemetry/key.ts'
import { simulate } from '../../../lib/telemetry/simulator/simulate.ts'
import { FAMILIES, GENERATOR } from '../../support/families.ts'

const READING = environmentReading('r-1')
const ORDER: Event = {
  id: 'o-1',
  source: '/shop',
  subject: 'c-7',
  type: 'shop.order',
  data: { type: 'gift' },
}
const field = (name: string): KeyStrategy => ({ field: name })

describe('a key strategy as people write it', () => {
  it('given a name, then it is that strategy; given a path, then the field, also where it begins with data', () => {
    for (const name of ['instance', 'type', 'tenant', 'random']) assert.equal(keyStrategyNamed(name), name)
    assert.deepEqual(keyStrategyNamed('location.site'), field('location.site'))
    assert.deepEqual(keyStrategyNamed('data.type'), field('type'))
    for (const wrong of ['', '.', 'a..b', 'a b', '.a']) assert.equal(keyStrategyNamed(wrong), undefined)
  })
})

// Promise docs/readings.md#record-keys | The key strategy decides the key of a record.
describe('the key of a reading by a strategy', () => {
  for (const [given, event, strategy, key] of [
    ['instance', READING, 'instance', 's-1'],
    ['type', READING, 'type', 'test-site'],
    ['tenant', databaseReading('d-1'), 'tenant', 'test'],
    ['a nested field', READING, field('location.site'), 'test-site'],
    ['a number', READING, field('location.latitude'), '52.5'],
    ['an object', READING, field('location'), 's-1'],
    ['a field that it does not have', databaseReading('d-1'), field('location.site'), 'postgres:db-1'],
    ['a member that all texts have', READING, field('location.site.length'), 's-1'],
    ['a member that all objects have', READING, field('constructor'), 's-1'],
    ['nothing', READING, undefined, 's-1'],
    ['random', READING, 'random', null],
    ['an event of no family', ORDER, field('type'), '/shop c-7'],
    ['a reading without its place', { ...READING, data: {} }, undefined, '/environment/test-site s-1'],
    ['a strategy beside partitionkey', { ...READING, extensions: { partitionkey: 'own' } }, 'type', 'own'],
  ] as const)
    it(`given ${given}, then it is ${key}`, () =>
      assert.equal(computeEventKey(FAMILIES, event, strategy), key))
})

describe('PARTITION_KEY_FIELD', () => {
  const environment = { KAFKA_BROKERS: 'b:1', REDIS_URL: 'redis://r:1', SLUICE_ENV: 'test' }

  it('given the generator, then it keys families that have the field', () => {
    const { keyBy = 'type' } = readConfig({ ...environment, PARTITION_KEY_FIELD: 'tags.tenant' })
    const keys = [...simulate(FAMILIES, { ...GENERATOR, keyBy }, 0, 1)].map(({ key }) => key)
    assert.deepEqual(keys.slice(0, 2), ['harbour', 'harbour'])
    assert.ok(keys.includes('postgresql:pg-orders'))
  })

  it('given the command that generates readings, then its readings have the same keys', async () => {
    const config = readConfig({ ...environment, PARTITION_KEY_FIELD: 'tags.tenant' })
    assert.deepEqual((await buildSettings(config, {}, file => file)).keyBy, field('tags.tenant'))
    assert.equal((await buildSettings(readConfig(environment), {}, file => file)).keyBy, undefined)
  })

  it('given an invalid path, then it is a configuration error', () => {
    assert.throws(
      () => readConfig({ ...environment, PARTITION_KEY_FIELD: 'a..b' }),
      /PARTITION_KEY_FIELD: must be/,
    )
  })
})
