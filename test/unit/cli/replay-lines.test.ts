import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { numberedLines } from '../../../lib/operations/replay/lines.ts'
import { readRecorded } from '../../../lib/operations/replay/recorded.ts'
import { unzipped } from '../../../lib/operations/replay/unzipped.ts'
import { recordedLine } from '../../../lib/queries/recorded-line.ts'
import type { LogRecord } from '../../../packages/runtime/cloudevents/record.ts'
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
const LINE = recordedLine(BASE)

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map(array => Buffer.from(array)),
  fc.string({ unit: 'binary', maxLength: 20 }).map(text => Buffer.from(text)),
  fc.json().map(text => Buffer.from(`\ufeff${text}`.slice(text.length % 2))),
)

describe('a record as a line', () => {
  test('given any bytes in key, value and headers, then they come back as they were', async () => {
    const nullable = fc.option(bytes, { nil: null })
    const name = fc.string({ maxLength: 8 }).filter(text => text.isWellFormed())
    const headers = fc.array(fc.tuple(name, nullable), { maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(nullable, nullable, headers, async (key, value, own) => {
        const record = { ...BASE, key, value, headers: own }
        const line = recordedLine(record)
        assert.ok(!line.includes('\n'))
        const [group = []] = await collected(readRecorded(inPieces(Buffer.from(`${line}\n`)), 'f'))
        assert.deepEqual(group[0]?.record, record)
      }),
    )
  })

  test('given JSON it is text, else base64', () => {
    assert.match(LINE, /"value":\{"text":"\{\\"a\\":1\}"\}/)
    assert.match(recordedLine({ ...BASE, value: Buffer.from('plain') }), /"value":\{"base64":"cGxhaW4="\}/)
    assert.match(recordedLine({ ...BASE, value: null, key: null }), /"key":null,"headers":\[\],"value":null/)
  })

  const broken: [text: string, said: RegExp][] = [
    [LINE.replace('"partition":3', '"partition":-1'), /f:1: "partition", "offset" and "timestamp" must be/],
    [LINE.replace(/"topic":"[^"]*"/, '"topic":7'), /f:1: "topic" must be a string/],
    [LINE.replace('{"text":"roof-1"}', '"roof-1"'), /f:1: "key" must be null/],
    [LINE.replace('{"text":"roof-1"}', '{"base64":"*"}'), /f:1: "key" must be null/],
    [LINE.replace('{"text":"roof-1"}', '{"text":"\\ud800"}'), /f:1: "key" must be null/],
    [LINE.replace(/"value":.*$/, '"value":1}'), /f:1: "value" must be null/],
    [LINE.replace('"headers":[]', '"headers":[{"name":"a"}]'), /f:1: "headers" must be a list/],
    [recordedLine({ ...BASE, value: null, oversizeBytes: 7_000_000 }), /f:1: its record was too large/],
  ]
  for (const [text, said] of broken)
    test(`refused: ${text.slice(-70)}`, async () => {
      await assert.rejects(collected(readRecorded(inPieces(Buffer.from(text)), 'f')), { message: said })
    })
})

describe('lines', () => {
  const mixed = Buffer.concat([Buffer.from('eins\nzwü\n\n'), Buffer.from([0xff, 0x0a]), Buffer.from('fünf')])

  test('given pieces of any size, then the lines are the same, and what is not UTF-8 is named', async () => {
    for (const size of [1, 2, 3, 5, 8, 100])
      assert.deepEqual((await collected(numberedLines(inPieces(mixed, size)))).flat(), [
        { number: 1, text: 'eins' },
        { number: 2, text: 'zwü' },
        { number: 3, text: '' },
        { number: 4, text: undefined, failure: 'the text is not UTF-8' },
        { number: 5, text: 'fünf' },
      ])
  })

  test('given a line that is too long, then it alone is passed over', async () => {
    const long = Buffer.from(`a\n${'b'.repeat(50)}\nc\n${'d'.repeat(50)}`)
    for (const size of [1, 7])
      assert.deepEqual(
        (await collected(numberedLines(inPieces(long, size), 20))).flat().map(line => line.text),
        ['a', undefined, 'c', undefined],
      )
  })
})

describe('a broken line is named by its number', () => {
  const three = `${LINE}\n{"specversion":"1.0"\n${LINE}\n`
  for (const [what, file] of [
    ['plain', Buffer.from(three)],
    ['gzip', gzipSync(three)],
  ] as const)
    test(`${what}: without --skip-invalid it ends the reading, with it the rest continues`, async () => {
      await assert.rejects(collected(readRecorded(inPieces(file), 'f')), { message: 'f:2: not JSON' })
      const said: string[] = []
      const read = (await collected(readRecorded(inPieces(file), 'f', message => said.push(message)))).flat()
      assert.deepEqual(
        read.map(({ line }) => line),
        [1, 3],
      )
      assert.deepEqual(said, ['f:2: not JSON'])
    })

  test('given a broken first line that is skipped, then the others are read', async () => {
    const said: string[] = []
    const text = Buffer.from(`{"specver\n${LINE}\n`)
    const read = (await collected(readRecorded(inPieces(text), 'f', message => said.push(message)))).flat()
    assert.deepEqual([read.map(({ line }) => line), said], [[2], ['f:1: not JSON']])
  })

  test('given gzip that is cut off or damaged, then the line after which it ends is named', async () => {
    const lines = (from: number) => {
      const own = Array.from({ length: 10_000 }, (_, at) => recordedLine({ ...BASE, offset: from + at }))
      return gzipSync(`${own.join('\n')}\n`)
    }
    const whole = Buffer.concat([lines(0), lines(10_000)])
    assert.equal((await collected(readRecorded(inPieces(whole), 'f'))).flat().length, 20_000)
    const damaged = Buffer.from(whole)
    damaged[whole.length - 5] = (damaged[whole.length - 5] ?? 0) ^ 0xff
    for (const file of [whole.subarray(0, whole.length - 9), damaged]) {
      const said: string[] = []
      const read = (
        await collected(readRecorded(inPieces(file, 1_000), 'f', message => said.push(message)))
      ).flat()
      assert.ok(read.length > 10_000, String(read.length))
      const last = read.at(-1)?.line
      const message = new RegExp(`^f:${last}: after this line, the gzip data is damaged or cut off`)
      assert.match(said.join(), message)
      await assert.rejects(collected(readRecorded(inPieces(file, 1_000), 'f')), { message })
    }
  })
})

test('gzip is recognised by its bytes, in pieces of any size', async () => {
  const zipped = gzipSync('hello')
  for (const size of [1, 3, 100])
    assert.equal(String(Buffer.concat(await collected(unzipped(inPieces(zipped, size))))), 'hello')
  assert.deepEqual(await collected(unzipped(inPieces(Buffer.alloc(0)))), [])
  assert.equal(String(Buffer.concat(await collected(unzipped(inPieces(Buffer.from('x')))))), 'x')
})
