import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogRecord } from '#runtime/cloudevents'
import type { Event, FailureData } from '#runtime/consumer'
import { environmentReading, logRecord } from '#runtime/test/support/records'
import { loadInputs } from '../../../lib/intake/adapters/load-inputs.ts'
import { intake } from '../../../lib/intake/intake.ts'
import { readInputs } from '../../../lib/intake/parse-inputs.ts'
import { createRecordReader } from '../../../lib/intake/read-record.ts'
import { APPLICATION, FAMILIES } from '../../support/families.ts'
import { Stage } from '../../support/stage.ts'

const TEXT = `
inputs:
  - topic: sensors
  - topic: motion
    mappings: [device]
  - topic: orders
    to: events
    as: { type: com.example.order.v1, subject: customer.id, time: created_at }
  - topic: visits
    to: events
    as: { type: com.example.visit.v1, subject: page, time: { from: at, epoch: s }, id: visit_id, source: /shop }
`
const INPUTS = readInputs(TEXT, 'inputs.yaml', 'test')
const FILES = { file: 'config/inputs.yaml', folder: 'config/mappings', env: 'test' }
const LOADED = await loadInputs(FAMILIES, INPUTS, FILES)
const IN_CAIRO = await loadInputs(FAMILIES, INPUTS, { ...FILES, timeZone: 'Africa/Cairo' })
const AT = Date.UTC(2026, 2, 1, 12)
const AT_ONCE = { nowMs: () => AT }

function createStage(topic = 'sensors', loaded = LOADED): Stage {
  const stage = new Stage(intake(FAMILIES, INPUTS) as never)
  const application = { ...APPLICATION, readForeign: createRecordReader(FAMILIES, loaded) }
  stage.consumer = { ...stage.consumer, application }
  return Object.assign(stage, { topic })
}

function record(
  topic: string,
  offset: number,
  value: unknown,
  headers: LogRecord['headers'] = [],
): LogRecord {
  const bytes = value === null ? null : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
  return {
    topic,
    partition: 0,
    offset,
    timestampMs: AT + offset,
    key: null,
    value: bytes,
    headers,
    log: 'c:1',
  }
}

/** Appends records to the topic, and returns the events that intake publishes. */
async function take(
  topic: string,
  values: readonly unknown[],
  loaded = LOADED,
): Promise<{ stage: Stage; events: readonly Event[] }> {
  const stage = createStage(topic, loaded)
  await stage.batch(
    values.map((value, offset) => record(topic, offset, value)),
    AT_ONCE,
  )
  return { stage, events: stage.events }
}

const LOCATION = { latitude: 40.7, longitude: -74 }
const TUTORIALS = [
  {
    sensor_id: 'a',
    timestamp: '2026-03-01T11:59:00Z',
    temperature: 20,
    humidity: 50,
    pressure: 1013,
    location: LOCATION,
    status: 'active',
  },
  {
    sensor_id: 'b',
    timestamp: '2026-03-01T11:59:00Z',
    temperature: 20,
    humidity: 50,
    pressure: 1013,
    location: 'hall-1',
    status: 'active',
  },
  {
    timestamp: '2026-03-01T11:59:00Z',
    database_type: 'postgresql',
    instance_id: 'db-1',
    metric_name: 'cpu_usage_percent',
    value: 72,
    tags: { env: 'p' },
  },
  { sensor_id: 'ws_001', temperature: 25.5 },
  { model: 'nexus4', x: 1, y: 2, z: 9.8, activity: 'stand' },
  {
    specversion: '1.0',
    type: 'com.sensor.data',
    source: '/sensor/room1',
    id: 'sensor-1-2026-03-01T11:59:00Z',
    subject: 'room/hall',
    data: { temperature: 22.5, unit: 'celsius' },
  },
]

