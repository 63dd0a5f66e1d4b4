import assert from 'node:assert/strict'
import { test } from 'node:test'
import { packagedSchema, schemaSubject } from '../../../lib/app/packaged-schemas.ts'
import { SERIALIZED_TYPES } from '../../../lib/app/serialized-types.ts'
import { EVENT_TYPE_NAMES } from '../../../lib/telemetry/event-types.ts'
import { FAMILIES } from '../../../lib/telemetry/families.ts'

/** Types that must be readable without a schema: they control consumers, keep records byte for byte, or keep the clock. */
const ALWAYS_JSON = [
  'audit',
  'clock.tick',
  'dead-letter',
  'dead-letters.handled',
  'entity.erased',
  'failure',
  'failure.ended',
  'inhibition.changed',
  'metrics.reading',
  'pattern.event',
  'retry',
  'rules.activated',
  'silences.changed',
  'view.changed',
  'view.dropped',
  'view.row',
  'views.activated',
].map(name => `io.sluice.${name}.v1`)

test('given all event types, then each is serialized or always JSON', async () => {
  assert.deepEqual(
    [...SERIALIZED_TYPES.map(({ type }) => type), ...ALWAYS_JSON].sort(),
    EVENT_TYPE_NAMES.toSorted(),
  )
  for (const { type, others } of Object.values(FAMILIES))
    assert.equal(
      SERIALIZED_TYPES.some(one => one.type === type),
      !others,
    )
  for (const type of ALWAYS_JSON) {
    assert.ok(await packagedSchema(type, 'json'))
    assert.equal(await packagedSchema(type, 'avro'), undefined)
    assert.equal(await packagedSchema(type, 'protobuf'), undefined)
  }
})

test('given a type, then its subject is that of its topic and record, and of its format beside Avro', () => {
  const type = 'io.sluice.alert.fired.v1'
  assert.equal(schemaSubject(type, 'avro', 'prod'), `sluice.telemetry.alerts.prod-${type}.AlertFired`)
  assert.throws(() => schemaSubject('io.sluice.failure.v1', 'avro', 'prod'), /always JSON/)
})
