import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { PROJECT } from '../../support/program.ts'
import { ran } from './terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-inspect-'))
after(() => rmSync(folder, { recursive: true }))

const bytes = (text: string) => [...Buffer.from(text)]
const base64 = (text: string) => Buffer.from(text).toString('base64')
const headersOf = (headers: object) =>
  Object.entries(headers).map(([name, text]) => ({ [name]: bytes(text) }))
const REQUIRED = { ce_specversion: '1.0', ce_id: '1', ce_source: '/s', ce_type: 'com.example.t' }
const record = (changes: object = {}) => ({
  topic: 'orders',
  partition: 0,
  offset: 7,
  timestamp: 1_751_371_202_000,
  timestampType: 'CREATE_TIME',
  headers: headersOf(REQUIRED),
  ...changes,
})
const msk = (records: readonly unknown[], group = 'orders-0') => ({
  eventSource: 'aws:kafka',
  eventSourceArn: 'arn:aws:kafka:eu-central-1:000000000000:cluster/a/b-1',
  bootstrapServers: 'b-1.example.org:9098',
  records: { [group]: records },
})
const inspected = async (event: object, ...options: string[]) => {
  const { status, stdout, stderr } = await ran(['inspect', '-', '--json', ...options], {
    stdin: JSON.stringify(event),
  })
  assert.deepEqual([status, stderr], [0, ''])
  return stdout.split('\n').slice(0, -1)
}
const verdict = async (changes: object, ...options: string[]) =>
  JSON.parse((await inspected(msk([record(changes)]), ...options))[0] ?? '')

