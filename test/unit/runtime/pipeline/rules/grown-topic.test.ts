/** The fine print, rule 24: a topic that has grown.  */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogRecord } from '#runtime/cloudevents/record.ts'
import { buildRedriveHeaders, type Redrive, readRedriveTarget } from '#runtime/cloudevents/redrive.ts'
import { type FailedAttempt, type FailureData, failureId } from '#runtime/consumer/failure-event.ts'
import { computePartition } from '#runtime/consumer/murmur2.ts'
import { computeProducerGroup, type RememberedFailure } from '#runtime/pipeline/model/failure-memory.ts'
import { computeDigest } from '#runtime/pipeline/model/fingerprint.ts'
import { parsePosition } from '#runtime/pipeline/outbox/position.ts'
import { EMPTY_META } from '#runtime/pipeline/replacing/state-parts.ts'
import { createRedrivenRecord } from '../../../../../lib/failures/redriven-record.ts'
import { failureOf } from '../../../../support/changes.ts'
import { inPages } from '../../../../support/parts.ts'
import { environmentReading as reading, logRecord as record } from '../../../../support/records.ts'
import { Stage } from '../../../../support/stage.ts'

const KEY = 'foobar'
/** Highest number of growths that a sequence can contain. */
const LAST_GENERATION = 35

/** A stage whose topic has grown. */
async function grownStage(generation: number, partitions: number, partition: number): Promise<Stage> {
  const stage = new Stage()
  const meta = { ...EMPTY_META, partitioning: { generation, partitions } }
  const state = stage.stateKey(partition)
  await stage.store.replace(state, inPages([{ kind: 'meta', meta }]))
  return stage
}

describe('rule 24: a topic that has grown', () => {
  it('rule 24: given a topic that has grown, then emissions have a higher sequence than any before', async () => {
    const sequences: string[] = []
    for (const generation of [0, 1, 9, 10, LAST_GENERATION]) {
      const stage = await grownStage(generation, 20, 0)
      // The offsets of the new partition are lower than those before.
      const offset = LAST_GENERATION - generation
      await stage.batch([record(0, reading('a')), record(offset + 1, reading('b'))])
      const sequence = stage.events[0]?.extensions?.sequence ?? ''
      assert.deepEqual(parsePosition(sequence), { offset: offset + 1, index: 0, generation })
      sequences.push(sequence)
    }
    assert.deepEqual(sequences, [...sequences].sort())
  })

  it('rule 24: given a topic that has grown, then a key counts as misrouted by its present partitions', async () => {
    const [home, before] = [19, 12].map(count => computePartition(Buffer.from(KEY), count)) as [
      number,
      number,
    ]
    assert.notEqual(home, before)
    const misroutedIn = async (partition: number) => {
      const stage = await grownStage(1, 19, partition)
      await stage.batch([{ ...record(0, reading('a'), { partition }), key: Buffer.from(KEY) }])
      return stage.observer.misroutedAt
    }
    assert.deepEqual(await misroutedIn(home), [])
    assert.deepEqual(await misroutedIn(before), [{ fromOffset: 0, count: 1 }])
  })

  it('rule 24: given redrives to the old partition, then the attempt is still to be made elsewhere', async () => {
    const { stage, again, growths, home } = await grownAfterFailure()
    const firstFailedAt = '2026-02-01T12:00:00.000Z'
    const attempts = [1, 2].map(attempt => {
      return {
        attempt,
        failedAt: attempt === 1 ? firstFailedAt : '2026-02-02T12:00:00.000Z',
        errorType: 'rejected',
        error: 'broken',
        redrivenBy: 'a person',
      }
    })
    // A copy of the failure has stayed in the old partition.
    await stage.batch([again(1, attempts.slice(0, 1)), again(2, attempts)])
    assert.deepEqual(stage.outcomes, ['failed/failure-moved', 'failed/failure-moved'])
    assert.equal(await stage.state(ENTITY, FROM_HOME), undefined)
    const [first, second] = stage.events.map(({ data }) => data as FailureData)
    assert.ok(first && second)
    const { error, errorType, originalPartition, originalOffset, originalTimestamp, attempt, history } =
      second
    assert.deepEqual(
      { originalPartition, originalOffset, originalTimestamp, attempt, history, errorType },
      {
        originalPartition: FROM_HOME,
        originalOffset: FAILED_OFFSET,
        originalTimestamp: Date.parse(firstFailedAt),
        attempt: 2,
        history: attempts,
        errorType: 'failure-moved',
      },
    )
    assert.match(error, new RegExp(`partition ${home} remembers the failure`))
    assert.deepEqual(
      [first.attempt, first.history, first.firstFailedAt],
      [1, attempts.slice(0, 1), firstFailedAt],
    )
    assert.equal(first.originalTimestamp, Date.parse(firstFailedAt))
    const ids = new Set(stage.events.map(({ id }) => id))
    // The routers of failures know the id of the first one.
    assert.deepEqual([ids.size, ids.has(FAILURE.id)], [2, false])
    const next = createRedrivenRecord(second, undefined, growths)
    assert.deepEqual(
      [next.partition, readRedriveTarget(next)?.attempt, readRedriveTarget(next)?.failure],
      [home, 3, FAILURE.id],
    )
  })

  it('rule 24: given a redrive whose history is lost, then it counts as first failed when it came', async () => {
    const { stage, again } = await grownAfterFailure()
    await stage.batch([again(1, [])])
    const [moved] = stage.events
    assert.ok(moved)
    const { firstFailedAt, originalTimestamp } = moved.data as FailureData
    assert.deepEqual(
      [Date.parse(firstFailedAt), originalTimestamp],
      [again(1, []).timestampMs, again(1, []).timestampMs],
    )
  })

  it('rule 24: given a redrive at its place, or one of unknown place or key, then it is tried here', async () => {
    const { stage, again, home } = await grownAfterFailure()
    const placed = again(1, [])
    const placeless = { ...placed, headers: placed.headers.filter(([name]) => !/place/.test(name)) }
    const numberless = again(1, [], { attempt: Number.NaN })
    await stage.batch([{ ...again(1, []), partition: home, offset: 0 }])
    await stage.batch([
      { ...placeless, offset: 21 },
      { ...numberless, offset: 22 },
    ])
    assert.deepEqual(
      stage.outcomes.map(outcome => outcome.split('/')[1]),
      ['unknown-failure', 'counted', 'failure-not-open'],
    )
  })
})

