import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatBytes } from '../../../cli/dlq/bytes.ts'
import {
  formatHandling,
  formatHandlingProgress,
  type HandlingReport,
} from '../../../cli/dlq/handling-text.ts'
import { buildDeadLetterReport, toDeadLetterLine } from '../../../cli/dlq/report.ts'
import { formatDeadLetter } from '../../../cli/dlq/text.ts'
import { formatAnswer } from '../../../cli/questions.ts'
import { LEFT_OUT } from '../../../lib/operations/dead-letters/decision.ts'
import { toDeadLetterSummary } from '../../../lib/queries/dead-letters/dead-letter-records.ts'
import type { AnyQuestion } from '../../../lib/questions/all.ts'
import { DEAD_LETTERS } from '../../../lib/questions/dead-letters.ts'
import { base64, deadLetterRecord, getDeadLetter } from '../../support/dead-letters.ts'
import { NAMES } from '../../support/families.ts'
import { golden } from '../../support/golden.ts'

const READINGS = 'sluice.telemetry.readings.local'

function found(changes: object = {}) {
  const deadLetter = getDeadLetter(deadLetterRecord(changes))
  assert.ok(deadLetter)
  return deadLetter
}

/** Where a redrive would bring a dead letter of the tests. */
const OUTLOOK = {
  to: { topic: READINGS, partition: 9, consumer: 'processor', attempt: 2 },
  leftOut: null,
  leftOutBecause: null,
  handled: null,
}

function list(rows: readonly object[]): string {
  const shown = rows.map(row => ({ record: 'readings/9@1', state: 'open', tone: 'plain', ...row }))
  return formatAnswer(
    DEAD_LETTERS as unknown as AnyQuestion,
    { rows: shown, more: 0, notes: [] },
    0,
    undefined,
  )
}

const listed = (letter = found()) => toDeadLetterLine(toDeadLetterSummary(letter))

describe('what sluice dlq list and show print', () => {
  it('given dead letters, then they are printed as the golden text says', () => {
    const made = { attempt: 1, failedAt: '2026-03-01T11:00:00Z', errorType: 'rejected', error: 'not today' }
    const by = { redrivenBy: 'ann', redrivenAt: '2026-03-01T11:30:00Z' }
    const again = found({ attempt: 2, history: [{ ...made, ...by }] })
    const bytes = Buffer.from([0xff, 0x00, 0x41]).toString('base64')
    const headers = [{ name: 'ce_subject', value: bytes }]
    const binary = found({ originalValue: bytes, originalKey: null, originalHeaders: headers })
    golden('dlq', {
      'one for programs, in a list': JSON.stringify(listed()),
      'one for programs': JSON.stringify(buildDeadLetterReport(found({ originalValue: '/wA=' }), OUTLOOK)),
      'one that was redriven before': formatDeadLetter(again, OUTLOOK),
      'one of bytes that was dropped': formatDeadLetter(binary, {
        ...OUTLOOK,
        leftOut: 'incomplete',
        leftOutBecause: LEFT_OUT.incomplete,
        handled: 'dropped',
      }),
      'an empty list': list([]),
      'a list': list([listed()]),
    })
  })

  it('given control characters, then they cannot control the terminal', () => {
    const poison = '\u001b]0;title\u0007'
    const letter = found({
      ...{ error: poison, errorType: poison, consumer: poison, originalTopic: poison },
      originalKey: base64(poison),
      originalValue: base64(JSON.stringify({ [poison]: poison })),
      originalHeaders: [{ name: poison, value: base64(poison) }],
    })
    for (const text of [formatDeadLetter(letter, OUTLOOK), list([listed(letter)])])
      assert.doesNotMatch(text, /[^\P{Cc}\n]/u)
  })

  it('given bytes, then text keeps its lines, and others are dumped as far as they can be read', () => {
    assert.deepEqual(formatBytes(Buffer.from('a\tb\r\nc')), { kind: '6 bytes of text', lines: ['a\tb', 'c'] })
    assert.deepEqual(formatBytes(Buffer.from('28')), { kind: '2 bytes of text', lines: ['28'] })
    assert.deepEqual(formatBytes(Buffer.alloc(0)), { kind: 'empty', lines: [] })
    const { kind, lines } = formatBytes(Buffer.alloc(5000, 0xfe))
    assert.deepEqual([kind, lines.length, lines.at(-1)], ['5000 bytes, not text', 65, '(3976 more bytes)'])
  })
})

describe('what sluice dlq redrive prints', () => {
  const report: HandlingReport = {
    ...{ env: 'local', command: 'redrive', dryRun: true, taken: 3 },
    leftOut: { quarantined: 2 },
    codes: { rejected: 3 },
    consumers: { alerting: 3 },
    topics: { [READINGS]: 3 },
    ...{ permanent: ['rejected'], stopped: null, elapsedMs: 1_500 },
  }

  it('given a plan and results, then they are printed as the golden text says', () => {
    const show = (handledCount: number, leftOutCount: number, elapsedMs: number) =>
      formatHandlingProgress('redrive', 784, { handledCount, leftOutCount }, elapsedMs)
    golden('dlq-redrive', {
      'a dry run': formatHandling(NAMES, report),
      'the end': formatHandling(NAMES, { ...report, dryRun: false, permanent: [] }),
      'on its way': show(114, 0, 2_000),
      'with some that are left out': show(114, 2, 2_000),
      'at its beginning': show(0, 2, 0),
      'all are left out': show(0, 784, 10),
    })
  })
})
