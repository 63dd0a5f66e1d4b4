import assert from 'node:assert/strict'
import { it } from 'node:test'
import { toContent } from '../../../control/queries/records/bytes-view.ts'
import { describeContent, formatContent, toBytes } from '../../../lib/support/content.ts'

const describe = (bytes: Buffer, most?: number) => describeContent(toContent(bytes, most))

it('given bytes, then text keeps its lines, JSON is indented, and others are dumped as far as they can be read', () => {
  assert.deepEqual(describe(Buffer.from('a\tb\r\nc')), { kind: '6 bytes of text', lines: 'a\tb\r\nc' })
  assert.deepEqual(describe(Buffer.from('28')), { kind: '2 bytes of text', lines: '28' })
  assert.deepEqual(describe(Buffer.from('{"a":1}')), { kind: '7 bytes of JSON', lines: '{\n  "a": 1\n}' })
  assert.deepEqual(describe(Buffer.alloc(0)), { kind: 'empty', lines: '' })
  const { kind, lines } = describe(Buffer.alloc(5_000, 0xfe))
  const all = lines.split('\n')
  assert.deepEqual([kind, all.length, all.at(-1)], ['5000 bytes, not text', 257, '(904 more bytes)'])
  assert.equal(formatContent(toContent(Buffer.from([0xff, 0x0a]))), '0xff0a')
})

it('given a limit within a character, then the text ends before it, and its full size is named', () => {
  assert.deepEqual(describe(Buffer.from('aää'), 4), {
    kind: '5 bytes of text; the first 3 are shown',
    lines: 'aä',
  })
})

it('given the content of any bytes, then it has exactly these', () => {
  for (const bytes of [Buffer.from('\uFEFFa'), Buffer.from([0, 255, 128]), Buffer.alloc(0)])
    assert.deepEqual(Buffer.from(toBytes(toContent(bytes))), bytes)
})
