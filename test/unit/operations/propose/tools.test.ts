/** Drafts for records of public tools: each takes the records that it was made from, or asks; its time is that of the measurement. */
import '../../../support/shipped-config.ts'
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readConfig } from '../../../../lib/app/config.ts'
import { readDocuments } from '../../../../lib/operations/import/csv-rows.ts'
import { toFileRecord } from '../../../../lib/operations/import/mapped-lines.ts'
import { OperationFailure } from '../../../../lib/operations/operation-failure.ts'
import { type PlacedRecord, propose } from '../../../../lib/operations/propose/propose.ts'

const CONFIG = readConfig({ KAFKA_BROKERS: 'b:1', REDIS_URL: 'redis://r:1' })
const NOW = Date.parse('2026-11-27T12:00:00Z')
const START = Date.parse('2026-11-25T09:00:00Z')
const at = (minute: number) => START + minute * 60_000
const iso = (minute: number) => new Date(at(minute)).toISOString()
const repeat = <Result>(create: (index: number) => Result) =>
  Array.from({ length: 8 }, (_, index) => create(index))

/** Record keys, or none. */
type Key = (index: number) => string

const lines = (create: (index: number) => object, key?: Key) =>
  repeat(create).map((document, index): PlacedRecord => {
    const record = toFileRecord('t', index, JSON.stringify(document), NOW)
    const place = `line ${index + 1}`
    return key
      ? { place, record: { ...record, key: Buffer.from(key(index)) } }
      : { place, record, content: { position: ['t', 0, index] } }
  })

async function rows(header: string, create: (index: number) => string): Promise<PlacedRecord[]> {
  const records: PlacedRecord[] = []
  for await (const row of readDocuments(
    Readable.from([Buffer.from([header, ...repeat(create)].join('\n'))]),
    'f',
  )) {
    const { line } = row
    if ('error' in row) records.push({ place: `line ${line}`, record: row })
    else
      records.push({
        place: `line ${line}`,
        record: toFileRecord('f', line, JSON.stringify(row.document), NOW),
        content: { position: ['f', line] },
      })
  }
  return records
}

const pad = (minute: number) => String(minute).padStart(2, '0')

/** Records, the time in the mapping, and parts of the drafts; with `!` before them, parts that these do not have. */
const TOOLS: Readonly<
  Record<string, readonly [PlacedRecord[] | Promise<PlacedRecord[]>, time: string, ...parts: string[]]>
