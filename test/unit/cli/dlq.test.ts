import assert from 'node:assert/strict'
import { describe, it, test } from 'node:test'
import { type DeadLetterLine, reportOf, summaryOf } from '../../../cli/dlq/report.ts'
import { deadLetterText, listText } from '../../../cli/dlq/text.ts'
import { shownBytes } from '../../../cli/records/bytes.ts'
import { deadLetterIn, deadLetterSummary } from '../../../lib/queries/dead-letters.ts'
import { base64, letterRecord } from '../../support/dead-letters.ts'
import { ran } from './terminal.ts'

function found(changes: object = {}) {
  const deadLetter = deadLetterIn(letterRecord(changes))
  assert.ok(deadLetter)
  return deadLetter
}

function listed(deadLetter: ReturnType<typeof found>): DeadLetterLine {
  return summaryOf(deadLetterSummary(deadLetter))
}

describe('a dead letter', () => {
  it('is listed with what failed, where, and why', () => {
    assert.deepEqual(listed(found()), {
      at: '2@17',
      id: 'x1',
      failedAt: '2026-03-01T12:00:00.000Z',
      code: 'schema-violated',
      class: 'permanent',
      consumer: 'processor',
      attempt: 1,
      originalTopic: 'sluice.telemetry.readings.local',
      originalPartition: 9,
      originalOffset: 186,
      entity: '/environment/vienna roof-1',
      error: 'temperature must be number',
    })
    assert.equal(listed(found({ originalHeaders: [] })).entity, null)
  })

  it('is shown with its bytes as text where they are text', () => {
    const text = deadLetterText(found())
    assert.match(text, /code +schema-violated \(permanent\): the data does not fit the schema/)
    assert.match(text, /record +sluice\.telemetry\.readings\.local\/9@186/)
    assert.match(text, /Key: 6 bytes of text\n {2}roof-1\n/)
    assert.match(text, / {2}ce_subject +roof-1\n/)
    assert.match(
      text,
      /Value: 40 bytes of JSON\n {2}\{\n {4}"sensorId": "roof-1",\n {4}"temperature": "28"\n {2}\}\n/,
    )
  })

  it('is shown with a dump of its bytes where they are not text, and with none where there are none', () => {
    const bytes = Buffer.from([0xff, 0x00, 0x41]).toString('base64')
    const headers = [{ name: 'ce_subject', value: bytes }]
    const text = deadLetterText(found({ originalValue: bytes, originalKey: null, originalHeaders: headers }))
    assert.match(text, /Key: none\n/)
    assert.match(text, / {2}ce_subject {2}0xff0041\n/)
    assert.match(text, /Value: 3 bytes, not text\n {2}00000000 {2}ff 00 41 +\.\.A\n/)
  })

  it('cannot control the terminal', () => {
    const poison = '\u001b]0;title\u0007'
    const deadLetter = found({
      error: poison,
      errorType: poison,
      consumer: poison,
      originalTopic: poison,
      originalKey: base64(poison),
      originalValue: base64(JSON.stringify({ [poison]: poison })),
      originalHeaders: [{ name: poison, value: base64(poison) }],
    })
    const list = listText({ env: 'local', deadLetters: [listed(deadLetter)], total: 1, others: 0 })
    for (const text of [deadLetterText(deadLetter), list]) assert.doesNotMatch(text, /[^\P{Cc}\n]/u)
  })

  it('is for programs with its bytes as text or base64', () => {
    const { key, value, headers } = reportOf(found({ originalValue: '/wA=' }))
    assert.deepEqual(
      [key, value, headers[0]],
      [{ text: 'roof-1' }, { base64: '/wA=' }, { name: 'content-type', text: 'application/json' }],
    )
  })
})

describe('a list of dead letters', () => {
  it('says how many are not shown, and what else lies there', () => {
    const text = listText({ env: 'local', deadLetters: [listed(found())], total: 3, others: 2 })
    assert.match(text, /^2@17 .* readings\/9@186 .* temperature must be number$/m)
    assert.match(text, /^The last 1 of 3: --limit shows more\.$/m)
    assert.match(text, /^2 records in the topic are not dead letters/m)
    assert.equal(listText({ env: 'local', deadLetters: [], total: 0, others: 0 }), 'No dead letters.\n')
  })

  for (const columns of [50, 80, 100, 160])
    it(`fits ${columns} columns, with place and error`, () => {
      const text = listText({ env: 'local', deadLetters: [listed(found())], total: 1, others: 0 }, columns)
      for (const line of text.split('\n')) assert.ok(line.length <= columns, line)
      assert.match(text, /2@17.*temperature must/s)
    })
})

describe('bytes', () => {
  test('of text keep their lines, without control characters', () => {
    assert.deepEqual(shownBytes(Buffer.from('a\tb\r\nc')), { kind: '6 bytes of text', lines: ['a\tb', 'c'] })
    assert.deepEqual(shownBytes(Buffer.from('28')), { kind: '2 bytes of text', lines: ['28'] })
    assert.deepEqual(shownBytes(Buffer.alloc(0)), { kind: 'empty', lines: [] })
  })

  test('that are many are dumped as far as they can be read', () => {
    const { kind, lines } = shownBytes(Buffer.alloc(5000, 0xfe))
    assert.equal(kind, '5000 bytes, not text')
    assert.equal(lines.length, 65)
    assert.equal(lines.at(-1), '(3976 more bytes)')
  })
})

describe('wrong usage of sluice dlq', () => {
  const wrong: [args: string[], said: RegExp][] = [
    [['list', '--code', 'nope'], /must be one of not-a-cloudevent/],
    [['list', '--since', 'end'], /'--since .*a duration such as 90s/],
    [['list', '--limit', '0'], /'--limit .*from 1 on/],
    [['show'], /missing required argument 'at'/],
    [['show', '0@1', '--raw', '--json'], /take one of them/],
  ]
  for (const [args, said] of wrong)
    test(`sluice dlq ${args.join(' ')}`, async () => {
      const { status, stderr } = await ran(['dlq', ...args])
      assert.equal(status, 2, stderr)
      assert.match(stderr, said)
    })
})
