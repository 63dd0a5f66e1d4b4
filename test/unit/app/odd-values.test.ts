/** Null, absent, and values that JSON lacks, at every border: none becomes another value without a word. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { loadCodec, type SchemaFormat } from '@sluice/schema-registry'
import avro from 'avsc'
import fc from 'fast-check'
import {
  createRedrivenRecord,
  type DataWriter,
  isFailure,
  type LogRecord,
  normalizeEvent,
  readEvent,
  readStructured,
  toOutgoingRecord,
  writeEvent,
} from '#runtime/cloudevents'
import { type Event, type FailureData, reject } from '#runtime/consumer'
import { computeDigest } from '#runtime/pipeline'
import { InvalidEvent, TelemetryProducer } from '#runtime/producer'
import {
  completeStep,
  createDataWriter,
  type KeyedProcess,
  readRedriveTarget,
  restoreFailedRecord,
  toJsonText,
  toLogRecord as toParkedLogRecord,
  toParkedRecord,
} from '#runtime/test/support/inside'
import { environmentReading, logRecord as record } from '#runtime/test/support/records'
import { ManualClock, ScriptedBrokers } from '#runtime/test/support/scripted-brokers'
import { readConfig } from '../../../control/environment/config.ts'
import { toRecordView } from '../../../control/queries/records/record-view.ts'
import { importLines } from '../../../control/recordings/import/event-lines.ts'
import { createConverter } from '../../../control/recordings/import/mapped-lines.ts'
import { schemaViolation } from '../../../lib/app/data/schema-violation.ts'
import { decodeColumns, encodeRows, rowsFrom } from '../../../lib/history/parquet.ts'
import { toOriginalRecord } from '../../../lib/history/row.ts'
import { readMapping } from '../../../lib/mapping/parse-mapping.ts'
import { toRows } from '../../../lib/storage/rows.ts'
import { ALERT_EVENTS } from '../../../lib/storage/table.ts'
import { evaluator } from '../../../lib/views/evaluate-expression.ts'
import { FAMILIES } from '../../support/families.ts'
import {
  BORDERS,
  type Border,
  classify,
  ODD_NAMES,
  ODD_VALUES,
  type OddValue,
  type Outcome,
  outcomeAt,
} from '../../support/odd-values.ts'
import { Stage } from '../../support/stage.ts'
import { storedAlert } from '../../support/stored-events.ts'

type Passage = (name: OddValue) => Outcome | Promise<Outcome>

function walk(border: Border, what: string, pass: Passage): void {
  for (const name of ODD_NAMES)
    it(`given ${name}, when it passes ${what}, then it is ${outcomeAt(border, name)}`, async () =>
      assert.equal(await pass(name), outcomeAt(border, name)))
}

const PLAIN: Event = { id: '1', source: '/s', type: 't', subject: 'x' }

/** Reads an event that has been published, or names the member for which it is refused. */
function published(event: object, mode: 'binary' | 'structured', path: RegExp): Event | 'refused' {
  try {
    const { value, headers } = toOutgoingRecord('t', null, normalizeEvent(event as Event), mode)
    const read = readEvent({ value, headers })
    assert.ok(!isFailure(read))
    return read
  } catch (error) {
    assert.equal((error as Error).name, 'InvalidEvent')
    assert.match((error as Error).message, path)
    return 'refused'
  }
}