describe('given a captured event, when it is inspected with --json', () => {
  it('given --mapping, then a record of another form is judged by it', async () => {
    const value = (record: object) => ({ headers: [], value: base64(JSON.stringify(record)) })
    const taken = await verdict(
      value({ sensor_id: 'ws_001', temperature: 25.5 }),
      '--mapping',
      'plain-sensor',
    )
    assert.deepEqual(
      [taken.accepted, taken.event.subject, taken.event.data.temperature],
      [true, 'ws_001', 25.5],
    )
    const hot = value({ sensor_id: 'ws_001', temperature: 'hot' })
    assert.equal((await verdict(hot, '--mapping', 'plain-sensor')).code, 'mapping-failed')
    assert.equal((await verdict(hot, '--mapping', 'device')).code, 'not-a-cloudevent')
    const wet = value({ sensor_id: 'ws_001', temperature: 20, humidity: 200 })
    assert.equal((await verdict(wet, '--mapping', 'plain-sensor', '--schema')).code, 'schema-violated')
  })

  it('then an event is one line, with its attributes, extensions and data side by side', async () => {
    const time = '2018-04-05T03:56:24.123456789Z'
    const headers = headersOf({ ...REQUIRED, 'content-type': 'application/json', ce_time: time, ce_ext: 'x' })
    const lines = await inspected(msk([record({ headers, value: base64('{"a":[1]}') })]))
    const attributes = '"specversion":"1.0","id":"1","source":"/s","type":"com.example.t"'
    assert.deepEqual(lines, [
      '{"topic":"orders","partition":0,"offset":7,"accepted":true,"event":' +
        `{${attributes},"datacontenttype":"application/json","time":"${time}","ext":"x","data":{"a":[1]}}}`,
    ])
  })

  it('then an invalid record is one line, with its code and reason', async () => {
    const lines = await inspected(msk([record({ headers: [] })]))
    assert.deepEqual(lines, [
      '{"topic":"orders","partition":0,"offset":7,"accepted":false,"code":"not-a-cloudevent",' +
        '"reason":"no \\"ce_\\" header and no structured content type"}',
    ])
  })

  it('then each record is there, in the order of the file, also one that comes twice', async () => {
    const event = {
      ...msk([]),
      records: {
        'b-1': [record({ offset: 5 }), record({ offset: 3 }), record({ offset: 5 })],
        'a-0': [record()],
      },
    }
    const found = (await inspected(event)).map(line => JSON.parse(line).offset)
    assert.deepEqual(found, [5, 3, 5, 7])
  })

  for (const eventSource of ['SelfManagedKafka', 'aws:SelfManagedKafka'])
    it(`then ${eventSource} without an ARN is read, too`, async () => {
      const { eventSourceArn: _, ...event } = msk([record()])
      assert.equal((await inspected({ ...event, eventSource })).length, 1)
    })

  it('then signed bytes, null headers, and absent or null keys and values are read', async () => {
    const subject = { ce_subject: bytes('ü').map(byte => byte - 256) }
    const headers = [...headersOf(REQUIRED), subject, { other: null }, { another: {} }]
    for (const absent of [{}, { key: null, value: null }]) {
      const { event } = await verdict({ headers, ...absent })
      assert.deepEqual([event.subject, 'data' in event], ['ü', false])
    }
    assert.equal((await verdict({ headers: [...headersOf(REQUIRED), { ce_subject: null }] })).accepted, false)
  })

  it('then bytes are base64, and data of a text type is text', async () => {
    const dataOf = async (type: string | undefined, value: string) => {
      const headers = headersOf({ ...REQUIRED, ...(type ? { 'content-type': type } : {}) })
      const { data, data_base64: binary } = (await verdict({ headers, value })).event
      return binary === undefined ? { data } : { binary }
    }
    const hi = base64('hi')
    assert.deepEqual(await dataOf('text/plain; charset=UTF-8', hi), { data: 'hi' })
    assert.deepEqual(await dataOf('image/svg+xml', hi), { data: 'hi' })
    assert.deepEqual(await dataOf('application/avro', hi), { binary: hi })
    assert.deepEqual(await dataOf('text/plain; charset=utf-16', hi), { binary: hi })
    assert.deepEqual(await dataOf('text/plain', '/w=='), { binary: '/w==' })
    assert.deepEqual(await dataOf(undefined, hi), { binary: hi })
    assert.deepEqual(await dataOf('application/json', base64('"hi"')), { data: 'hi' })
  })

  it('then a structured event is the document that was sent, without attributes that are null', async () => {
    const headers = headersOf({ 'content-type': 'application/cloudevents+json' })
    const document = {
      specversion: '1.0',
      id: '1',
      source: '/s',
      type: 't',
      retries: 3,
      final: true,
      data: null,
    }
    const { event } = await verdict({
      headers,
      value: base64(JSON.stringify({ ...document, subject: null })),
    })
    assert.deepEqual(event, document)
  })

  it('then a long attribute and deeply nested data are refused with their codes', async () => {
    const long = { ...REQUIRED, ce_subject: 'x'.repeat(2 ** 20) }
    assert.equal((await verdict({ headers: headersOf(long) })).code, 'attributes-too-large')
    const value = base64('['.repeat(50_000) + ']'.repeat(50_000))
    const { code, reason } = await verdict({
      headers: headersOf({ ...REQUIRED, 'content-type': 'text/json' }),
      value,
    })
    assert.deepEqual([code, reason], ['malformed-event', 'the data is nested more than 100 levels deep'])
  })

  it('then data that Lambda has decoded by a schema is read, and shown with --schema', async () => {
    const headers = headersOf({ ...REQUIRED, 'content-type': 'application/avro' })
    const valueSchemaMetadata = { dataFormat: 'AVRO', schemaId: '7' }
    for (const value of [base64('{"a":1}'), { a: 1 }]) {
      const { event } = await verdict({ headers, value, valueSchemaMetadata }, '--schema')
      assert.deepEqual([event.data, event.datacontenttype], [{ a: 1 }, 'application/json'])
      assert.equal((await verdict({ headers, value, valueSchemaMetadata })).accepted, true)
    }
  })

  it('then data with the id of a schema is an event, which only --schema refuses without a registry', async () => {
    const headers = headersOf({ ...REQUIRED, 'content-type': 'application/json' })
    const framed = { headers, value: Buffer.from('\0\0\0\0\u0007{"a":1}').toString('base64') }
    assert.equal((await verdict(framed)).accepted, true)
    assert.equal((await verdict(framed, '--schema')).code, 'schema-unknown')
  })

  it('then only --schema judges the data, of types that have a schema', async () => {
    const wrong = { ce_type: 'io.sluice.environment.reading.v1', 'content-type': 'application/json' }
    const reading = { headers: headersOf({ ...REQUIRED, ...wrong }), value: base64('{}') }
    assert.equal((await verdict(reading)).accepted, true)
    assert.equal((await verdict(reading, '--schema')).code, 'schema-violated')
    assert.equal((await verdict({}, '--schema')).accepted, true)
  })
})

