import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { bufferOf, textOf } from '../../../../packages/runtime/cloudevents/header-bytes.ts'

/** Returns the bytes as Lambda passes them: some runtimes sign them. */
const signed = (bytes: Buffer) => [...new Int8Array(bytes)]
const forms: [name: string, made: (bytes: Buffer) => Buffer | number[]][] = [
  ['a buffer', bytes => bytes],
  ['numbers', bytes => [...bytes]],
  ['signed numbers', signed],
]

describe('the value of a header, in any form', () => {
  for (const [form, made] of forms) {
    it(`given ${form}, then a text is what was written`, () => {
      for (const text of [
        '',
        'plain',
        'no\0thing',
        'Grüße',
        '温度',
        '🌡',
        'long '.repeat(1_000),
        'ß'.repeat(1_000),
      ])
        assert.equal(textOf(made(Buffer.from(text))), text)
    })

    it(`given ${form} that are not UTF-8, then there is no text`, () => {
      for (const bytes of [[0xff], [0x61, 0x80], [0xc3], [0xed, 0xa0, 0x80]])
        assert.equal(textOf(made(Buffer.from(bytes))), undefined)
    })

    it(`given ${form}, then the bytes are what was written, whatever they are`, () => {
      fc.assert(
        fc.property(fc.uint8Array(), array => {
          const bytes = Buffer.from(array)
          assert.deepEqual(bufferOf(made(bytes)), bytes)
          assert.equal(textOf(made(bytes)), textOf(bytes))
        }),
      )
    })
  }
})
