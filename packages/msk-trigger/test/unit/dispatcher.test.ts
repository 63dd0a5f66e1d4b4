import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { setImmediate as immediate } from 'node:timers/promises'
import fc from 'fast-check'
import type { Mapping } from '../../config/mappings.ts'
import { Dispatcher } from '../../deliver/dispatcher.ts'
import { Semaphore } from '../../deliver/semaphore.ts'
import { Faults } from '../../faults/faults.ts'
import type { LambdaEvent } from '../../invoke/event.ts'
import type { Intake } from '../../poll/intake.ts'
import type { PartitionOffset } from '../../poll/member.ts'
import { PartitionQueue } from '../../poll/partition-queue.ts'
import { createMapping, delivered, messages, recordedReports } from './support.ts'

type Part = Partial<Mapping> & { readonly reserved?: Semaphore; readonly lingerMs?: number }

/** A dispatcher for topic `t` with a window of 0, whose invocations end when the test says so. */
function given(
  batchSize = 10,
  intake: Intake = (_, list) => delivered(list),
  retryDelayMs = 0,
  refuseCommits?: () => Promise<void>,
  { reserved = new Semaphore(Number.POSITIVE_INFINITY), lingerMs = 0, ...part }: Part = {},
) {
  const running: { records: string; end: () => void; fail: () => void }[] = []
  const committed: PartitionOffset[] = []
  const fetching: string[] = []
  const log: string[] = []
  const note = (line: string) => log.push(line)
  const faults = new Faults()
  const { reports, written } = recordedReports()
  const mapping = createMapping({ batchSize, ...part })
  const dispatcher = new Dispatcher(mapping, {
    name: 'f',
    brokers: ['b:1'],
    backoff: { retryDelayMs, maxRetryDelayMs: retryDelayMs },
    lingerMs,
    log: { notice: note, warning: note, error: note },
    intake,
    faults,
    reserved,
    reports,
    sender: undefined,
    crash: () => {},
    invoke: event => {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const { records }: LambdaEvent = JSON.parse(event.json())
      const lists = Object.entries(records)
      running.push({
        records: lists.map(([name, list]) => `${name}: ${list.map(r => r.offset)}`).join(' '),
        end: resolve,
        fail: () => reject(new Error('boom')),
      })
      return promise
    },
    commit: refuseCommits ?? (async offsets => void committed.push(...offsets)),
    pause: partition => fetching.push(`pause ${partition}`),
    resume: partition => fetching.push(`resume ${partition}`),
  })
  return {
    dispatcher,
    faults,
    running,
    committed,
    fetching,
    log,
    written,
    records: () => running.map(value => value.records),
  }
}
/** A batch starts one turn of the event loop after the cause. */
const turn = async () => {
  await immediate()
  await immediate()
}
const opened = (...partitions: number[]) => new Map(partitions.map(partition => [partition, 0]))

interface Arrival {
  readonly atMs: number
  readonly partition: number
}

/**
 * Runs a dispatcher by a fake clock, a millisecond a step. Returns its invocations: when each began and ended, and its partitions
 * with their offsets. @param endsAt when an invocation of so many partitions ends that began now
 */
async function simulate(
  t: TestContext,
  lingerMs: number,
  arrivals: readonly Arrival[],
  endsAt: (nowMs: number, partitions: number) => number,
) {
  t.mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 0 })
  const { dispatcher, running } = given(1_000, undefined, 0, undefined, { lingerMs })
  const invocations: { beganMs: number; endsMs: number; parts: Map<number, number[]> }[] = []
  const next = new Map<number, number>()
  const queued = [...arrivals].sort((a, b) => a.atMs - b.atMs)
  dispatcher.open(opened(...Array.from({ length: 12 }, (_, partition) => partition)))
  const isOver = (nowMs: number) => queued.length === 0 && invocations.every(({ endsMs }) => endsMs < nowMs)
  for (let nowMs = 0, quietMs = 0; quietMs <= lingerMs; nowMs += 1) {
    for (const [n, { endsMs }] of invocations.entries()) if (endsMs === nowMs) running[n]?.end()
    for (; queued[0]?.atMs === nowMs; queued.shift()) {
      const { partition } = queued[0]
      const offset = next.get(partition) ?? 0
      next.set(partition, offset + 1)
      void dispatcher.add(partition, messages(offset, offset + 1))
    }
    await turn()
    for (const { records } of running.slice(invocations.length)) {
      const parts = new Map(
        [...records.matchAll(/t-(\d+): ([\d,]+)/g)].map(([, p, o]) => [
          Number(p),
          `${o}`.split(',').map(Number),
        ]),
      )
      invocations.push({ beganMs: nowMs, endsMs: endsAt(nowMs, parts.size), parts })
    }
    quietMs = isOver(nowMs) ? quietMs + 1 : 0
    t.mock.timers.tick(1)
  }
  await dispatcher.stop(0)
  t.mock.timers.reset()
  return invocations
}