> = {
  Tasmota: [
    lines(
      i => ({
        Time: iso(i).slice(0, 19),
        ENERGY: { TotalStartTime: '2025-01-01T00:00:00', Power: 40 + i, Voltage: 229 },
      }),
      () => 'tele/heater/SENSOR',
    ),
    'from: Time, timeZone: UTC',
    '"Time" names no zone: is it in UTC?',
    'power: {}  # 40 to 47; is "ENERGY.Power" in W or kW?',
  ],
  Shelly: [
    lines(i => ({
      src: 'shellypro-1',
      params: { ts: at(i) / 1000 + 0.25, 'switch:0': { apower: 12.5 + i, 'temp.c': 40 + i } },
    })),
    'from: params.ts, epoch: s',
    'apower: params.switch:0.apower',
    'params.switch:0["temp.c"]',
  ],
  Zigbee2MQTT: [
    lines(
      i => ({ last_seen: at(i), linkquality: 90, temperature: 19.5 + i, occupancy: i % 2 === 0 }),
      i => `zigbee2mqtt/${['hall', 'attic'][i % 2]}`,
    ),
    'from: last_seen, epoch: ms',
    'pattern: ^zigbee2mqtt/(.+)$',
  ],
  TTN: [
    lines(i => ({
      end_device_ids: { device_id: `eui-${i % 2}`, application_ids: { application_id: 'app' } },
      received_at: iso(i + 0.02),
      uplink_message: {
        received_at: iso(i + 0.01),
        decoded_payload: { temp_c: 20 + i, battery: 3.1 },
        settings: { time: iso(i), frequency: '868100000' },
      },
    })),
    'from: ',
    'subject: {deviceId}',
    'tempC: { unit: °C }',
  ],
  ChirpStack: [
    lines(i => ({
      time: iso(i),
      deviceInfo: { devEui: `00${i % 2}a`, deviceName: `d${i % 2}` },
      fCnt: i,
      object: { level: 3.5 + i },
      rxInfo: [{ gatewayId: 'g', rssi: -70 - i, gwTime: iso(i - 0.001) }],
    })),
    'is it that of the measurement, and not "time"?',
    'deviceInfo.devEui',
  ],
  OwnTracks: [
    lines(i => ({
      _type: 'location',
      created_at: at(i + (i > 3 ? 31 : 1)) / 1000,
      lat: 52 + i / 1000,
      lon: 5.2,
      tid: 'q7',
      topic: 'owntracks/crew/van-7',
      tst: at(i) / 1000,
      vel: 40 + i,
    })),
    'from: tst, epoch: s',
    'created_at is another time',
    '!tst: tst',
  ],
  'Ambient Weather': [
    lines(i => ({
      macAddress: `00:0E:${i % 2}`,
      dateutc: at(5 * (i >> 1)),
      tempf: 61.2 + i,
      windspeedmph: 3.1,
      baromrelin: 29.92,
      tz: 'America/Chicago',
    })),
    'from: dateutc, epoch: ms',
    'subject: {macAddress}',
    'tempf: {}  # 61.2 to 68.2; in which unit, if any?',
    'windspeedmph: {}  # always 3.1; in which unit, if any?',
    'baromrelin: {}  # always 29.92; in which unit, if any?',
    '!dateutc: dateutc',
  ],
  'Home Assistant': [
    lines(i => ({
      entity_id: `sensor.room_${i % 2}`,
      state: `${20.5 + i}`,
      attributes: { unit_of_measurement: '°C', friendly_name: `Room ${i % 2}` },
      last_changed: iso(i),
      last_updated: iso(i + 0.05),
    })),
    'from: last_changed',
    'entity_id',
    'state: { unit: °C }',
  ],
  'AWS IoT shadow': [
    lines(i => ({
      state: { desired: { fan: 'auto' }, reported: { temp: 21.5 + i / 10, fan: 'auto' } },
      metadata: {
        desired: { fan: { timestamp: 1795500000 } },
        reported: {
          temp: { timestamp: i % 2 ? 1795510000 : at(i) / 1000 },
          hum: { timestamp: at(i) / 1000 - 1 },
        },
      },
      timestamp: at(i) / 1000,
      clientToken: 'boiler-3',
    })),
    'from: timestamp, epoch: s',
    'does "state.desired.fan" or "state.reported.fan" or "clientToken" name it?',
    'metadata.desired.fan.timestamp is another time',
    '!timestamp: { unit',
    '!metadata.desired.fan.timestamp }',
  ],
  'Azure IoT': [
    lines(i => ({
      deviceId: `press-${i % 2}`,
      enqueuedTime: iso(i + 0.1),
      telemetry: { pressure_bar: 6.1 + i, eventTime: iso(i) },
      messageId: `m${i}`,
    })),
    'from: telemetry.eventTime',
    'pressureBar: { unit: bar }',
  ],
  Telegraf: [
    lines(i => ({
      fields: { usage_idle: 91.5 - i, usage_user: 4.5 + i },
      name: 'cpu',
      tags: { cpu: 'cpu-total', host: `web-${i % 2}` },
      timestamp: at(i) / 1000,
    })),
    'from: timestamp, epoch: s',
    'host: tags.host',
  ],
  Prometheus: [
    lines(i => ({
      timestamp: iso(i),
      value: `${i / 4}`,
      name: `node_load${i % 2}`,
      labels: { __name__: 'x', instance: `web-${i % 2}`, job: 'node' },
    })),
    'from: timestamp',
    'metric: { name: name, value: { from: value, as: number } }',
  ],
  'OTel logs': [
    lines(i => ({
      timestamp: iso(i),
      severity_text: ['ERROR', 'INFO'][i % 2],
      body: `line ${i}`,
      attributes: { 'log.file.name': 'app.log', 'http.status_code': 500 },
      resource: { attributes: { 'service.name': 'checkout', 'host.name': `checkout-${i % 2}` } },
    })),
    'from: timestamp',
    'resource.attributes["service.name"]',
    'resource.attributes["host.name"]',
  ],
  Debezium: [
    lines(i => ({
      op: 'u',
      source: { connector: 'postgresql', ts_ms: at(i) },
      ts_ms: at(i) + 700,
      before: { id: `m${i % 2}`, level: 2.5 + i, updated_at: iso(i - 9) },
      after: { id: `m${i % 2}`, level: 3.5 + i, updated_at: iso(i - 0.01) },
    })),
    'from: ',
    '!before.updated_at }',
  ],
  'Debezium in CloudEvents': [
    lines(i => ({
      iodebeziumop: 'u',
      data: {
        schema: { type: 'struct' },
        payload: {
          before: { id: `m${i % 2}`, level: 2.5 + i },
          after: { id: `m${i % 2}`, level: 3.5 + i, updated_at: iso(i) },
        },
      },
    })),
    'from: data.after.updated_at',
    'level: data.after.level',
    '!schema.type',
    '!level: data.before',
  ],
  EMQX: [
    lines(i => ({
      timestamp: at(i),
      qos: 1,
      clientid: `press-${i % 3}`,
      payload: JSON.stringify({ temp: 20 + i, hum: 40, unit: 'C' }),
    })),
    'from: timestamp, epoch: ms',
    'temp: payload.temp',
    'unit: payload.unit',
    '!Not used',
    '!no metric changes',
  ],
  'EMQX with texts of another form': [
    lines(i => ({ timestamp: at(i), qos: 1, clientid: `press-${i % 3}`, payload: `T=${20 + i}` })),
    'from: timestamp, epoch: ms',
    '# no metric changes in the sample: is the measurement in "payload"?',
  ],
  Docker: [
    lines(i => ({
      log: `${JSON.stringify({ level: ['info', 'error'][i % 2], ms: 12 + i })}\n`,
      stream: 'stdout',
      time: iso(i),
      kubernetes: { pod_name: `shop-${i % 2}` },
    })),
    'from: time',
    'ms: log.ms',
    'tags.level: log.level',
  ],
  OpenAQ: [
    rows(
      'sensors_id,location,datetime,lat,parameter,units,value',
      i =>
        `${90 + (i % 4)},"Station ${i % 2}",2026-11-25T0${i}:00:00+01:00,52.1,${['pm25', 'o3', 'no2', 'temperature'][i % 4]},${['µg/m³', 'ppm', 'ppb', 'c'][i % 4]},${i > 5 ? -999 : 0.04 * i}`,
    ),
    'from: datetime }',
    'tags.units: units',
    'does -999 stand for a missing value?',
    '!unit: ',
  ],
  'a weather station with decimal commas': [
    rows(
      'Zeit;Station;Temperatur;Luftdruck [hPa];Regen',
      i => `25.11.2026 10:${pad(i)};A${i % 2};${i === 5 ? '-200' : `1${i},5`};1013,${i};0,0`,
    ),
    'from: Zeit, timeZone: UTC',
    'as: decimal-comma, absent: [ -200 ] }  # does -200 stand for a missing value?',
    'luftdruck: { unit: hPa }',
  ],
  'date and time in two columns': [
    rows(
      'Date;Time;CO(GT);T;RH',
      i => `11/03/2025;0${i}.00.00;${i % 4 === 3 ? '-200' : `1,${i}`};1${i},6;48,${i}`,
    ),
    'record  # the time of the record, because a mapping reads no date with a time of day in "Date" and "Time": is it that of the measurement?',
    'does -200 stand for a missing value?',
  ],
  Campbell: [
    rows(
      'TIMESTAMP,RECORD,AirTC,RH',
      i => `2026-11-25 09:${pad(i)}:00,${i},${i === 4 ? '"NAN"' : 4.2 + i},${i === 6 ? -7999 : 90.5}`,
    ),
    'from: TIMESTAMP, timeZone: UTC',
    'does -7999 stand for a missing value?',
  ],
}