it('given a batch with broken records, when it is inspected, then people read events, codes and rules', async () => {
  const { status, stdout } = await ran(['inspect', 'events/batches/poison.json'], { folder: PROJECT })
  assert.equal(status, 0)
  assert.match(stdout, /^\S+-poison 9@0 {2}✓ io\.sluice\.environment\.reading\.v1\n {2}id {2,}xGp/)
  assert.match(stdout, /9@4 {2}✗ malformed-event: attribute "id" occurs more than once\n\S+ 9@5 /)
  assert.match(stdout, /\n13 records: 6 events, 7 refused \(not-a-cloudevent 2, malformed-event 5\)\n$/)
})

describe('given a file that is not a captured event, when it is inspected, then one sentence says why', () => {
  const cases: [content: string | object, said: RegExp][] = [
    ['', /^standard input is not JSON\n$/],
    ['{"secret', /^standard input is not JSON\n$/],
    ['[]', /is not a Kafka event of Lambda: it is not a JSON object\n$/],
    ['null', /it is not a JSON object/],
    [{}, /"eventSource" is neither "aws:kafka" nor "SelfManagedKafka"/],
    [{ Records: [{ eventSource: 'aws:sqs' }] }, /"eventSource" is neither/],
    [{ ...msk([]), records: [] }, /"records" is not an object/],
    [{ ...msk([]), records: {} }, /"records" contains no record/],
    [{ ...msk([]), records: { 'a-0': {} } }, /records\["a-0"\] is not a list/],
    [msk(['secret']), /records\["orders-0"\]\[0\]: it is not an object/],
    [msk([record(), record({ topic: '' })]), /\[1\]: "topic" is not/],
    [msk([record({ partition: '0' })]), /"partition" is not a whole number/],
    [msk([record({ offset: -1 })]), /"offset" is not a whole number/],
    [msk([record({ key: 'secret!' })]), /"key" is not base64/],
    [msk([record({ value: 5 })]), /"value" is not base64/],
    [msk([record({ headers: {} })]), /"headers" is not a list/],
    [msk([record({ headers: [{ a: [1] }, { b: [256] }] })]), /"headers"\[1\] is not an object of a name/],
    [msk([record({ headers: ['secret'] })]), /"headers"\[0\]/],
  ]
  for (const [content, said] of cases) {
    const text = typeof content === 'string' ? content : JSON.stringify(content)
    it(text.slice(0, 90), async () => {
      const { status, stdout, stderr } = await ran(['inspect', '-', '--json'], { stdin: text })
      assert.deepEqual([status, stdout], [1, ''])
      assert.match(stderr, said)
      assert.match(stderr, /^[^\n]+\n$/)
      assert.doesNotMatch(stderr, /secret/)
    })
  }

  it('a missing file, a folder, and bytes that are not UTF-8', async () => {
    writeFileSync(join(folder, 'latin'), Buffer.from([0x22, 0xff, 0x22]))
    for (const [file, said] of [
      ['none.json', /^none\.json: there is no such file/],
      ['.', /^\.: it is a folder/],
      ['latin', /^latin is not JSON\n$/],
    ] as const) {
      const { status, stderr } = await ran(['inspect', file], { folder })
      assert.equal(status, 1)
      assert.match(stderr, said)
    }
  })
})
