import '../../support/shipped-config.ts'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { measurements } from '../../../lib/telemetry/families.ts'
import { computeRecordKey, createReading } from '../../../lib/telemetry/reading.ts'
import { FAMILIES } from '../../support/families.ts'

const [environment, device] = [FAMILIES.get('environment'), FAMILIES.get('device')]
const data = {
  sensorId: 's 1',
  temperature: 0,
  pressure: 1013,
  location: { site: 'hall 2/é', latitude: 0, longitude: 0 },
}

describe('given the data of a reading', () => {
  test('when its event is made, then source and subject come from the data, and the source holds no space', () => {
    const event = createReading(environment, 'id-1', '2026-01-01T00:00:00Z', data)
    assert.equal(event.source, '/environment/hall%202%2F%C3%A9')
    assert.equal(event.subject, 's 1')
    assert.deepEqual(event, {
      ...{
        id: 'id-1',
        source: event.source,
        type: environment.type,
        subject: 's 1',
        time: '2026-01-01T00:00:00Z',
      },
      ...{ datacontenttype: 'application/json', dataschema: environment.dataschema, data },
    })
    assert.ok(!('time' in createReading(environment, 'id-1', undefined, data)))
  })

  test('when its metrics are read, then those it carries come in the order of the table, 0 among them', () => {
    assert.deepEqual(measurements(environment, data), [
      ['temperature', 0],
      ['pressure', 1013],
    ])
  })

  test('when it is keyed by a tenant that it does not name, then it is untagged', () => {
    assert.equal(computeRecordKey(environment, data, 'tenant'), 'untagged')
    assert.equal(computeRecordKey(device, { deviceId: 'd', tags: { tenant: 't' } }, 'tenant'), 't')
  })
})

const full = {
  location: { site: 'a' },
  sensorId: 'a',
  databaseType: 'a',
  instanceId: 'a',
  model: 'a',
  deviceId: 'a',
  system: 'a',
  instance: 'a',
}
for (const { name, source, subject, entityFields } of FAMILIES.all)
  test(`given a reading of ${name}, then its entity follows from exactly the fields that the family names`, () => {
    const getEntity = (data: object) => `${source(data as never)} ${subject(data as never)}`
    const changed = Object.keys(full).flatMap(field => {
      const data = { ...full, [field]: field === 'location' ? { site: 'b' } : 'b' }
      return getEntity(data) === getEntity(full) ? [] : [field === 'location' ? 'location.site' : field]
    })
    assert.deepEqual(changed, entityFields)
  })

test('given a type of another, then it has no family', () => {
  assert.equal(FAMILIES.findByType('io.sluice.clock.tick.v1'), undefined)
  assert.equal(FAMILIES.findByType(device.type), device)
})
