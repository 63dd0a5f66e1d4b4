/** Drafts for records of public tools and of people's own devices: what they must say, and that they take the records. */
import '../../../support/shipped-config.ts'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readConfig } from '../../../../lib/app/config.ts'
import { toFileRecord } from '../../../../lib/operations/import/mapped-lines.ts'
import { type PlacedRecord, propose } from '../../../../lib/operations/propose/propose.ts'

const CONFIG = readConfig({ KAFKA_BROKERS: 'b:1', REDIS_URL: 'redis://r:1' })
const NOW = Date.parse('2026-11-27T12:00:00Z')

interface Sent {
  readonly value: unknown
  readonly key?: string | object
  readonly headers?: Readonly<Record<string, string>>
}

const repeat = <Result>(count: number, create: (index: number) => Result) =>
  Array.from({ length: count }, (_, index) => create(index))

const plain = (documents: readonly object[]): readonly PlacedRecord[] =>
  documents.map((document, index) => ({
    place: `line ${index + 1}`,
    record: toFileRecord('s', index, JSON.stringify(document), NOW),
    content: { position: ['s', index] },
  }))

const sent = (records: readonly Sent[]): readonly PlacedRecord[] =>
  records.map(({ value, key, headers = {} }, index) => ({
    place: `0@${index}`,
    record: {
      ...toFileRecord('plant', index, JSON.stringify(value), NOW),
      key: key === undefined ? null : Buffer.from(typeof key === 'string' ? key : JSON.stringify(key)),
      headers: Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)]),
    },
  }))

const iso = (minute: number) => new Date(1795597200000 + minute * 60_000).toISOString()
const local = (minute: number) => iso(minute).slice(0, 19)
const alternate =
  (...values: readonly string[]) =>
  (index: number) =>
    values[index % values.length]

const BME280 = { Temperature: 72.3, Humidity: 40.1, DewPoint: 46.9, Pressure: 753.3 }
const TASMOTA = repeat(6, index => ({
  topic: `tele/cellar-${index % 2}/SENSOR`,
  Time: local(index),
  BME280: { ...BME280, Temperature: 72.3 + index / 10 },
  PressureUnit: 'mmHg',
  TempUnit: 'F',
}))
const ATTIC = { BME280: { ...BME280, Temperature: 22.4 }, PressureUnit: 'hPa', TempUnit: 'C' }

const PROMETHEUS = repeat(6, index => ({
  timestamp: iso(index),
  value: ['0.25', '1.5e+06', '-0'][index % 3],
  name: `node_load${index % 2}`,
  labels: { __name__: `node_load${index % 2}`, instance: `web-${index % 2}`, job: 'node', zone: 'a' },
}))

const toOtlp = (point: object) => ({
  resourceMetrics: [
    {
      resource: { attributes: [{ key: 'host.name', value: { stringValue: 'node-7' } }] },
      scopeMetrics: [
        {
          scope: { name: 'demo' },
          metrics: [{ name: 'rss', unit: 'By', gauge: { dataPoints: [point, { asInt: '9' }] } }],
        },
      ],
    },
  ],
})

const toZigbee = (index: number) => ({
  battery: index % 3 === 0 ? null : 88,
  humidity: 55.1,
  temperature: index % 4 === 0 ? null : 17.2 + index,
  linkquality: 90 + index,
  voltage: 3005,
})

