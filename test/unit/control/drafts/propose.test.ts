/** Drafts of families and mappings: what they state about records as people have them, and what they ask. */
import '../../../support/shipped-config.ts'
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type PlacedRecord, propose } from '../../../../control/drafts/propose.ts'
import { createNames } from '../../../../control/drafts/sample-fields.ts'
import { readConfig } from '../../../../control/environment/config.ts'
import { readDocuments } from '../../../../control/recordings/import/csv-rows.ts'
import { toFileRecord } from '../../../../control/recordings/import/mapped-lines.ts'
import { OperationFailure } from '../../../../lib/support/operation-failure.ts'
import { golden } from '../../../support/golden.ts'

const CONFIG = readConfig({ KAFKA_BROKERS: 'b:1', REDIS_URL: 'redis://r:1' })
const NOW = Date.parse('2026-11-27T12:00:00Z')
const at = (minute: number) => Date.parse('2026-11-25T09:00:00Z') + minute * 60_000
const iso = (minute: number) => new Date(at(minute)).toISOString()
const local = (minute: number) => iso(minute).slice(0, 19)

const repeat = <Result>(create: (index: number) => Result, count = 8) =>
  Array.from({ length: count }, (_, index) => create(index))

/** Records of a file. */
const lines = (documents: readonly (object | string)[]): readonly PlacedRecord[] =>
  documents.map((document, index) => ({
    place: `line ${index + 1}`,
    record: toFileRecord('s', index, typeof document === 'string' ? document : JSON.stringify(document), NOW),
    content: { position: ['s', index] },
  }))

/** Records of a topic. */
const keyed = (
  create: (index: number) => object,
  key?: (index: number) => string,
  headers: (index: number) => Readonly<Record<string, string>> = () => ({}),
): readonly PlacedRecord[] =>
  repeat(create).map((document, index) => ({
    place: `0@${index}`,
    record: {
      ...toFileRecord('plant', index, JSON.stringify(document), NOW),
      key: key ? Buffer.from(key(index)) : null,
      headers: Object.entries(headers(index)).map(([name, text]) => [name, Buffer.from(text)]),
    },
  }))

/** Rows of a CSV file. */
async function rows(header: string, create: (index: number) => string): Promise<readonly PlacedRecord[]> {
  const text = [header, ...repeat(create)].join('\n')
  const records: PlacedRecord[] = []
  for await (const row of readDocuments(Readable.from([Buffer.from(text)]), 'f'))
    records.push({
      place: `line ${row.line}`,
      record: 'error' in row ? row : toFileRecord('f', row.line, JSON.stringify(row.document), NOW),
      content: { position: ['f', row.line] },
      units: 'units' in row ? row.units : undefined,
    })
  return records
}

const draft = (records: readonly PlacedRecord[], name = 'mine') => {
  const { family, mapping, ...proposal } = propose(CONFIG, name, 'mine.jsonl', records, NOW)
  return { ...proposal, family, mapping, text: `${family}${mapping}`.replaceAll("'", '') }
}

/** Asserts that the drafts have these parts or, with `!` before them, do not have them. */
function assertParts(text: string, parts: readonly string[]) {
  for (const part of parts)
    assert.equal(text.includes(part.replace(/^!/, '')), !part.startsWith('!'), `${part}\n${text}`)
}

const GREENHOUSE = (index: number) => ({
  device: `soil-${index % 4}`,
  house: ['north', 'south'][index % 2],
  ts: 1795597200000 + index,
  soilMoisture: 20 + index,
  air: { temp_c: 21.5, humidity_pct: 60, co2: 410 + index, light: index % 3 === 0 ? null : 300 },
  valve: ['open', 'closed'][index % 3],
  open: index % 3 === 0,
  message: `m${index}`,
  channels: [1, 2],
  '# odd "name"': "it's: {odd}",
})

