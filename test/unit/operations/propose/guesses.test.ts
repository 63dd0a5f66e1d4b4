/** The guesses of `sluice families propose`, each as a table over names and values as people have them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FieldNames } from '../../../../lib/operations/propose/field-names.ts'
import { guessEntity } from '../../../../lib/operations/propose/guess-entity.ts'
import { guessTime } from '../../../../lib/operations/propose/guess-time.ts'
import { guessUnit } from '../../../../lib/operations/propose/guess-unit.ts'
import { describeFields } from '../../../../lib/operations/propose/sample-fields.ts'

describe('the unit of a metric', () => {
  const PERCENT = '% 0 to 100'
  for (const [name, least, most, unit] of [
    ['temp_c', -4, 31, '°C'],
    ['temperature', -4, 31, '°C'],
    ['waterTempF', 40, 90, '°F'],
    ['ambient_temperature', 280.5, 300, 'K'],
    ['ambient_temperature', 280, 300, ''],
    ['Außentemperatur (°C)', -4, 31, '°C'],
    ['humidity_pct', 30, 90, PERCENT],
    ['humidity', 30, 90, PERCENT],
    ['humidity', 0.3, 0.9, 'ratio 0 to 1'],
    ['soilMoisture', 20, 612, ''],
    ['Luftfeuchtigkeit in %', 40, 99, PERCENT],
    ['cpu_usage_percent', 0, 240, '%'],
    ['cpuUsage', 3, 97, PERCENT],
    ['pressure_hpa', 990, 1030, 'hPa'],
    ['pressure', 990, 1030, 'hPa'],
    ['pressure', 99_000, 103_000, 'Pa'],
    ['pressure', 2, 9, ''],
    ['Luftdruck [hPa]', 990, 1030, 'hPa'],
    ['batteryVoltage', 3.4, 4.1, 'V'],
    ['query_latency_ms', 1, 900, 'ms'],
    ['uptime_seconds', 1, 900, 's'],
    ['battery', 3.4, 4.1, 'V'],
    ['battery', 12, 99, PERCENT],
    ['co2', 410, 900, 'ppm'],
    ['temperature', 20, 900, ''],
    ['heap_bytes', 1, 900, 'B'],
    ['wind_m_s', 0, 12, 'm/s'],
    ['wind_km_h', 0, 40, 'km/h'],
    ['windSpeed', 0, 12, ''],
    ['connections', 0, 12, ''],
    ['active_connections', 0, 12, '1'],
    // Names that end like units.
    ['temp_min', 1, 9, '°C'],
    ['vitamin_c', 1, 9, ''],
    ['weight_g', 1, 9, ''],
    ['memory_mb', 100, 900, 'megabyte'],
    ['value', 1, 9, ''],
  ] as const)
    it(`given ${name} from ${least} to ${most}, then it is ${unit || 'without a unit'}`, () => {
      const isWhole = Number.isInteger(least) && Number.isInteger(most)
      const { unit: found = '', bounds } = guessUnit({ path: name, label: name, least, most, isWhole })
      assert.equal(bounds ? `${found} ${bounds.join(' to ')}` : found, unit)
    })
})

describe('the time', () => {
  for (const [what, document, form] of [
    ['a time with a zone', { timestamp: '2025-01-16T10:30:45Z' }, 'timestamp {}'],
    ['a time without a zone', { time: '2025-01-16T10:30:45.123456' }, 'time {"timeZone":"UTC"}'],
    ['a German time', { Zeitpunkt: '16.01.2025 10:30' }, 'Zeitpunkt {"timeZone":"UTC"}'],
    ['seconds', { ts: 1737023445.5 }, 'ts {"epoch":"s"}'],
    ['milliseconds', { createdAt: 1737023445123 }, 'createdAt {"epoch":"ms"}'],
    ['microseconds as text', { event_time: '1737023445123456' }, 'event_time {"epoch":"us"}'],
    ['nanoseconds beyond a double', { ts: 1737023445123456789n }, 'ts {"epoch":"ns"}'],
    ['a large number that is not called a time', { total: 1737023445 }, 'record'],
    ['no date', { timestamp: 'yesterday' }, 'record'],
    ['a month first', { timestamp: '01/16/2025 10:30' }, 'record'],
    ['two times', { created_at: '2025-01-16T10:30:45Z', ts: '2025-01-16T10:30:46Z' }, 'ts {}'],
    ['a time within', { meta: { measured_at: '2025-01-16T10:30:45Z' } }, 'meta.measured_at {}'],
  ] as const)
    it(`given ${what}, then it is ${form}`, () => {
      const { field, timeZone, epoch } = guessTime(describeFields([{ document }]))
      assert.equal(field ? `${field.path} ${JSON.stringify({ timeZone, epoch })}` : 'record', form)
    })
})

describe('the entity', () => {
  const spread = (count: number, document: (index: number) => object) =>
    Array.from({ length: count }, (_, index) => document(index))
  for (const [what, documents, found] of [
    ['an id of a sensor', spread(9, i => ({ id: i, sensor_id: `s${i % 3}`, note: 'a' })), 'sensor_id'],
    ['a number as id', spread(9, i => ({ deviceId: i % 3, temperature: i })), 'deviceId'],
    ['an id of each record', spread(9, i => ({ id: `r${i}`, temperature: 3 })), ''],
    ['an id that repeats', spread(9, i => ({ id: `r${i % 2}`, temperature: 3 })), 'id'],
    ['an id of a message beside a host', spread(9, i => ({ message_id: i, host: `h${i % 2}` })), 'host'],
    ['a text that repeats', spread(9, i => ({ pen: `p${i % 3}`, status: ['on', 'off'][i % 2] })), 'pen'],
    [
      'a place of each entity',
      spread(9, i => ({ device: `d${i % 4}`, room: `r${(i % 4) % 2}` })),
      'device in room',
    ],
    ['an entity that moves', spread(9, i => ({ device: `d${i % 2}`, room: `r${i}` })), 'device'],
    ['nothing but numbers', spread(9, i => ({ value: i })), ''],
  ] as const)
    it(`given ${what}, then it is ${found || 'one for all'}`, () => {
      const { subject, group } = guessEntity(
        describeFields(documents.map(document => ({ document }))),
        documents.length,
      )
      assert.equal([subject?.path ?? '', ...(group ? ['in', group.path] : [])].join(' '), found)
    })
})

it('given fields of the same name, then each has a name of its own, which is not a member of every reading', () => {
  const names = new FieldNames()
  const paths = ['in.temp_c', 'out.temp_c', 'Temp C', 'unit', 'tags', 'Größe [m]', '温度', '2nd', '__proto__']
  assert.deepEqual(
    paths.map(path => names.choose(path)),
    ['tempC', 'outTempC', 'tempC2', 'unit2', 'tags2', 'groesse', 'field', 'field2nd', 'proto'],
  )
})