const [FROM, TO, FAILED_OFFSET] = [3, 5, 4]
const FROM_HOME = computePartition(Buffer.from(KEY), FROM)
const ENTITY = '/environment/test-site s-1'
const FAILED = { ...record(FAILED_OFFSET, reading('a'), { partition: FROM_HOME }), key: Buffer.from(KEY) }
const FAILURE: RememberedFailure = {
  ...failureOf('f', 0),
  id: failureId('counting', FAILED),
  partition: FROM_HOME,
  offset: FAILED_OFFSET,
  digest: computeDigest(FAILED),
  producerGroup: computeProducerGroup(FAILED),
}

/** The old partition of a failure that a growth has moved. A redrive of the record goes there. */
async function grownAfterFailure() {
  const stage = new Stage()
  const growths = [{ from: FROM, to: TO, ends: Array(FROM).fill(9), except: [] }]
  const partitioning = { generation: 1, partitions: TO }
  const home = computePartition(Buffer.from(KEY), TO)
  assert.notEqual(home, FROM_HOME)
  const version = { epoch: 0, appliedOffset: 9, fired: 0 }
  for (const partition of [FROM_HOME, home]) {
    const meta = {
      ...EMPTY_META,
      version: partition === home ? EMPTY_META.version : version,
      partitioning,
      growths,
    }
    const copies = partition === home ? [] : [{ kind: 'failure', failure: FAILURE } as const]
    await stage.store.replace(stage.stateKey(partition), inPages([{ kind: 'meta', meta }, ...copies]))
  }
  const again = (
    attempt: number,
    history: readonly FailedAttempt[],
    changes: Partial<Redrive> = {},
  ): LogRecord => {
    const place = { partition: FROM_HOME, offset: FAILED_OFFSET }
    const redrive = {
      consumer: 'counting',
      failure: FAILURE.id,
      attempt: attempt + 1,
      history,
      place,
      ...changes,
    }
    const headers = [...FAILED.headers, ...buildRedriveHeaders(redrive)]
    return { ...FAILED, offset: 9 + attempt, timestampMs: FAILED.timestampMs + 60_000, headers }
  }
  return { stage, growths, home, again }
}
