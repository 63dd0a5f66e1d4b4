/** Headers of a redriven record from attempt to attempt, and the effect of changes by people. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogRecord } from '../../../cloudevents/record.ts'
import { type ByHand, createRedrivenRecord } from '../../../cloudevents/redriven-record.ts'
import type { FailedAttempt, FailureData } from '../../../consumer/failure-event.ts'
import { completeStep, type KeyedProcess, reject } from '../../../consumer/process.ts'
import { READING_TYPES } from '../../support/application.ts'
import { environmentReading as reading, logRecord as record } from '../../support/records.ts'
import { Stage } from '../../support/stage.ts'

const ENTITY = '/environment/test-site s-1'
const AT = '2026-03-02T08:00:00.000Z'

/** Rejects everything while its mood is bad, with a message of its own for each attempt. */
function moody(mood: { isBad: boolean; message?: string }): KeyedProcess<{ count: number }> {
  let attempts = 0
  return {
    name: 'moody',
    accepts: READING_TYPES,
    onEvent(state) {
      attempts += 1
      if (mood.isBad) return reject(mood.message ?? `not today, ${attempts}`)
      return completeStep('counted', { count: (state?.count ?? 0) + 1 })
    },
  }
}

/** A stage on which a reading, or another record, has failed once; each further record is redriven. */
async function failedOnce(failing: LogRecord = record(3, reading('a')), message?: string) {
  const mood = { isBad: true, ...(message === undefined ? {} : { message }) }
  const stage = new Stage(moody(mood) as KeyedProcess<never>)
  await stage.batch([failing])
  let offset = failing.offset
  const failure = () => stage.events.at(-1)?.data as FailureData
  return {
    stage,
    mood,
    failure,
    /** Brings the latest failure back. */
    again: async (
      byHand?: ByHand,
      letter = failure(),
      change: (record: LogRecord) => LogRecord = record => record,
    ) => {
      offset += 1
      const { key, value, headers } = createRedrivenRecord(letter, byHand)
      await stage.batch([change(record(offset, { key, value, headers }))])
      return stage.outcomes.at(-1)
    },
  }
}

describe('the history of a redriven record', () => {
  // Promise docs/failures.md#the-history-of-a-failure | A failure carries its attempts, within bounds.
  it('given that it fails again and again, then each failure has all attempts before it, with who redrove', async () => {
    const { again, failure, stage, mood } = await failedOnce()
    await again()
    await again({ by: 'ada', at: AT })
    await again()
    const { attempt, history, originalOffset } = failure()
    assert.deepEqual([attempt, originalOffset], [4, 3])
    assert.deepEqual(
      history.map(attempt => [attempt.attempt, attempt.error, attempt.redrivenBy, attempt.redrivenAt]),
      [
        [1, 'not today, 1', undefined, undefined],
        [2, 'not today, 2', 'ada', AT],
        [3, 'not today, 3', undefined, undefined],
      ],
    )
    mood.isBad = false
    assert.equal(await again(), 'applied/counted')
    assert.deepEqual(await stage.state(ENTITY), { count: 1 })
  })

  it('given long messages, then they are cut before an attempt is left out: attempts by hand are counted', async () => {
    const { again, failure } = await failedOnce(undefined, '漢'.repeat(1_000))
    for (let attempts = 1; attempts < 15; attempts += 1) await again({ by: 'ada', at: AT })
    assert.equal(failure().history.length, 14)
    assert.ok(failure().history.every(({ redrivenBy }) => redrivenBy === 'ada'))
    assert.ok(Buffer.byteLength(JSON.stringify(failure().history)) <= 16 * 1024)
  })

  const attempt: FailedAttempt = { attempt: 1, failedAt: AT, errorType: 'rejected', error: 'no' }
  const garbage: [name: string, header: string | Buffer, kept: readonly object[]][] = [
    ['no JSON', '[{', []],
    ['no UTF-8', Buffer.from([0x5b, 0xff, 0x5d]), []],
    ['another value', '{"attempt":1}', []],
    ['invalid attempts', JSON.stringify([null, 7, 'x', [], {}, attempt]), [attempt]],
    ['an invalid number', JSON.stringify([{ ...attempt, attempt: 0 }, attempt]), [attempt]],
    ['an invalid time', JSON.stringify([{ ...attempt, failedAt: 'noon' }, attempt]), [attempt]],
    ['an invalid hour', JSON.stringify([{ ...attempt, redrivenAt: 'noon' }, attempt]), [attempt]],
    ['no code', JSON.stringify([{ ...attempt, errorType: '' }, attempt]), [attempt]],
    [
      'unknown fields',
      JSON.stringify([{ ...attempt, payload: 'secret', redrivenBy: 'ada' }]),
      [{ ...attempt, redrivenBy: 'ada' }],
    ],
    [
      'a message that is too long',
      JSON.stringify([{ ...attempt, error: 'x'.repeat(2_000) }]),
      [{ ...attempt, error: 'x'.repeat(1_000) }],
    ],
  ]
  for (const [name, header, kept] of garbage)
    it(`given ${name} in its header, then the attempt counts, and its failure can be read`, async () => {
      const { again, failure } = await failedOnce()
      const outcome = await again(undefined, failure(), record => ({
        ...record,
        headers: record.headers.map(([named, value]) =>
          named === 'sluice-redrive-history' ? ([named, Buffer.from(header)] as const) : [named, value],
        ),
      }))
      assert.equal(outcome, 'failed/rejected')
      assert.deepEqual([failure().attempt, failure().history], [2, kept])
    })
})
