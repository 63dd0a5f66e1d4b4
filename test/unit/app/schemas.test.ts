import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { schemaViolation } from '../../../lib/app/data/schema-violation.ts'
import { Families, type Family } from '../../../lib/telemetry/families.ts'
import { readFamilies } from '../../../lib/telemetry/parse-family.ts'
import { FAMILIES } from '../../support/families.ts'

const ENVIRONMENT = 'io.sluice.environment.reading.v1'
const location = { site: 'hall', latitude: 1, longitude: 2 }
const good = { sensorId: 's1', temperature: 21.5, location }

describe('given data that fits', () => {
  const cases: [type: string, data: object][] = [
    [ENVIRONMENT, good],
    [ENVIRONMENT, { ...good, tags: { anything: 'at all' }, unit: '°F', status: 'degraded' }],
    [
      'io.sluice.database.reading.v1',
      { databaseType: 'p', instanceId: 'i', tenant: 't', activeConnections: 0 },
    ],
    ['io.sluice.device.motion.v1', { deviceId: 'd', model: 'm', z: -9.81, activity: 'resting' }],
    ['io.sluice.clock.tick.v1', { partition: 0, scheduledFor: '2026-01-01T00:00:00+01:00', added: 'later' }],
  ]
  for (const [type, data] of cases) {
    test(`when it is of ${type}, then it has no violation`, () => {
      assert.equal(schemaViolation(FAMILIES, type, data), undefined)
    })
  }

  test('when its type is foreign, then it has no violation', () => {
    for (const type of ['com.example.x', 'constructor', '__proto__', 'toString']) {
      assert.equal(schemaViolation(FAMILIES, type, 42), undefined)
    }
  })
})

test('given the name of a metric as Protobuf writes it in JSON, then the violation names the metric', () => {
  const text = 'family: air\nentity: { source: /air, subject: "{name}" }\nmetrics: { pm2_5: {} }\n'
  const families = new Families(readFamilies([{ file: 'air.yaml', text }], 'sluice'))
  const [{ type }] = families.all as [Family]
  const violation = schemaViolation(families, type, { name: 'a', pm25: 1 })
  assert.match(String(violation), /pm25 is not known to the schema; .*pm2_5 is pm25 in Protobuf's JSON$/)
})

describe('given data that does not fit', () => {
  // biome-ignore format: a table
  const cases: [name: string, data: unknown, violation: string][] = [
    ['is missing', undefined, 'data must be object'],
    ['is null', null, 'data must be object'],
    ['is a list', [good], 'data must be object'],
    ['lacks a field', { temperature: 1, location }, 'sensorId is missing'],
    ['lacks a nested field', { ...good, location: { site: 'x', latitude: 1 } }, 'location.longitude is missing'],
    ['has a text for a number', { ...good, humidity: '50' }, 'humidity must be number'],
    ['has a number that is not finite', { ...good, temperature: Number.NaN }, 'temperature must be number'],
    ['has more than there can be', { ...good, humidity: 100.1 }, 'humidity must be <= 100'],
    ['lies off the map', { ...good, location: { ...location, latitude: -91 } }, 'location.latitude must be >= -90'],
    ['has a word that is not one of a few', { ...good, status: 'fine' }, 'status must be one of ok, degraded, maintenance'],
    ['has an empty name', { ...good, sensorId: '' }, 'sensorId must not be empty'],
    ['has a tag that is not a text', { ...good, tags: { floor: 3 } }, 'tags.floor must be string'],
    ['has a typo beside a metric', { ...good, humdity: 5 }, 'humdity is not known to the schema'],
    ['has no metric', { sensorId: 's', location }, 'data must have at least one of temperature, humidity, pressure, windSpeed, status'],
  ]
  for (const [name, data, violation] of cases) {
    test(`when it ${name}, then the message says where and what`, () => {
      assert.equal(schemaViolation(FAMILIES, ENVIRONMENT, data), violation)
    })
  }

  test('when several places do not fit, then the first few are named and the rest counted', () => {
    const bad = { ...good, sensorId: '', temperature: 'x', humidity: -1, pressure: -1, windSpeed: -1 }
    const violation = schemaViolation(FAMILIES, ENVIRONMENT, bad) ?? ''
    assert.equal(violation.split('; ').length, 4)
    assert.match(violation, /; 2 more$/)
  })

  test('when a time is not RFC 3339, then the message says so', () => {
    for (const scheduledFor of ['2026-01-01', '2026-01-01T00:00:00', '2026-13-01T00:00:00Z', 'now']) {
      const violation = schemaViolation(FAMILIES, 'io.sluice.clock.tick.v1', { partition: 0, scheduledFor })
      assert.equal(violation, 'scheduledFor must be an RFC 3339 date-time')
    }
  })

  test('when it holds a secret as a value or as an invalid name, then the message does not', () => {
    const secret = 'p@ss word'
    const places = fc.constantFrom(
      ...['sensorId', 'temperature', 'status', 'tags', 'unit', 'location', secret, `${secret}/x`],
    )
    const values = fc.constantFrom<unknown>(secret, [secret], { [secret]: secret }, { site: [secret] })
    fc.assert(
      fc.property(fc.dictionary(places, values), fc.boolean(), (bad, whole) => {
        const violation = schemaViolation(FAMILIES, ENVIRONMENT, whole ? bad : { ...good, ...bad })
        assert.ok(!violation?.includes(secret), violation)
      }),
    )
  })
})

test('given any JSON at all, then there is an answer and never an exception', () => {
  fc.assert(
    fc.property(fc.jsonValue(), data => {
      const violation = schemaViolation(FAMILIES, ENVIRONMENT, data)
      assert.ok(violation === undefined || violation.length > 0)
    }),
  )
})