describe('data of an event', () => {
  for (const mode of ['binary', 'structured'] as const)
    walk('event, state', `the producer in ${mode} mode`, name => {
      const data = { in: [{ v: ODD_VALUES[name] }] }
      const read = published({ ...PLAIN, data }, mode, /^data\.in\[0\]\.v is .*, which JSON does not have$/)
      return read === 'refused' ? read : classify(name, (read.data as typeof data).in[0]?.v)
    })

  const run = async (state: object, data: object, path: RegExp) => {
    const emission = { name: 'e', to: 'events' as const, key: null, type: 't', source: '/s', data }
    const process: KeyedProcess<unknown> = {
      name: 'odd',
      accepts: FAMILIES.readingTypes,
      onEvent: () => completeStep('made', state, [emission]),
    }
    const stage = new Stage(process)
    await stage.batch([record(0, environmentReading('a'))])
    if (stage.outcomes[0] === 'applied/made') return stage
    assert.deepEqual(stage.outcomes, ['failed/unexpected-error'])
    assert.match(String((stage.events[0] as Event<{ error?: string }>).data?.error), path)
    return 'refused' as const
  }

  walk('event, state', 'an emission', async name => {
    const data = { v: ODD_VALUES[name] }
    const stage = await run({}, data, /emitted "e" that cannot be written: data\.v is /)
    return stage === 'refused' ? stage : classify(name, (stage.events[0] as Event<{ v?: unknown }>).data?.v)
  })

  walk('event, state', 'a state', async name => {
    const stage = await run({ v: ODD_VALUES[name] }, {}, /a state that JSON cannot represent: state\.v is /)
    if (stage === 'refused') return stage
    return classify(name, ((await stage.state('/environment/test-site s-1')) as { v?: unknown }).v)
  })

  it('given a state with an instance of a class, then the next step receives what JSON has of it', async () => {
    const received: unknown[] = []
    const process: KeyedProcess<{ at: unknown }> = {
      name: 'dated',
      accepts: FAMILIES.readingTypes,
      neverChangesState: true,
      onEvent(state) {
        received.push(state?.at)
        return completeStep('made', { at: new Date(0) })
      },
    }
    const stage = new Stage(process as KeyedProcess<unknown>)
    await stage.batch(['a', 'b'].map((id, offset) => record(offset, environmentReading(id))))
    assert.deepEqual(received, [undefined, '1970-01-01T00:00:00.000Z'])
  })

  for (const neverChangesState of [undefined, true] as const)
    walk(
      'event, state',
      `a state in the next step, ${neverChangesState ? 'passed on' : 'read anew'}`,
      async name => {
        let next: { v?: unknown } = {}
        const process: KeyedProcess<{ v?: unknown }> = {
          name: 'odd',
          accepts: FAMILIES.readingTypes,
          ...(neverChangesState && { neverChangesState }),
          onEvent(state, event) {
            if (event.id === 'b') next = state ?? { v: 'refused' }
            return completeStep('made', { v: ODD_VALUES[name] })
          },
        }
        const stage = new Stage(process as KeyedProcess<unknown>)
        await stage.batch(['a', 'b'].map((id, offset) => record(offset, environmentReading(id))))
        assert.ok(!Object.is(next.v, -0))
        assert.equal('v' in next, outcomeAt('event, state', name) !== 'absent')
        return next.v === 'refused' ? 'refused' : classify(name, next.v)
      },
    )
})

describe('JSON of others', () => {
  const TEXTS: Partial<Record<OddValue, string>> = {
    Infinity: '1e999',
    '-Infinity': '-1e999',
    '-0': '-0',
    '2^53+1': '9007199254740993',
    NaN: 'NaN',
  }
  walk('event, state', 'the reader', name => {
    const json = TEXTS[name] ?? JSON.stringify(ODD_VALUES[name])
    const data = json === undefined ? '{}' : `{"v":${json}}`
    const text = `{"specversion":"1.0","id":"1","source":"/s","type":"t","data":${data}}`
    const read = readStructured(Buffer.from(text))
    return isFailure(read) ? 'refused' : classify(name, (read.data as { v?: unknown }).v)
  })
})