it('given records of a greenhouse, then the drafts state what they show, and ask the rest', () => {
  const { family, mapping, refused } = draft(lines(repeat(GREENHOUSE, 12)))
  golden('families-draft', { family, mapping })
  assert.deepEqual(refused, [])
})

type Sample = readonly PlacedRecord[] | Promise<readonly PlacedRecord[]>

const TASMOTA = (index: number) => ({
  Time: local(index),
  BME280: { Temperature: 72.3 + index, Humidity: 40.1 },
  TempUnit: 'F',
})

/** Records, the time in the mapping, and parts of the drafts; with `!` before them, parts that these do not have. All are taken. */
const SAMPLES: Readonly<Record<string, readonly [Sample, time: string, ...parts: string[]]>> = {
  'Tasmota, with its topic as key': [
    keyed(TASMOTA, index => `tele/cellar-${index % 2}/SENSOR`),
    '{ from: Time, timeZone: UTC }  # "2026-11-25T09:00:00" names no zone: is it in UTC?',
    'temperature: {}  # 72.3 to 79.3, 8 values; in which unit, if any ("TempUnit" is F)?',
    'name: { constant: mine }  # one entity, or does a field name it: { key: true } (2 values) or TempUnit (1 value)?',
  ],
  'keys that are JSON, now and then': [
    keyed(TASMOTA, index => (index % 3 === 0 ? `"cellar-${index % 2}"` : `cellar-${index % 2}`)),
    '{ from: Time, timeZone: UTC }  # "2026-11-25T09:00:00" names no zone: is it in UTC?',
    'does a field name it: { key: { json: true } } (2 values)',
  ],
  'Shelly, with a number of seconds': [
    lines(
      repeat(i => ({
        src: 'pro-1',
        params: { ts: at(i) / 1000 + 0.25, 'switch:0': { apower: 12.5 + i, 'temp.c': 40 + i } },
      })),
    ),
    '{ from: params.ts, epoch: s }  # "1795597200.25" is 2026-11-25T09:00:00.250Z',
    'apower: params.switch:0.apower',
    'tempC: params.switch:0["temp.c"]',
  ],
  'a field that equals the record key': [
    keyed(
      i => ({ hub: 'h', box: `u-${i % 3}`, unit_id: `u-${i % 3}`, temperature: 20 + i, door: i % 2 === 0 }),
      i => `"u-${i % 3}"`,
    ),
    'record  # that of the record: no field is a time that a mapping reads',
    'subject: {box}',
    'box: box  # the same as the record key: 3 values',
    'door: any  # "true", "false"',
    'door: { from: door, as: text }',
    'tags: [ hub ]',
  ],
  'a number that equals a member of the key': [
    keyed(
      i => ({ meter: 7 + (i % 2), level: i }),
      i => `{"id":${7 + (i % 2)}}`,
    ),
    'record',
    'meter: { from: meter, as: text }  # the same as the record key: 2 values',
    'level: {}  # 0 to 7, 8 values; in which unit, if any?',
  ],
  'a key of two members, a header and a number that may name the entity': [
    keyed(
      i => ({ box: i % 3, temperature: 20.5 + i }),
      i => `{"plant":1,"device":"d${i % 2}"}`,
      i => ({ 'device-id': `press-${i % 4}`, traceparent: `${i}` }),
    ),
    'record',
    'does a field name it: { header: device-id } (4 values), { key: device } (2 values), { from: box, as: text } (3 values), or { from: { key: plant }, as: text } (1 value)?',
  ],
  'the metric in a text': [
    lines(repeat(i => ({ timestamp: iso(i), metric_name: ['cpu', 'deadlocks'][i % 2], value: `${i / 4}` }))),
    '{ from: timestamp }  # "2026-11-25T09:00:00.000Z"',
    'family: mine  # does "metric_name" say what "value" measures, so that the family is metrics, with metric: { name: FIELD, value: value }?',
    'value: { from: value, as: number }',
  ],
  'a unit beside each value': [
    lines(
      repeat(i => ({
        id: `s${i % 2}`,
        temperature: { value: 71.5 + i, unit: '°F' },
        humidity: { value: 40, unit: '%' },
        probe: { value: 1.5, unit: 'mS' },
        memory: { value: 512, unit: 'MB' },
      })),
    ),
    'record',
    'temperatureValue: { unit: °F }  # 71.5 to 78.5, 8 values; unit in "temperature.unit"',
    'probeValue: { unit: mS }',
    'memoryValue: { unit: MB }',
    'equals: { temperature.unit: °F, humidity.unit: %, probe.unit: mS, memory.unit: MB }',
    'temperatureValue: temperature.value',
  ],
  'one unit that changes, and a symbol that two units share': [
    lines(
      repeat(i => ({
        a: { value: 70, unit: ['C', 'F'][i % 2] },
        b: { level: 40 + i, scale: 'C' },
      })),
    ),
    'record',
    'value: { unit: °C }',
    'unit: a.unit',
    'level: {}  # 40 to 47, 8 values; is "C" of "b.scale" °C or coulomb?',
    '!equals',
  ],
  'units in an object of their own, and texts that are units by chance': [
    lines(
      repeat(i => ({
        wind: 3 + i,
        hum: 40.5,
        units: { wind: 'kn', hum: '%' },
        phase: ['A', 'B', 'C'][i % 3],
      })),
    ),
    'record',
    'wind: { unit: kn }  # 3 to 10, 8 values; unit in "units.wind"',
    'hum: { unit: % }',
    'equals: { units.wind: kn, units.hum: % }',
    'tags: [ phase ]',
  ],
  'a unit that some numbers lack': [
    lines(repeat(i => ({ a: { level: 70 + i, unit: ['bar', null][i % 2] } }))),
    'record',
    'level: { unit: bar }',
    'unit: a.unit  # are numbers without it in the unit of the family?',
  ],
  'units in objects that some records lack': [
    lines(
      repeat(i => ({
        v: 1.5,
        ...(i > 0 && { a: { level: 70 + i, unit: 'bar' } }),
        b: { at: i, unit: 'kn' },
      })),
    ),
    'record',
    'level: { unit: bar }',
    'equals: { b.unit: kn }',
    '!unit: a.unit',
  ],
  'two units that change': [
    lines(repeat(i => ({ a: { t: 70 + i, in: ['°C', '°F'][i % 2] }, b: { t: i, in: ['°C', 'K'][i % 2] } }))),
    'record',
    'aT: {}  # 70 to 77, 8 values; in which unit, if any ("a.in" is °C or °F, "b.in" is °C or K)?',
  ],
  'units at the top of a record': [
    lines(repeat(i => ({ bed: 'A', reading: 3 + i, scale: 'bar' }))),
    'record',
    'reading: { unit: bar }  # 3 to 10, 8 values; unit in "scale"',
    'tags.bed: bed',
    '!scale: scale',
  ],
  'a name that ends like a unit': [
    lines(repeat(i => ({ temp_c: 20 + i, humidity_pct: 40, temperature: 71.5, Level: 2 }))),
    'record',
    'tempC: {}  # 20 to 27, 8 values; in which unit, if any?',
    'humidityPct: {}  # always 40; in which unit, if any?',
  ],
  'texts of number and unit': [
    lines(
      repeat(i => ({
        moisture: `${30 + i} %`,
        temp: `${20 + i},5°C`,
        other: `${i} %`.slice(0, 2 + (i % 2)),
      })),
    ),
    'record',
    'moisture: { unit: % }  # 30 % to 37 %, 8 values; unit of its texts',
    'temp: { from: temp, pattern: ^\\s*(\\S*\\d)\\s*°C\\s*$, as: decimal-comma }',
    '!other: {',
  ],
  'texts among numbers': [
    lines(
      repeat(i => ({
        dry: ['NAN', 'low'][i] ?? i,
        many: i % 2 ? i : `e${i}`,
        v: 1.5,
        empty: i % 3 ? i : '',
      })),
    ),
    'record',
    'dry: { from: dry, absent: [ NAN, low ] }  # does "NAN" or "low" stand for a missing value?',
    'empty: { from: empty, absent: [  ] }\n',
  ],
  'numbers far from all others that repeat': [
    lines(
      repeat(i => ({
        temp: i % 4 ? 20 + i : -9999,
        humidity: i % 3 ? `${40 + i}` : '999.0',
        both: [-999, -999, 9999, 9999][i] ?? i,
        once: i || -9999,
        near: i < 2 ? 14 : i,
        off: i < 2 ? 0 : 1500 + i,
      })),
    ),
    'record',
    'temp: { from: temp, absent: [ -9999 ] }  # does -9999 stand for a missing value?',
    'temp: {}  # 21 to 27, 6 values',
    'humidity: { from: humidity, as: number, absent: [ 999 ] }  # does 999 stand for a missing value?',
    'both: { from: both, absent: [ -999, 9999 ] }  # does -999 or 9999 stand for a missing value?',
    'once: once',
    'near: near',
    'off: off',
  ],
  'codes, and an integer that a double does not keep': [
    lines(repeat(i => ({ plant: '007', odometer: '9007199254740993', level: i }))),
    'record',
    'tags.plant: plant  # "007"',
    'tags.odometer: odometer',
  ],
  'decimals in base64 that have digits only': [
    lines(repeat(i => ({ op: 'c', source: { connector: 'mysql' }, amount: '1234', level: i }))),
    'record',
    'tags.amount: amount',
  ],
  'JSON in texts': [
    lines(
      repeat(i => ({
        timestamp: at(i),
        clientid: `press-${i % 3}`,
        payload: JSON.stringify({ temp: 20.5 + i, hum: 40.5, unit: 'C' }),
        log: `${JSON.stringify({ level: ['info', 'error'][i % 2], ms: 12.5 + i })}\n`,
      })),
    ),
    '{ from: timestamp, epoch: ms }',
    'temp: payload.temp',
    'ms: log.ms',
    'level: any  # "info", "error"; a state, as it changes within clientid',
    'tags.clientid: clientid  # "press-0", "press-1", "press-2"; a tag if it names the entity, otherwise a state',
    'in which unit, if any ("payload.unit" is C)?',
  ],
  'several times': [
    lines(repeat(i => ({ sent: iso(i + 1), tst: at(i), built: 1700000000, v: i / 2 }))),
    'record  # which is the time of the measurement: { from: sent } ("2026-11-25T09:01:00.000Z"), { from: tst, epoch: ms } ("1795597200000" is 2026-11-25T09:00:00.000Z), or that of the record, as here?',
    '# Not used: sent, tst',
    'built: {}  # always 1700000000',
  ],
  'one time that changes, and one that does not': [
    lines(repeat(i => ({ device: `d${i % 2}`, installed: iso(-9000), at: iso(i), v: i }))),
    '{ from: at }',
    '# Not used: installed',
  ],
  'one number that does not change and may be a time': [
    lines([{ ts: at(0), v: 1 }]),
    'record  # which is the time of the measurement: { from: ts, epoch: ms } (',
  ],
  'times of 1970 and 2099': [
    lines(repeat(i => ({ ts: i * 1000, expires: `2099-01-01T00:00:0${i}Z`, v: i }))),
    'record  # that of the record: no field',
    'ts: {}  # 0 to 7000',
  ],
  'a time that some records lack': [
    lines(repeat(i => ({ v: i, ...(i > 1 && { at: iso(i) }) }))),
    '[ { from: at }, record ]',
  ],
  'points in lists of OpenTelemetry': [
    lines(
      repeat(i => ({
        resource: [{ attributes: [{ key: 'host.name', value: { stringValue: 'node-7' } }] }],
        points: [
          { timeUnixNano: `${at(i)}054960`, [i % 2 ? 'asDouble' : 'asInt']: `${2.5 + i}` },
          { asInt: '9' },
        ],
      })),
    ),
    '{ from: points.0.timeUnixNano, epoch: ns }',
    'asInt: { from: points.0.asInt, as: number }',
    'tags.stringValue: resource.0.attributes.0.value.stringValue',
    'points[1]…',
  ],
  'a row before and after its change, with its schema': [
    lines(
      repeat(i => ({
        schema: { type: 'struct' },
        payload: {
          op: 'u',
          before: { id: `m${i % 2}`, level: 2.5 + i },
          after: { id: `m${i % 2}`, level: 3.5 + i },
        },
      })),
    ),
    'record',
    'beforeLevel: before.level',
    'afterLevel: after.level',
    '!schema.type',
  ],
  'CloudEvents of others': [
    lines(
      repeat(i => ({
        ...{ specversion: '1.0', id: `${i}`, source: '/s', type: 'com.sensor.data', time: iso(i) },
        data: { sensor_id: 's1', temperature: 3.5 },
      })),
    ),
    '{ from: time }',
    'equals: { type: com.sensor.data }',
    'tags.sensorId: data.sensor_id',
    'temperature: data.temperature',
  ],
  'texts alone': [
    lines(repeat(i => ({ door: `d${i % 2}`, status: ['open', 'shut'][i % 2], plant: 'p' }))),
    'record',
    'status: any  # "open", "shut"',
    'tags: [ plant ]',
  ],
  'texts that change within an entity, and others': [
    keyed(
      i => ({
        machine: `m${i % 2}`,
        state: ['run', 'idle', 'fault'][i % 3],
        hall: `h${i % 2}`,
        t: i,
        site: 's',
      }),
      i => `m${i % 2}`,
    ),
    'record',
    'state: any  # "run", "idle", "fault"; a state, as it changes within machine',
    'tags.hall: hall  # "h0", "h1"; a tag, as it never changes within machine',
    'tags.site: site  # "s"\n',
    '!tags.state',
  ],
  'more than 20 texts that change': [
    lines(repeat(i => ({ order: `o${i % 21}`, t: i / 2, id: 'm' }), 42)),
    'record',
    'tags.order: order  # 21 values, such as "o0", "o1", "o2"; a tag if it names the entity, otherwise a state',
  ],
  'a counter with one restart, and a metric that merely rose': [
    lines(repeat(i => ({ meter: 'e-7', total: (i + 40) % 50, t: 20 + i / 4, saw: i % 5 }), 24)),
    'record',
    'it falls only once, to its beginning, in 24 records: does it count up (is: counter)?',
    't: {}  # 20 to 25.75, 24 values; in which unit, if any? it never falls in 24 records: does it count up (is: counter)?',
    'saw: {}  # 0 to 4, 5 values; in which unit, if any?\n',
  ],
  'numbers that never fall in an entity': [
    lines(repeat(i => ({ meter: `m${i % 2}`, total: 100 - 50 * (i % 2) + i, power: (i * 7) % 5 }), 24)),
    'record',
    'total: {}  # 51 to 122, 24 values; in which unit, if any? it never falls in 24 records: does it count up (is: counter)?',
    'power: {}  # 0 to 4, 5 values; in which unit, if any?\n',
  ],
  'a weather station with decimal commas and units in its header': [
    rows(
      'Zeit;Station;Temperatur;Luftdruck [hPa];Core Clock [MHz];Phase [C]',
      i => `25.11.2026 10:0${i};A${i % 2};1${i},5;1013,${i};3600,5;1,5`,
    ),
    '{ from: Zeit, timeZone: UTC }',
    'temperatur: { from: Temperatur, as: decimal-comma }',
    'luftdruck: { unit: hPa }  # 1013,0 to 1013,7, 8 values; unit in its name',
    'coreClock: { unit: MHz }',
    'is "C" of "Phase [C]" °C or coulomb?',
  ],
  'a row of units': [
    rows('at,mem,temp,level', i => (i === 0 ? ',[MB],Ré,V' : `2026-11-25T09:0${i}:00Z,51${i},2${i},3.5`)),
    '{ from: at }',
    'mem: { unit: MB }  # 511 to 517, 7 values; unit of its row',
    'level: { unit: V }',
    'which unit of Sluice is "Ré" of "temp"?',
  ],
  'date and time in two columns': [
    rows('Date;Time;T', i => `11/03/2025;0${i}.00.00;1${i},6`),
    'record  # that of the record: no field is a time that a mapping reads',
    '# Not used: Time',
  ],
}

