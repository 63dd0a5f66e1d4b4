import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { until } from '../../../../test/support/until.ts'
import { BROKERS, TestKafka } from '../integration/kafka.ts'
import { type Invocation, Project, recordsOf } from '../integration/project.ts'

const CLUSTER = 'arn:aws:kafka:eu-west-1:123456789012:cluster/shop/751d2973-a626-431c-9d4e-d7975eb44dd7-2'

describe('the delivery to a function', () => {
  let kafka: TestKafka
  let project: Project
  const topics: Record<string, string> = {}
  const topic = (name: string): string => topics[name] ?? assert.fail(`no topic ${name}`)
  const group = (name: string): string => project.group(name, topic(name))

  before(async () => {
    kafka = await TestKafka.connect()
    const partitions = {
      form: 2,
      order: 3,
      late: 1,
      long: 1,
    }
    for (const [name, count] of Object.entries(partitions)) {
      topics[name] = await kafka.topic(
        name,
        count,
        name === 'form' ? { 'message.timestamp.type': 'LogAppendTime' } : {},
      )
    }
    const msk = (name: string, more = {}) => ({ msk: { arn: CLUSTER, topic: topic(name), ...more } })
    project = await Project.create(
      {
        form: { events: [msk('form', { batchSize: 3, maximumBatchingWindow: 60 })] },
        order: { events: [msk('order', { batchSize: 10, maximumBatchingWindow: 0 })] },
        late: { events: [msk('late', { maximumBatchingWindow: 0 })] },
        long: { timeout: 30, events: [msk('long', { maximumBatchingWindow: 0 })] },
      },
      {
        form: '',
        order: 'await delay(Math.random() * 30)',
        late: `setTimeout(() => { throw new Error('too late') }, 20)`,
        long: 'await delay(8_000)',
      },
    )
    await project.start()
  })

  after(async () => {
    await project?.remove()
    await kafka?.close()
  })

  it('has the same form as the managed one, key for key (rules 7, 11 to 13)', async () => {
    await kafka.send(topic('form'), [
      {
        partition: 0,
        key: 'test-key',
        value: 'test-value',
        headers: { one: ['1', Buffer.from([0, 255])], two: '2' },
      },
      { partition: 0, key: null, value: null },
      { partition: 1, key: 'k', value: '' },
    ])
    await kafka.untilCommitted(group('form'), topic('form'), [2, 1])

    const [first, ...rest] = project.invocations('form')
    assert.deepEqual(rest, [], 'one batch mixes the partitions that arrived within the window')
    const name = topic('form')
    const timestamps = recordsOf(first as Invocation)
      .toSorted((a, b) => a.partition - b.partition || a.offset - b.offset)
      .map(record => record.timestamp)
    const common = { topic: name, timestampType: 'LOG_APPEND_TIME', headers: [] }
    assert.deepEqual(first?.event, {
      eventSource: 'aws:kafka',
      eventSourceArn: CLUSTER,
      bootstrapServers: BROKERS,
      records: {
        [`${name}-0`]: [
          {
            ...common,
            partition: 0,
            offset: 0,
            timestamp: timestamps[0],
            key: 'dGVzdC1rZXk=',
            value: 'dGVzdC12YWx1ZQ==',
            headers: [{ one: [49] }, { one: [0, -1] }, { two: [50] }],
          },
          { ...common, partition: 0, offset: 1, timestamp: timestamps[1] },
        ],
        [`${name}-1`]: [
          { ...common, partition: 1, offset: 0, timestamp: timestamps[2], key: 'aw==', value: '' },
        ],
      },
    })
    for (const timestamp of timestamps) assert.ok(Math.abs(timestamp - Date.now()) < 3_600_000)
  })

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
    assert.ok(invocations.every(invocation => recordsOf(invocation).length <= 10))
  })

  it('survives an uncaught exception after the response, and logs its stack', async () => {
    for (const n of [1, 2]) {
      await kafka.send(topic('late'), [{ value: 'x' }])
      await kafka.untilCommitted(group('late'), topic('late'), [n])
      const lines = () =>
        project.output.match(/msk {2}late {2}after it had responded, .*\n\s+Error: too late\n\s+at /g)
      await until('the stack to be shown', () => lines()?.length === n)
    }
  })

  it('stays in the group while a handler runs longer than the session', async () => {
    await kafka.send(topic('long'), [{ value: 'x' }])
    await kafka.untilCommitted(group('long'), topic('long'), [1])
    assert.equal(project.invocations('long').length, 1)
    assert.equal(project.output.match(/long ← .* ready/g)?.length, 1)
  })
})