describe('attributes', () => {
  for (const own of [true, false])
    walk('attribute', `the producer in ${own ? 'our own form' : 'the form of CloudEvents'}`, name => {
      const v = ODD_VALUES[name]
      const event = own ? { ...PLAIN, extensions: { v } } : { ...PLAIN, specversion: '1.0', v }
      const read = published(event, 'binary', /"v" /)
      return read === 'refused' ? read : classify(name, read.extensions?.v)
    })

  it('given a null header, then it is absent in both forms of headers, and an empty one is not', () => {
    const headers = (value: null | Buffer | readonly number[]) =>
      [
        ...Object.entries({ id: '1', source: '/s', type: 't', specversion: '1.0' }).map(
          ([name, text]) =>
            [`ce_${name}`, Array.isArray(value) ? [...Buffer.from(text)] : Buffer.from(text)] as const,
        ),
        ...[
          'content-type',
          'ce_datacontenttype',
          'ce_dataschema',
          'ce_subject',
          'ce_site',
          '__value_schema_id',
        ].map(name => [name, value] as const),
      ] as const
    const read = readEvent({ value: Buffer.from('{"a":1}'), headers: headers(null) })
    assert.deepEqual(read, { id: '1', source: '/s', type: 't', data: { a: 1 } })
    for (const empty of [Buffer.alloc(0), []]) {
      const refused = readEvent({ value: Buffer.from('{}'), headers: headers(empty) })
      assert.match(String((refused as { message?: string }).message), /empty/)
    }
  })

  for (const missing of ['id', 'source', 'type', 'specversion'])
    it(`given null for the required ${missing}, then the reason is the same as if it were missing`, () => {
      const given = { id: '1', source: '/s', type: 't', specversion: '1.0' }
      const headers = Object.entries(given).map(
        ([name, text]) => [`ce_${name}`, name === missing ? null : Buffer.from(text)] as const,
      )
      const value = Buffer.from('1')
      const without = headers.filter(([, bytes]) => bytes !== null)
      assert.deepEqual(readEvent({ value, headers }), readEvent({ value, headers: without }))
      assert.match(String(Object.values(readEvent({ value, headers }))), /required attribute/)
    })

  it('given a record with null headers alone, then it is not an event', () => {
    const read = readEvent({
      value: Buffer.from('{"v":1}'),
      headers: [
        ['ce_id', null],
        ['content-type', null],
      ],
    })
    assert.equal((read as { code?: string }).code, 'not-a-cloudevent')
  })

  it('given an event without its content type, then the reason says what is missing', () => {
    const hint = (text: string) =>
      String((readEvent({ value: Buffer.from(text), headers: [] }) as { message?: string }).message)
    assert.match(hint('{"specversion":"1.0"}'), /looks like an event: add the header "content-type"/)
    assert.doesNotMatch(hint('{"v":1}'), /looks like/)
  })
})

describe('a null header of a record that fails or waits', () => {
  const failing = record(0, environmentReading('a'))
  const withNull: LogRecord = { ...failing, headers: [...failing.headers, ['ce_site', null], ['x', null]] }
  const nulls = ({ headers }: Pick<LogRecord, 'headers'>) =>
    headers.flatMap(([name, bytes]) => (bytes === null ? [name] : []))

  it('given a redrive, then it is null in the record again, which has the same digest and event', async () => {
    const refusing = { name: 'no', accepts: FAMILIES.readingTypes, onEvent: () => reject('no') }
    const stage = new Stage(refusing)
    await stage.batch([withNull])
    const failure = stage.events[0]?.data as FailureData
    const redriven = createRedrivenRecord(failure)
    for (const back of [redriven, restoreFailedRecord(failure)]) {
      assert.deepEqual(nulls(back), ['ce_site', 'x'])
      assert.equal(computeDigest(back), computeDigest(withNull))
      assert.deepEqual(readEvent(back), readEvent(failing))
    }
    assert.equal(schemaViolation(FAMILIES, 'io.sluice.failure.v1', failure), undefined)
  })

  it('given a record that is parked, forwarded or passed on, then it never becomes an empty text', async () => {
    const clock = { nowMs: 0 } as Parameters<typeof toParkedRecord>[0]['clock']
    const fingerprint = { id: 'i', digest: 'd' }
    const parked = toParkedRecord({ record: withNull, clock, fingerprint, attemptAt: undefined })
    const stored: typeof parked = JSON.parse(JSON.stringify(parked))
    assert.deepEqual(nulls(toParkedLogRecord(stored, failing)), ['ce_site', 'x'])
    const event = readEvent(withNull) as Event
    assert.deepEqual(event, readEvent(failing))
    assert.ok(writeEvent(event).headers.every(([name]) => name !== 'ce_site'))
    const own: LogRecord = { ...failing, headers: [...failing.headers, ['sluice-redrive-consumer', null]] }
    assert.equal(readRedriveTarget(own), undefined)
  })
})

