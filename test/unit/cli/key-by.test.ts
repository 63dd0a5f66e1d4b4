import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Event } from '#runtime/consumer/event.ts'
import { readConfig } from '../../../lib/app/config.ts'
import { addSelectedKey, computeSelectedKey } from '../../../lib/operations/publish/selected-key.ts'
import { computeStreamKey } from '../../../lib/operations/replay/outgoing-record.ts'
import { type KeyStrategy, keyStrategyNamed } from '../../../lib/telemetry/key.ts'
import { GENERATOR_DEFAULTS } from '../../../lib/telemetry/simulator/settings.ts'
import { simulate } from '../../../lib/telemetry/simulator/simulate.ts'
import { databaseReading, environmentReading } from '../../support/records.ts'

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

describe('the key of an event by a strategy', () => {
  for (const [given, event, strategy, key] of [
    ['instance', READING, 'instance', 's-1'],
    ['type', READING, 'type', 'test-site'],
    ['tenant', databaseReading('d-1'), 'tenant', 'test'],
    ['random', READING, 'random', null],
    ['a nested field', READING, field('location.site'), 'test-site'],
    ['a number', READING, field('location.latitude'), '52.5'],
    ['a field of an event of no family', ORDER, field('type'), 'gift'],
    ['instance and an event of no family', ORDER, 'instance', '/shop c-7'],
  ] as const)
    it(`given ${given}, then it is ${key}`, () => assert.equal(computeSelectedKey(event, strategy), key))

  for (const name of ['location', 'nothing', 'location.site.length', 'constructor'])
    it(`given ${name}, which is not a field with a text or number, then it is an error`, () => {
      assert.throws(() => computeSelectedKey(READING, field(name)), {
        name: 'KeyFieldMissing',
        message: new RegExp(name),
      })
      assert.equal(computeSelectedKey(READING, { field: name, isOptional: true }), undefined)
    })
})

describe('the key of a line of a stream', () => {
  const asking = { ...READING, extensions: { partitionkey: 'own' } }
  const setting: KeyStrategy = { field: 'location.site', isOptional: true }

  it('given nothing, then partitionkey decides, else the family', () => {
    assert.equal(computeStreamKey(asking), 'own')
    assert.equal(computeStreamKey(READING), 's-1')
  })

  it('given a setting, then it comes after partitionkey, and keys readings only', () => {
    assert.equal(computeStreamKey(asking, setting), 'own')
    assert.equal(computeStreamKey(READING, setting), 'test-site')
    assert.equal(computeStreamKey(databaseReading('d-1'), setting), 'postgres:db-1')
    assert.equal(computeStreamKey(ORDER, { field: 'type', isOptional: true }), 'c-7')
  })
})

describe('a key that travels with an event', () => {
  it('given a strategy, then the event has it as partitionkey; random is its id', () => {
    assert.equal(addSelectedKey(READING, 'type').extensions?.partitionkey, 'test-site')
    assert.equal(addSelectedKey(READING, 'random').extensions?.partitionkey, 'r-1')
  })
})

describe('PARTITION_KEY_FIELD', () => {
  const environment = { KAFKA_BROKERS: 'b:1', REDIS_URL: 'redis://r:1', SLUICE_ENV: 'test' }

  it('given the generator, then it keys families that have the field', () => {
    const { keyBy = 'type' } = readConfig({ ...environment, PARTITION_KEY_FIELD: 'tags.tenant' })
    const keys = [...simulate({ ...GENERATOR_DEFAULTS, keyBy }, 0, 1)].map(({ key }) => key)
    assert.deepEqual(keys.slice(0, 2), ['harbour', 'harbour'])
    assert.ok(keys.includes('postgresql:pg-orders'))
  })

  it('given an invalid path, then it is a configuration error', () => {
    assert.throws(
      () => readConfig({ ...environment, PARTITION_KEY_FIELD: 'a..b' }),
      /PARTITION_KEY_FIELD: must be/,
    )
  })
})