/** Records, parts that the drafts have or, with `!` before them, do not have, and the number of records that they take. */
const SAMPLES: Readonly<Record<string, readonly [readonly PlacedRecord[], readonly string[], number]>> = {
  'units that the records name': [
    plain([...TASMOTA, { ...TASMOTA[0], ...ATTIC }]),
    [
      'temperature: { unit: °F }  # 72.3 to 72.8;',
      'dewPoint: { unit: °F }',
      'pressure: { unit: mmHg }',
      'equals: { PressureUnit: mmHg, TempUnit: F }',
      'topic: { from: topic, pattern: ^tele/(.+)/SENSOR$ }',
      '"Time" names no zone: is it in UTC?',
      '!°C',
      '!hPa }',
    ],
    6,
  ],
  'a unit beside each value': [
    plain(
      repeat(6, index => ({
        id: `s${index % 2}`,
        at: iso(index),
        temperature: { value: 71.5 + index, unit: 'F' },
        humidity: { value: 40, unit: '%' },
      })),
    ),
    ['temperature: { unit: °F }', 'humidity: { unit: % }', 'temperature: temperature.value'],
    6,
  ],
  'one unit that changes': [
    plain(repeat(6, index => ({ sensor: 's', temp: 70, TempUnit: alternate('C', 'F')(index) }))),
    ['temp: { unit: °C }', 'unit: TempUnit'],
    6,
  ],
  'a unit that Sluice does not have': [
    plain(repeat(6, () => ({ sensor: 's', value: 3.5, unit: 'kΩ' }))),
    ['value: {}', '!unit: kΩ'],
    6,
  ],
  'units in names': [
    plain(repeat(6, index => ({ sensor: 's', temp_f: 70 + index, voltage_mV: 3005, phase_a: 1 }))),
    ['tempF: { unit: °F }', '{ unit: mV }', 'phaseA: {}'],
    6,
  ],
  'a key that names the sensor': [
    sent(
      repeat(8, index => ({
        key: `zigbee2mqtt/${alternate('hall', 'attic')(index)}`,
        value: toZigbee(index),
      })),
    ),
    [
      'sensorId: { from: { key: true }, pattern: ^zigbee2mqtt/(.+)$ }  # the record key, because no field names the entity',
      'has: [ { key: true }, humidity ]',
      'voltage: {}  # always 3005; is "voltage" in V or mV?',
      'battery: {}  # always 88; is "battery" in %, V or mV?',
    ],
    8,
  ],
  'a field that equals the key': [
    sent(
      repeat(6, index => ({
        key: `u-${index % 3}`,
        value: { device: 'gateway', box: `u-${index % 3}`, temperature: 20 + index },
      })),
    ),
    ['subject: {box}  # the same as the record key: 3 values in 6 records', 'box: box'],
    6,
  ],
  'a JSON key': [
    sent(
      repeat(6, index => ({
        key: { plant: 1, device: `d${index % 2}` },
        value: { temperature: 20 + index },
      })),
    ),
    ['sensorId: { from: { key: true }, pattern: ^\\{"plant":1,"device":"(.+)"\\}$ }'],
    6,
  ],
  'a header that names the sensor': [
    sent(
      repeat(6, index => ({
        value: { temperature: 20 + index },
        headers: { 'iothub-connection-device-id': `press-${index % 2}`, traceparent: `${index}` },
      })),
    ),
    ['{ header: iothub-connection-device-id }'],
    6,
  ],
  'a topic of one sensor': [
    sent(repeat(3, index => ({ value: { temperature: 20 + index } }))),
    ['sensorId: { topic: true }'],
    3,
  ],
  'texts of number and unit': [
    plain(
      repeat(79, index => ({
        probe: `p${index % 4}`,
        moisture: `${30 + index / 4} %`,
        temp: `${20 + index / 4}°C`.replace('.', ','),
        floor: 1 + (index % 2),
        firmware: 12 + (index % 4),
        time: iso(index),
      })),
    ),
    [
      'subject: {probe}',
      'moisture: { unit: % }  # 30 % to 49.5 %; unit of its texts',
      'temp: { from: temp, pattern: ^\\s*(\\S*\\d)\\s*°C\\s*$, as: decimal-comma }',
      'tags: [ floor, firmware ]',
    ],
    79,
  ],
  'numbers as texts of named metrics': [
    plain([...PROMETHEUS, ...['NaN', '+Inf', '-Inf'].map(value => ({ ...PROMETHEUS[0], value }))]),
    [
      'metric: { name: name, value: { from: value, as: number } }',
      'instance: labels.instance',
      'Not used: labels.__name__',
      '!tags.name',
    ],
    6,
  ],
  'a list of points': [
    plain(
      ['42', 2048, '7', 2.5, 'NaN'].map((value, index) =>
        toOtlp({ timeUnixNano: `179559720${index}054960352`, [index > 2 ? 'asDouble' : 'asInt']: value }),
      ),
    ),
    ['as: number } }', 'epoch: ns', 'dataPoints.0.asDouble ]', 'dataPoints[1]…', 'value.stringValue'],
    4,
  ],
  'values that stand for missing ones': [
    plain(
      [4.21, 'NAN', 4.44, -7999, 4.6, 4.7, 4.8].map((AirTC, index) => ({
        station: 'a',
        ts: local(index),
        AirTC,
        RH: 90,
      })),
    ),
    ['airTc: {}  # 4.21 to 4.8', 'absent: [ NAN, -7999 ] }  # does -7999 stand for a missing value?'],
    7,
  ],
  'values that no record should have': [
    plain(repeat(12, index => ({ device: 'a', at: iso(index), x: index === 3 ? 'low' : index, y: 1.5 }))),
    ['x: { from: x, absent: [ low ] }'],
    12,
  ],
  'more records without numbers': [
    plain([
      ...repeat(9, index => ({ heartbeat: true, uptime: `${index} days up`, host: 'a' })),
      ...repeat(5, index => ({ probe: 'p', salinity: index })),
    ]),
    ['salinity: {}', '!heartbeat'],
    5,
  ],
  'tenths and thousandths': [
    plain(repeat(6, index => ({ sensor: 's', temperature: 215 + index, pressure: 753.25, battery: 2900 }))),
    [
      'temperature: {}  # 215 to 220; is "temperature" in °C, °F or K?',
      'pressure: {}  # always 753.25; is "pressure" in',
      'battery: {}  # always 2900; is "battery" in %, V or mV?',
    ],
    6,
  ],
  'long numbers': [
    plain(repeat(6, index => ({ meter: 'm', total: 123456.123456 + index, big: 1234567890.5 }))),
    ['# 123456.123456 to 123461.123456', 'always 1234567890.5'],
    6,
  ],
}

