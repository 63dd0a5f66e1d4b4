import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { schemaSubject } from '../../../lib/app/packaged-schemas.ts'
import { SERIALIZED_TYPES } from '../../../lib/app/serialized-types.ts'
import { READING_TYPES } from '../../../lib/telemetry/families.ts'

const AVRO = new URL('../../../schemas/avro/', import.meta.url)
/** What controls consumers, keeps records byte for byte, or keeps the clock: it must be readable without any schema. */
const ALWAYS_JSON = [
  'audit',
  'clock.tick',
  'dead-letter',
  'dead-letters.handled',
  'entity.erased',
  'failure',
  'failure.ended',
  'inhibition.changed',
  'pattern.event',
  'retry',
  'rules.activated',
  'silences.changed',
].map(name => `io.sluice.${name}.v1`)

test('given all event types, then each is serialized or always JSON', () => {
  const all = readdirSync(AVRO).map(file => `io.sluice.${file.replace(/\.avsc$/, '')}`)
  assert.deepEqual([...SERIALIZED_TYPES.map(({ type }) => type), ...ALWAYS_JSON].sort(), all.sort())
  for (const type of READING_TYPES) assert.ok(SERIALIZED_TYPES.some(one => one.type === type))
})

test('given the serialized types, then their records have the names of the schemas', () => {
  for (const { type, record } of SERIALIZED_TYPES) {
    const text = readFileSync(new URL(`${type.replace('io.sluice.', '')}.avsc`, AVRO), 'utf8')
    const { namespace, name } = JSON.parse(text)
    assert.equal(`${type}.${record}`, `${namespace}.${name}`)
  }
})

test('given a type, then its subject is that of its topic and record, and of its format beside Avro', () => {
  const type = 'io.sluice.alert.fired.v1'
  assert.equal(schemaSubject(type, 'avro', 'prod'), `sluice.telemetry.alerts.prod-${type}.AlertFired`)
  assert.equal(schemaSubject(type, 'protobuf', 'prod', 'record'), `${type}.AlertFired-protobuf`)
  assert.throws(() => schemaSubject('io.sluice.failure.v1', 'avro', 'prod'), /always JSON/)
})