describe('the producer', () => {
  const publish = async (data: unknown, writer?: DataWriter) => {
    const config = { kafka: { brokers: [], auth: 'none' as const }, topic: 't', ...(writer && { writer }) }
    const producer = new TelemetryProducer(config, {
      brokers: new ScriptedBrokers(1),
      clock: new ManualClock(),
    })
    return producer.enqueue({ ...PLAIN, data })
  }

  for (const [what, data, message] of [
    [
      'NaN',
      { temperature: Number.NaN, humidity: 40 },
      /^data\.temperature is NaN, which JSON does not have$/,
    ],
    ['a Map', { byName: new Map([['a', 1]]) }, /^data\.byName is a Map/],
    ['a BigInt', { counter: 2n ** 53n + 1n }, /^data\.counter is a BigInt/],
    ['a hole', { b: Object.assign([], { 1: 1 }) }, /^data\.b\[0\] is undefined/],
    ['an Error', { failure: new Error('x') }, /^data\.failure is an Error/],
    ['an invalid Date', { at: new Date(Number.NaN) }, /^data\.at is an invalid Date/],
  ] as const)
    it(`given ${what}, then it answers with InvalidEvent and the path`, async () => {
      await assert.rejects(
        publish(data),
        error => error instanceof InvalidEvent && message.test(error.message),
      )
    })

  it('given a format whose schema the data does not match, then it answers with InvalidEvent, too', async () => {
    const schema = { type: 'record', name: 'R', fields: [{ name: 'v', type: 'double' }] }
    const { encode } = await loadCodec(
      { format: 'AVRO', text: JSON.stringify(schema), references: [] },
      'plain',
    )
    const writer = createDataWriter(new Map([['t', { format: 'avro', encode }]]))
    await assert.rejects(publish({ v: Number.NaN }, writer), {
      name: 'InvalidEvent',
      message: /: v must be a finite/,
    })
  })

  it('given text that UTF-8 lacks as data in another format, then it is refused when written and when read', async () => {
    const text = { ...PLAIN, datacontenttype: 'text/plain', data: '\ud83d' }
    assert.throws(() => normalizeEvent(text), { name: 'InvalidEvent', message: /unpaired surrogate/ })
    const read = readStructured(Buffer.from(JSON.stringify({ ...text, specversion: '1.0' })))
    assert.match(String((read as { message?: string }).message), /unpaired surrogate/)
  })

  it('given a member of the event where only attributes belong, then it is refused and not lost', () => {
    for (const name of ['data', 'data_base64'])
      assert.throws(() => normalizeEvent({ ...PLAIN, extensions: { [name]: 'x' } }), { name: 'InvalidEvent' })
    const own = { ...PLAIN, subject: null, extensions: { dry: false, count: 5, none: null } }
    const { subject, extensions } = normalizeEvent(own as never)
    assert.deepEqual([subject, extensions], [undefined, { dry: 'false', count: '5' }])
  })
})

