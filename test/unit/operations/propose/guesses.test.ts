/** The guesses of `sluice families propose`, each as a table over names and values as people have them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createNames } from '../../../../lib/operations/propose/field-names.ts'
import { findNamePattern, guessEntity } from '../../../../lib/operations/propose/guess-entity.ts'
import { chooseTime, findTimes } from '../../../../lib/operations/propose/guess-time.ts'
import {
  describeContext,
  describeFields,
  findSentinels,
} from '../../../../lib/operations/propose/sample-fields.ts'
import { guessUnit } from '../../../../lib/operations/propose/units.ts'

describe('the unit of a metric', () => {
  for (const [name, unit] of [
    ['temp_c', '°C'],
    ['temperature', 'is "temperature" in °C, °F or K?'],
    ['waterTempF', '°F'],
    ['Außentemperatur (°C)', '°C'],
    ['humidity_pct', '%'],
    ['humidity', 'is "humidity" in % or ratio?'],
    ['soilMoisture', 'is "soilMoisture" in % or ratio?'],
    ['cpu_usage_percent', '%'],
    ['pressure_hpa', 'hPa'],
    ['pressure', 'is "pressure" in hPa, kPa, bar, mmHg, inHg or psi?'],
    ['Luftdruck [hPa]', 'hPa'],
    ['batteryVoltage', 'is "batteryVoltage" in V or mV?'],
    ['query_latency_ms', 'ms'],
    ['uptime_seconds', 's'],
    ['battery', 'is "battery" in %, V or mV?'],
    ['co2', ''],
    ['heap_bytes', 'B'],
    ['wind_m_s', 'm/s'],
    ['wind_km_h', 'km/h'],
    ['pm25_ug_m3', 'µg/m³'],
    ['windSpeed', 'is "windSpeed" in km/h, m/s, mph or kn?'],
    ['connections', ''],
    ['active_connections', '1'],
    // The case of a symbol is known where the name has small and capital letters.
    ['clockMHz', 'MHz'],
    ['Core Clock [MHz]', 'MHz'],
    ['Memory Used [MB]', 'MB'],
    ['Conductivity [mS]', 'mS'],
    ['heapMB', 'MB'],
    ['power_kW', 'kW'],
    ['latencyMs', 'ms'],
    ['pressureHpa', 'hPa'],
    ['Temperature [C]', '°C'],
    ['Phase [C]', 'is "C" of "Phase [C]" °C or coulomb?'],
    ['power_mw', 'is "power_mw" in W or kW?'],
    ['clock_mhz', ''],
    ['MEM_MB', 'is "MEM_MB" in %, ratio or B?'],
    ['cacheMb', ''],
    ['cacheGb', ''],
    ['energykWh', ''],
    ['frequencyTHz', ''],
    ['levelMin', ''],
    // Names that end like units.
    ['temp_min', 'is "temp_min" in °C, °F or K?'],
    ['cpu_load_min', 'is "cpu_load_min" in %, ratio or B?'],
    ['level_min', ''],
    ['vitamin_c', ''],
    ['weight_g', 'gram'],
    ['dose_g', ''],
    ['delays', ''],
    ['tempf', ''],
    ['baromrelin', ''],
    ['uv', ''],
    ['memory_mb', 'is "memory_mb" in %, ratio or B?'],
    ['cache_mb', ''],
    ['value', ''],
  ] as const)
    it(`given ${name}, then it is ${unit || 'asked'}`, () => {
      const { unit: found, note } = guessUnit({ path: name, label: name })
      assert.equal(found ?? note, unit || 'in which unit, if any?')
    })
})

const NOW = Date.parse('2026-11-27T12:00:00Z')

/** Returns the time as path and form, and the fields that are other times. */
function findTime(documents: readonly object[], device?: string, stamps: readonly number[] = []) {
  const fields = describeFields(documents.map(document => ({ document })))
  const times = findTimes(fields, NOW, 'UTC')
  const subject = fields.find(({ path }) => path === device)
  const { field, note } = chooseTime(times, fields, subject, stamps)
  const others = times.map(({ path }) => path).filter(path => path !== field?.path)
  return { time: field ? `${field.path} ${JSON.stringify(field.form)}` : 'record', others, note }
}

