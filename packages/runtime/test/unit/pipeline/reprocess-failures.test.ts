/** Records that the live consumer has applied, and that fail while their partition is computed anew. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogRecord } from '../../../cloudevents/record.ts'
import type { FailureData } from '../../../consumer/failure-event.ts'
import type { KeyedProcess } from '../../../consumer/process.ts'
import type { CopyStopped } from '../../../pipeline/errors.ts'
import type { RememberedFailure } from '../../../pipeline/model/failure-memory.ts'
import type { OutboxEntry } from '../../../pipeline/model/partition-state.ts'
import { type EmissionPosition, entryAt } from '../../../pipeline/outbox/position.ts'
import type { Addition } from '../../../pipeline/reprocessing/add-contents.ts'
import { failureBefore } from '../../../pipeline/reprocessing/carry-over.ts'
import { placeInTakeover } from '../../../pipeline/reprocessing/entity-takeover.ts'
import { placeNewFailures } from '../../../pipeline/reprocessing/new-failures.ts'
import { createFailure } from '../../support/changes.ts'
import { nextAttempt } from '../../support/parking.ts'
import { logRecord, environmentReading as reading } from '../../support/records.ts'
import { reprocessed } from '../../support/reprocessing.ts'
import { counting, Stage } from '../../support/stage.ts'

const FAILURE = 'io.sluice.failure.v1'
const ENTITY = '/environment/test-site s-1'
const breaker = { open: async () => Number.NEGATIVE_INFINITY }

/** Counts the readings of one sensor, and throws at some. */
class Failing {
  readonly throwsAt = new Set<string>()
  readonly stage: Stage
  readonly log: LogRecord[]

  constructor(count: number) {
    const process: KeyedProcess<{ count: number }> = {
      ...counting,
      onEvent: (state, event) => {
        if (this.throwsAt.has(event.id)) throw new Error('not now')
        return counting.onEvent(state, event, undefined)
      },
    }
    this.stage = new Stage(process as KeyedProcess<never>)
    this.log = Array.from({ length: count }, (_, at) =>
      logRecord(at, reading(`r${at}`, { at }), { topic: this.stage.topic }),
    )
  }

  get failures(): FailureData[] {
    return this.stage.events.filter(({ type }) => type === FAILURE).map(({ data }) => data as FailureData)
  }

  /** Appends the next attempt at the last failure, and has it decided. The outbox is published before. */
  async retry(): Promise<string | undefined> {
    await this.stage.batch(this.log.slice(-1))
    const last = this.log.at(-1) as LogRecord
    this.log.push(nextAttempt(this.failures.at(-1) as FailureData, this.log.length, last.timestampMs + 1_000))
    await this.stage.batch(this.log.slice(-1), { ports: { breaker } })
    return this.stage.outcomes.at(-1)
  }
}

describe('failures that only a rebuild has found', () => {
  // Promise docs/reprocess.md#what-is-published | Nothing is published again except failures that only the rebuild has found.
  it('given a record that was applied and fails now, then its failure is published, and its retry applied', async () => {
    const failing = new Failing(3)
    await failing.stage.batch(failing.log)
    failing.throwsAt.add('r1')
    const { emitted } = await reprocessed(failing.stage, failing.log)
    assert.deepEqual([...emitted], [[FAILURE, 1]])
    assert.deepEqual(await failing.stage.state(ENTITY), { count: 2 })
    failing.throwsAt.clear()
    assert.equal(await failing.retry(), 'applied/counted')
    assert.deepEqual(
      failing.failures.map(({ originalOffset, attempt }) => [originalOffset, attempt]),
      [[1, 1]],
    )
    assert.deepEqual(await failing.stage.state(ENTITY), { count: 3 })
  })

  it('given a start in the middle, then the retry of what fails now is not a repeat of what was applied', async () => {
    const failing = new Failing(3)
    await failing.stage.batch(failing.log)
    failing.throwsAt.add('r1')
    await reprocessed(failing.stage, failing.log, { startOffset: 1, dropsOlder: true })
    failing.throwsAt.clear()
    assert.equal(await failing.retry(), 'applied/counted')
    assert.deepEqual(await failing.stage.state(ENTITY), { count: 2 })
  })

  for (const startOffset of [0, 1])
    it(`given a retry that was applied and fails now, from ${startOffset} on, then only its attempt is published`, async () => {
      const failing = new Failing(3)
      failing.throwsAt.add('r0')
      await failing.stage.batch(failing.log, { ports: { breaker } })
      failing.throwsAt.clear()
      assert.equal(await failing.retry(), 'applied/counted')
      failing.throwsAt.add('r0')
      const { emitted } = await reprocessed(failing.stage, failing.log, { startOffset })
      assert.deepEqual([...emitted], [[FAILURE, 1]])
      failing.throwsAt.clear()
      assert.equal(await failing.retry(), 'applied/counted')
      assert.deepEqual(
        failing.failures.map(({ originalOffset, attempt }) => [originalOffset, attempt]),
        [
          [0, 1],
          [0, 2],
        ],
      )
      assert.deepEqual(await failing.stage.state(ENTITY), { count: 3 })
    })

  it('given more of them than the new state may hold, then it stops and switches nothing', async () => {
    const failing = new Failing(30)
    const { stage, log, throwsAt } = failing
    await stage.batch(log)
    for (let at = 0; at < 30; at += 1) throwsAt.add(`r${at}`)
    const before = stage.store.copyState(stage.stateKey())
    // The records are in one commit, or in several that each have few enough.
    for (const records of [30, 2]) {
      stage.consumer = { ...stage.consumer, limits: { ...stage.consumer.limits, records } }
      await assert.rejects(
        reprocessed(stage, log, { failureBytes: 10_000 }),
        (error: CopyStopped) => error.why === 'failing' && /correct the code/.test(error.message),
      )
      assert.deepEqual(stage.store.copyState(stage.stateKey()), before)
    }
  })

  it('given many that failed in the live state, too, and were retried, then they do not count as new', async () => {
    const failing = new Failing(30)
    const { stage, log, throwsAt } = failing
    for (const { offset } of log) throwsAt.add(`r${offset}`)
    await stage.batch(log, { ports: { breaker } })
    for (const failure of failing.failures)
      log.push(nextAttempt(failure, log.length, failure.originalTimestamp + 60_000))
    await stage.batch(log.slice(30), { ports: { breaker } })
    assert.equal(failing.failures.length, 60)
    // A commit of the rebuild has the first attempts alone.
    stage.consumer = { ...stage.consumer, limits: { ...stage.consumer.limits, records: 30 } }
    const { emitted } = await reprocessed(stage, log, { failureBytes: 10_000 })
    assert.deepEqual([...emitted], [])
  })

  it('given a failure that was closed without a retry, then a rebuild begins before its first retry', () => {
    const closed = { ...createFailure('f', 5), offset: 4, isOpen: false }
    const rebuilding = { startOffset: 5, clockLeadMs: 5 }
    const expected = { ...closed, isOpen: true, isReopened: true, attempt: 1, failedAtMs: 0 }
    assert.deepEqual(failureBefore(closed, rebuilding), expected)
    assert.equal(failureBefore({ ...closed, offset: 5 }, rebuilding), undefined)
  })
})