it('given metrics that merely rose, then it is asked last whether they count up', () => {
  const { questions } = draft(lines(repeat(i => ({ t: i, level: (i * 7) % 5 }), 24)))
  assert.match(questions.at(-1) ?? '', /^t: .* does it count up/)
  assert.ok(questions.length > 2)
})

describe('records of others', () => {
  // Promise docs/your-own-data.md#2-drafts | The drafts are valid files and take the good records of the sample, and the command names each other one. They state what the records show: a unit in the case that it has, the time and the entity. What the records do not state is a question, and no word decides.
  for (const [what, [sample, time, ...parts]] of Object.entries(SAMPLES))
    it(`given ${what}, then the drafts take each record, and ask for what the sample does not say`, async () => {
      const records = await sample
      const { text, taken, refused } = draft(records)
      assertParts(text, [`\ntime: ${time}`, ...parts])
      assert.deepEqual(refused, [])
      assert.equal(taken, records.length)
    })
})

it('given questions, then the proposal lists their lines, those of the mapping first', () => {
  const { questions } = draft(
    lines(repeat(i => ({ sensor: `s${i % 2}`, at: local(i), temp: 20 + i, 'hum?': 40 }))),
  )
  assert.deepEqual(questions, [
    'time: { from: at, timeZone: UTC }  # "2026-11-25T09:00:00" names no zone: is it in UTC?',
    'name: { constant: mine }  # one entity, or does a field name it: sensor (2 values)?',
    'temp: {}  # 20 to 27, 8 values; in which unit, if any?',
    'hum: {}  # always 40; in which unit, if any?',
  ])
})

