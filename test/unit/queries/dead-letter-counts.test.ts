import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { countedLetters, histogram } from '../../../lib/queries/dead-letter-counts.ts'
import { deadLetterIn, deadLetterSummary } from '../../../lib/queries/dead-letters.ts'
import type { Recent, RecentDeadLetter } from '../../../lib/queries/recent-dead-letters.ts'
import { letterRecord } from '../../support/dead-letters.ts'

function letter(changes: Partial<RecentDeadLetter> = {}): RecentDeadLetter {
  const found = deadLetterIn(letterRecord())
  assert.ok(found)
  return { ...deadLetterSummary(found), kind: 'letter', writtenAtMs: 0, handled: null, ...changes }
}

const BROKEN: Recent = {
  kind: 'broken',
  partition: 0,
  offset: 1,
  writtenAtMs: 5,
  why: 'it is',
  handled: null,
}

describe('dead letters, counted', () => {
  it('given a chosen code, then consumers are counted of that code, and codes as if none were chosen', () => {
    const all = [
      letter(),
      letter({ code: 'rejected' }),
      letter({ code: 'rejected', consumer: 'alerting' }),
      letter({ code: 'rejected', consumer: 'alerting', entity: null }),
    ]
    const counted = countedLetters(all, { code: 'rejected' }, 'open')
    assert.equal(counted.letters.length, 3)
    assert.deepEqual(counted.codes, { rejected: 3, 'schema-violated': 1 })
    assert.deepEqual(counted.consumers, { alerting: 2, processor: 1 })
    const both = countedLetters(all, { code: 'rejected', consumer: 'alerting' }, 'open')
    assert.deepEqual([both.letters.length, both.codes], [2, { rejected: 2 }])
  })

  it('given an entity, then its whole name or its subject meets it', () => {
    const all = [letter(), letter({ entity: '/environment/vienna roof-2' }), letter({ entity: null })]
    for (const entity of ['roof-1', '/environment/vienna roof-1'])
      assert.equal(countedLetters(all, { entity }, 'all').letters.length, 1, entity)
  })

  it('given a state, then it has those that wait, those set apart, or those that people have handled', () => {
    const all = [letter(), letter({ quarantined: true }), letter({ handled: 'dropped' }), BROKEN]
    const found = (state: Parameters<typeof countedLetters>[2]) => {
      const { letters, broken } = countedLetters(all, {}, state)
      return [letters.length, broken.length]
    }
    assert.deepEqual(
      [found('open'), found('quarantined'), found('handled'), found('all')],
      [
        [2, 1],
        [1, 0],
        [1, 0],
        [3, 1],
      ],
    )
  })

  it('given times, then broken ones meet them, too', () => {
    const counted = countedLetters([letter({ writtenAtMs: 4 }), BROKEN], { sinceMs: 5, untilMs: 6 }, 'all')
    assert.deepEqual([counted.letters.length, counted.broken.length], [0, 1])
  })

  it('given a stretch of time, then each part has what came in it, the last one its end', () => {
    assert.deepEqual(histogram([0, 9, 10, 25, 40, -1], { fromMs: 0, toMs: 40, parts: 4 }), [2, 1, 1, 1])
    assert.deepEqual(histogram([], { fromMs: 0, toMs: 0, parts: 2 }), [0, 0])
  })
})
