import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { compactJson } from '../../registry/reader.ts'

describe('JSON without whitespace', () => {
  it('given any JSON with indents, then it is what would have been written without them', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(1, '\t', ' \n\r'), (value, indent) => {
        assert.equal(compactJson(JSON.stringify(value, null, indent)), JSON.stringify(value))
      }),
    )
  })

  it('given numbers that JavaScript would round or write in another way, then they stay as they are', () => {
    assert.equal(compactJson('[ 9007199254740993, 1.0, 1e400 ]'), '[9007199254740993,1.0,1e400]')
  })

  it('given quotes and backslashes in a text, then its spaces stay', () => {
    const json = String.raw`{ "a\\" : " \" b \\ " , "c" : " " }`
    assert.equal(compactJson(json), String.raw`{"a\\":" \" b \\ ","c":" "}`)
  })
})