describe('the places of new failures among what a switch emits', () => {
  const { consumer } = new Stage()
  const at = {
    partitionState: { consumer: 'counting', topic: 'readings', partition: 0 },
    appliedOffset: 9,
    timeMs: 0,
    takeoverMs: 70,
  }
  /** Number of emissions of the switch. */
  const sent = 3

  function createEntry({ id, offset }: RememberedFailure, takeover?: EmissionPosition): OutboxEntry {
    const event = { id, type: FAILURE, source: '/counting' }
    const place = takeover ?? { offset, index: 0 }
    return entryAt({ to: 'failures', key: null, event: event as OutboxEntry['event'] }, place)
  }

  /** Returns what is written to a rebuilt state with these entries and failures. */
  async function placed(entries: readonly OutboxEntry[], remembered: readonly RememberedFailure[]) {
    const [added, removed]: [OutboxEntry[], string[]] = [[], []]
    const rebuilt = {
      newFailures: async () => entries,
      contents: {
        failures: async function* () {
          yield* remembered
        },
      },
      add: async ({ outbox = [] }: Addition) => void added.push(...outbox),
      remove: async (positions: readonly string[]) => void removed.push(...positions),
    }
    const count = await placeNewFailures(consumer, rebuilt as never, at, sent)
    return { count, added, removed }
  }

  it('given some, then they get positions after the emissions of the switch', async () => {
    const failures = [createFailure('one', 1), createFailure('two', 2)]
    const entries = failures.map(failure => createEntry(failure))
    const { count, added, removed } = await placed(entries, failures)
    assert.equal(count, 2)
    assert.deepEqual(
      added,
      failures.map((failure, index) => createEntry(failure, placeInTakeover(at, sent + index))),
    )
    assert.deepEqual(
      removed,
      entries.map(({ position }) => position),
    )
  })

  it('given one that was closed since, then it is removed and not published', async () => {
    const closed = { ...createFailure('closed', 1), isOpen: false }
    const { count, added, removed } = await placed([createEntry(closed)], [closed])
    assert.deepEqual([count, added, removed], [0, [], [createEntry(closed).position]])
  })
})

describe('redriven records that a rebuild by mended code reads again', () => {
  /** Records that have failed, and were redriven when the code was mended. */
  async function mended(count: number): Promise<Failing> {
    const failing = new Failing(count)
    const { stage, log, throwsAt } = failing
    for (let at = 0; at < count; at += 1) throwsAt.add(`r${at}`)
    await stage.batch(log, { ports: { breaker } })
    throwsAt.clear()
    const { failures } = failing
    for (const failure of failures)
      log.push(nextAttempt(failure, log.length, failure.originalTimestamp + 60_000))
    await stage.batch(log.slice(count), { ports: { breaker } })
    assert.deepEqual(await stage.state(ENTITY), { count })
    return failing
  }

  it('given a start behind the attempt that helped, then a later attempt is not applied, and does not fail', async () => {
    const { stage, log, failures } = await mended(1)
    const last = nextAttempt(failures[0] as FailureData, 2, (log.at(-1)?.timestampMs ?? 0) + 60_000)
    log.push({ ...last, headers: last.headers.map(asThirdAttempt) })
    await stage.batch(log.slice(-1))
    const { emitted } = await reprocessed(stage, log, { startOffset: 2, dropsOlder: true })
    assert.deepEqual([...emitted], [])
    assert.equal(await stage.state(ENTITY), undefined)
  })

  it('given a start behind the failure whose retry fails now, then no later retry may leave one out', async () => {
    const { stage, log, failures, throwsAt } = await mended(1)
    throwsAt.add('r0')
    await reprocessed(stage, log, { startOffset: 1, dropsOlder: true })
    throwsAt.clear()
    const later = nextAttempt(
      { ...(failures[0] as FailureData), attempt: 3 },
      2,
      log.at(-1)?.timestampMs ?? 0,
    )
    await stage.batch([later])
    assert.equal(stage.outcomes.at(-1), 'failed/unknown-failure')
  })
})

function asThirdAttempt(header: LogRecord['headers'][number]): LogRecord['headers'][number] {
  return header[0] === 'sluice-redrive-attempt' ? [header[0], Buffer.from('3')] : header
}
