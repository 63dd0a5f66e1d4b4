import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogRecord, RecordHeader } from '../../../cloudevents/record.ts'
import { buildRedriveHeaders, originalHeaders, type RedriveTarget } from '../../../cloudevents/redrive.ts'
import { type FailureData, failureId } from '../../../consumer/failure-event.ts'
import { completeStep, type KeyedProcess, reject } from '../../../consumer/process.ts'
import type { Consumer } from '../../../pipeline/consumer.ts'
import { READING_TYPES } from '../../support/application.ts'
import { environmentReading as reading, logRecord as record } from '../../support/records.ts'
import { Stage } from '../../support/stage.ts'

const ENTITY = '/environment/test-site s-1'
const MOODY = 'moody'

/** Counts, and refuses what it is ordered to refuse. */
function moody(refused: ReadonlySet<string>): KeyedProcess<{ count: number }> {
  return {
    name: MOODY,
    accepts: READING_TYPES,
    onEvent: (state, { id }) =>
      refused.has(id) ? reject('not today') : completeStep('counted', { count: (state?.count ?? 0) + 1 }),
  }
}

/** The record as a redrive brings it back. */
function again(failed: LogRecord, offset: number, redriveTarget: Partial<RedriveTarget> = {}): LogRecord {
  const whole = {
    consumer: MOODY,
    failure: failureId(MOODY, failed),
    attempt: 2,
    history: [],
    ...redriveTarget,
  }
  const { timestampMs } = record(offset, {})
  const headers = [...originalHeaders(failed), ...buildRedriveHeaders(whole)]
  return { ...failed, offset, timestampMs, headers }
}

function failureRecords(stage: Stage): FailureData[] {
  return stage.events.map(({ data }) => data as FailureData)
}

/** A stage on which the reading `a` has failed at offset 3. */
async function failedOnce() {
  const refused = new Set(['a'])
  const stage = new Stage(moody(refused) as KeyedProcess<never>)
  const failed = record(3, reading('a'))
  await stage.batch([failed])
  stage.observer.decisions.length = 0
  return { stage, failed, refused }
}

// Promise docs/guarantees.md#rule 11
describe('rule 11: a record that comes back', () => {
  it('given an open failure, then its next attempt is applied, and only once', async () => {
    const { stage, failed, refused } = await failedOnce()
    refused.clear()
    await stage.batch([again(failed, 10)])
    await stage.batch([again(failed, 11), again(failed, 12, { attempt: 3 })])
    assert.deepEqual(stage.outcomes, [
      'applied/counted',
      'duplicate/attempt-known',
      'duplicate/failure-not-open',
    ])
    assert.deepEqual(await stage.state(ENTITY), { count: 1 })
  })

  it('given that it was redriven for another consumer, then it is ignored', async () => {
    const { stage, failed } = await failedOnce()
    await stage.batch([again(failed, 10, { consumer: 'another' })])
    assert.deepEqual(stage.outcomes, ['ignored/redriven-for-another'])
  })

  const unknown: [name: string, redriveTarget: Partial<RedriveTarget>, why: RegExp][] = [
    ['a failure that is not remembered', { failure: 'unheard-of' }, /no failure/],
    ['an attempt that leaves one out', { attempt: 3 }, /attempt 3 does not follow attempt 1/],
    ['an attempt that is not a number', { attempt: Number.NaN }, /does not follow/],
  ]
  for (const [name, redriveTarget, why] of unknown)
    it(`given ${name}, then it fails as unknown, and changes nothing`, async () => {
      const { stage, failed, refused } = await failedOnce()
      refused.clear()
      await stage.batch([again(failed, 10, redriveTarget)])
      assert.deepEqual(stage.outcomes, ['failed/unknown-failure'])
      assert.match(failureRecords(stage).at(-1)?.error ?? '', why)
      assert.equal(await stage.state(ENTITY), undefined)
      await stage.batch([again(failed, 11)])
      assert.equal(stage.outcomes[1], 'applied/counted')
    })

  it('given other bytes than those that failed, then it fails as unknown', async () => {
    const { stage, failed, refused } = await failedOnce()
    refused.clear()
    await stage.batch([{ ...again(failed, 10), value: Buffer.from('{}') }])
    assert.deepEqual(stage.outcomes, ['failed/unknown-failure'])
    assert.match(failureRecords(stage).at(-1)?.error ?? '', /bytes/)
  })

  it("given headers in a client's order, then it is what failed: clients group them by name", async () => {
    const refused = new Set(['a'])
    const stage = new Stage(moody(refused) as KeyedProcess<never>)
    const header = (name: string, value: string): RecordHeader => [name, Buffer.from(value)]
    const own = [header('x', '1'), header('7', '2'), header('x', '3')]
    const plain = record(3, reading('a'))
    const failed = { ...plain, headers: [...own, ...plain.headers] }
    const grouped = [header('7', '2'), ...plain.headers, header('x', '1'), header('x', '3')]
    await stage.batch([failed])
    refused.clear()
    await stage.batch([again({ ...failed, headers: grouped }, 10)])
    assert.deepEqual(stage.outcomes, ['failed/rejected', 'applied/counted'])
  })

  it('given one that could not be decoded, when a new schema takes it, then it is applied', async () => {
    const stage = new Stage(moody(new Set()) as KeyedProcess<never>)
    // The earlier consumer had a narrower tolerance, as one may have had a narrower schema.
    const early = record(3, reading('a', { at: 3600 + 60 }))
    stage.consumer = { ...stage.consumer, futureToleranceMs: 0 }
    await stage.batch([early])
    stage.consumer = { ...stage.consumer, futureToleranceMs: 300_000 }
    await stage.batch([again(early, 4)])
    await stage.batch([again(early, 5)])
    assert.deepEqual(stage.outcomes, ['failed/time-in-future', 'applied/counted', 'duplicate/attempt-known'])
  })

  for (const isCut of [true, false])
    it(`given a failure older than what the dlq keeps, then it is unknown${isCut ? '' : ', even within one chunk'}`, async () => {
      const { stage, failed, refused } = await failedOnce()
      refused.clear()
      const stateKey = stage.stateKey()
      const copy = stage.store.copyState(stateKey) as { clock: { nowMs: number } }
      const thirtyDays = 30 * 24 * 3_600_000
      stage.store.restore(stateKey, { ...copy, clock: { ...copy.clock, nowMs: thirtyDays }, mark: undefined })
      const { partition, offset, timestampMs } = failed
      const log = [record(4, reading('b')), again(failed, 5, { place: { partition, offset, timestampMs } })]
      for (const batch of isCut ? log.map(record => [record]) : [log]) await stage.batch(batch)
      assert.deepEqual(stage.outcomes, ['applied/counted', 'failed/unknown-failure'])
    })
})

