import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatBytes } from '../../../cli/dlq/bytes.ts'
import {
  formatHandling,
  formatHandlingProgress,
  type HandlingReport,
} from '../../../cli/dlq/handling-text.ts'
import {
  buildDeadLetterReport,
  type DeadLetterListReport,
  toDeadLetterLine,
} from '../../../cli/dlq/report.ts'
import { formatDeadLetter, formatDeadLetterList } from '../../../cli/dlq/text.ts'
import { LEFT_OUT } from '../../../lib/operations/dead-letters/decision.ts'
import { toDeadLetterSummary } from '../../../lib/queries/dead-letters/dead-letter-records.ts'
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
const NO_COUNTS = { total: 0, codes: {}, quarantined: 0, broken: 0 }

function list(changes: Partial<DeadLetterListReport> = {}): string {
  const source = { from: 'table', withoutTable: null, left: 0 } as const
  const nothing = { deadLetters: [], broken: [], counts: NO_COUNTS }
  return formatDeadLetterList(NAMES, { env: 'local', ...nothing, ...source, ...changes })
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
    const codes = { codes: { rejected: 2, 'schema-violated': 1 }, quarantined: 1 }
    const counts = { ...codes, total: 3, broken: 3 }
    const broken = [{ at: '1@4', writtenAt: '', why: 'consumer is missing' }]
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
      'an empty list': list(),
      'a list': list({ deadLetters: [listed()], broken, counts }),
      'a list from the topic, of a full table': list({ withoutTable: 'Redis does not answer', left: 7 }),
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
    for (const text of [formatDeadLetter(letter, OUTLOOK), list({ deadLetters: [listed(letter)] })])
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
