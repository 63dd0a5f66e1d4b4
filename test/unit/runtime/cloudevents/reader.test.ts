/** The rules of the Kafka protocol binding 1.0 and of CloudEvents 1.0, each on records that keep it and break it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isFailure } from '../../../../lib/runtime/cloudevents/event.ts'
import { readEvent } from '../../../../lib/runtime/cloudevents/reader.ts'
import type { RecordHeader } from '../../../../lib/runtime/cloudevents/record.ts'

type Headers = readonly (readonly [string, string | Buffer])[]

const REQUIRED: Headers = [
  ['ce_specversion', '1.0'],
  ['ce_id', 'a-1'],
  ['ce_source', '/sensors/roof'],
  ['ce_type', 'com.example.reading'],
]
const JSON_TYPE = ['content-type', 'application/json'] as const

function read(headers: Headers, value: string | Buffer | null = null) {
  return readEvent({
    headers: headers.map(([name, content]): RecordHeader => [name, Buffer.from(content as string)]),
    value: typeof value === 'string' ? Buffer.from(value) : value,
  })
}

function structured(document: object | string, contentType = 'application/cloudevents+json; charset=UTF-8') {
  return read(
    [['content-type', contentType]],
    typeof document === 'string' ? document : JSON.stringify(document),
  )
}

const EVENT = { specversion: '1.0', id: 'a-1', source: '/sensors/roof', type: 'com.example.reading' }

function accepted(result: ReturnType<typeof readEvent>) {
  assert.ok(!isFailure(result), `refused: ${isFailure(result) ? result.message : ''}`)
  return result
}

function refused(result: ReturnType<typeof readEvent>, code: string, message: RegExp) {
  assert.ok(isFailure(result), 'was taken for an event')
  assert.equal(result.code, code)
  assert.match(result.message, message)
}

/** The required attributes, with one header in another's place or added. */
function withHeader(name: string, value: string | Buffer): Headers {
  return [...REQUIRED.filter(([header]) => header !== name), [name, value]]
}

describe('which mode a record is in', () => {
  it('A1: a content type that starts with application/cloudevents is structured, in any case', () => {
    accepted(structured(EVENT, 'Application/CloudEvents+JSON'))
    accepted(read([...REQUIRED, ['content-type', 'text/plain']], 'data'))
  })
  it('A2, A4: batches and formats that are not JSON are refused, never half read', () => {
    for (const type of [
      'application/cloudevents-batch+json',
      'application/cloudevents+avro',
      'application/cloudevents',
    ])
      refused(structured(EVENT, type), 'malformed-event', /format of events/)
  })
  it('A3: a record without any sign of an event is no CloudEvent; one with some of it is a broken one', () => {
    refused(read([], 'garbage'), 'not-a-cloudevent', /ce_/)
    refused(read([JSON_TYPE], '{"a":1}'), 'not-a-cloudevent', /ce_/)
    refused(read([['ce_id', 'x']]), 'malformed-event', /"specversion", "source", "type"/)
  })
})

