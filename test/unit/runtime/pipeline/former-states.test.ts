import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { LogRecord } from '#runtime/cloudevents/record.ts'
import type { FailureData } from '#runtime/consumer/failure-event.ts'
import { completeStep, type KeyedProcess, reject } from '#runtime/consumer/process.ts'
import { confirmDelivery, type Sink } from '#runtime/consumer/sink.ts'
import type { Process } from '#runtime/pipeline/consumer.ts'
import { joinMeta } from '#runtime/pipeline/replacing/former-states.ts'
import { EMPTY_META } from '#runtime/pipeline/replacing/state-parts.ts'
import { createRedrivenRecord } from '../../../../lib/failures/redriven-record.ts'
import { READING_TYPES } from '../../../../lib/telemetry/families.ts'
import { MemoryReplaceableStates } from '../../../support/memory-replaceable-states.ts'
import { environmentReading as reading, logRecord as record } from '../../../support/records.ts'
import { Stage } from '../../../support/stage.ts'

const FORMER = ['mail', 'hook']
const recordOf = (offset: number) => record(offset, reading(`r${offset}`, { sensor: `s${offset}` }))
const log = (to: number, from = 0) => Array.from({ length: to - from }, (_, index) => recordOf(from + index))

/** An environment whose consumers `mail` and `hook` become the consumer `both`. */
class Environment {
  readonly stage = new Stage()
  /** Deliveries in order: consumer or part, and event. */
  readonly deliveries: string[] = []

  /** Delivers records to a former consumer, which refuses some of them. */
  async former(name: string, records: readonly LogRecord[], refused: ReadonlySet<number> = new Set()) {
    const sink: Sink = {
      name,
      accepts: READING_TYPES,
      batchSize: 100,
      deliver: async all =>
        all.map(({ event, offset }) => {
          if (refused.has(offset)) return reject('no')
          this.deliveries.push(`${name} ${event.id}`)
          return confirmDelivery('delivered')
        }),
    }
    return this.#batch(sink as Process, records)
  }

  /** Delivers records to the new consumer. */
  async both(records: readonly LogRecord[]) {
    const sink: Sink = {
      name: 'both',
      accepts: READING_TYPES,
      batchSize: 100,
      deliver: async all =>
        all.map(({ event, receivers = FORMER }) => {
          for (const name of receivers) this.deliveries.push(`${name} ${event.id}`)
          return confirmDelivery('delivered')
        }),
    }
    return this.#batch(sink as Process, records)
  }

  async #batch(process: Process, records: readonly LogRecord[]) {
    const { stage } = this
    const application = { ...stage.consumer.application, formerNames: { both: FORMER } }
    stage.consumer = { ...stage.consumer, application, process }
    const formerStates = async () => new MemoryReplaceableStates(stage.store)
    return stage.batch(records, { ports: { formerStates } })
  }

  /** Retries of all failures so far, at the end of the log. */
  retries(from: number): LogRecord[] {
    return this.stage.events
      .map(({ data }) => data as FailureData)
      .filter(({ originalTopic }) => originalTopic !== undefined)
      .map((failure, index) => {
        const { key, value, headers } = createRedrivenRecord(failure)
        return { ...recordOf(from + index), key, value, headers }
      })
  }
}