describe('Avro and Protobuf', () => {
  const AVRO = (type: string) =>
    JSON.stringify({
      type: 'record',
      name: 'R',
      fields: [{ name: 'v', type: ['null', type], default: null }],
    })
  const codecFor = (format: SchemaFormat, value: unknown) => {
    const type = typeof value === 'string' ? 'string' : typeof value === 'bigint' ? 'long' : 'double'
    const proto = `syntax = "proto3"; message R { optional ${type.replace('long', 'int64')} v = 1; }`
    return loadCodec({ format, text: format === 'AVRO' ? AVRO(type) : proto, references: [] }, 'plain')
  }
  for (const format of ['AVRO', 'PROTOBUF'] as const)
    walk('Avro, Protobuf', format, async name => {
      const value = ODD_VALUES[name]
      const codec = await codecFor(format, value)
      try {
        return classify(
          name,
          (codec.read(codec.encode(value === undefined ? {} : { v: value })) as { v?: unknown }).v,
        )
      } catch (error) {
        assert.match((error as Error).message, /^v must be/)
        return 'refused'
      }
    })

  it('given a number that JSON lacks in the bytes of others, then the reason has its path', async () => {
    const inner = { type: 'record', name: 'I', fields: [{ name: 'v', type: ['double', 'long'] }] }
    const schema = { type: 'record', name: 'R', fields: [{ name: 'in', type: inner }] }
    const codec = await loadCodec({ format: 'AVRO', text: JSON.stringify(schema), references: [] })
    const write = (v: object) =>
      avro.Type.forSchema(schema as never, { wrapUnions: 'always' }).toBuffer({ in: { v } })
    assert.throws(() => codec.read(write({ double: Number.NaN })), /in\.v: a number is not finite$/)
    assert.throws(() => codec.decode(write({ double: 1 / 0 })), /in\.v: a number is not finite$/)
    const long = Buffer.from('028280808080808020', 'hex')
    assert.throws(() => codec.read(long), /in\.v: an integer cannot be represented exactly/)
    const text = 'syntax = "proto3"; message R { message I { double v = 1; } I in = 1; }'
    const proto = await loadCodec({ format: 'PROTOBUF', text, references: [] }, 'plain')
    assert.throws(
      () => proto.read(Buffer.from('0a0909000000000000f87f', 'hex')),
      /in\.v: a number is not finite$/,
    )
  })
})

describe('rows of a CSV file', () => {
  const yaml =
    'family: device\ntime: { from: at, timeZone: UTC }\nfields: { deviceId: id, model: m, x: x, y: y }\n'
  const mapping = readMapping(FAMILIES, yaml, 'm', 'm.yaml')
  const BYTES: Partial<Record<OddValue, Buffer>> = {
    'empty text': Buffer.alloc(0),
    'lone surrogate': Buffer.from([0xed, 0xa0, 0xbd]),
  }
  walk('CSV', 'an import', async name => {
    const cell = BYTES[name] ?? Buffer.from(String(ODD_VALUES[name]))
    const isText = name === 'lone surrogate'
    const [head, tail] =
      name === 'absent' ? ['id,at,m,y\n', 'd,2026-03-01T12:00:00Z,m,1\n'] : ['id,at,m,y,x\n', '']
    const row = isText
      ? ['d,2026-03-01T12:00:00Z,', cell, ',1,2\n']
      : ['d,2026-03-01T12:00:00Z,m,1,', cell, '\n']
    const file = Buffer.concat([head, ...(tail === '' ? row : [tail])].map(part => Buffer.from(part)))
    const settings = readConfig({ KAFKA_BROKERS: 'b:1', REDIS_URL: 'redis://r:1' })
    const convert = createConverter({ ...settings, families: FAMILIES }, [mapping], 'f.csv')
    const plan = { convert, skipInvalid: false }
    const ports = { open: () => Readable.from([file]), onSkipped: () => {} }
    try {
      let line = ''
      for await (const next of importLines('f.csv', plan, { events: 0, skipped: 0 }, ports)) line = next
      const { x, model } = JSON.parse(line).data
      return classify(name, isText ? model : x)
    } catch (error) {
      assert.match((error as Error).message, /"x" must be a number|the line is not UTF-8/)
      return 'refused'
    }
  })
})

describe('tables in SQL', () => {
  walk('SQL', 'an expression', name => {
    const value = ODD_VALUES[name]
    const type = typeof value === 'string' ? 'VARCHAR' : typeof value === 'bigint' ? 'BIGINT' : 'DOUBLE'
    const read = evaluator({ kind: 'field', path: ['v'], type })({ event: { v: value } })
    return read === null ? 'NULL' : classify(name, read)
  })
})

describe('rows of a database', () => {
  walk('database', 'the storage', name => {
    const value = ODD_VALUES[name]
    const column = typeof value === 'string' ? 'summary' : 'value'
    const [row = []] =
      toRows(FAMILIES, [storedAlert('fired', 'a', { [column]: value })]).get(ALERT_EVENTS) ?? []
    const read = row[ALERT_EVENTS.columns.findIndex(([name]) => name === column)]
    assert.ok(!Object.is(read, -0))
    return read === null ? 'NULL' : classify(name, read)
  })
})

