import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { until } from '@sluice/test-kit/until'
import { numbered, TestKafka } from '../integration/kafka.ts'
import { listRecords, Project } from '../integration/project.ts'

const CLUSTER = 'arn:aws:kafka:eu-west-1:123456789012:cluster/shop/751d2973-a626-431c-9d4e-d7975eb44dd7-2'

describe('the delivery to a function', () => {
  let kafka: TestKafka
  let project: Project
  const topics: Record<string, string> = {}
  const topic = (name: string): string => topics[name] ?? assert.fail(`no topic ${name}`)
  const group = (name: string): string => project.group(name, topic(name))

  before(async () => {
    kafka = await TestKafka.connect()
    for (const [name, count] of Object.entries({ order: 3, long: 1, linger: 3, transactions: 3 }))
      topics[name] = await kafka.topic(name, count)
    const msk = (name: string, more = {}) => ({ msk: { arn: CLUSTER, topic: topic(name), ...more } })
    project = await Project.create(
      {
        order: { events: [msk('order', { batchSize: 10, maximumBatchingWindow: 0 })] },
        long: { timeout: 30, events: [msk('long', { maximumBatchingWindow: 0 })] },
        linger: { events: [msk('linger', { maximumBatchingWindow: 0 })] },
        transactions: { events: [msk('transactions', { maximumBatchingWindow: 0 })] },
      },
      {
        order: 'await delay(Math.random() * 30)',
        long: 'await delay(8_000)',
        linger: 'await delay(1_000)',
        transactions: '',
      },
      // Longer than the handler of `linger` takes, on a busy machine.
      { mskTrigger: { lingerMs: 20_000 } },
    )
    await project.start()
  })

  after(async () => {
    await project?.remove()
    await kafka?.close()
  })

  // Promise packages/msk-trigger/RULES.md#rule 16
  it('keeps the order of a partition and never runs two batches of it at once (rules 16, 19)', async () => {
    const messages = Array.from({ length: 300 }, (_, n) => ({ partition: n % 3, value: `${n}` }))
    await kafka.send(topic('order'), messages)
    await kafka.untilCommitted(group('order'), topic('order'), [100, 100, 100])

    const invocations = project.invocations('order')
    for (const partition of [0, 1, 2]) {
      const own = invocations.filter(({ event }) => `${topic('order')}-${partition}` in event.records)
      const offsets = own.flatMap(
        ({ event }) => event.records[`${topic('order')}-${partition}`]?.map(r => r.offset) ?? [],
      )
      assert.deepEqual(
        offsets,
        Array.from({ length: 100 }, (_, n) => n),
      )
      for (const [n, next] of own.slice(1).entries()) {
        assert.ok(
          next.startedAtMs >= (own[n]?.endedAtMs ?? Number.NaN),
          `batch ${n + 1} of ${partition} started too early`,
        )
      }
    }
    assert.ok(invocations.every(invocation => listRecords(invocation).length <= 10))
  })

  it('lingers until an invocation under way has ended, and then sends what has come in one', async () => {
    await kafka.send(topic('linger'), [{ partition: 0, value: 'first' }])
    await until('the first invocation', () => project.invocations('linger').length === 1)
    for (const partition of [1, 2]) await kafka.send(topic('linger'), [{ partition, value: 'x' }])
    await kafka.untilCommitted(group('linger'), topic('linger'), [1, 1, 1])
    const [first, second, ...others] = project.invocations('linger')
    assert.deepEqual(others, [])
    assert.equal(second && listRecords(second).length, 2)
    assert.ok((second?.startedAtMs ?? 0) >= (first?.endedAtMs ?? Number.NaN))
  })

  it('commits the offsets of markers and aborted records, and delivers none of them (rule 39)', async () => {
    const name = topic('transactions')
    await kafka.sendInTransaction(name, numbered(0, 2, 0), 'commit')
    await kafka.sendInTransaction(name, [...numbered(0, 3, 1), ...numbered(0, 1, 2)], 'abort')
    await kafka.send(name, numbered(7, 8, 2))
    await kafka.untilCommitted(group('transactions'), name, [3, 4, 3])
    const delivered = project.invocations('transactions').flatMap(listRecords)
    // A broker may write the marker after a later record, so offsets say nothing.
    const values = delivered.map(({ partition, value }) => [partition, atob(value ?? '')]).sort()
    assert.deepEqual(values, [
      [0, '0'],
      [0, '1'],
      [2, '7'],
    ])
  })

  it('stays in the group while a handler runs longer than the session', async () => {
    await kafka.send(topic('long'), [{ value: 'x' }])
    await kafka.untilCommitted(group('long'), topic('long'), [1])
    assert.equal(project.invocations('long').length, 1)
    assert.equal(project.output.match(/long ← .* ready/g)?.length, 1)
  })
})