describe('a consumer that replaces two others', () => {
  it('given one that is behind, then what lies between is delivered for it alone, also after a restart', async () => {
    const environment = new Environment()
    await environment.former('mail', log(5))
    await environment.former('hook', log(2))
    await environment.both(log(3))
    await environment.both(log(6))
    assert.deepEqual(environment.deliveries.slice(7), ['hook r2', 'hook r3', 'hook r4', 'mail r5', 'hook r5'])
  })

  it('given a predecessor that still runs, then it cannot go on', async () => {
    const environment = new Environment()
    await environment.former('mail', log(3))
    await environment.both(log(3))
    const { batchItemFailures } = await environment.former('mail', log(5))
    assert.deepEqual([batchItemFailures.length, environment.deliveries.length], [5, 3])
    assert.equal(environment.stage.observer.waits.at(-1)?.reason, 'moved')
  })

  it('given a state that was removed after the move, then the log is read from its start', async () => {
    const environment = new Environment()
    await environment.former('mail', log(3))
    await environment.both(log(3))
    const { topic } = environment.stage
    environment.stage.store.restore({ consumer: 'both', topic, partition: 0 }, undefined)
    await environment.both(log(3))
    assert.equal(environment.deliveries.length, 3 + 6)
  })

  it('given an outbox that a predecessor has not published, then it is published before the move', async () => {
    const environment = new Environment()
    const { publisher } = environment.stage
    const publish = publisher.publish.bind(publisher)
    publisher.publish = () => Promise.reject(new Error('away'))
    await environment.former('mail', log(1), new Set([0]))
    publisher.publish = publish
    assert.deepEqual(environment.stage.events, [])
    await environment.both(log(1))
    assert.deepEqual(
      environment.stage.events.map(({ data }) => (data as FailureData).consumer),
      ['mail'],
    )
  })

  it('given a retry of a former name that fails again, then it keeps the name, and can be retried', async () => {
    const environment = new Environment()
    await environment.former('mail', log(1), new Set([0]))
    await environment.both(log(1))
    const [retry] = environment.retries(1) as [LogRecord]
    await environment.both([{ ...retry, value: Buffer.from('x') }])
    await environment.both([{ ...retry, offset: 2 }])
    assert.deepEqual(environment.deliveries, ['mail r0'])
  })

  it('given any progress and failures of both, then each event reaches each of them exactly once', async () => {
    const some = (most: number) => fc.uniqueArray(fc.nat(most))
    const property = fc.asyncProperty(
      fc.record({
        mail: fc.nat(8),
        hook: fc.nat(8),
        mailRefuses: some(8),
        hookRefuses: some(8),
        cuts: fc.uniqueArray(fc.integer({ min: 1, max: 12 })),
      }),
      async ({ mail, hook, mailRefuses, hookRefuses, cuts }) => {
        const environment = new Environment()
        if (mail > 0) await environment.former('mail', log(mail), new Set(mailRefuses))
        if (hook > 0) await environment.former('hook', log(hook), new Set(hookRefuses))
        // A consumer without a state has never run.
        const names = FORMER.filter(name => (name === 'mail' ? mail : hook) > 0)
        for (const cut of [...cuts.toSorted((a, b) => a - b), 12]) await environment.both(log(cut))
        const retries = environment.retries(12)
        await environment.both([...log(12), ...retries])
        await environment.both([...log(12), ...retries])
        const counts = Map.groupBy(environment.deliveries, one => one)
        assert.ok(
          [...counts.values()].every(({ length }) => length === 1),
          environment.deliveries.join(),
        )
        for (const name of names)
          assert.equal([...counts.keys()].filter(one => one.startsWith(name)).length, 12)
      },
    )
    await fc.assert(property, { numRuns: 60 })
  })
})

describe('a process that replaces others', () => {
  const counting = (name: string, field: string): KeyedProcess<Record<string, number>> => ({
    name,
    accepts: READING_TYPES,
    onEvent: state =>
      completeStep(
        'counted',
        { ...state, [field]: (state?.[field] ?? 0) + 1 },
        [],
        [{ name: field, dueMs: Date.parse('2030-01-01T00:00:00Z') }],
      ),
    onTimer: state => completeStep('timer', state),
  })

  it('given a state of each, then it has the fields and timers of both', async () => {
    const stage = new Stage()
    const run = (process: KeyedProcess<never>, records: readonly LogRecord[]) => {
      const application = { ...stage.consumer.application, formerNames: { all: ['a', 'b'] } }
      stage.consumer = { ...stage.consumer, application, process }
      return stage.batch(records, {
        ports: { formerStates: async () => new MemoryReplaceableStates(stage.store) },
      })
    }
    const records = [0, 1].map(offset => record(offset, reading(`r${offset}`)))
    for (const name of ['a', 'b']) await run(counting(name, name) as KeyedProcess<never>, records)
    await run(counting('all', 'a') as KeyedProcess<never>, [...records, record(2, reading('r2'))])
    assert.deepEqual(await stage.state('/environment/test-site s-1'), { a: 3, b: 2 })
  })

  it('given metadata of several, then the position is the lowest, counters are added, no origin kept', () => {
    const meta = (
      appliedOffset: number,
      tally: Record<string, number>,
      failuresFromMs: number | undefined,
    ) => ({
      ...EMPTY_META,
      version: { epoch: 4, appliedOffset, fired: 0 },
      origin: 'old',
      tally,
      failuresFromMs,
    })
    const joined = joinMeta([meta(7, { 'applied/x': 2 }, 5), meta(3, { 'applied/x': 1, y: 1 }, 9)], FORMER)
    assert.deepEqual(joined, {
      ...EMPTY_META,
      version: { epoch: 4, appliedOffset: 3, fired: 0 },
      tally: { 'applied/x': 3, y: 1 },
      failuresFromMs: 9,
      formerOffsets: { mail: 7, hook: 3 },
    })
    assert.equal(joinMeta([meta(7, {}, 5), meta(7, {}, undefined)], FORMER).failuresFromMs, undefined)
  })
})
