import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatAnswer } from '../../../cli/questions.ts'
import { formatHandlingProgress } from '../../../control/operations/dead-letters/handle.ts'
import { DEAD_LETTER, describeDeadLetter } from '../../../control/questions/dead-letter.ts'
import {
  DEAD_LETTERS,
  judge,
  type ListedDeadLetter,
  toListedDeadLetter,
} from '../../../control/questions/dead-letters.ts'
import type { Environment } from '../../../control/questions/environment.ts'
import type { FoundDeadLetter, HandledAction } from '../../../lib/failures/dlq-record.ts'
import { base64, deadLetterRecord, getDeadLetter } from '../../support/dead-letters.ts'
import { FAMILIES, NAMES } from '../../support/families.ts'
import { golden } from '../../support/golden.ts'

const READINGS = 'sluice.telemetry.readings.local'

function found(changes: object = {}) {
  const deadLetter = getDeadLetter(deadLetterRecord(changes))
  assert.ok(deadLetter)
  return deadLetter
}

const ENVIRONMENT = {
  config: { families: FAMILIES },
  findSignal: (topic: string) => NAMES.signalNamed(topic, 'local'),
} as unknown as Environment

const TOPIC = {
  ...{ isForInputs: false, consumers: new Set(['processor']), maxMessageBytes: 1_000_000 },
  bounds: Array.from({ length: 12 }, () => ({ start: 0, end: 500 })),
}

function toRow(letter = found(), handled?: HandledAction, limits: { readonly withinMs?: number } = {}) {
  const answer = { kind: 'found', found: letter, handled } as const
  return describeDeadLetter(ENVIRONMENT, answer, new Map([[READINGS, TOPIC]]), limits)
}

const toLetter = (changes: object, offset: number) =>
  toListedDeadLetter(ENVIRONMENT, { ...found(changes), offset })

const NOTHING_MORE = { more: 0, notes: [] }

const show = (letter: FoundDeadLetter, handled?: HandledAction) =>
  formatAnswer(DEAD_LETTER, { rows: [toRow(letter, handled)], ...NOTHING_MORE }, 0, undefined)

function list(letters: readonly ListedDeadLetter[]): string {
  const rows = letters.map(row => ({ ...row, ...judge(row) }))
  return formatAnswer(DEAD_LETTERS, { rows, ...NOTHING_MORE }, 0, undefined)
}

describe('what sluice dlq list and show print', () => {
  it('given dead letters, then they are printed as the golden text says', () => {
    const made = { attempt: 1, failedAt: '2026-03-01T11:00:00Z', errorType: 'rejected', error: 'not today' }
    const by = { redrivenBy: 'ann', redrivenAt: '2026-03-01T11:30:00Z' }
    const again = found({ attempt: 2, history: [{ ...made, ...by }] })
    const bytes = Buffer.from([0xff, 0x00, 0x41]).toString('base64')
    const headers = [{ name: 'ce_subject', value: bytes }]
    const binary = found({
      ...{ originalValue: bytes, originalKey: null, originalHeaders: headers, omitted: ['headers'] },
    })
    golden('dlq', {
      'one for programs': JSON.stringify(toRow(found({ originalValue: '/wA=' }))),
      'one that was redriven before': show(again),
      'one of bytes that was dropped': show(binary, 'dropped'),
      'an empty list': list([]),
      'a list': list([toListedDeadLetter(ENVIRONMENT, found())]),
      'a record that failed alike in two consumers, and otherwise in a third': list([
        ...['alerting', 'views'].map((consumer, at) => toLetter({ consumer }, at)),
        toLetter({ consumer: 'storage', error: 'another' }, 2),
      ]),
    })
  })

  it('given a large value, then a page has its beginning, and --json and --raw have all of it', () => {
    const letter = found({ originalValue: base64('ä'.repeat(40_000)) })
    const row = toRow(letter, undefined, { withinMs: 1 })
    assert.ok(row.value && 'text' in row.value)
    assert.deepEqual([row.value.bytes, row.value.text.length], [80_000, 32_768])
    assert.equal(Buffer.from(DEAD_LETTER.terminal?.raw?.(toRow(letter)) ?? []).length, 80_000)
    assert.throws(() => DEAD_LETTER.terminal?.raw?.(toRow(found({ originalValue: null }))), /had no value/)
  })
})

it('given the progress of a redrive, then it is printed as the golden text says', () => {
  const show = (handledCount: number, leftOutCount: number, elapsedMs: number) =>
    formatHandlingProgress('redrive', 784, { handledCount, leftOutCount }, elapsedMs)
  golden('dlq-redrive', {
    'on its way': show(114, 0, 2_000),
    'with some that are left out': show(114, 2, 2_000),
    'at its beginning': show(0, 2, 0),
    'all are left out': show(0, 784, 10),
  })
})
