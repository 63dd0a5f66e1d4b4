import assert from 'node:assert/strict'
import { describe, it, test } from 'node:test'
import {
  type DeadLetterLine,
  type DeadLetterListReport,
  reportOf,
  summaryOf,
} from '../../../cli/dlq/report.ts'
import { deadLetterText, listText } from '../../../cli/dlq/text.ts'
import { shownBytes } from '../../../cli/records/bytes.ts'
import { deadLetterSummary } from '../../../lib/queries/dead-letter-records.ts'
import { base64, deadLetterIn, deadLetterRecord } from '../../support/dead-letters.ts'

function found(changes: object = {}) {
  const deadLetter = deadLetterIn(deadLetterRecord(changes))
  assert.ok(deadLetter)
  return deadLetter
}

/** Where a redrive would bring a dead letter of the tests. */
const OUTLOOK = {
  to: { topic: 'sluice.telemetry.readings.local', partition: 9, consumer: 'processor', attempt: 2 },
  leftOut: null,
  handled: null,
}

const NO_COUNTS = { total: 0, codes: {}, quarantined: 0, handled: 0, broken: 0, others: 0 }

function listOf(changes: Partial<DeadLetterListReport> = {}): DeadLetterListReport {
  const source = { from: 'table', withoutTable: null, left: 0 } as const
  return { env: 'local', deadLetters: [], broken: [], counts: NO_COUNTS, before: null, ...source, ...changes }
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
      type: 'io.sluice.environment.reading.v1',
      error: 'temperature must be number',
      quarantined: false,
      handled: null,
    })
    assert.equal(listed(found({ originalHeaders: [] })).entity, null)
  })

  it('is shown with its bytes as text where they are text', () => {
    const text = deadLetterText(found(), OUTLOOK)
    assert.match(text, /code +schema-violated \(permanent\): the data does not match the schema/)
    assert.match(text, /record +sluice\.telemetry\.readings\.local\/9@186/)
    assert.match(text, /Key: 6 bytes of text\n {2}roof-1\n/)
    assert.match(text, / {2}ce_subject +roof-1\n/)
    assert.match(
      text,
      /Value: 40 bytes of JSON\n {2}\{\n {4}"sensorId": "roof-1",\n {4}"temperature": "28"\n {2}\}\n/,
    )
  })

  it('is shown with the attempts before, and where a redrive would bring it, or why it would not', () => {
    const made = { attempt: 1, failedAt: '2026-03-01T11:00:00Z', errorType: 'rejected', error: 'not today' }
    const by = { redrivenBy: 'ann', redrivenAt: '2026-03-01T11:30:00Z', patched: true }
    const letter = found({ attempt: 2, history: [{ ...made, ...by }] })
    const text = deadLetterText(letter, OUTLOOK)
    assert.match(text, /redrive +to sluice\.telemetry\.readings\.local\/9 for processor, as attempt 2\n/)
    assert.match(
      text,
      /Attempts before:\n {2}1 {2}2026-03-01T11:00:00Z {2}rejected: not today; redriven by ann at \S+, patched\n/,
    )
    const left = deadLetterText(letter, { ...OUTLOOK, leftOut: 'incomplete', handled: 'dropped' })
    assert.match(left, /redrive +dropped before; skipped, because it is incomplete/)
  })

  it('is shown with a dump of its bytes unless they are text or empty', () => {
    const bytes = Buffer.from([0xff, 0x00, 0x41]).toString('base64')
    const headers = [{ name: 'ce_subject', value: bytes }]
    const text = deadLetterText(
      found({ originalValue: bytes, originalKey: null, originalHeaders: headers }),
      OUTLOOK,
    )
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
    const list = listText(listOf({ deadLetters: [listed(deadLetter)] }))
    for (const text of [deadLetterText(deadLetter, OUTLOOK), list]) assert.doesNotMatch(text, /[^\P{Cc}\n]/u)
  })

  it('is for programs with its bytes as text or base64', () => {
    const { key, value, headers } = reportOf(found({ originalValue: '/wA=' }), OUTLOOK)
    assert.deepEqual(
      [key, value, headers[0]],
      [{ text: 'roof-1' }, { base64: '/wA=' }, { name: 'content-type', text: 'application/json' }],
    )
  })
})

describe('a list of dead letters', () => {
  it('says how many are not shown, and what else there is', () => {
    const codes = { codes: { rejected: 2, 'schema-violated': 1 }, quarantined: 1 }
    const counts = { ...codes, total: 3, handled: 5, broken: 3, others: 2 }
    const broken = [{ at: '1@4', writtenAt: '', why: 'consumer is missing' }]
    const text = listText(listOf({ deadLetters: [listed(found())], broken, counts, before: '0@7,1@4' }))
    assert.match(text, /^Codes: rejected 2, schema-violated 1; 1 of them quarantined$/m)
    assert.match(text, /^5 more have been redriven or dropped: use --all to show them\.$/m)
    assert.match(text, /^3 unreadable.*, of which the last 1:\n {2}1@4 {2}consumer is missing$/m)
    assert.match(text, /^2@17 .* readings\/9@186 .* temperature must be number$/m)
    assert.match(text, /^The last 1 of 3\.$/m)
    assert.match(text, /^To show older ones, add --before 0@7,1@4\.$/m)
    assert.match(text, /^2 records in the topic are not dead letters/m)
    assert.equal(listText(listOf()), 'No dead letters.\n')
  })

  it('that comes from the topic says why, and one of a full table what it does not hold', () => {
    const text = listText(listOf({ withoutTable: 'Redis does not answer', left: 7 }))
    assert.match(text, /^Read from all records of the topic, .*: Redis does not answer$/m)
    assert.match(text, /^Up to 7 older dead letters are open, but not in the table: --count reads them/m)
    const counts = { ...NO_COUNTS, handled: null, others: null }
    assert.equal(listText(listOf({ counts })), 'No dead letters.\n')
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
