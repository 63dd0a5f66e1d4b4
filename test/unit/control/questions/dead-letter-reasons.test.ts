import assert from 'node:assert/strict'
import { it } from 'node:test'
import { groupByReason } from '../../../../control/questions/dead-letter-reasons.ts'
import { toListedDeadLetter } from '../../../../control/questions/dead-letters.ts'
import { deadLetterRecord, getDeadLetter } from '../../../support/dead-letters.ts'

const list = (changes: object, offset: number) => {
  const letter = getDeadLetter(deadLetterRecord(changes))
  assert.ok(letter)
  return toListedDeadLetter({ findSignal: () => undefined }, { ...letter, offset })
}

it('given failures that differ in numbers and quoted texts, then they are one reason, with the newest as its example', () => {
  const reasons = groupByReason([
    list({ consumer: 'views', error: 'a must be <= 5, and is 9', failedAt: '2026-03-01T12:00:02Z' }, 3),
    list({ consumer: 'alerting', error: 'a must be <= 5, and is 7', failedAt: '2026-03-01T12:00:01Z' }, 2),
    list({ error: 'b is missing' }, 1),
  ])
  assert.deepEqual(
    reasons.map(({ at, error, consumers, letters, firstAt, lastAt }) => [
      ...[at, error, consumers.join(), letters],
      ...[firstAt, lastAt].map(time => time.slice(17, 19)),
    ])[0],
    ['2@3', 'a must be <= 5, and is 9', 'alerting,views', 2, '01', '02'],
  )
  assert.deepEqual(reasons.map(({ others, letters }) => [others, letters])[1], [null, 1])
})
