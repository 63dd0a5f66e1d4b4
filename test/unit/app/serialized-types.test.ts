import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findPackagedSchema, schemaSubject } from '../../../lib/app/data/packaged-schemas.ts'
import { listSerializedTypes } from '../../../lib/app/data/serialized-types.ts'
import { listEventTypes } from '../../../lib/telemetry/event-types.ts'
import { FAMILIES, VOCABULARY } from '../../support/families.ts'

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
    [...listSerializedTypes(FAMILIES).map(({ type }) => type), ...ALWAYS_JSON].sort(),
    [...listEventTypes(FAMILIES).keys()].toSorted(),
  )
  for (const { type, others } of FAMILIES.all)
    assert.equal(
      listSerializedTypes(FAMILIES).some(serializedType => serializedType.type === type),
      !others,
    )
  for (const type of ALWAYS_JSON) {
    assert.ok(await findPackagedSchema(FAMILIES, type, 'json'))
    assert.equal(await findPackagedSchema(FAMILIES, type, 'avro'), undefined)
    assert.equal(await findPackagedSchema(FAMILIES, type, 'protobuf'), undefined)
  }
})

test('given a type, then its subject is that of its topic and record, and of its format beside Avro', () => {
  const type = 'io.sluice.alert.fired.v1'
  assert.equal(
    schemaSubject(VOCABULARY, type, 'avro', 'prod'),
    `sluice.telemetry.alerts.prod-${type}.AlertFired`,
  )
  assert.throws(() => schemaSubject(VOCABULARY, 'io.sluice.failure.v1', 'avro', 'prod'), /always JSON/)
})
