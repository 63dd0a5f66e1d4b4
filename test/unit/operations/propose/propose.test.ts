/** Drafts of families and mappings for samples as people have them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readConfig } from '../../../../lib/app/config.ts'
import { toFileRecord } from '../../../../lib/operations/import/mapped-lines.ts'
import { OperationFailure } from '../../../../lib/operations/operation-failure.ts'
import { type PlacedRecord, type Proposal, propose } from '../../../../lib/operations/propose/propose.ts'
import { golden } from '../../../support/golden.ts'

const CONFIG = readConfig({ KAFKA_BROKERS: 'b:1', REDIS_URL: 'redis://r:1' })
const NOW = Date.parse('2026-11-27T12:00:00Z')

const toRecords = (documents: readonly (object | string)[]): PlacedRecord[] =>
  documents.map((document, index) => ({
    place: `line ${index + 1}`,
    record: toFileRecord(
      'test',
      index,
      typeof document === 'string' ? document : JSON.stringify(document),
      NOW,
    ),
    content: { position: ['test', index] },
  }))

const proposeFor = (documents: readonly (object | string)[], name = 'mine'): Proposal =>
  propose(CONFIG, name, 'mine.jsonl', toRecords(documents), NOW)

const repeat = (count: number, document: (index: number) => object) =>
  Array.from({ length: count }, (_, index) => document(index))

const GREENHOUSE = repeat(12, index => ({
  device: `soil-${index % 4}`,
  house: ['north', 'south'][index % 2],
  ts: 1763625600000 + index,
  soilMoisture: 20 + index,
  batteryVoltage: 3.9,
  air: { temp_c: 21.5, humidity_pct: 60, co2: 410 + index, light: index % 3 === 0 ? null : 300 },
  valve: ['open', 'closed'][index % 3],
  firmware: 'v2',
  seq: index,
  channels: [1, 2],
  '# odd "name"': "it's: {odd}",
}))

it('given records of a greenhouse, then the drafts are as people would write them', () => {
  const { family = '', mapping, refused } = proposeFor(GREENHOUSE)
  golden('families-draft', { family, mapping })
  assert.deepEqual(refused, [])
})

describe('the form of the sample', () => {
  for (const [what, documents, lines] of [
    [
      'records that name their metric',
      repeat(6, index => ({
        timestamp: '2025-01-16T10:30:45Z',
        database_type: 'postgresql',
        instance_id: `db-${index % 2}`,
        metric_name: ['cpu', 'deadlocks'][index % 2],
        value: index,
        tags: { environment: 'production' },
      })),
      [
        'family: metrics',
        'metric: { name: metric_name, value: value }',
        'system: database_type',
        'instance: instance_id',
        'tags.environment: tags.environment',
      ],
    ],
    [
      'a time and a value',
      repeat(6, index => ({ timestamp: `2025-01-16 10:30:4${index}`, value: index })),
      ["subject: '{name}'", 'name: { constant: mine }', 'value: value', 'timeZone: UTC'],
    ],
    [
      'a place in an object, and numbers as texts',
      repeat(6, () => ({
        sensor_id: 7,
        temperature: '22,5',
        count: '3',
        location: { latitude: 40.7, longitude: -74 },
        status: 'active',
      })),
      [
        'sensorId: { from: sensor_id, as: text }',
        'temperature: { from: temperature, as: decimal-comma }',
        'count: { from: count, as: number }',
        'latitude: { type: number }',
        'latitude: location.latitude',
        'status: any',
      ],
    ],
    [
      'CloudEvents of others',
      repeat(6, index => ({
        specversion: '1.0',
        id: `${index}`,
        source: '/s',
        type: 'com.sensor.data',
        time: `2025-01-16T10:30:4${index}Z`,
        data: { sensor_id: 's1', temperature: 3 },
      })),
      [
        'equals: { type: com.sensor.data }',
        'sensorId: data.sensor_id',
        'temperature: data.temperature',
        'from: time',
      ],
    ],
    [
      'a unit in the record',
      repeat(6, index => ({
        sensor: `s${index % 2}`,
        temperature: 70,
        level: 3,
        unit: ['F', '°C'][index % 2],
      })),
      ['temperature: { unit: °F }', 'unit: unit', 'level: {}'],
    ],
    [
      'a unit of a quantity that no name shows',
      repeat(6, () => ({ sensor: 's', reading: 3, unit: 'bar' })),
      ['reading: { unit: bar }', 'unit: unit'],
    ],
    [
      'sixty metrics',
      repeat(6, () => ({
        machine: 'm1',
        ...Object.fromEntries(
          repeat(60, index => ({ index })).map((_, index) => [`channel_${index}_ms`, index]),
        ),
      })),
      ['channel0Ms: { unit: ms }', 'channel59Ms: channel_59_ms'],
    ],
  ] as const)
    it(`given ${what}, then the drafts have it, and take every record`, () => {
      const { family = '', mapping, refused } = proposeFor(documents)
      for (const line of lines)
        assert.ok(`${family}${mapping}`.includes(line), `${line}\n${family}${mapping}`)
      assert.deepEqual(refused, [])
    })
})

it('given names that are other values in YAML, then the drafts have them as texts', () => {
  for (const name of ['null', 'true', 'mine']) {
    const { family = '', mapping } = proposeFor(
      repeat(6, () => ({ sensor: 's', temperature: 3 })),
      name,
    )
    const line = name === 'mine' ? 'family: mine\n' : `family: '${name}'\n`
    assert.ok(family.includes(line) && mapping.includes(line), mapping)
  }
})

it('given more metrics than a family can have, then the message says how many that are', () => {
  const wide = Object.fromEntries(Array.from({ length: 1500 }, (_, index) => [`m${index}x`, index]))
  assert.throws(() => proposeFor(repeat(6, () => ({ sensor: 's', ...wide }))), {
    name: 'OperationFailure',
    message: /1500 are metrics: there are at most 1000 metrics/,
  })
})

it('given records that cannot all be read, then each that the drafts do not take is named', () => {
  const fine = repeat(8, index => ({ device: 'a', temperature: index }))
  const { refused, others } = proposeFor([
    ...fine,
    'no JSON',
    { device: 'a', temperature: 'n/a' },
    { device: '', temperature: 1 },
    { order: 1, paid: true },
  ])
  assert.deepEqual(refused, [
    { place: 'line 9', reason: 'the value is not JSON' },
    { place: 'line 10', reason: 'data must have at least one of temperature' },
    { place: 'line 11', reason: 'mapping mine: "device" must be a text that is not empty' },
  ])
  assert.equal(others, 1)
})

describe('records of which there is no draft', () => {
  for (const [what, documents, message] of [
    [
      'no number',
      repeat(3, () => ({ user: 'a', page: '/' })),
      /no number is measured in its 3 records with user, page/,
    ],
    ['only an id', repeat(3, () => ({ device_id: 7, at: 1763625600 })), /no number is measured/],
    ['no JSON', ['a', 'b'], /no record can be read: the value is not JSON/],
    [
      'own events',
      [{ specversion: '1.0', id: '1', source: '/s', type: 'io.sluice.environment.reading.v1', data: {} }],
      /are events of Sluice/,
    ],
  ] as const)
    it(`given ${what}, then the message says it`, () =>
      assert.throws(() => proposeFor(documents), { name: 'OperationFailure', message }))
})

it('given any records, then the drafts are valid, and take each record or name it', () => {
  const name = fc.oneof(
    fc.constantFrom(
      'sensor_id',
      'device',
      'id',
      'ts',
      'time',
      'temperature',
      'value',
      'metric',
      'unit',
      'tags',
      'type',
      'site',
      'a.b',
      '',
      '#',
      'x: y',
      "it's",
      'no',
      'Größe',
      '__proto__',
      'constructor',
      'line\nbreak',
    ),
    fc.string({ maxLength: 6 }),
  )
  const scalar = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.boolean(),
    fc.constantFrom(
      null,
      '',
      'a',
      'b',
      '22,5',
      '1.5',
      '007',
      '2026-01-01T00:00:00Z',
      '2026-01-01 00:00',
      1763625600,
      1763625600123,
      'x'.repeat(300),
      '\u0000',
      '# }',
    ),
    fc.string({ maxLength: 5 }),
  )
  const { value } = fc.letrec(tie => ({
    value: fc.oneof(
      { depthSize: 'small' },
      scalar,
      fc.array(scalar, { maxLength: 2 }),
      fc.dictionary(name, tie('value'), { maxKeys: 3 }),
    ),
  }))
  const shape = fc.uniqueArray(name, { minLength: 1, maxLength: 6 })
  const records = fc.tuple(
    shape,
    fc.array(fc.array(value, { minLength: 6, maxLength: 6 }), { minLength: 1, maxLength: 6 }),
  )
  let drafted = 0
  fc.assert(
    fc.property(records, ([names, rows]) => {
      const documents = rows.map(row => Object.fromEntries(names.map((name, index) => [name, row[index]])))
      try {
        const { refused } = proposeFor(documents)
        drafted++
        assert.ok(refused.every(({ reason }) => reason !== ''))
      } catch (error) {
        if (!(error instanceof OperationFailure)) throw error
      }
    }),
    { numRuns: 300 },
  )
  assert.ok(drafted > 50, `${drafted} drafts`)
})

describe('what the records say, and a mapping refuses', () => {
  const take = (document: object) =>
    proposeFor(repeat(8, index => ({ node: `n${index % 2}`, temperature: 40 + index, ...document })))
  for (const [what, document, line] of [
    ['units in an object', { units: { temperature: 'F' } }, 'unit: units.temperature'],
    ['a unit as scale', { scale: 'F' }, 'unit: scale'],
    [
      'two units of one dimension',
      { wind: 3, windUnit: 'm/s', gust: 5, unitOfGust: 'kn' },
      'gust: { unit: kn }',
    ],
    ['a unit that Sluice does not have', { temperatureUnit: 'Ré' }, 'which unit of Sluice is "Ré"'],
    ['an integer that a double does not keep', { odometer: '9007199254740993' }, 'tags.odometer: odometer'],
    [
      'decimals in base64 that have digits only',
      { op: 'c', source: { connector: 'mysql' }, amount: '1234' },
      'tags.amount: amount',
    ],
  ] as const)
    it(`given ${what}, then the drafts say so, and take every record`, () => {
      const { family = '', mapping, refused } = take(document)
      assert.ok(`${family}${mapping}`.includes(line), `${line}\n${family}${mapping}`)
      assert.deepEqual(refused, [])
    })

  it('given a JSON key and nothing else that names the entity, then its part that differs does', () => {
    const records = toRecords(repeat(6, index => ({ temp: index }))).map(({ place, record }, index) => ({
      place,
      record: { ...record, key: Buffer.from(`{"id":"d${index % 2}"}`) },
    }))
    assert.match(
      propose(CONFIG, 'mine', 'mine.jsonl', records as PlacedRecord[], NOW).mapping,
      /^ {2}sensorId: \{ from: \{ key: true \}, pattern: '\^\\\{"id":"\(\.\+\)"\\\}\$' \}/m,
    )
  })
})
