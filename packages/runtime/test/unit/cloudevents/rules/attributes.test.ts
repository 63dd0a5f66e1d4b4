/** Rules E: attributes, in both modes. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isFailure } from '../../../../cloudevents/event.ts'
import { isSameMediaType } from '../../../../cloudevents/media-type.ts'
import { originalHeaders } from '../../../../cloudevents/redrive.ts'
import { writeEvent } from '../../../../cloudevents/writer.ts'
import { fingerprint } from '../../../../pipeline/model/fingerprint.ts'
import {
  accepted,
  bothWith,
  EVENT,
  JSON_TYPE,
  REQUIRED,
  read,
  refused,
  structured,
  withHeader,
} from './kit.ts'

describe('attributes', () => {
  it('E1: given an attribute that is required, then it must be there and not be empty', () => {
    for (const [header] of REQUIRED) {
      const attribute = header.slice(3)
      const missing = new RegExp(`"${attribute}" is missing or empty`)
      refused(read(REQUIRED.filter(([name]) => name !== header)), missing)
      refused(structured({ ...EVENT, [attribute]: undefined }), missing)
      for (const result of bothWith(attribute, '')) refused(result, missing)
    }
  })

  it('E1: given specversion, then it is 1.0', () => {
    for (const version of ['0.3', '1', '1.0.2', '1.1', ' 1.0'])
      for (const result of bothWith('specversion', version)) refused(result, /not 1\.0/)
  })

  it('E1: given a source, then it is a URI-reference', () => {
    const right = [
      'a',
      '/',
      '//h',
      '?q',
      '#f',
      'urn:uuid:6e8bc430',
      'mailto:a@b.org',
      'a/b:c',
      '/%7Ea',
      'h://[::1]:80/x',
    ]
    for (const source of right) for (const result of bothWith('source', source)) accepted(result)
    const wrong = [
      'has space',
      '/bad%zz',
      '/a%2',
      '1:b',
      ':a',
      '/a[1]',
      'a#b#c',
      '/grün',
      '<a>',
      'h://[::1',
      '/a\\b',
      '\u0000',
    ]
    for (const source of wrong)
      for (const result of bothWith('source', source)) refused(result, /"source" (is not|contains)/)
  })

  it('E1: given a number where the type is String, then structured mode is refused', () => {
    for (const attribute of ['id', 'source', 'type', 'subject', 'specversion'])
      refused(structured({ ...EVENT, [attribute]: 1 }), new RegExp(`"${attribute}" is not a string`))
  })

  it('E2: given the same id of two sources, then they are two events', () => {
    const ofEvent = (source: string, id: string) => fingerprint({ source, id, type: 't' })?.id
    assert.equal(ofEvent('/a', '1'), ofEvent('/a', '1'))
    assert.notEqual(ofEvent('/a', '1'), ofEvent('/b', '1'))
    assert.notEqual(ofEvent('/a', '1'), ofEvent('/a1', ''))
  })

  it('E3: given a name of other characters than a-z and 0-9, or data, then it is refused', () => {
    for (const name of ['Upper', 'under_score', 'a-b', 'ä', 'a b'])
      for (const result of bothWith(name, 'x')) refused(result, /not an attribute name/)
    refused(read(withHeader('ce_data', 'x')), /not an attribute name/)
    for (const name of ['a', '1', 'constructor', 'tostring', 'longerthantwentycharacters'])
      for (const result of bothWith(name, 'x')) assert.deepEqual(accepted(result).extensions, { [name]: 'x' })
  })

  it('E4: given an attribute twice, then it is refused, even with the same value', () => {
    refused(read([...REQUIRED, ['ce_id', 'a-1']]), /"id" occurs more than once/)
    refused(read([...REQUIRED, ['ce_ext', 'a'], ['ce_ext', 'b']]), /"ext" occurs more than once/)
    refused(read([...REQUIRED, JSON_TYPE, JSON_TYPE], '1'), /"content-type" occurs more than once/)
  })

  it('E4: given a member of the document twice, in any spelling, then it is refused', () => {
    const members = '"id":"1","source":"/s","type":"t","specversion":"1.0"'
    for (const twice of ['"id":"2"', '"\\u0069d" : "1"', '"data":[1],"data":{"a":[2]}', '"x":null,"x":null'])
      refused(structured(`{${members} , ${twice}}`), /"(id|data|x)" occurs more than once/)
    const data = '{"a":[{"t":1,"u":{},"t":1}]}'
    refused(structured(`{${members},"data":${data}}`), /"t" occurs more than once/)
    refused(read([...REQUIRED, JSON_TYPE], data), /"t" occurs more than once/)
  })

  it('E4: given texts and data that look like members, then nothing is there twice', () => {
    const data = { id: 'x', list: ['id', '"id":1,', { id: 2 }], 'a\\': '\\","id":1', id2: '\\\\' }
    assert.deepEqual(accepted(structured({ ...EVENT, data })).data, data)
  })

  it('E5: given true, false or an integer of 32 bits, then it is an extension in its canonical form', () => {
    for (const value of [true, false, 0, 2 ** 31 - 1, -(2 ** 31)])
      assert.equal(accepted(structured({ ...EVENT, ext: value })).extensions?.ext, String(value))
    for (const value of [2 ** 31, -(2 ** 31) - 1, 1.5, {}, []])
      refused(structured({ ...EVENT, ext: value }), /"ext" has no CloudEvents type/)
  })

  it('E6: given a control character, a noncharacter or half a surrogate pair, then it is refused', () => {
    for (const character of ['\n', '\u0000', '\u007f', '\u0085', '\ufdd0', '\uffff', '\u{1ffff}'])
      for (const attribute of ['id', 'type', 'subject', 'ext'])
        for (const result of bothWith(attribute, `secret${character}`)) {
          refused(result, /contains characters/)
          assert.ok(isFailure(result) && !result.message.includes('secret'))
        }
    refused(structured({ ...EVENT, id: '\ud800' }), /contains characters/)
    for (const result of bothWith('id', 'grün 🌡 "quoted"'))
      assert.equal(accepted(result).id, 'grün 🌡 "quoted"')
  })

  it('E7: given a time, then it is RFC 3339 with a zone', () => {
    const wrong = [
      '2026-03-01',
      '2026-03-01T12:00:00',
      '2026-02-30T12:00:00Z',
      '2026-03-01T24:00:00Z',
      'yesterday',
    ]
    for (const time of wrong)
      for (const result of bothWith('time', time)) refused(result, /"time" is not an RFC 3339/)
    for (const result of bothWith('time', '')) refused(result, /"time" is empty/)
    for (const time of ['2018-04-05t03:56:24+05:30', '2016-12-31T23:59:60Z', '2018-04-05T03:56:24.1z'])
      for (const result of bothWith('time', time)) assert.equal(accepted(result).time, time)
  })

  it('E8: given dataschema, subject or datacontenttype, then it has its form', () => {
    for (const result of bothWith('dataschema', '')) refused(result, /"dataschema" is empty/)
    for (const value of ['relative/path', '//host/a', 'a b:c'])
      for (const result of bothWith('dataschema', value))
        refused(result, /"dataschema" is not an absolute URI/)
    for (const result of bothWith('dataschema', 'https://a.org/s.json#/x')) accepted(result)
    for (const result of bothWith('subject', '')) refused(result, /"subject" is empty/)
    for (const result of bothWith('datacontenttype', '')) refused(result, /"datacontenttype" is empty/)
    for (const value of ['nonsense', 'a/', '/b', 'a/b; c', 'a/b c', 'a/b; c="d'])
      for (const result of bothWith('datacontenttype', value))
        refused(result, /"datacontenttype" is not a media type/)
    for (const value of ['a/b;c=d; e="f;\\""', 'image/svg+xml', 'a/b;', ' a/b\t; ;c=d ; '])
      for (const result of bothWith('datacontenttype', value))
        assert.equal(accepted(result).datacontenttype, value)
  })

  it('E9: given media types that differ in case alone, then they are the same', () => {
    assert.ok(isSameMediaType('TEXT/Plain; CharSet=utf-8', 'text/plain;charset=utf-8'))
    assert.ok(isSameMediaType(' text/plain ; ;charset=utf-8;', 'text/plain;charset=utf-8'))
    assert.ok(!isSameMediaType('text/plain; boundary=A', 'text/plain; boundary=a'))
    assert.deepEqual(accepted(read([...REQUIRED, ['content-type', 'Application/JSON']], '[1]')).data, [1])
  })

  it('E10: given an event without a time, then none is invented: its producer alone sets it', () => {
    assert.equal('time' in accepted(read(REQUIRED)), false)
    assert.equal('time' in accepted(structured(EVENT)), false)
  })

  it('E11: given a time of nanoseconds, then it passes through without a digit lost', () => {
    const time = '2018-04-05T03:56:24.123456789Z'
    for (const result of bothWith('time', time))
      for (const mode of ['binary', 'structured'] as const) {
        const { headers, value } = writeEvent(accepted(result), mode)
        assert.equal(accepted(read(headers as [string, Buffer][], value)).time, time)
      }
  })

  it('E12: given headers that are not of the event, then they are no attributes, and stay with the record', () => {
    const other = ['x-request', Buffer.from('1')] as const
    assert.equal('extensions' in accepted(read([...REQUIRED, other])), false)
    assert.deepEqual(originalHeaders({ headers: [other] }), [other])
  })
})