describe('binary mode', () => {
  it('B1, B2, B3: the value is the data, content-type its type, every other header an attribute', () => {
    const event = accepted(
      read([...REQUIRED, JSON_TYPE, ['ce_subject', 's'], ['ce_traceparent', 'x']], '{"a":1}'),
    )
    assert.deepEqual(event, {
      id: 'a-1',
      source: '/sensors/roof',
      type: 'com.example.reading',
      subject: 's',
      datacontenttype: 'application/json',
      data: { a: 1 },
      extensions: { traceparent: 'x' },
    })
  })
  it('B2: a ce_datacontenttype that says the same as content-type does no harm; another one is refused', () => {
    accepted(read([...REQUIRED, JSON_TYPE, ['ce_datacontenttype', 'application/json']], '1'))
    refused(
      read([...REQUIRED, JSON_TYPE, ['ce_datacontenttype', 'text/plain']], '1'),
      'malformed-event',
      /"datacontenttype" is there more than once/,
    )
  })
  it('B5: headers that are not UTF-8 are refused', () => {
    refused(read(withHeader('ce_subject', Buffer.from([0xff]))), 'malformed-event', /not UTF-8/)
  })
  it('B6: an event without data has a null value, and is an event', () => {
    assert.equal('data' in accepted(read(REQUIRED, null)), false)
  })
  it('a value that is not JSON although its type says so is refused; one of another type stays bytes', () => {
    refused(read([...REQUIRED, JSON_TYPE], '{"a":'), 'malformed-event', /not JSON/)
    refused(read([...REQUIRED, JSON_TYPE], ''), 'malformed-event', /not JSON/)
    const event = accepted(read([...REQUIRED, ['content-type', 'application/octet-stream']], '{}'))
    assert.deepEqual(event.data, Buffer.from('{}'))
  })
  it('an integer that a double does not hold is refused where the value is JSON, and stays bytes elsewhere', () => {
    const data = '{"n":[{"count":9007199254740993}]}'
    refused(read([...REQUIRED, JSON_TYPE], data), 'number-not-exact', /"count" .* send it as text/)
    assert.deepEqual(accepted(read(REQUIRED, data)).data, Buffer.from(data))
  })
  it('E4: an attribute that is there twice is refused, even with the same value', () => {
    refused(read([...REQUIRED, ['ce_id', 'a-1']]), 'malformed-event', /"id" is there more than once/)
    refused(read([...REQUIRED, JSON_TYPE, JSON_TYPE], '1'), 'malformed-event', /"content-type"/)
  })
})

describe('structured mode', () => {
  for (const [what, document] of [
    ['an attribute', '{"id":"1","source":"/s","type":"t","specversion":"1.0","id":"2"}'],
    [
      'an attribute in another spelling',
      '{"id":"1","source":"/s","type":"t","specversion":"1.0" , "\\u0069d" : "1"}',
    ],
    ['data', '{"id":"1","source":"/s","type":"t","specversion":"1.0","data":{"a":[1]},"data":{"a":[2]}}'],
  ] as const)
    it(`E4: given ${what} twice in one document, then it is refused`, () => {
      refused(structured(document), 'malformed-event', /"(id|data)" is there more than once/)
    })

  it('E4: given texts that look like members, and members of the data, then nothing is there twice', () => {
    const data = { id: 'x', list: ['id', '"id":1,', { id: 2 }], 'a\\': '\\","id":1', id2: '\\\\' }
    assert.deepEqual(accepted(structured({ ...EVENT, data })).data, data)
  })

  it('C5, C6: attributes and extensions are members, null is absent', () => {
    const event = accepted(structured({ ...EVENT, subject: null, retries: 3, final: true, data: { a: 1 } }))
    assert.deepEqual(event.extensions, { retries: '3', final: 'true' })
    assert.equal('subject' in event, false)
  })
  it('C7: binary data is base64, never beside data', () => {
    assert.deepEqual(accepted(structured({ ...EVENT, data_base64: '/wA=' })).data, Buffer.from([255, 0]))
    refused(structured({ ...EVENT, data: 1, data_base64: '/wA=' }), 'malformed-event', /both/)
    refused(structured({ ...EVENT, data_base64: 'not base64!' }), 'malformed-event', /base64/)
  })
  it('C8: a JSON string is a string and is not parsed again', () => {
    assert.equal(accepted(structured({ ...EVENT, data: '{"a":1}' })).data, '{"a":1}')
  })
  it('C9, C10: data without a content type is JSON; data_base64 without one is nothing known', () => {
    assert.equal(accepted(structured({ ...EVENT, data: 1 })).datacontenttype, 'application/json')
    assert.equal(accepted(structured({ ...EVENT, data_base64: 'AA==' })).datacontenttype, undefined)
  })
  it('an integer that a double does not hold is refused in data, and in base64 of JSON', () => {
    const document = JSON.stringify({ ...EVENT, data: 0 })
    refused(
      structured(document.replace('"data":0', '"data":-9007199254740993')),
      'number-not-exact',
      /"data"/,
    )
    const base64 = Buffer.from('[9007199254740993]').toString('base64')
    const inside = { ...EVENT, datacontenttype: 'application/json', data_base64: base64 }
    refused(structured(inside), 'number-not-exact', /"0"/)
  })
  it('C11: data that is null is data', () => {
    assert.equal(accepted(structured({ ...EVENT, data: null })).data, null)
    assert.equal('data' in accepted(structured(EVENT)), false)
  })
  it('text is bytes, and base64 of JSON is JSON: the same event is the same in both modes', () => {
    const text = { ...EVENT, datacontenttype: 'text/plain', data: 'hello' }
    const inBinary = accepted(read([...REQUIRED, ['content-type', 'text/plain']], 'hello'))
    assert.deepEqual(accepted(structured(text)).data, inBinary.data)
    const base64 = { ...EVENT, datacontenttype: 'application/json', data_base64: 'eyJhIjoxfQ==' }
    assert.deepEqual(accepted(structured(base64)).data, { a: 1 })
    refused(structured({ ...base64, data_base64: 'AAAA' }), 'malformed-event', /not JSON/)
  })
  it('given a value that is not a JSON object, then it is refused', () => {
    for (const text of ['', 'null', '[]', '"x"', '{'])
      refused(structured(text), 'malformed-event', /not JSON|not a JSON object/)
    refused(read([['content-type', 'application/cloudevents+json']], null), 'malformed-event', /no value/)
    refused(
      structured({ ...EVENT, extension: { a: 1 } }),
      'malformed-event',
      /"extension" has no CloudEvents type/,
    )
    refused(structured({ ...EVENT, big: 2 ** 31 }), 'malformed-event', /"big"/)
  })
})

