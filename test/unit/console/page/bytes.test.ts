import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bytesIn, hexDump, readableText, textIn } from '../../../../console/page/parts/bytes.ts'

const bytes = (text: string) => bytesIn(Buffer.from(text).toString('base64'))

describe('bytes of a record on the page', () => {
  it('given text, then it is text; given other bytes or control characters, then it is not', () => {
    assert.equal(textIn(bytes('a\tß\n'), false), 'a\tß\n')
    assert.equal(textIn(bytes('a\u0000b'), false), undefined)
    assert.equal(textIn(Uint8Array.of(0xff, 0xfe), false), undefined)
  })

  it('given text that is cut within a character, then it is text up to there', () => {
    const cut = bytes('aß').subarray(0, 2)
    assert.equal(textIn(cut, true), 'a')
    assert.equal(textIn(cut, false), undefined)
  })

  it('given JSON, then it is indented; given a number or a word, then it stays as it is', () => {
    assert.equal(readableText('{"a":[1]}'), '{\n  "a": [\n    1\n  ]\n}')
    assert.equal(readableText('1.50'), '1.50')
    assert.equal(readableText('{"a":'), '{"a":')
  })

  it('given many bytes, then as many lines as a person can look at, and how many are left', () => {
    assert.equal(hexDump(bytes('kafka\u0000')), `00000000  6b 61 66 6b 61 00${' '.repeat(32)}kafka.`)
    const lines = hexDump(new Uint8Array(5_000)).split('\n')
    assert.deepEqual([lines.length, lines.at(-1)], [257, '(904 more bytes)'])
  })
})