describe('the time', () => {
  const MINUTE = 60_000
  const at = (minute: number) => 1795597200000 + minute * MINUTE
  const iso = (minute: number) => new Date(at(minute)).toISOString()
  const times = (count: number, create: (minute: number) => object) =>
    Array.from({ length: count }, (_, index) => create(index))
  for (const [what, documents, form, others = []] of [
    ['a time with a zone', [{ timestamp: '2025-01-16T10:30:45Z' }], 'timestamp {}'],
    ['a time without a zone', [{ time: '2025-01-16T10:30:45.123456' }], 'time {"timeZone":"UTC"}'],
    ['a German time', [{ Zeitpunkt: '16.01.2025 10:30' }], 'Zeitpunkt {"timeZone":"UTC"}'],
    ['seconds', [{ ts: 1737023445.5 }], 'ts {"epoch":"s"}'],
    ['milliseconds', [{ createdAt: 1737023445123 }], 'createdAt {"epoch":"ms"}'],
    ['microseconds as text', [{ event_time: '1737023445123456' }], 'event_time {"epoch":"us"}'],
    ['nanoseconds beyond a double', [{ ts: 1737023445123456789n }], 'ts {"epoch":"ns"}'],
    ['a large number that is not called a time', [{ total: 1737023445 }], 'record'],
    ['no date', [{ timestamp: 'yesterday' }], 'record'],
    ['a month first', [{ timestamp: '01/16/2025 10:30' }], 'record'],
    ['a time within', [{ meta: { measured_at: '2025-01-16T10:30:45Z' } }], 'meta.measured_at {}'],
    ['numbers of another name', times(6, i => ({ xq: at(i), v: i })), 'xq {"epoch":"ms"}'],
    ['a counter of long ago', times(6, i => ({ bytes: 1_500_000_000 + i * 1e7, v: i })), 'record'],
    [
      'the time of the message later',
      times(6, i => ({ sent: iso(i + 1), tst: at(i) })),
      'tst {"epoch":"ms"}',
      ['sent'],
    ],
    [
      'a constant time',
      times(6, i => ({ built: 1795500000, updated_at: 1795500000, v: i })),
      'record',
      ['updated_at'],
    ],
    ['a time of 1970', times(6, i => ({ ts: i * 1000, v: i })), 'record'],
    ['a time of 2099', times(6, i => ({ expires: `2099-01-01T00:00:0${i}Z`, v: i })), 'record'],
    [
      'a time that seldom changes',
      times(8, i => ({ changed: iso(-60 - (i % 2)), at: iso(i), v: i })),
      'at {}',
      ['changed'],
    ],
    [
      'a time of one member',
      times(6, i => ({ v: i, meta: { v: { timestamp: at(i) - 60_000 } }, timestamp: at(i) })),
      'timestamp {"epoch":"ms"}',
      ['meta.v.timestamp'],
    ],
    [
      'a row before and after its change',
      times(6, i => ({ before: { at: iso(i - 1), v: i }, after: { at: iso(i), v: i }, ts_ms: at(i) + 9000 })),
      'after.at {}',
      ['ts_ms'],
    ],
  ] as const)
    it(`given ${what}, then it is ${form}`, () => {
      const found = findTime(documents)
      assert.equal(found.time, form)
      assert.deepEqual(found.others, others)
    })

  it('given devices with one time of installation each, then it is no time of measurement', () => {
    const documents = times(8, i => ({
      device: `d${i % 2}`,
      installed_at: iso(-900 - (i % 2)),
      at: iso(i >> 1),
      v: i,
    }))
    assert.equal(findTime(documents, 'device').time, 'at {}')
  })

  it('given a snapshot of many devices at one time, then it is the time', () => {
    const documents = times(5, i => ({ device: `d${i}`, taken: iso(0), v: i }))
    assert.equal(findTime(documents, 'device').time, 'taken {}')
  })

  for (const [what, hours, question] of [
    ['an hour ahead', 1, /1 h ahead of the record in Kafka: is it in another zone\?/],
    ['five and a half hours behind', -5.5, /5.5 h behind the record in Kafka: is it in another zone\?/],
    ['some seconds behind', -0.01, /^$/],
  ] as const)
    it(`given a time ${what} of the record in Kafka, then the draft says so`, () => {
      const documents = times(6, i => ({ at: iso(i + hours * 60), v: i }))
      assert.match(
        findTime(
          documents,
          undefined,
          documents.map((_, i) => at(i) + 400),
        ).note,
        question,
      )
    })

  it('given two clocks in a record that differ by an hour, then the draft says so, and asks', () => {
    const documents = times(6, i => ({ local: iso(i + 60).slice(0, 19), utc: at(i), v: i }))
    const { time, note } = findTime(documents)
    assert.equal(time, 'utc {"epoch":"ms"}')
    assert.match(
      note,
      /1 h behind "local": is it in another zone\? is it that of the measurement, and not "local"\?/,
    )
  })
})

