/** Rules B: binary mode. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readEvent } from '../../../../cloudevents/reader.ts'
import { writeEvent } from '../../../../cloudevents/writer.ts'
import { toLogRecord } from '../../../../pipeline/batch/receive.ts'
import { accepted, JSON_TYPE, REQUIRED, read, refused, structured, withHeader } from './kit.ts'

const EVENT = { id: 'a-1', source: '/sensors/roof', type: 'com.example.reading' }
const BYTES = 'application/octet-stream'
const headerNames = (event: Parameters<typeof writeEvent>[0]) =>
  writeEvent(event).headers.map(([name]) => name)

describe('binary mode', () => {
  it('B1: given bytes as data, then they are the value, unchanged, both ways', () => {
    const data = Buffer.from([0, 255, 0x7b])
    assert.deepEqual(accepted(read([...REQUIRED, ['content-type', BYTES]], data)).data, data)
    assert.deepEqual(writeEvent({ ...EVENT, datacontenttype: BYTES, data }).value, data)
  })

  it('B2: given a content-type header, then it is datacontenttype, both ways', () => {
    assert.equal(accepted(read([...REQUIRED, JSON_TYPE], '1')).datacontenttype, 'application/json')
    const names = headerNames({ ...EVENT, datacontenttype: 'application/json', data: 1 })
    assert.ok(names.includes('content-type') && !names.includes('ce_datacontenttype'))
  })

  for (const type of [
    'application/json;',
    ' application/json\t',
    'application/json; charset=utf-8 ;',
    ' text/x+json;;',
  ])
    it(`B2: given the content type "${type}", then the data is JSON, in both modes and in base64`, () => {
      assert.deepEqual(accepted(read([...REQUIRED, ['content-type', type]], '{"a":1}')).data, { a: 1 })
      const event = { specversion: '1.0', ...EVENT, datacontenttype: type }
      assert.equal(accepted(structured({ ...event, data: 'text' })).data, 'text')
      assert.deepEqual(accepted(structured({ ...event, data_base64: 'eyJhIjoxfQ==' })).data, { a: 1 })
    })

  it('B6: given an empty value, then JSON is an event without data, and other types have no bytes', () => {
    const empty = accepted(read([...REQUIRED, JSON_TYPE], ''))
    assert.ok(!('data' in empty))
    assert.equal(empty.datacontenttype, 'application/json')
    assert.deepEqual(accepted(read([...REQUIRED, ['content-type', 'text/plain']], '')).data, Buffer.alloc(0))
    refused(read([...REQUIRED, JSON_TYPE], ' '), /the data is not JSON/)
  })

  it('B2: given ce_datacontenttype, then it is refused unless it only repeats content-type', () => {
    accepted(read([...REQUIRED, JSON_TYPE, ['ce_datacontenttype', 'application/json']], '1'))
    accepted(read([...REQUIRED, ['ce_datacontenttype', 'Application/JSON'], JSON_TYPE], '1'))
    refused(read([...REQUIRED, ['ce_datacontenttype', 'application/json']], '1'), /is not "content-type"/)
    const other = [...REQUIRED, JSON_TYPE, ['ce_datacontenttype', 'text/plain']] as const
    refused(read(other, '1'), /"datacontenttype" occurs more than once/)
  })

  it('B3: given any other attribute, then it has a header of its own, and data has none', () => {
    const headers = [...REQUIRED, JSON_TYPE, ['ce_subject', 's'], ['ce_traceparent', 'x']] as const
    const event = accepted(read(headers, '{"a":1}'))
    assert.deepEqual(event, {
      ...EVENT,
      subject: 's',
      datacontenttype: 'application/json',
      data: { a: 1 },
      extensions: { traceparent: 'x' },
    })
    refused(read(withHeader('ce_data', 'x')), /"data" is not an attribute name/)
  })

  it('B4: given an attribute, then the name of its header is ce_ and its name', () => {
    const event = {
      ...EVENT,
      time: '2026-03-01T12:00:00Z',
      subject: 's',
      dataschema: 'urn:s',
      extensions: { ext: 'x' },
    }
    assert.deepEqual(headerNames(event).toSorted(), [
      'ce_dataschema',
      'ce_ext',
      'ce_id',
      'ce_source',
      'ce_specversion',
      'ce_subject',
      'ce_time',
      'ce_type',
    ])
    refused(read(withHeader('ce_', 'x')), /not an attribute name/)
  })

  it('B5: given a header that is not UTF-8, then the record is refused', () => {
    refused(read(withHeader('ce_subject', Buffer.from([0xff]))), /"subject" is not UTF-8/)
    refused(read(withHeader('content-type', Buffer.from([0xff]))), /"content-type" is not UTF-8/)
    accepted(read([...REQUIRED, ['other', Buffer.from([0xff])]]))
  })

  it('B5: given header bytes as numbers of Lambda, signed or not, then they are the same text', () => {
    for (const signed of [false, true]) {
      const subject = [...Buffer.from('grün')].map(byte => (signed && byte > 127 ? byte - 256 : byte))
      const headers = [
        ...REQUIRED.map(([name, text]) => ({ [name]: [...Buffer.from(text)] })),
        { ce_subject: subject },
      ]
      const record = toLogRecord({ topic: 't', partition: 0, offset: 0, timestamp: 0, headers })
      assert.equal(accepted(readEvent(record)).subject, 'grün')
    }
  })

  it('B6: given no data, then no value, and a tombstone with ce_ headers is an event', () => {
    assert.equal('data' in accepted(read([...REQUIRED, JSON_TYPE], null)), false)
    assert.equal(writeEvent(EVENT).value, null)
    refused(read([], null), /ce_/, 'not-a-cloudevent')
  })

  it('B7: given a percent sign in a value, then it stands for itself', () => {
    assert.equal(accepted(read(withHeader('ce_subject', 'a%20b%'))).subject, 'a%20b%')
    assert.equal(String(writeEvent({ ...EVENT, subject: 'a b' }).headers.at(-1)?.[1]), 'a b')
  })

  it('given a value that is not JSON although its type says so, then it is refused; other types stay bytes', () => {
    refused(read([...REQUIRED, JSON_TYPE], '{"a":'), /not JSON/)
    assert.deepEqual(accepted(read([...REQUIRED, ['content-type', BYTES]], '{}')).data, Buffer.from('{}'))
  })

  it('given an integer that a double does not hold, then JSON with it is refused, and bytes are not', () => {
    const data = '{"n":[{"count":9007199254740993}]}'
    refused(read([...REQUIRED, JSON_TYPE], data), /"count" .* send it as text/, 'number-not-exact')
    assert.deepEqual(accepted(read(REQUIRED, data)).data, Buffer.from(data))
  })
})
