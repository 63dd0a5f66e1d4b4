/** Rules C: structured mode. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { writeEvent } from '../../../../cloudevents/writer.ts'
import { accepted, EVENT, JSON_TYPE, REQUIRED, read, refused, structured } from './kit.ts'

describe('structured mode', () => {
  it('C1: given an event, when it is written, then content-type is the type of the format', () => {
    const { headers } = writeEvent({ id: 'a', source: '/s', type: 't' }, 'structured')
    assert.deepEqual(headers, [['content-type', Buffer.from('application/cloudevents+json; charset=UTF-8')]])
  })

  it('C2: given attributes and data in the value, then they are the event', () => {
    const { specversion: _, ...attributes } = EVENT
    const event = accepted(structured({ ...EVENT, data: { a: 1 } }))
    assert.deepEqual(event, { ...attributes, datacontenttype: 'application/json', data: { a: 1 } })
  })

  it('C2: given a value that is not a JSON object in UTF-8, then it is refused', () => {
    for (const text of ['', 'null', '[]', '"x"', '{']) refused(structured(text), /not JSON|not a JSON object/)
    const type = ['content-type', 'application/cloudevents+json'] as const
    refused(read([type], Buffer.from([0x7b, 0xff, 0x7d])), /not UTF-8/)
  })

  it('C3: given no data, then the value is still there; given no value, then no event', () => {
    assert.notEqual(writeEvent({ id: 'a', source: '/s', type: 't' }, 'structured').value, null)
    refused(read([['content-type', 'application/cloudevents+json']], null), /no value/)
  })

  it('C4: given ce_ headers beside the document, then the document is the event', () => {
    const type = ['content-type', 'application/cloudevents+json'] as const
    const headers = [
      type,
      ['ce_id', 'other'],
      ['ce_id', 'twice'],
      ['ce_subject', Buffer.from([0xff])],
    ] as const
    const event = accepted(read(headers, JSON.stringify(EVENT)))
    assert.equal(event.id, EVENT.id)
    assert.equal('subject' in event, false)
  })

  it('C5: given extensions, then they are members beside the attributes', () => {
    const event = accepted(structured({ ...EVENT, retries: 3, final: true, text: 'x' }))
    assert.deepEqual(event.extensions, { retries: '3', final: 'true', text: 'x' })
    refused(structured({ ...EVENT, extensions: { a: 1 } }), /"extensions" has no CloudEvents type/)
  })

  it('C6: given null as an attribute, then it is absent', () => {
    assert.equal('subject' in accepted(structured({ ...EVENT, subject: null })), false)
    refused(structured({ ...EVENT, id: null }), /"id" is missing/)
  })

  it('C7: given binary data, then it is base64, never beside data', () => {
    assert.deepEqual(accepted(structured({ ...EVENT, data_base64: '/wA=' })).data, Buffer.from([255, 0]))
    refused(structured({ ...EVENT, data: 1, data_base64: '/wA=' }), /both/)
    refused(structured({ ...EVENT, data: null, data_base64: '/wA=' }), /both/)
    for (const wrong of ['not base64!', '/wA', '/wA==', '_wA=', 7])
      refused(structured({ ...EVENT, data_base64: wrong }), /"data_base64" is not base64/)
  })

  it('C8: given a type that is JSON, then data is its value, and a string in it is not parsed again', () => {
    assert.equal(accepted(structured({ ...EVENT, data: '{"a":1}' })).data, '{"a":1}')
    for (const datacontenttype of ['application/json; charset=utf-8', 'text/JSON', 'application/vnd.a+json'])
      assert.equal(accepted(structured({ ...EVENT, datacontenttype, data: '{"a":1}' })).data, '{"a":1}')
    const base64 = { ...EVENT, datacontenttype: 'application/json', data_base64: 'eyJhIjoxfQ==' }
    assert.deepEqual(accepted(structured(base64)).data, { a: 1 })
    refused(structured({ ...base64, data_base64: 'AAAA' }), /not JSON/)
  })

  it('C8: given text of another type, then it is bytes, as in binary mode', () => {
    const text = { ...EVENT, datacontenttype: 'text/plain', data: 'hello' }
    const inBinary = accepted(read([...REQUIRED, ['content-type', 'text/plain']], 'hello'))
    assert.deepEqual(accepted(structured(text)).data, inBinary.data)
  })

  it('C9: given data without a content type, then it is JSON, which binary mode says', () => {
    const event = accepted(structured({ ...EVENT, data: 1 }))
    assert.equal(event.datacontenttype, 'application/json')
    assert.deepEqual(writeEvent(event).headers[0], [JSON_TYPE[0], Buffer.from(JSON_TYPE[1])])
  })

  it('C10: given base64 without a content type, then nothing is assumed about its format', () => {
    const event = accepted(structured({ ...EVENT, data_base64: 'e30=' }))
    assert.deepEqual([event.datacontenttype, event.data], [undefined, Buffer.from('{}')])
  })

  it('C11: given null as data, then it is data', () => {
    assert.equal(accepted(structured({ ...EVENT, data: null })).data, null)
    assert.equal('data' in accepted(structured(EVENT)), false)
  })

  it('given an integer that a double does not hold, then data and base64 of JSON with it are refused', () => {
    const document = JSON.stringify({ ...EVENT, data: 0 })
    refused(
      structured(document.replace('"data":0', '"data":-9007199254740993')),
      /"data"/,
      'number-not-exact',
    )
    const base64 = Buffer.from('[9007199254740993]').toString('base64')
    const inside = { ...EVENT, datacontenttype: 'application/json', data_base64: base64 }
    refused(structured(inside), /"0"/, 'number-not-exact')
  })
})
