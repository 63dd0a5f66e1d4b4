/** Headers of a redriven record from attempt to attempt, and the effect of changes by people. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readData } from '../../../../lib/app/event-data.ts'
import { RETRY_TYPE } from '../../../../lib/failures/event-types.ts'
import { type ByHand, redrivenRecord } from '../../../../lib/failures/redriven-record.ts'
import { READING_TYPES } from '../../../../lib/telemetry/families.ts'
import type { LogRecord } from '../../../../packages/runtime/cloudevents/record.ts'
import { originalHeaders, redriveTargetOf } from '../../../../packages/runtime/cloudevents/redrive.ts'
import type { FailedAttempt, FailureData } from '../../../../packages/runtime/consumer/failure-event.ts'
import { decided, type KeyedProcess, rejected } from '../../../../packages/runtime/consumer/process.ts'
import { digestOf } from '../../../../packages/runtime/pipeline/failures/failure-record.ts'
import { environmentReading as reading, logRecord as record } from '../../../support/records.ts'
import { Stage } from '../../../support/stage.ts'

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
      if (mood.isBad) return rejected(mood.message ?? `not today, ${attempts}`)
      return decided('counted', { count: (state?.count ?? 0) + 1 })
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
      change: (one: LogRecord) => LogRecord = one => one,
    ) => {
      offset += 1
      const { key, value, headers } = redrivenRecord(letter, byHand)
      await stage.batch([change(record(offset, { key, value, headers }))])
      return stage.outcomes.at(-1)
    },
  }
}

const patched = (replaces: string, patch: Omit<NonNullable<ByHand['patch']>, 'replaces'>): ByHand => ({
  by: 'ada',
  at: AT,
  patch: { ...patch, replaces },
})

/** The digest of the record in a dead letter. */
function digestIn({ originalKey, originalValue, originalHeaders: headers }: FailureData): string {
  const bytes = (text: string | null) => (text === null ? null : Buffer.from(text, 'base64'))
  return digestOf({
    key: bytes(originalKey),
    value: bytes(originalValue),
    headers: headers.map(({ name, value }) => [name, Buffer.from(value, 'base64')] as const),
  })
}

describe('the history of a redriven record', () => {
  it('given that it fails again and again, then each failure has all attempts before it, with who redrove', async () => {
    const { again, failure, stage, mood } = await failedOnce()
    await again()
    await again({ by: 'ada', at: AT })
    await again()
    const { attempt, history, originalOffset } = failure()
    assert.deepEqual([attempt, originalOffset], [4, 3])
    assert.deepEqual(
      history.map(one => [one.attempt, one.error, one.redrivenBy, one.redrivenAt]),
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
      const outcome = await again(undefined, failure(), one => ({
        ...one,
        headers: one.headers.map(([named, value]) =>
          named === 'sluice-redrive-history' ? ([named, Buffer.from(header)] as const) : [named, value],
        ),
      }))
      assert.equal(outcome, 'failed/rejected')
      assert.deepEqual([failure().attempt, failure().history], [2, kept])
      const data = { ...failure(), class: 'permanent', routedBecause: 'x' }
      assert.equal(readData({ id: '1', source: '/x', type: RETRY_TYPE, data }).kind, 'data')
    })
})

describe('a redriven record that a person has changed', () => {
  it('given a patch that names another record than the one that failed, then it fails as unknown', async () => {
    const { again, failure } = await failedOnce()
    const patch = patched('another', { value: Buffer.from('{}') })
    assert.equal(await again(patch, failure()), 'failed/unknown-failure')
  })

  it('given a patch that breaks the event, then the failure is known by the patched bytes from then on', async () => {
    const { again, failure, mood } = await failedOnce()
    const first = failure()
    const value = Buffer.from('{"sensorId":7}')
    await again(patched(digestIn(first), { value }), first)
    const second = failure()
    assert.equal(second.errorType, 'schema-violated')
    assert.equal(second.originalValue, value.toString('base64'))
    assert.deepEqual(
      second.history.map(({ redrivenBy, patched: isPatched }) => [redrivenBy, isPatched]),
      [['ada', true]],
    )
    // Two operators: the second one, with a patch or without, finds the attempt made.
    assert.equal(await again(patched(digestIn(first), { value }), first), 'duplicate/attempt-known')
    assert.equal(await again(undefined, first), 'duplicate/attempt-known')

    mood.isBad = false
    const better = patched(digestIn(second), { value: Buffer.from(first.originalValue ?? '', 'base64') })
    assert.equal(await again(better, second), 'applied/counted')
    assert.equal(await again(better, second), 'duplicate/attempt-known')
  })

  it('given a patch of the source, then the failure is found, now and when it fails again', async () => {
    const broken = record(3, reading('a'))
    const without = broken.headers.filter(([name]) => name !== 'ce_source')
    const { again, failure, mood } = await failedOnce({ ...broken, headers: without })
    const first = failure()
    assert.equal(first.errorType, 'malformed-event')
    const headers = broken.headers.map(([name, value]) => [name, Buffer.from(value as Buffer)] as const)
    assert.equal(await again(patched(digestIn(first), { headers }), first), 'failed/rejected')
    assert.equal(await again(), 'failed/rejected')
    mood.isBad = false
    assert.equal(await again(), 'applied/counted')
  })

  it('given a patch that leaves no event, then it is not an attempt, and what failed can be redriven', async () => {
    const { again, failure, mood } = await failedOnce()
    const first = failure()
    const broken = patched(digestIn(first), { value: Buffer.from('{"broken":') })
    assert.equal(await again(broken, first), 'failed/unknown-failure')
    mood.isBad = false
    assert.equal(await again(undefined, first), 'applied/counted')
  })

  it('given a patch of the headers, then none of it is taken for a redrive', async () => {
    const { again, failure, stage } = await failedOnce(record(3, {}))
    const headers = [['content-type', Buffer.from('application/json')]] as const
    await again(patched(digestIn(failure()), { headers }))
    assert.equal(stage.outcomes.at(-1), 'failed/not-a-cloudevent')
    const { key, value, headers: made } = redrivenRecord(failure())
    assert.deepEqual(originalHeaders({ headers: made }), headers)
    assert.equal(redriveTargetOf({ headers: made })?.attempt, 3)
    assert.equal(digestOf({ key, value, headers: made }), digestIn(failure()))
  })
})