describe('the dispatcher', () => {
  // Promise packages/msk-trigger/RULES.md#rule 7
  it('mixes the partitions of one fetch into one batch (rule 7)', async () => {
    const { dispatcher, records } = given()
    dispatcher.open(opened(0, 1))
    void dispatcher.add(0, messages(0, 2))
    void dispatcher.add(1, messages(0, 1))
    await turn()
    assert.deepEqual(records(), ['t-0: 0,1 t-1: 0'])
  })

  it('given a commit that would skip records, then that partition alone stops, until the next join', async t => {
    const { dispatcher, running, records, committed, written, fetching } = given(1)
    const raise = t.mock.method(PartitionQueue.prototype, 'raiseCommitted', function (this: PartitionQueue) {
      if (this.partition === 0) throw new Error('defect')
    })
    dispatcher.open(opened(0, 1))
    for (const partition of [0, 1]) void dispatcher.add(partition, messages(0, 2))
    await turn()
    for (const { end } of running) end()
    await turn()
    void dispatcher.add(0, messages(2, 3))
    await turn()
    assert.deepEqual(records(), ['t-0: 0', 't-1: 0', 't-1: 1'])
    assert.deepEqual([committed, fetching], [[{ partition: 1, offset: 1 }], ['pause 0']])
    assert.deepEqual(written, ['stalled commit error 1 0@1'])
    raise.mock.restore()
    assert.deepEqual([...dispatcher.keepOnly([0, 1]).keys()], [1])
  })

  // Promise packages/msk-trigger/RULES.md#rule 19
  it('never has a partition in flight twice, but may have several partitions (rule 19)', async () => {
    const { dispatcher, running, records, committed } = given(1)
    dispatcher.open(opened(0, 1))
    void dispatcher.add(0, messages(0, 2))
    void dispatcher.add(1, messages(0, 1))
    await turn()
    assert.deepEqual(records(), ['t-0: 0', 't-1: 0'])
    running[0]?.end()
    await turn()
    assert.deepEqual(records().slice(2), ['t-0: 1'])
    assert.deepEqual(committed, [{ partition: 0, offset: 1 }])
  })

  it('lingers while an invocation is under way, until it ends or for the time of the setting', async t => {
    t.mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 1_000 })
    const { dispatcher, running, records, committed } = given(10, undefined, 60_000, undefined, {
      lingerMs: 5,
    })
    dispatcher.open(opened(0, 1, 2))
    const add = async (partition: number, from: number) => {
      void dispatcher.add(partition, messages(from, from + 1))
      await turn()
    }
    await add(0, 0)
    assert.deepEqual(records(), ['t-0: 0'], 'at once with nothing under way')
    await add(1, 0)
    t.mock.timers.tick(3)
    await add(2, 0)
    assert.equal(running.length, 1)
    running[0]?.end()
    await turn()
    assert.deepEqual(records().slice(1), ['t-1: 0 t-2: 0'], 'when it ends, with all that has come')
    assert.deepEqual(committed, [{ partition: 0, offset: 1 }])
    await add(0, 1)
    await add(1, 1)
    t.mock.timers.tick(4)
    await turn()
    assert.equal(running.length, 2)
    t.mock.timers.tick(1)
    await turn()
    assert.deepEqual(records().slice(2), ['t-0: 1'], 'a slow handler holds only its own partitions')
    running[1]?.fail()
    running[2]?.end()
    await turn()
    await add(0, 2)
    assert.deepEqual(
      records().slice(3),
      ['t-0: 2'],
      'a batch that waits for its next attempt is not under way',
    )
    await add(0, 3)
    await dispatcher.stop(0)
    assert.equal(running.length, 4, 'a stop starts nothing that lingers')
  })

  it('given records and handlers at any time, then none waits longer than it lingers, and each goes once, in order', async t => {
    const arrival = fc.record({ atMs: fc.nat(40), partition: fc.nat(3) })
    const cases = fc.tuple(
      fc.array(arrival, { maxLength: 30 }),
      fc.array(fc.integer({ min: 1, max: 25 }), { minLength: 1 }),
      fc.constantFrom(0, 5),
    )
    const check = async ([arrivals, durations, lingerMs]: [Arrival[], number[], number]) => {
      let count = 0
      const took = () => durations[count++ % durations.length] ?? 1
      const invocations = await simulate(t, lingerMs, arrivals, nowMs => nowMs + took())
      for (const partition of [0, 1, 2, 3]) {
        const arrivedMs = arrivals
          .filter(arrival => arrival.partition === partition)
          .map(({ atMs }) => atMs)
          .sort((a, b) => a - b)
        let freeMs = 0
        let expected = 0
        for (const { beganMs, endsMs, parts } of invocations) {
          const offsets = parts.get(partition) ?? []
          for (const offset of offsets) assert.equal(offset, expected++)
          if (offsets.length === 0) continue
          const firstMs = arrivedMs[offsets[0] ?? 0] ?? 0
          assert.ok(beganMs >= freeMs && beganMs <= Math.max(freeMs, firstMs + lingerMs))
          freeMs = endsMs
        }
        assert.equal(expected, arrivedMs.length)
      }
    }
    await fc.assert(fc.asyncProperty(cases, check), { numRuns: 40 })
  })

  it('given a thread that is busy with few records, then lingering makes fewer and larger batches that wait less', async t => {
    // A record each millisecond. The thread runs invocations in turn, each for 2.5 ms and half a millisecond for each partition.
    const arrivals = Array.from({ length: 1_000 }, (_, n) => ({ atMs: n, partition: (n * 7) % 12 }))
    const arrivedMs = Array.from({ length: 12 }, (_, p) =>
      arrivals.filter(({ partition }) => partition === p).map(({ atMs }) => atMs),
    )
    const run = async (lingerMs: number) => {
      let freeMs = 0
      const invocations = await simulate(t, lingerMs, arrivals, (nowMs, partitions) => {
        freeMs = Math.max(nowMs, freeMs) + 2.5 + partitions / 2
        return Math.ceil(freeMs)
      })
      const ages = invocations.flatMap(({ endsMs, parts }) =>
        [...parts].flatMap(([partition, offsets]) =>
          offsets.map(offset => endsMs - (arrivedMs[partition]?.[offset] ?? 0)),
        ),
      )
      ages.sort((a, b) => a - b)
      return { count: invocations.length, p50: ages[500] ?? 0, p99: ages[990] ?? 0 }
    }
    const [atOnce, lingering] = [await run(0), await run(5)]
    t.diagnostic(JSON.stringify({ atOnce, lingering }))
    assert.ok(lingering.count < 0.8 * atOnce.count)
    assert.ok(lingering.p50 < atOnce.p50 && lingering.p99 < atOnce.p99)
  })

  // Promise packages/msk-trigger/RULES.md#rule 18
  it('has at most five invocations at once (rule 18)', async () => {
    const { dispatcher, running } = given(1)
    dispatcher.open(opened(0, 1, 2, 3, 4, 5, 6))
    for (let partition = 0; partition < 7; partition += 1) void dispatcher.add(partition, messages(0, 1))
    await turn()
    assert.equal(running.length, 5)
    running[0]?.end()
    await turn()
    assert.equal(running.length, 6)
  })

  // Promise packages/msk-trigger/RULES.md#rule 24
  it('shares the reserved concurrency of the function with other event sources (rule 24)', async () => {
    const reserved = new Semaphore(1)
    const [one, other] = [0, 60_000].map(delayMs => given(1, undefined, delayMs, undefined, { reserved }))
    assert.ok(one && other)
    for (const { dispatcher } of [one, other]) {
      dispatcher.open(opened(0, 1))
      for (const partition of [0, 1]) void dispatcher.add(partition, messages(0, 1))
    }
    await turn()
    const countRunning = () => [one.running.length, other.running.length]
    assert.deepEqual(countRunning(), [1, 0])
    one.running[0]?.end()
    await turn()
    assert.deepEqual(countRunning(), [2, 0])
    one.running[1]?.end()
    await turn()
    assert.deepEqual(countRunning(), [2, 1])
    other.running[0]?.fail()
    await turn()
    assert.deepEqual(countRunning(), [2, 2], 'a batch that waits for its next attempt leaves it to others')
    assert.ok(!other.log.join().includes('attempt 2'), 'a wait does not count as an attempt')
    other.running[1]?.end()
    await Promise.all([one, other].map(({ dispatcher }) => dispatcher.stop(0)))
  })

  it('starts nothing of a throttled function, for which a stop does not wait (rule 24)', async () => {
    const reserved = new Semaphore(0)
    const { dispatcher, running, log } = given(1, undefined, 0, undefined, {
      reserved,
      reservedConcurrency: 0,
    })
    dispatcher.open(opened(0))
    void dispatcher.add(0, messages(0, 1))
    await turn()
    const beganAtMs = performance.now()
    await dispatcher.stop(10_000)
    assert.ok(performance.now() - beganAtMs < 5_000)
    assert.deepEqual([running.length, log], [0, []])
  })

  it('makes a reassigned partition wait for its old batch, whose result is not committed', async () => {
    const { dispatcher, running, records, committed } = given()
    dispatcher.open(opened(0))
    void dispatcher.add(0, messages(0, 1))
    await turn()
    assert.deepEqual(dispatcher.keepOnly([]), new Map())
    dispatcher.open(opened(0))
    void dispatcher.add(0, messages(0, 1))
    await turn()
    assert.deepEqual(records(), ['t-0: 0'])
    running[0]?.end()
    await turn()
    assert.deepEqual(records(), ['t-0: 0', 't-0: 0'])
    assert.deepEqual(committed, [])
  })

  it('reports that a stall is over when another member has the partition', async () => {
    const { dispatcher, running, written } = given(1, undefined, 60_000)
    dispatcher.open(opened(0, 1))
    for (const partition of [0, 1]) void dispatcher.add(partition, messages(0, 1))
    await turn()
    for (const { fail } of running) fail()
    await turn()
    const stalled = ['stalled invocation error 1 0@0', 'stalled invocation error 1 1@0']
    assert.deepEqual(written, stalled)
    dispatcher.keepOnly([])
    dispatcher.open(opened(1))
    assert.deepEqual(written, [...stalled, 'resumed invocation 0'])
    await dispatcher.stop(0)
    assert.equal(written.length, 3, 'a stop ends no stall')
  })

  it('delays fetching for a partition that cannot keep up, then pauses and resumes it', async () => {
    const { dispatcher, running, fetching } = given(5_000)
    dispatcher.open(opened(0))
    await dispatcher.add(0, messages(0, 1))
    await turn()
    const added = dispatcher.add(0, messages(1, 10_001))
    assert.deepEqual(fetching, [], 'it waits for the queue to drain first')
    await added
    assert.deepEqual(fetching, ['pause 0'])
    dispatcher.open(new Map([[0, 10_001]]))
    assert.deepEqual(fetching, ['pause 0', 'pause 0'], 'a rejoin had resumed it')
    running[0]?.end()
    await turn()
    running[1]?.end()
    await turn()
    assert.deepEqual(fetching.slice(2), ['resume 0'])
  })

  it('resumes fetching if a filter skips all records that waited for a slow registry', async () => {
    const answer = Promise.withResolvers<void>()
    const { dispatcher, committed, fetching } = given(10, async (_, list) => {
      await answer.promise
      return list.map(message => ({ fate: 'skip', message }))
    })
    dispatcher.open(opened(0))
    await dispatcher.add(0, messages(0, 1_000))
    assert.deepEqual(fetching, ['pause 0'])
    answer.resolve()
    await turn()
    await turn()
    assert.deepEqual(committed, [{ partition: 0, offset: 1_000 }])
    assert.deepEqual(fetching, ['pause 0', 'resume 0'])
  })

  // Promise packages/msk-trigger/RULES.md#rule 9
  it('discards a record that no payload can hold, commits it, and logs it (rule 9)', async () => {
    const { dispatcher, running, records, committed, log } = given()
    dispatcher.open(opened(0))
    void dispatcher.add(0, [...messages(0, 1, { value: Buffer.alloc(5 * 1024 * 1024) }), ...messages(1, 2)])
    await turn()
    assert.deepEqual(committed, [{ partition: 0, offset: 1 }])
    assert.deepEqual(records(), ['t-0: 1'])
    assert.match(log.join(), /t-0@0 discarded: MaximumPayloadSizeExceeded, in an event it takes \d+ bytes/)
    running[0]?.end()
    await dispatcher.stop(1_000)
  })

  it('commits skipped records without an invocation, also after a batch in flight (rule 39)', async () => {
    const skip: Intake = (_, list) => list.map(message => ({ fate: 'skip', message }))
    const { dispatcher, running, committed } = given(10, (partition, list) =>
      list[0]?.offset === '2' ? delivered(list) : skip(partition, list),
    )
    dispatcher.open(opened(0))
    await dispatcher.add(0, messages(0, 2))
    await turn()
    assert.deepEqual(committed, [{ partition: 0, offset: 2 }])
    await dispatcher.add(0, messages(2, 3))
    await turn()
    await dispatcher.add(0, messages(3, 5))
    await turn()
    assert.equal(running.length, 1)
    assert.equal(committed.length, 1)
    running[0]?.end()
    await dispatcher.stop(1_000)
    assert.deepEqual(committed.at(-1), { partition: 0, offset: 3 })
  })

  it('is idle for a partition when its batch in flight has ended, and a retried one when it succeeds', async () => {
    const { dispatcher, running } = given(1)
    dispatcher.open(opened(0, 1))
    await dispatcher.waitUntilIdle()
    void dispatcher.add(0, messages(0, 1))
    await turn()
    await dispatcher.waitUntilIdle(1)
    const idle: string[] = []
    const noted = [
      dispatcher.waitUntilIdle(0).then(() => idle.push('0')),
      dispatcher.waitUntilIdle().then(() => idle.push('any')),
    ]
    running[0]?.fail()
    while (running.length < 2) await turn()
    assert.deepEqual(idle, [])
    running[1]?.end()
    await Promise.all(noted)
    assert.deepEqual(idle.sort(), ['0', 'any'])
    await dispatcher.stop(1_000)
  })

  it('while stopping, starts nothing, waits for running batches, and commits them', async () => {
    const { dispatcher, running, committed } = given(1)
    dispatcher.open(opened(0))
    void dispatcher.add(0, messages(0, 2))
    await turn()
    const stopped = dispatcher.stop(10_000)
    running[0]?.end()
    await stopped
    assert.equal(running.length, 1)
    assert.deepEqual(committed, [{ partition: 0, offset: 1 }])
  })

  it('abandons batches that do not end in time, and says which records will be delivered again', async () => {
    const { dispatcher, running, committed, log } = given()
    dispatcher.open(opened(0, 1))
    void dispatcher.add(0, messages(0, 1))
    void dispatcher.add(1, messages(5, 8))
    await turn()
    await dispatcher.stop(1)
    running[0]?.end()
    await turn()
    assert.deepEqual(committed, [])
    assert.deepEqual(log, [
      'f  stopping when 0@0 1@5–7 is done, or after 0.001 s',
      'f  abandoned 0@0 1@5–7: not committed, so it will be delivered again',
    ])
  })

  it('says what is done and could not be committed', async () => {
    const { dispatcher, running, log } = given(10, undefined, 0, () =>
      Promise.reject(new Error('not the coordinator')),
    )
    dispatcher.open(opened(0))
    void dispatcher.add(0, messages(0, 3))
    await turn()
    running[0]?.end()
    await turn()
    await dispatcher.stop(1)
    assert.match(
      log.at(-1) ?? '',
      /^f {2}0@2 and records before it are done, but could not be committed: they will be delivered again$/,
    )
  })
})
