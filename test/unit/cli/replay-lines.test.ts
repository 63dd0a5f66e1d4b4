import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import type { LogRecord } from '#runtime/cloudevents'
import { formatRecordedLine } from '../../../control/queries/records/recorded-line.ts'
import { readRecorded } from '../../../control/recordings/replay/recorded-items.ts'
import { openSource } from '../../../control/recordings/replay/recording-file.ts'
import { readLines } from '../../../lib/support/text-reader.ts'
import { collected } from './collected.ts'

async function* inPieces(bytes: Buffer, size = 1 << 16): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const BASE: LogRecord = {
  topic: 'sluice.telemetry.readings.test',
  partition: 3,
  offset: 17,
  timestampMs: 1_750_000_000_000,
  key: Buffer.from('roof-1'),
  value: Buffer.from('{"a":1}'),
  headers: [],
}
const LINE = formatRecordedLine(BASE)

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map(array => Buffer.from(array)),
  fc.string({ unit: 'binary', maxLength: 20 }).map(text => Buffer.from(text)),
  fc.json().map(text => Buffer.from(`\ufeff${text}`.slice(text.length % 2))),
)

describe('a record as a line', () => {
  // Promise docs/replay.md#recordings | A topic that is recorded, replayed and recorded again has identical bytes.
  test('given any bytes in key, value and headers, then they come back as they were', async () => {
    const nullable = fc.option(bytes, { nil: null })
    const name = fc.string({ maxLength: 8 }).filter(text => text.isWellFormed())
    const headers = fc.array(fc.tuple(name, nullable), { maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(nullable, nullable, headers, async (key, value, own) => {
        const record = { ...BASE, key, value, headers: own }
        const line = formatRecordedLine(record)
        assert.ok(!line.includes('\n'))
        const [group = []] = await collected(readRecorded(inPieces(Buffer.from(`${line}\n`)), 'f'))
        assert.deepEqual(group[0]?.record, record)
      }),
    )
  })

  test('given JSON it is text, else base64', () => {
    assert.match(LINE, /"value":\{"text":"\{\\"a\\":1\}"\}/)
    assert.match(
      formatRecordedLine({ ...BASE, value: Buffer.from('plain') }),
      /"value":\{"base64":"cGxhaW4="\}/,
    )
    assert.match(
      formatRecordedLine({ ...BASE, value: null, key: null }),
      /"key":null,"headers":\[\],"value":null/,
    )
  })

  const broken: [text: string, said: RegExp][] = [
    [LINE.replace('"partition":3', '"partition":-1'), /f:1: "partition", "offset" and "timestamp" must be/],
    [LINE.replace(/"topic":"[^"]*"/, '"topic":7'), /f:1: "topic" must be a string/],
    [LINE.replace('{"text":"roof-1"}', '"roof-1"'), /f:1: "key" must be null/],
    [LINE.replace('{"text":"roof-1"}', '{"base64":"*"}'), /f:1: "key" must be null/],
    [LINE.replace('{"text":"roof-1"}', '{"text":"\\ud800"}'), /f:1: "key" must be null/],
    [LINE.replace(/"value":.*$/, '"value":1}'), /f:1: "value" must be null/],
    [LINE.replace('"headers":[]', '"headers":[{"name":"a"}]'), /f:1: "headers" must be a list/],
    [formatRecordedLine({ ...BASE, value: null, oversizeBytes: 7_000_000 }), /f:1: its record was too large/],
  ]
  for (const [text, said] of broken)
    test(`refused: ${text.slice(-70)}`, async () => {
      await assert.rejects(collected(readRecorded(inPieces(Buffer.from(text)), 'f')), { message: said })
    })
})

describe('lines', () => {
  test('given pieces of any size, then the lines are the same', async () => {
    const text = Buffer.from('eins\nzwü\n\nfünf')
    for (const size of [1, 2, 3, 5, 8, 100])
      assert.deepEqual((await collected(readLines(inPieces(text, size), 'f'))).flat(), [
        { number: 1, text: 'eins' },
        { number: 2, text: 'zwü' },
        { number: 3, text: '' },
        { number: 4, text: 'fünf' },
      ])
  })

  for (const [what, bytes, message] of [
    [
      'a line that is not UTF-8',
      [0x61, 0x0a, 0xff, 0x0a],
      'f:2: the line is not UTF-8: save the text as UTF-8',
    ],
    ['a line that is too long', Buffer.from(`a\n${'b'.repeat(50)}`), 'f:2: the line is too long'],
  ] as const)
    test(`given ${what}, then it is refused by its number`, async () => {
      await assert.rejects(collected(readLines(inPieces(Buffer.from(bytes), 2), 'f', 20)), {
        message,
      })
    })
})

describe('a recording in a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-lines-'))
  after(() => rmSync(folder, { recursive: true }))
  const read = async (name: string, bytes: Buffer | string) => {
    writeFileSync(join(folder, name), bytes)
    const source = await openSource(name, { folder, stop: new AbortController().signal })
    return (await collected(source.read())).flat()
  }
  const three = `${LINE}\n{"specversion":"1.0"\n${LINE}\n`
  const zipped = gzipSync(`${LINE}\n`.repeat(10_000))

  test('given gzip, then it is decompressed, and can be read again', async () => {
    assert.equal((await read('f.jsonl.gz', zipped)).length, 10_000)
    assert.equal((await read('f.jsonl.gz', Buffer.concat([zipped, zipped]))).length, 20_000)
  })

  for (const [name, bytes, message] of [
    ['f', three, 'f:2: not JSON'],
    ['f.gz', gzipSync(three), 'f.gz:2: not JSON'],
    ['cut.gz', zipped.subarray(0, -9), /^cut\.gz: the gzip data is damaged or cut off: /],
  ] as const)
    test(`given the broken file ${name}, then it is refused`, async () => {
      await assert.rejects(read(name, bytes), { message })
    })

  test('given a folder or no file, then it is refused', async () => {
    const from = { folder, stop: new AbortController().signal }
    await assert.rejects(openSource('.', from), { message: '.: it is not a file' })
    await assert.rejects(openSource('none', from), { message: 'none: there is no such file or folder' })
  })
})
