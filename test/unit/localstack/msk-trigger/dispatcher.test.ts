import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as immediate } from 'node:timers/promises'
import { Dispatcher } from '../../../../localstack/msk-trigger/dispatcher.ts'
import type { LambdaEvent } from '../../../../localstack/msk-trigger/event.ts'
import { Faults } from '../../../../localstack/msk-trigger/faults.ts'
import type { Intake } from '../../../../localstack/msk-trigger/intake.ts'
import type { PartitionOffset } from '../../../../localstack/msk-trigger/member.ts'
import { delivered, mappingOf, messages, recordedReports } from './support.ts'

/** A dispatcher over a topic `t`, window 0, whose invocations end when the test says so. */
function given(batchSize = 10, intake: Intake = (_, list) => delivered(list), retryDelayMs = 0) {
  const running: { records: string; end: () => void; fail: () => void }[] = []
  const committed: PartitionOffset[] = []
  const fetching: string[] = []
  const log: string[] = []
  const note = (line: string) => log.push(line)
  const faults = new Faults()
  const { reports, told } = recordedReports()
  const mapping = mappingOf({ batchSize })
  const dispatcher = new Dispatcher(mapping, {
    name: 'f',
    brokers: ['b:1'],
    backoff: { retryDelayMs, maxRetryDelayMs: retryDelayMs },
    log: { notice: note, warning: note, error: note },
    intake,
    faults,
    reports,
    sender: undefined,
    crash: () => {},
    invoke: event => {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const lists = Object.entries((event as LambdaEvent).records)
      running.push({
        records: lists.map(([name, list]) => `${name}: ${list.map(r => r.offset)}`).join(' '),
        end: resolve,
        fail: () => reject(new Error('boom')),
      })
      return promise
    },
    commit: async offsets => void committed.push(...offsets),
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
    told,
    records: () => running.map(one => one.records),
  }
}
/** A batch begins a turn after what makes it possible. */
const turn = async () => {
  await immediate()
  await immediate()
}
const opened = (...partitions: number[]) => new Map(partitions.map(partition => [partition, 0]))

describe('the dispatcher', () => {
  it('mixes the partitions of one fetch into one batch (rule 7)', async () => {
    const { dispatcher, records } = given()
    dispatcher.open(opened(0, 1))
    void dispatcher.add(0, messages(0, 2))
    void dispatcher.add(1, messages(0, 1))
    await turn()
    assert.deepEqual(records(), ['t-0: 0,1 t-1: 0'])
  })

  it('never has a partition in flight twice, but others beside it (rule 19)', async () => {
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

  it('begins what waits when a batch that failed waits for its next attempt (rule 18)', async () => {
    const { dispatcher, running, records } = given(1, undefined, 60_000)
    dispatcher.open(opened(0, 1, 2, 3, 4, 5))
    for (let partition = 0; partition < 6; partition += 1) void dispatcher.add(partition, messages(0, 1))
    await turn()
    running[0]?.fail()
    await turn()
    assert.deepEqual(records().slice(5), ['t-5: 0'])
    for (const { end } of running) end()
    await dispatcher.stop(1_000)
  })

  it('lets a partition that was lost and came back wait for its old batch, whose result is not committed', async () => {
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

  it('goes on with a partition that stays, where it stands', () => {
    const { dispatcher } = given()
    dispatcher.open(new Map([[0, 7]]))
    void dispatcher.add(0, messages(7, 9))
    assert.deepEqual(dispatcher.keepOnly([0, 1]), new Map([[0, 9]]))
  })

  it('holds up fetching while a partition cannot keep up, then pauses it, and starts again', async () => {
    const { dispatcher, running, fetching } = given(5_000)
    dispatcher.open(opened(0))
    await dispatcher.add(0, messages(0, 1))
    await turn()
    const held = dispatcher.add(0, messages(1, 10_001))
    assert.deepEqual(fetching, [], 'it waits a moment for room first')
    await held
    assert.deepEqual(fetching, ['pause 0'])
    dispatcher.open(new Map([[0, 10_001]]))
    assert.deepEqual(fetching, ['pause 0', 'pause 0'], 'a rejoin had resumed it')
    running[0]?.end()
    await turn()
    running[1]?.end()
    await turn()
    assert.deepEqual(fetching.slice(2), ['resume 0'])
  })

  it('fetches again where a filter discards all that a slow registry had kept waiting', async () => {
    const answer = Promise.withResolvers<void>()
    const { dispatcher, committed, fetching } = given(10, async (_, list) => {
      await answer.promise
      return list.map(message => ({ fate: 'discard', message }))
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

  it('does not pause a partition that makes room in time', async () => {
    const { dispatcher, running, fetching } = given(5_000)
    dispatcher.open(opened(0))
    await dispatcher.add(0, messages(0, 1))
    await turn()
    const held = dispatcher.add(0, messages(1, 10_001))
    running[0]?.end()
    await held
    assert.deepEqual(fetching, [])
  })

  it('discards a record that no payload can hold, commits it, and says so (rule 9)', async () => {
    const { dispatcher, running, records, committed, log } = given()
    dispatcher.open(opened(0))
    void dispatcher.add(0, [...messages(0, 1, { value: Buffer.alloc(5 * 1024 * 1024) }), ...messages(1, 2)])
    await turn()
    assert.deepEqual(committed, [{ partition: 0, offset: 1 }])
    assert.deepEqual(records(), ['t-0: 1'])
    assert.match(log.join(), /t-0@0 given up: MaximumPayloadSizeExceeded, in an event it takes \d+ bytes/)
    running[0]?.end()
    await dispatcher.stop(1_000)
  })

  it('commits what a filter discards without an invocation, also behind a batch that is in flight (rule 39)', async () => {
    const discard: Intake = (_, list) => list.map(message => ({ fate: 'discard', message }))
    const { dispatcher, running, committed } = given(10, (partition, list) =>
      list[0]?.offset === '2' ? delivered(list) : discard(partition, list),
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

  it('begins nothing with a partition that is held, and goes on when it is released', async () => {
    const { dispatcher, faults, running, records } = given()
    faults.arm({ fault: 'hold', partition: 0 })
    dispatcher.open(opened(0, 1))
    await dispatcher.add(0, messages(0, 1))
    await dispatcher.add(1, messages(0, 1))
    await turn()
    assert.deepEqual(records(), ['t-1: 0'])
    faults.arm({ fault: 'release' })
    dispatcher.dispatchSoon()
    await turn()
    assert.deepEqual(records(), ['t-1: 0', 't-0: 0'])
    for (const one of running) one.end()
    await dispatcher.stop(1_000)
  })

  it('starts nothing while it stops, waits for what runs, and commits it', async () => {
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

  it('abandons what does not end in time', async () => {
    const { dispatcher, running, committed } = given()
    dispatcher.open(opened(0))
    void dispatcher.add(0, messages(0, 1))
    await turn()
    await dispatcher.stop(1)
    running[0]?.end()
    await turn()
    assert.deepEqual(committed, [])
  })
})