describe('numbers that may stand for a missing value', () => {
  for (const [what, numbers, found] of [
    ['-200 among decimals', [13.6, 13.7, -200, 14.1, 14.5], [-200]],
    ['-999 twice', [0.041, 9.5, -999, 12.5, 14.2, -999], [-999]],
    ['-200 twice among great numbers', [650, 1200, 2040, -200, 900, -200], [-200]],
    ['-9999 and 9999', [1, 2, 3, 4, -9999, 9999], [-9999, 9999]],
    ['65535', [1, 2, 3, 65535], [65535]],
    ['-999.9', [21.5, 22, 23, -999.9], [-999.9]],
    ['frost', [-12, -3, 0, 4], []],
    ['one peak', [1, 2, 3, 4, 3000], []],
    ['full and empty', [0, 100, 0, 100, 100, 0], []],
    ['two values', [5, -999], []],
    ['signal strengths', [-120, -60, -85, -110], []],
  ] as const)
    it(`given ${what}, then they are ${found.join(' and ') || 'none'}`, () =>
      assert.deepEqual(
        [...findSentinels(numbers)].toSorted((a, b) => a - b),
        found,
      ))
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
    ['a place of each entity', spread(9, i => ({ device: `d${i % 4}`, room: `r${(i % 4) % 2}` })), 'device'],
    ['an entity that moves', spread(9, i => ({ device: `d${i % 2}`, room: `r${i}` })), 'device'],
    ['nothing but numbers', spread(9, i => ({ value: i })), ''],
  ] as const)
    it(`given ${what}, then it is ${found || 'one for all'}`, () => {
      const fields = describeFields(documents.map(document => ({ document })))
      assert.equal(guessEntity(fields, documents.length).subject?.path ?? '', found)
    })
})

describe('the pattern of a name', () => {
  for (const [texts, pattern] of [
    [['tele/hall/SENSOR', 'tele/attic/SENSOR'], '^tele/(.+)/SENSOR$'],
    [['zigbee2mqtt/hall', 'zigbee2mqtt/attic'], '^zigbee2mqtt/(.+)$'],
    [['a/x', 'a/y/x'], '^a/(.+)$'],
    [['a/a/a', 'a/a/b/a/a'], '^a/a/(.+)$'],
    [['"s1"', '"s2"'], '^"(.+)"$'],
    [['{"plant":1,"id":"s1"}', '{"plant":1,"id":"s2"}'], '^\\{"plant":1,"id":"(.+)"\\}$'],
    [['{"id":11}', '{"id":12}'], '^\\{"id":(.+)\\}$'],
    [['hall', 'attic'], undefined],
  ] as const)
    it(`given ${texts.join(' and ')}, then it is ${pattern}, and each name has a part of its own`, () => {
      const [field] = describeContext(texts.map(key => ({ document: {}, key: Buffer.from(key) })))
      assert.ok(field)
      const found = findNamePattern(field)
      assert.equal(found, pattern)
      const parts = found ? texts.map(text => new RegExp(found).exec(text)?.[1]) : texts
      assert.equal(new Set(parts.filter(Boolean)).size, texts.length)
    })
})

it('given fields of the same name, then each has a name of its own, which is not a member of every reading', () => {
  const choose = createNames()
  const paths = ['in.temp_c', 'out.temp_c', 'Temp C', 'unit', 'tags', 'Größe [m]', '温度', '2nd', '__proto__']
  assert.deepEqual(
    paths.map(path => choose(path)),
    ['tempC', 'outTempC', 'tempC2', 'unit2', 'tags2', 'groesse', 'field', 'field2nd', 'proto'],
  )
})
