/** The one reader of texts: its forms, in one piece and in pieces of any size. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { FileError } from '../../../lib/support/file-errors.ts'
import { readLines, readText } from '../../../lib/support/text-reader.ts'
import { collected } from '../cli/collected.ts'

async function* inPieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function linesOf(bytes: Uint8Array, size = 7, longest?: number) {
  return (await collected(readLines(inPieces(bytes, size), 'f', longest))).flat()
}

function inUtf16(text: string, isBig: boolean): Buffer {
  const bytes = Buffer.from(text, 'utf16le')
  return isBig ? bytes.swap16() : bytes
}

const UTF_16 = 'f: the text is UTF-16, as Windows PowerShell writes it with ">": save it as UTF-8'
const refusal = (message: string) => (error: unknown) => {
  assert.ok(error instanceof FileError)
  assert.equal(error.message, message)
  return true
}

describe('given a text in any form, when it is read', () => {
  const TEXT = 'eins\n\nzwü: €\n{"a": 1}\n'
  const LINES = ['eins', '', 'zwü: €', '{"a": 1}']
  for (const [form, text] of [
    ['LF', TEXT],
    ['a byte order mark', `\ufeff${TEXT}`],
    ['CRLF', TEXT.replaceAll('\n', '\r\n')],
    ['CR', TEXT.replaceAll('\n', '\r')],
    ['a mark and CRLF', `\ufeff${TEXT.replaceAll('\n', '\r\n')}`],
    ['a mark in front of each part that was joined', `\ufeff${TEXT.replace('zwü', '\ufeffzwü')}`],
  ] as const)
    it(`then ${form} and pieces of any size change nothing`, async () => {
      assert.equal(readText(Buffer.from(text), 'f'), TEXT)
      for (const end of [text, text.replace(/[\r\n]+$/, '')])
        for (let size = 1; size < 12; size++)
          assert.deepEqual(
            await linesOf(Buffer.from(end), size),
            LINES.map((line, index) => ({ number: index + 1, text: line })),
            `${size}`,
          )
    })

  it('then lines are those of the whole text, for any text', async () => {
    const any = fc.string({ unit: fc.constantFrom('a', 'ü', '€', '\n', '\r', '\r\n', '😀', ' ') })
    await fc.assert(
      fc.asyncProperty(any, fc.nat(9), async (text, size) => {
        const whole = readText(Buffer.from(text), 'f').replace(/\n$/, '')
        const lines = await linesOf(Buffer.from(text), size + 1)
        assert.deepEqual(
          lines.map(line => line.text),
          text === '' ? [] : whole.split('\n'),
        )
        assert.ok(lines.every(({ number }, index) => number === index + 1))
      }),
      {
        examples: [
          ['a\r', 0],
          ['\r\n', 0],
          ['a\r\nb', 1],
          ['\r\r\n\n', 0],
        ],
      },
    )
  })
})

describe('given a text that is not UTF-8, when it is read', () => {
  for (const [form, text] of [
    ['JSON lines', '{"a": 1}\n{"a": 2}\n'],
    ['CSV', 'id;wert\na;1\n'],
    ['a text of other letters', 'имя: температура\nзначение: 1\n'],
  ] as const)
    for (const isBig of [false, true])
      for (const mark of ['', '\ufeff'])
        it(`then UTF-16 ${isBig ? 'BE' : 'LE'} of ${form} is named, ${mark ? 'with' : 'without'} a mark`, async () => {
          const bytes = inUtf16(mark + text, isBig)
          assert.throws(() => readText(bytes, 'f'), refusal(UTF_16))
          for (const size of [1, 3, 4096]) await assert.rejects(linesOf(bytes, size), refusal(UTF_16))
        })

  it('then the line is named, in lines and in the whole', async () => {
    for (const end of ['\n', '\r\n', '\r']) {
      const bytes = Buffer.from(['a', 'b', 'zwü', 'c'].join(end), 'latin1')
      const message = 'f:3: the line is not UTF-8: save the text as UTF-8'
      assert.throws(() => readText(bytes, 'f'), refusal(message))
      for (const size of [1, 2, 100]) await assert.rejects(linesOf(bytes, size), refusal(message))
    }
  })

  it('then zero bytes at any place do not make it UTF-16', () => {
    assert.equal(readText(Buffer.from('\n\0\0a\0\0b'), 'f').length, 7)
    assert.equal(readText(Buffer.from(`${'a'.repeat(40)}\0${'b'.repeat(40)}`), 'f').length, 81)
  })
})

it('given a line without an end, when it is longer than allowed, then it is refused by its number', async () => {
  const bytes = Buffer.from(`a\r\n${'b'.repeat(50)}`)
  await assert.rejects(linesOf(bytes, 5, 20), refusal('f:2: the line is too long'))
})