const isIn = (text: string, part: string) => text.replaceAll("'", '').includes(part)

describe('records of others', () => {
  for (const [what, [records, parts, taken]] of Object.entries(SAMPLES))
    it(`given ${what}, then the drafts say so, and take the good records`, () => {
      const { family = '', mapping, ...proposal } = propose(CONFIG, 'mine', 'mine', records, NOW)
      const drafts = `${family}${mapping}`
      for (const part of parts)
        assert.equal(isIn(drafts, part.replace(/^!/, '')), !part.startsWith('!'), `${part}\n${drafts}`)
      assert.equal(proposal.taken, taken, JSON.stringify(proposal))
      assert.equal(proposal.taken + proposal.others + proposal.refused.length, records.length)
    })

  it('given a value that is not a number, then field and reason are named', () => {
    const [records] = SAMPLES['numbers as texts of named metrics'] ?? []
    const { refused } = propose(CONFIG, 'mine', 'mine', records ?? [], NOW)
    assert.deepEqual(
      refused.map(({ reason }) => reason),
      Array(3).fill('mapping mine: "value" must be a number that is finite'),
    )
  })

  it('given a value in another field that is not a number, then that field is named', () => {
    const [records] = SAMPLES['a list of points'] ?? []
    const { refused } = propose(CONFIG, 'mine', 'mine', records ?? [], NOW)
    assert.match(refused.map(({ reason }) => reason).join(), /dataPoints\.0\.asDouble" must be a number/)
  })

  it('given guesses that are not sure, then the proposal asks', () => {
    const [records] = SAMPLES['tenths and thousandths'] ?? []
    assert.equal(propose(CONFIG, 'mine', 'mine', records ?? [], NOW).questions.length, 4)
  })
})

describe('names of sensors and times', () => {
  for (const name of [
    ...[
      'probe',
      'node',
      'station',
      'meter',
      'device',
      'thing',
      'sensor',
      'unit_id',
      'mac',
      'serial',
      'tag',
      'point',
    ],
    ...[
      'channel',
      'devEui',
      'DEVICEID',
      'node.id',
      'end_device_ids.device_id',
      'deviceName',
      'sensorName',
      'topic',
    ],
    ...[
      'serialNumber',
      'meter_no',
      'probeId',
      'hostname',
      'imei',
      'Station',
      'Messstelle',
      'sensor.name',
      'slave',
    ],
  ])
    it(`given ${name}, then it is the entity`, () => {
      const records = repeat(9, index =>
        nest(name, `x${index % 3}`, { kind: `k${index % 4}`, temperature: index }),
      )
      assert.ok(
        isIn(
          propose(CONFIG, 'mine', 'mine', plain(records), NOW).mapping,
          `: ${name}  # guessed from its name`,
        ),
      )
    })

  for (const [name, value, form] of [
    ...[
      'ts',
      'timestamp',
      'time',
      'datetime',
      'date_time',
      'measuredAt',
      'recorded_at',
      'sampleTime',
      'observed',
    ].map(text => [text, 1795597200123, 'epoch: ms'] as const),
    ['Time', '2026-11-25T08:00:00Z', ''],
    ['ts_ms', 1795597200123, 'epoch: ms'],
    ['time_us', '1795597200123456', 'epoch: us'],
    ['timeUnixNano', '1795597200123456789', 'epoch: ns'],
    ['epoch', 1795597200, 'epoch: s'],
    ['bt', 1.7955972e9, 'epoch: s'],
    ['TIMESTAMP', '2026-11-25 08:00:00', 'timeZone: UTC'],
    ['Zeitstempel', '25.11.2026 08:00', 'timeZone: UTC'],
    ['@timestamp', '2026-11-25T08:00:00.123Z', ''],
    ['EnqueuedTimeUtc', '2026-11-25T08:00:00.1230000Z', ''],
    ['last_seen', '2026-11-25T08:00:00+01:00', ''],
    ['dt', 1795597200, 'epoch: s'],
    ['SourceTimestamp', '2026-11-25T08:00:00Z', ''],
    ['lastUpdate', 1795597200, 'epoch: s'],
  ] as const)
    it(`given ${name}, then it is the time`, () => {
      const records = repeat(2, index => ({
        sensor: 's',
        [name]: addMinutes(value, index),
        received_at: iso(index + 1),
        t1: 20.5 + index,
      }))
      const { mapping } = propose(CONFIG, 'mine', 'mine', plain(records), NOW)
      assert.match(mapping.replaceAll("'", ''), new RegExp(`time: { from: ${name}(, ${form})? }`))
      assert.ok(mapping.includes(form), mapping)
    })
})

/** Returns a later time in the same form. */
function addMinutes(value: string | number, minutes: number): string | number {
  if (typeof value === 'number') return value + minutes * (value > 1e12 ? 60_000 : 60)
  if (/^\d+$/.test(value))
    return String(BigInt(value) + BigInt(minutes) * 60n * 10n ** BigInt(value.length - 10))
  return value.replace(/08:00/, `08:0${minutes}`)
}

function nest(path: string, value: unknown, rest: object): object {
  const [outer = path, inner] = path.split('.')
  return { [outer]: inner === undefined ? value : { [inner]: value }, ...rest }
}

it('given any records of one form, then the drafts take each of them', () => {
  const number = fc.oneof(
    fc.integer({ min: -500, max: 5_000 }),
    fc.double({ noNaN: true, min: -500, max: 5_000 }),
  )
  const fixed = number.map(value => Number(value.toFixed(2)))
  // An integer that each entity keeps would be a tag, and a larger number can be taken for a missing value.
  const fraction = fc.integer({ min: -49, max: 48 }).map(value => value + 0.5)
  const VALUES: readonly fc.Arbitrary<unknown>[] = [
    fixed,
    fixed.map(String),
    fixed.map(value => String(value).replace('.', ',')),
    fixed.map(value => `${value} %`),
    fixed.map(value => `${value}mV`),
    fc.constantFrom('on', 'off', ''),
    fc.boolean(),
    fc.constantFrom(3, 7),
    fc.array(fixed, { minLength: 1, maxLength: 3 }),
    fc.record({ value: fixed, unit: fc.constant('°C') }),
    fc.constantFrom<unknown>(21.5, 'NaN', -9999, 22.5, 23.5, 24.5, 25.5),
    fc.string({ minLength: 1 }),
  ]
  const NAMES = [
    'temperature',
    'humidity',
    'battery',
    'level',
    'a b',
    'status',
    'fw',
    'Größe',
    'x.y',
    'lat',
    'name',
  ]
  const columns = fc.uniqueArray(fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom(...VALUES)), {
    selector: ([name]) => name,
    minLength: 1,
    maxLength: 6,
  })
  const records = columns.chain(all =>
    fc.array(
      fc.record(
        { probe: fc.constantFrom('p 1', 'p/2', 'ü'), base: fraction, ...Object.fromEntries(all) },
        { requiredKeys: ['probe', 'base'] },
      ),
      { minLength: 3, maxLength: 12 },
    ),
  )
  fc.assert(
    fc.property(records, documents => {
      const { taken, others, refused } = propose(CONFIG, 'mine', 'mine', plain(documents), NOW)
      assert.deepEqual(refused, [])
      assert.equal(taken + others, documents.length)
    }),
    { numRuns: 400 },
  )
})
