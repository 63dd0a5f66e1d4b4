import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Dispatcher } from '../../../../localstack/msk-trigger/dispatcher.ts'
import type { LambdaEvent, Message } from '../../../../localstack/msk-trigger/event.ts'
import type { PartitionOffset } from '../../../../localstack/msk-trigger/member.ts'

const messages = (from: number, to: number, value: Buffer | null = null): Message[] =>
  Array.from({ length: to - from }, (_, n) => ({
    key: null,
    value,
    timestamp: '1',
    offset: `${from + n}`,
    headers: {},
  }))

/** A dispatcher over a topic `t`, window 0, whose invocations end when the test says so. */
function given(batchSize = 10) {
  const running: { records: string; end: () => void }[] = []
  const committed: PartitionOffset[] = []
  const fetching: string[] = []
  const log: string[] = []
  const note = (line: string) => log.push(line)
  const mapping = {
    functionKey: 'f',
    kind: 'kafka',
    topic: 't',
    groupId: 'g',
    batchSize,
    windowMs: 0,
    startingPosition: { at: 'LATEST' },
    reportsFailures: false,
  } as const
  const dispatcher = new Dispatcher(mapping, {
    name: 'f',
    brokers: ['b:1'],
    backoff: { retryDelayMs: 0, maxRetryDelayMs: 0 },
    log: { notice: note, warning: note, error: note },
    invoke: event => {
      const { promise, resolve } = Promise.withResolvers<void>()
      const lists = Object.entries((event as LambdaEvent).records)
      running.push({
        records: lists.map(([name, list]) => `${name}: ${list.map(r => r.offset)}`).join(' '),
        end: resolve,
      })
      return promise
    },
    commit: async offsets => void committed.push(...offsets),
    pause: partition => fetching.push(`pause ${partition}`),
    resume: partition => fetching.push(`resume ${partition}`),
  })
  return { dispatcher, running, committed, fetching, log, records: () => running.map(one => one.records) }
}
const opened = (...partitions: number[]) => new Map(partitions.map(partition => [partition, 0]))

describe('the dispatcher', () => {
  it('mixes the partitions of one fetch into one batch (rule 7)', async () => {
    const { dispatcher, records } = given()
    dispatcher.open(opened(0, 1))
    dispatcher.add(0, messages(0, 2))
    dispatcher.add(1, messages(0, 1))
    await turn()
    assert.deepEqual(records(), ['t-0: 0,1 t-1: 0'])
  })

  it('never has a partition in flight twice, but others beside it (rule 19)', async () => {
    const { dispatcher, running, records, committed } = given(1)
    dispatcher.open(opened(0, 1))
    dispatcher.add(0, messages(0, 2))
    dispatcher.add(1, messages(0, 1))
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
    for (let partition = 0; partition < 7; partition += 1) dispatcher.add(partition, messages(0, 1))
    await turn()
    assert.equal(running.length, 5)
    running[0]?.end()
    await turn()
    assert.equal(running.length, 6)
  })

  it('lets a partition that was lost and came back wait for its old batch, whose result is not committed', async () => {
    const { dispatcher, running, records, committed } = given()
    dispatcher.open(opened(0))
    dispatcher.add(0, messages(0, 1))
    await turn()
    assert.deepEqual(dispatcher.keepOnly([]), new Map())
    dispatcher.open(opened(0))
    dispatcher.add(0, messages(0, 1))
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
    dispatcher.add(0, messages(7, 9))
    assert.deepEqual(dispatcher.keepOnly([0, 1]), new Map([[0, 9]]))
  })

  it('stops fetching a partition that cannot keep up, and starts again', async () => {
    const { dispatcher, running, fetching } = given(5_000)
    dispatcher.open(opened(0))
    dispatcher.add(0, messages(0, 1))
    await turn()
    dispatcher.add(0, messages(1, 10_001))
    assert.deepEqual(fetching, ['pause 0'])
    dispatcher.open(new Map([[0, 10_001]]))
    assert.deepEqual(fetching, ['pause 0', 'pause 0'], 'a rejoin had resumed it')
    running[0]?.end()
    await turn()
    running[1]?.end()
    await turn()
    assert.deepEqual(fetching.slice(2), ['resume 0'])
  })

  it('skips a record that no payload can hold, commits it, and says so (rule 9)', async () => {
    const { dispatcher, records, committed, log } = given()
    dispatcher.open(opened(0))
    dispatcher.add(0, [...messages(0, 1, Buffer.alloc(5 * 1024 * 1024)), ...messages(1, 2)])
    await turn()
    await turn()
    assert.deepEqual(committed, [{ partition: 0, offset: 1 }])
    assert.deepEqual(records(), ['t-0: 1'])
    assert.match(log.join(), /skipped t-0@0: in an event it takes \d+ bytes, more than the 6291456/)
  })

  it('starts nothing while it stops, waits for what runs, and commits it', async () => {
    const { dispatcher, running, committed } = given(1)
    dispatcher.open(opened(0))
    dispatcher.add(0, messages(0, 2))
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
    dispatcher.add(0, messages(0, 1))
    await turn()
    await dispatcher.stop(1)
    running[0]?.end()
    await turn()
    assert.deepEqual(committed, [])
  })
})