it('given records of several shapes, then the most frequent is drafted, and each record that is not taken is named', () => {
  const { refused, others, taken } = draft(
    lines([
      ...repeat(index => ({ device: 'a', temperature: index })),
      'no JSON',
      { device: 'a', temperature: 'n/a' },
      { order: 1, paid: true },
    ]),
  )
  assert.deepEqual(refused, [
    { place: 'line 9', reason: 'the value is not JSON' },
    { place: 'line 10', reason: 'data must have at least one of temperature' },
  ])
  assert.deepEqual([others, taken], [1, 8])
})

it('given names that are other values in YAML, then the drafts have them as texts', () => {
  for (const name of ['null', 'true', 'mine']) {
    const { family, mapping } = draft(lines(repeat(() => ({ sensor: 's', temperature: 3 }))), name)
    const line = name === 'mine' ? 'family: mine\n' : `family: '${name}'\n`
    assert.ok(family.includes(line) && mapping.includes(line), mapping)
  }
})

describe('records of which there is no draft', () => {
  const wide = Object.fromEntries(Array.from({ length: 1500 }, (_, index) => [`m${index}x`, index]))
  const own = {
    specversion: '1.0',
    id: '1',
    source: '/s',
    type: 'io.sluice.environment.reading.v1',
    data: {},
  }
  for (const [what, documents, message] of [
    [
      'no number',
      repeat(() => ({ user: 'a', page: '/' })),
      /no number is measured in its 8 records with user, page/,
    ],
    ['no JSON', ['a', 'b'], /no record can be read: the value is not JSON/],
    ['own events', [own], /environment.reading.v1 is an event of Sluice/],
    ['more metrics than a family can have', [wide], /at most 1000 metrics/],
  ] as const)
    it(`given ${what}, then the message says it`, () =>
      assert.throws(() => draft(lines(documents)), { message }))
})