describe('rows of the history', () => {
  walk('history', 'Parquet', async name => {
    const value = ODD_VALUES[name]
    const field = typeof value === 'string' ? 'status' : 'temperature'
    const event = environmentReading('a', { data: { [field]: value, v: value, more: 1 } })
    const place = { topic: 't', partition: 0, offset: 0, timestampMs: 1, key: null, headers: [] }
    try {
      const bytes = encodeRows(FAMILIES, 'readings', [{ ...place, event }])
      const [row] = rowsFrom(FAMILIES, 'readings', await decodeColumns(bytes))
      assert.ok(row)
      const read = readEvent(toOriginalRecord(row))
      assert.ok(!isFailure(read))
      const data = read.data as Record<string, unknown>
      assert.equal(classify(name, data.v), classify(name, data[field]))
      return classify(name, data.v)
    } catch (error) {
      if (outcomeAt('history', name) === 'refused') return 'refused'
      throw error
    }
  })
})

// Promise docs/schemas.md#null-absent-and-values-that-json-lacks | Null, absent and values that JSON lacks have the same outcome at each border as in the table.
it('given the manual, then its table is this one', () => {
  const page = readFileSync(new URL('../../../docs/schemas.md', import.meta.url), 'utf8')
  const [, table = ''] = page.split('\n|value|')
  const [head = '', , ...rows] = table.split('\n\n')[0]?.split('\n') ?? []
  const cells = (line: string) =>
    line
      .split('|')
      .map(cell => cell.trim())
      .filter(Boolean)
  assert.deepEqual(cells(head), BORDERS)
  assert.deepEqual(
    rows.map(cells),
    ODD_NAMES.map(name => [name, ...BORDERS.map(border => outcomeAt(border, name))]),
  )
})

describe('any JSON value', () => {
  it('given a value with one that JSON lacks at any place, then it is refused with the path to it', () => {
    const lost = fc.constantFrom(
      Number.NaN,
      1 / 0,
      1n,
      Symbol('s'),
      () => 1,
      new Map(),
      new Set(),
      /x/,
      new Float64Array(1),
      new Date(Number.NaN),
      Buffer.from('x'),
      Array(1),
    )
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.array(fc.oneof(fc.constant(0), fc.constantFrom('a', 'a b'))),
        lost,
        (good, path, bad) => {
          const nested = path.reduceRight<unknown>(
            (inner, key) => (key === 0 ? [inner] : { good, [key]: inner }),
            bad,
          )
          assert.equal(toJsonText({ good }), JSON.stringify({ good }))
          const place = path.map(key => (key === 0 ? '[0]' : key === 'a' ? '.a' : '["a b"]')).join('')
          const expected = `data${place}${Array.isArray(bad) ? '[0]' : ''} is `
          assert.throws(
            () => toJsonText(nested, 'data'),
            error => (error as Error).message.startsWith(expected),
          )
        },
      ),
    )
  })

  it('given circles, Dates, instances and members that are undefined, then JSON decides, or the path is named', () => {
    const circle: Record<string, unknown> = {}
    circle.self = [circle]
    assert.throws(() => toJsonText(circle, 'data'), {
      message: 'data.self[0] is a circle, which JSON does not have',
    })
    class Point {
      x = 1
      next: Point | undefined = undefined
    }
    const shared = {
      a: new Date(0),
      b: undefined,
      c: new URL('https://a.org'),
      d: new Point(),
      e: [undefined, 1],
    }
    assert.equal(toJsonText([shared, shared]), JSON.stringify([shared, shared]))
  })
})

describe('what people see', () => {
  it('given a null header, then the console shows null, and not an empty text', () => {
    const view = toRecordView({
      ...record(0, environmentReading('a')),
      headers: [
        ['ce_site', null],
        ['x', Buffer.alloc(0)],
      ],
    })
    assert.deepEqual(view.headers, [
      { name: 'ce_site', text: null },
      { name: 'x', text: '' },
    ])
  })
})