describe('attributes', () => {
  it('E1: each required attribute must be there and not empty', () => {
    for (const [name] of REQUIRED) {
      const attribute = name.slice(3)
      refused(
        read(REQUIRED.filter(([header]) => header !== name)),
        'malformed-event',
        new RegExp(`"${attribute}"`),
      )
      refused(read(withHeader(name, '')), 'malformed-event', new RegExp(`"${attribute}"`))
    }
    refused(read(withHeader('ce_specversion', '0.3')), 'malformed-event', /not 1\.0/)
  })

  const broken: [header: string, value: string][] = [
    ['ce_source', 'has space'],
    ['ce_source', '/bad%zz'],
    ['ce_subject', ''],
    ['ce_time', '2026-03-01'],
    ['ce_time', '2026-03-01T12:00:00'],
    ['ce_time', '2026-02-30T12:00:00Z'],
    ['ce_time', '2026-03-01T24:00:00Z'],
    ['ce_time', 'yesterday'],
    ['ce_dataschema', 'relative/path'],
    ['ce_id', 'line\nbreak'],
    ['ce_id', 'c1 \u0085'],
    ['ce_id', '\ufdd0'],
    ['ce_id', '\u{1ffff}'],
    ['ce_Upper', 'x'],
    ['ce_data', 'x'],
    ['ce_', 'x'],
    ['content-type', 'nonsense'],
  ]
  for (const [header, value] of broken)
    it(`refuses ${header} = ${JSON.stringify(value)}, without repeating the value`, () => {
      const result = read(withHeader(header, value))
      refused(result, 'malformed-event', /./)
      if (value.length > 3) assert.ok(isFailure(result) && !result.message.includes(value))
    })

  const kept: [header: string, value: string][] = [
    ['ce_time', '2018-04-05T03:56:24.123456789Z'],
    ['ce_time', '2018-04-05t03:56:24+05:30'],
    ['ce_time', '2016-12-31T23:59:60Z'],
    ['ce_source', 'urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66'],
    ['ce_id', 'grün 🌡 "quoted"'],
    ['ce_dataschema', 'https://example.com/schema.json'],
  ]
  it('takes an extension whose name means something in JavaScript', () => {
    for (const name of ['constructor', 'tostring', 'hasownproperty'])
      assert.deepEqual(accepted(read(withHeader(`ce_${name}`, 'x'))).extensions, { [name]: 'x' })
  })

  for (const [header, value] of kept)
    it(`E11: keeps ${header} = ${value} as it is`, () => {
      const event = accepted(read(withHeader(header, value))) as unknown as Record<string, unknown>
      assert.equal(event[header.slice(3)], value)
    })
})