it('given fields of the same name, then each has a name of its own, which is not a member of every reading', () => {
  const paths = [
    'in.temp_c',
    'out.temp_c',
    'Temp C',
    'unit',
    'tags',
    'Größe [m]',
    '温度',
    '2nd',
    'a.0',
    '__proto__',
  ]
  const choose = createNames(paths)
  assert.deepEqual(
    paths.map(path => choose(path)),
    ['inTempC', 'outTempC', 'tempC', 'unit2', 'tags2', 'groesse', 'field', 'field2nd', 'a0', 'proto'],
  )
})

const NAMES = [
  'id',
  'ts',
  'temp',
  'a.b',
  'value',
  'unit',
  'x["y"]',
  '',
  '#',
  "it's",
  'no',
  'Größe',
  '__proto__',
  'a\nb',
]
const SCALAR = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
  fc.string({ maxLength: 5 }),
  fc.constantFrom<unknown>(
    ...[
      null,
      true,
      '',
      'a',
      '22,5',
      '5 %',
      '007',
      -999,
      1795597200,
      1795597200123,
      '2026-01-01 00:00',
      '°C',
      '\0',
      '# }',
    ],
    'x'.repeat(300),
  ),
)

it('given any records, then the drafts are valid, and take each record or name it', () => {
  const { value } = fc.letrec(tie => ({
    value: fc.oneof(
      { depthSize: 'small' },
      SCALAR,
      fc.array(SCALAR, { maxLength: 2 }),
      fc.dictionary(fc.constantFrom(...NAMES), tie('value'), { maxKeys: 3 }),
    ),
  }))
  const shape = fc.uniqueArray(fc.oneof(fc.constantFrom(...NAMES), fc.string({ maxLength: 6 })), {
    minLength: 1,
    maxLength: 6,
  })
  const values = fc.array(fc.array(value, { minLength: 6, maxLength: 6 }), { minLength: 1, maxLength: 6 })
  let drafted = 0
  fc.assert(
    fc.property(shape, values, (names, rows) => {
      const all = rows.map(row => Object.fromEntries(names.map((name, index) => [name, row[index]])))
      try {
        const { taken, others, refused } = draft(lines(all))
        drafted++
        assert.equal(taken + others + refused.length, all.length)
        assert.ok(refused.every(({ reason }) => reason !== ''))
      } catch (error) {
        if (!(error instanceof OperationFailure)) throw error
      }
    }),
    { numRuns: 200 },
  )
  assert.ok(drafted > 30, `${drafted} drafts`)
})