describe('the function intake', () => {
  it('makes readings of the records that tutorials send, with no setting', async () => {
    const { stage, events } = await take('sensors', TUTORIALS)
    assert.deepEqual(
      events.map(({ type, subject }) => [type.split('.')[2], subject]),
      [
        ['environment', 'a'],
        ['environment', 'b'],
        ['database', 'db-1'],
        ['environment', 'ws_001'],
        ['device', 'nexus4'],
        ['environment', 'sensor-1'],
      ],
      JSON.stringify(events.map(({ data }) => (data as FailureData).error)),
    )
    assert.ok(stage.outcomes.every(outcome => outcome === 'applied/taken'))
    assert.equal(events[3]?.time, new Date(AT + 3).toISOString())
    assert.equal(new Set(events.map(({ id }) => id)).size, events.length)
  })

  it('reads times without a zone in that of the stack, where the file names none; an hour that occurs twice is the earlier', async () => {
    const local = { sensor_id: 'a', temperature: 20, timestamp: '2026-03-01T13:59:00.5' }
    const readings = await take('sensors', [local, { ...local, timestamp: '2025-10-30T23:30:00' }], IN_CAIRO)
    const orders = await take('orders', [{ customer: { id: 7 }, created_at: '2026-03-01T13:59' }], IN_CAIRO)
    assert.deepEqual(
      [...readings.events, ...orders.events].map(({ time }) => time),
      ['2026-03-01T13:59:00.5+02:00', '2025-10-30T23:30:00+03:00', '2026-03-01T13:59:00+02:00'],
    )
    const [event] = (await take('sensors', [{ ...local, timestamp: '2026-03-01T11:59:00' }])).events
    assert.equal(event?.time, '2026-03-01T11:59:00Z')
  })

  it('says of a time that is ahead by 50 minutes or more that its mapping can name the zone', async () => {
    const at = (timestamp: string) => ({ sensor_id: 'a', temperature: 20, timestamp })
    const times = ['14:59:52', '12:58:55', '12:50:00', '12:49:00'].map(time => at(`2026-03-01T${time}`))
    const { events } = await take('sensors', times)
    const errors = events.map(({ data }) => String((data as FailureData).error))
    assert.match(errors[0] ?? '', /^"time" is 3 h later than .*: if .*, set `timeZone` in the mapping, or/)
    assert.deepEqual(
      errors.map(error => error.includes('timeZone')),
      [true, true, true, false],
    )
  })

  it('appends readings with the key of their family, and events with that of their entity', async () => {
    const readings = await take('sensors', [TUTORIALS[2]])
    assert.deepEqual(
      readings.stage.publisher.publishedRecords.map(({ topic, key }) => [topic, String(key)]),
      [['sluice.telemetry.readings.test', 'postgresql:db-1']],
    )
    const orders = await take('orders', [
      { customer: { id: 7 }, created_at: '2026-03-01T11:00:00Z', total: 3 },
    ])
    const [order] = orders.events
    assert.deepEqual(order?.data, { customer: { id: 7 }, created_at: '2026-03-01T11:00:00Z', total: 3 })
    assert.deepEqual(
      [order?.type, order?.source, order?.subject, order?.time],
      ['com.example.order.v1', '/inputs/orders', '7', '2026-03-01T11:00:00Z'],
    )
    assert.deepEqual(
      orders.stage.publisher.publishedRecords.map(({ topic, key }) => [topic, String(key)]),
      [['sluice.telemetry.events.test', '/inputs/orders 7']],
    )
  })

  it('drops repeats by the fields that name a record, and keeps records that only look alike', async () => {
    const visit = { page: '/', at: 1_772_000_000, visit_id: 'v1' }
    const visits = await take('visits', [visit, visit, { ...visit, visit_id: 'v2' }])
    assert.deepEqual(visits.stage.outcomes, ['applied/taken', 'duplicate/id-known', 'applied/taken'])
    const alike = await take('motion', [TUTORIALS[4], TUTORIALS[4]])
    assert.equal(alike.events.length, 2)
  })

  it('makes one dead letter of a record that no mapping takes, with the reason of each', async () => {
    const { stage, events } = await take('motion', [
      { model: 'a', x: 'fast', y: 1, z: 1 },
      { speed: 1 },
      'hello',
      '[1]',
    ])
    assert.deepEqual(stage.outcomes, Array(4).fill('failed/mapping-failed'))
    const errors = events.map(({ data }) => (data as FailureData).error)
    assert.deepEqual(errors, [
      'mapping device: "x" must be a number',
      'mapping device: it has no "model"',
      'the value is not JSON',
      'the value is a JSON array, and one record is one reading: send its elements as records, such as with `jq -c .[]`',
    ])
    const all = await take('sensors', [{ speed: 1 }, { sensor_id: 'a', temperature: 'hot' }])
    const [first, applies] = all.events
    assert.ok(first && applies)
    assert.match(
      (applies.data as FailureData).error,
      /^no mapping takes it; the nearest is mapping plain-sensor: "temperature" must be a number; mapping sensor-room: it has no "location"; /,
    )
    const near = await take('sensors', [{ id: 'band-01', x: 0.1, y: 9.7, z: 0.2 }])
    assert.match(
      String((near.events[0]?.data as FailureData | undefined)?.error),
      /; the nearest is mapping device: it has no "model"; /,
    )
    const { error } = first.data as FailureData
    for (const name of ['database-metrics', 'device', 'plain-sensor', 'weather'])
      assert.match(error, new RegExp(`mapping ${name}: `))
  })

  it('names the nearest type for a CloudEvent whose type no family and no mapping has', async () => {
    const event = {
      specversion: '1.0',
      id: 'a',
      source: '/a',
      type: 'io.sluice.environment.reading.v2',
      data: {},
    }
    const { events } = await take('sensors', [event])
    assert.match(
      String((events[0]?.data as FailureData | undefined)?.error),
      /^it is a CloudEvent whose type no family and no mapping has\. Did you mean io\.sluice\.environment\.reading\.v1/,
    )
  })

  // Promise docs/inputs.md#which-record-becomes-what
  it('ignores tombstones with their reason, and makes no dead letter of them', async () => {
    for (const topic of ['motion', 'orders']) {
      const { stage, events } = await take(topic, [null])
      assert.deepEqual([stage.outcomes, events], [['ignored/tombstone'], []])
    }
  })

  it('takes subject, time and id of an event from key, topic and headers', async () => {
    const text = `
inputs:
  - topic: jobs
    to: events
    as:
      type: com.example.job.v1
      subject: { from: { key: job.id }, pattern: '^job-(.+)$' }
      time: { from: { header: at }, epoch: ms }
      id: [{ header: run }, { from: attempt, default: 1 }]
`
    const files = { file: 'config/inputs.yaml', folder: 'config/mappings', env: 'test' }
    const reader = createRecordReader(
      FAMILIES,
      await loadInputs(FAMILIES, readInputs(text, 'inputs.yaml', 'test'), files),
    )
    const headers = [
      ['at', Buffer.from(String(AT))],
      ['run', Buffer.from('r-1')],
    ] as const
    const key = Buffer.from('{"job": {"id": "job-7"}}')
    const event = reader({ ...record('jobs', 0, {}, headers), key })
    assert.ok('subject' in event)
    assert.deepEqual([event.subject, event.time], ['7', new Date(AT).toISOString()])
    const again = reader({ ...record('jobs', 5, { attempt: 1 }, headers), key })
    assert.equal('id' in again && again.id, event.id)
    const keyless = reader(record('jobs', 0, {}, headers))
    assert.equal(
      'message' in keyless && keyless.message,
      '"job.id" of the key is missing, and is the subject',
    )
  })

  it('tries the next mapping if one that applies cannot read the record', async () => {
    const text =
      'family: device\ntime: record\nfields: { deviceId: { constant: any }, model: { constant: any }, x: { constant: 1 } }\n'
    const { readMapping } = await import('../../../lib/mapping/parse-mapping.ts')
    const everything = readMapping(FAMILIES, text, 'everything', 'everything.yaml')
    const [motion] = [LOADED.get('motion')]
    assert.ok(motion)
    const inputs = new Map([
      ['motion', { ...motion, loadedMappings: [...motion.loadedMappings, everything] }],
    ])
    const event = createRecordReader(
      FAMILIES,
      inputs,
    )(record('motion', 0, { model: 'a', x: 'fast', y: 1, z: 1 }))
    assert.equal('subject' in event && event.subject, 'any')
  })

  it('passes readings on unchanged, and no other event of ours', async () => {
    const reading = {
      ...environmentReading('r-1'),
      dataschema: 'https://strangers.example/reading',
      extensions: { mark: 'kept', origin: 'x:c:t:0:i', sequence: '0.1.1' },
    }
    const control = { ...environmentReading('r-2'), type: 'io.sluice.rules.activated.v1' }
    const stage = createStage()
    const records = [reading, control]
      .map((event, offset) => logRecord(offset, event))
      .map(record => ({ ...record, topic: 'sensors' }))
    await stage.batch(records, AT_ONCE)
    assert.deepEqual(stage.outcomes, ['applied/taken', 'failed/mapping-failed'])
    const [event] = stage.events
    assert.deepEqual({ ...event, extensions: {} }, { ...reading, extensions: {} })
    assert.equal(event?.extensions?.mark, 'kept')
    assert.notEqual(event?.extensions?.sequence, '0.1.1')
  })

  it('passes on an event without subject and schema as one without them', async () => {
    const stage = Object.assign(createStage('visits'), { topic: 'visits' })
    const { subject: _, ...event } = { ...environmentReading('v-1'), type: 'com.example.visit.v1' }
    await stage.batch([{ ...logRecord(0, event), topic: 'visits' }], AT_ONCE)
    const [passed] = stage.events
    assert.deepEqual({ ...passed, extensions: {} }, { ...event, extensions: {} })
  })

  it('continues the trace of a record, and ignores headers of redrives', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const headers = [
      ['traceparent', Buffer.from(traceparent)],
      ['sluice-redrive-consumer', Buffer.from('other')],
    ] as const
    const stage = createStage()
    await stage.batch([record('sensors', 0, TUTORIALS[3], headers)], AT_ONCE)
    assert.match(String(stage.events[0]?.extensions?.traceparent), /^00-0af7651916cd43dd8448eb211c80319c-/)
  })

  it('makes a dead letter of a subject that an event cannot have', async () => {
    const subjects = ['a\\nb', '\\ud800']
    const { stage, events } = await take(
      'orders',
      subjects.map(id => `{"customer":{"id":"${id}"},"created_at":"2026-03-01T11:00:00Z"}`),
    )
    assert.deepEqual(stage.outcomes, Array(2).fill('failed/mapping-failed'))
    const [first] = events
    assert.ok(first)
    assert.match((first.data as FailureData).error, /^the attribute "subject" contains characters/)
  })

  it('takes a record with an integer of 64 bits that nothing reads, and keeps its digits', async () => {
    const { stage, events } = await take('orders', [
      '{"customer":{"id":7},"created_at":"2026-03-01T11:00:00Z","n":9007199254740993}',
    ])
    assert.deepEqual(stage.outcomes, ['applied/taken'])
    assert.partialDeepStrictEqual(events[0]?.data, { n: '9007199254740993' })
  })

  describe('given a CloudEvent of the type that an input makes of its records', () => {
    const visit = (data: unknown, type = 'com.example.visit.v1') =>
      createRecordReader(FAMILIES, LOADED)(record('visits', 0, null), {
        ...{ id: 'v', source: '/strangers', type, subject: 's' },
        data,
      } as Event)
    const nested = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels))

    for (const [given, data, code] of [
      ['an object', { page: '/' }, undefined],
      ['a text', 'any JSON', undefined],
      ['100 levels', nested(100), undefined],
      ['101 levels', nested(101), 'malformed-event'],
      ['bytes', Buffer.from('{}'), 'schema-violated'],
    ] as const)
      it(`given data that is ${given}, then it is ${code ?? 'passed on with its own id'}`, () => {
        const read = visit(data)
        assert.equal('code' in read ? read.code : undefined, code)
        if ('id' in read) assert.deepEqual([read.id, read.source, read.data], ['v', '/strangers', data])
      })

    it('given base64 in a structured event without a content type, then its bytes are refused, too', () => {
      const event = {
        specversion: '1.0',
        type: 'com.example.visit.v1',
        source: '/s',
        id: 'v',
        data_base64: 'e30=',
      }
      const read = createRecordReader(FAMILIES, LOADED)(record('visits', 0, event))
      assert.equal('code' in read && read.code, 'schema-violated')
    })

    it('given another type, then it is refused, and the type that is taken is named', () => {
      const read = visit({ page: '/' }, 'com.example.order.v1')
      assert.match(
        'code' in read ? `${read.code} ${read.message}` : '',
        /^mapping-failed .*com\.example\.visit\.v1$/,
      )
    })
  })
})