describe('rule 11: a record that comes back after its original was decided without a failure', () => {
  /** A place is part of the headers that the redriver writes. */
  const createPlace = ({ partition, offset, timestampMs }: LogRecord) => ({ partition, offset, timestampMs })

  /** A stage on which code that was mended since has read this log from its start. */
  async function mended(log: readonly LogRecord[], change: Partial<Consumer> = {}) {
    const stage = new Stage(moody(new Set()) as KeyedProcess<never>)
    stage.consumer = { ...stage.consumer, ...change }
    await stage.batch(log)
    return stage
  }

  it('given a lost state, when mended code reads the log again, then the event is applied once', async () => {
    const failed = record(3, reading('a'))
    const stage = await mended([failed, again(failed, 10, { place: createPlace(failed) })])
    assert.deepEqual(stage.outcomes, ['applied/counted', 'duplicate/failure-not-open'])
    assert.deepEqual(await stage.state(ENTITY), { count: 1 })
  })

  const failed = record(3, reading('a'))
  const place = createPlace(failed)
  const { timestampMs, ...withoutTime } = place
  const others: [name: string, redriveTarget: Partial<RedriveTarget>][] = [
    ['no place, as written by earlier versions', {}],
    ['no time of its place', { place: withoutTime }],
    [
      'a place of another log: the topic was made anew',
      { place: { ...place, timestampMs: timestampMs - 1 } },
    ],
    [
      'a place in another partition',
      { place: { ...place, partition: 1 }, failure: failureId(MOODY, { ...failed, partition: 1 }) },
    ],
    ['the place of another failure', { place: { ...place, offset: 4 } }],
    [
      'a place behind its own',
      { place: { ...place, offset: 11 }, failure: failureId(MOODY, { ...failed, offset: 11 }) },
    ],
  ]
  for (const [name, redriveTarget] of others)
    it(`given ${name}, then it fails as unknown`, async () => {
      const stage = await mended([failed, again(failed, 10, redriveTarget)])
      assert.deepEqual(stage.outcomes, ['applied/counted', 'failed/unknown-failure'])
    })

  it('given an original before the instant from which on the consumer reads, then it fails as unknown', async () => {
    const stage = await mended([failed, again(failed, 10, { place })], { sinceMs: timestampMs + 1 })
    assert.deepEqual(stage.outcomes, ['ignored/before-start', 'failed/unknown-failure'])
  })

  it('given an original that expired before it was decided, then it fails as unknown', async () => {
    const log = [record(2, reading('b'))]
    const stage = await mended(log)
    const [next, redriven] = [record(9, reading('c')), again(failed, 10, { place })]
    stage.ports.log.read = async () => ({ records: [next, redriven], nextOffset: 11, logStart: 9 })
    await stage.batch([next, redriven])
    assert.deepEqual(stage.outcomes.slice(1), ['applied/counted', 'failed/unknown-failure'])
    assert.equal(stage.observer.list('expired').length, 1)
  })

  it('given that failures were forgotten to make room, then it fails as unknown', async () => {
    const [partitions, entryBytes] = [12, 64]
    const stage = await mended([failed, record(4, {}), record(5, {})], {
      failureBytes: partitions * entryBytes,
    })
    await stage.batch([again(failed, 10, { place })])
    assert.deepEqual(stage.outcomes.slice(-1), ['failed/unknown-failure'])
  })
})

describe('a record with the headers of a redrive that a producer has written', () => {
  const victim = record(3, reading('a'))

  /** Returns the effect of another record on the failure of the victim, and then of its true redrive. */
  async function attacked(forged: LogRecord) {
    const { stage, refused } = await failedOnce()
    refused.clear()
    await stage.batch([
      again(forged, 10, { failure: failureId(MOODY, victim), place: { partition: 0, offset: 3 } }),
      again(victim, 11),
    ])
    return stage.outcomes
  }

  it('given an event of another entity, then it does not close the failure', async () => {
    const outcomes = await attacked(record(4, reading('evil', { sensor: 's-2' })))
    assert.deepEqual(outcomes, ['failed/unknown-failure', 'applied/counted'])
  })

  it('given no event, then it is not an attempt at the failure', async () => {
    const outcomes = await attacked(record(4, { value: Buffer.from('evil') }))
    assert.deepEqual(outcomes, ['failed/unknown-failure', 'applied/counted'])
  })

  it('given the place of another record, then it cannot pass for it', async () => {
    const { stage, refused } = await failedOnce()
    refused.clear()
    await stage.batch([again(victim, 10, { place: { partition: 0, offset: 20 } }), again(victim, 11)])
    assert.deepEqual(stage.outcomes, ['failed/unknown-failure', 'applied/counted'])
  })
})