it('given any records of one form, then the drafts take each of them', () => {
  const fixed = fc.integer({ min: -50_000, max: 500_000 }).map(value => value / 100)
  const values: readonly fc.Arbitrary<unknown>[] = [
    fixed,
    fixed.map(String),
    fixed.map(value => String(value).replace('.', ',')),
    fixed.map(value => `${value} %`),
    fc.constantFrom('on', 'off', ''),
    fc.boolean(),
    fc.array(fixed, { minLength: 1, maxLength: 3 }),
    fc.record({ value: fixed, unit: fc.constantFrom('°C', '°F') }),
    fc.constantFrom<unknown>(21.5, 'NaN', -9999, 22.5, 23.5),
    fc.string({ minLength: 1 }),
  ]
  const columns = fc.uniqueArray(
    fc.tuple(fc.constantFrom(...NAMES, 'status', 'lat', 'name'), fc.constantFrom(...values)),
    {
      selector: ([name]) => name,
      minLength: 1,
      maxLength: 6,
    },
  )
  const documents = columns.chain(all =>
    fc.array(fc.record({ probe: fc.constantFrom('p 1', 'ü'), base: fixed, ...Object.fromEntries(all) }), {
      minLength: 3,
      maxLength: 12,
    }),
  )
  fc.assert(
    fc.property(documents, all => assert.deepEqual(draft(lines(all)).refused, [])),
    { numRuns: 200 },
  )
})