describe('records of public tools', () => {
  for (const [tool, [sample, time, ...parts]] of Object.entries(TOOLS))
    it(`given ${tool}, then the drafts take each record, and ask for what the sample does not say`, async () => {
      const records = await sample
      const { family = '', mapping, taken, refused } = propose(CONFIG, 'mine', 'mine', records, NOW)
      const drafts = `${family}${mapping}`.replaceAll("'", '')
      assert.match(drafts, /^time: .+$/m)
      assert.ok(/^time: .+$/m.exec(drafts)?.[0].includes(time), `${time}\n${drafts}`)
      for (const part of parts)
        assert.equal(drafts.includes(part.replace(/^!/, '')), !part.startsWith('!'), `${part}\n${drafts}`)
      assert.deepEqual(refused, [])
      assert.equal(taken, records.length)
    })
})

describe('units that records name', () => {
  const draft = (create: (index: number) => object) => {
    const { family = '', mapping, refused } = propose(CONFIG, 'mine', 'mine', lines(create), NOW)
    return { text: `${family}${mapping}`.replaceAll("'", ''), refused }
  }

  it('given a unit field that some records lack, then the draft asks for these', () => {
    const { text } = draft(i => ({
      sensor: 's',
      wind: 3 + i,
      gust: 5,
      gustUnit: 'm/s',
      ...(i < 5 ? { windUnit: 'kn' } : {}),
    }))
    assert.match(text, /wind: \{ unit: kn \}.*is it in kn without "windUnit", too\?/)
    assert.match(text, /gust: \{ unit: m\/s \}.*unit of the records, "gustUnit"\n/)
  })

  it('given one unit field whose units cannot all be converted, then their numbers are not mixed', () => {
    const units = ['°C', '°C', '%']
    const { text, refused } = draft(i => ({
      sensor: 's',
      value: i % 3 === 2 ? 95 : 20 + i,
      unit: units[i % 3],
    }))
    assert.match(text, /value: \{ unit: °C \} {2}# 20 to 27;/)
    assert.equal(refused.length, 2)
    assert.match(
      text,
      /# Not taken: line 3: "unit" is % \(percent\), but the reading has value \(°C\)[.] Use °C, °F, K[.] Is that right\?/,
    )
  })

  for (const [what, count, part] of [
    ['all texts', 8, 'level: { unit: % }  # 50 % to 57 %; unit of its texts\n'],
    ['most texts', 6, 'level: { unit: % }  # 50 % to 57; is "level" in % where its text has no unit, too?\n'],
    ['few texts', 2, 'level: {}  # 50 % to 57; is "level" in % where its text has no unit, too?\n'],
  ] as const)
    it(`given a unit in ${what}, then it is the unit only if most have it`, () => {
      const { text, refused } = draft(i => ({
        sensor: 's',
        level: `${50 + i}${i < count ? ' %' : ''}`,
        at: iso(i),
      }))
      assert.ok(text.includes(part), text)
      assert.deepEqual(refused, [])
    })
})

it('given any records, flat or nested, then the draft takes each, or names it in a question', () => {
  const name = fc.constantFrom(
    'id',
    'ts',
    'temp',
    'a.b',
    'value',
    'unit',
    'x["y"]',
    'status',
    'sensor',
    'level',
    '',
  )
  const scalar = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
    fc.constantFrom<unknown>(
      null,
      true,
      '',
      'a',
      '22,5',
      '5 %',
      '007',
      -999,
      1795597200,
      '2026-11-25T09:00:00Z',
      '°C',
    ),
  )
  const { value } = fc.letrec(tie => ({
    value: fc.oneof(
      { depthSize: 'small' },
      scalar,
      scalar,
      fc.dictionary(name, tie('value'), { maxKeys: 3 }),
    ),
  }))
  const documents = fc.array(fc.dictionary(name, value, { minKeys: 1, maxKeys: 5 }), {
    minLength: 1,
    maxLength: 8,
  })
  let drafted = 0
  fc.assert(
    fc.property(documents, all => {
      const records = all.map(
        (document, index): PlacedRecord => ({
          place: `line ${index + 1}`,
          record: toFileRecord('t', index, JSON.stringify(document), NOW),
          content: { position: ['t', index] },
        }),
      )
      try {
        const { mapping, taken, others, refused } = propose(CONFIG, 'mine', 'mine', records, NOW)
        drafted++
        assert.equal(taken + others + refused.length, all.length)
        for (const { place } of refused.slice(0, 5))
          assert.ok(mapping.includes(`# Not taken: ${place}: `), mapping)
      } catch (error) {
        if (!(error instanceof OperationFailure)) throw error
      }
    }),
    { numRuns: 300 },
  )
  assert.ok(drafted > 30, `${drafted} drafts`)
})
