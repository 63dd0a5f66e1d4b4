import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { after, afterEach, before, describe, it } from 'node:test'
import { until } from '../../../../test/support/until.ts'
import { numbered, TestKafka } from '../integration/kafka.ts'
import { assertAllInOrder } from '../integration/ordered.ts'
import { type Invocation, offsetsSeen, Project, recordsOf } from '../integration/project.ts'

const arn = 'arn:aws:kafka:eu-west-1:123456789012:cluster/shop/id'
const POSITIONS = [
  { startingPosition: 'TRIM_HORIZON' },
  { startingPosition: 'LATEST' },
  { startingPosition: 'AT_TIMESTAMP', startingPositionTimestamp: 1_700_000_000 },
] as const

describe('a topic that is deleted and created again in the middle of a run', { timeout: 600_000 }, () => {
  let kafka: TestKafka
  const projects: Project[] = []

  before(async () => {
    kafka = await TestKafka.connect()
  })
  afterEach(() => Promise.all(projects.splice(0).map(project => project.remove())))
  after(() => kafka?.close())

  /** Projects that read a topic in one group, started one after another. */
  async function given(partitions: number, { handler = '', event = {}, processes = 1 } = {}) {
    const topic = await kafka.topic('again', partitions)
    const group = `group-${topic}`
    const own = { topic, consumerGroupId: group, batchSize: 10, maximumBatchingWindow: 0, ...event }
    const started: Project[] = []
    for (let n = 0; n < processes; n += 1) {
      const project = await Project.create(
        { f: { timeout: 60, events: [{ msk: { arn, ...own } }] } },
        { f: handler },
      )
      projects.push(project)
      started.push(project)
      await project.start()
    }
    const recreate = async (count: number) => {
      await kafka.admin.deleteTopics({ topics: [topic] })
      await kafka.createTopic(topic, count)
    }
    return { topic, group, started, recreate }
  }

  /** Sends records of one generation of the topic, by a producer that knows nothing of the one before. */
  async function send(topic: string, generation: number, count: number, partitions: number): Promise<void> {
    const producer = await TestKafka.connect()
    const part = (partition: number) =>
      numbered(0, count, partition).map(record => ({ ...record, value: `g${generation} ${record.value}` }))
    await producer.send(topic, Array.from({ length: partitions }, (_, n) => part(n)).flat())
    await producer.close()
  }

  /** What was delivered of one generation, by whichever process, in the order in which it began. */
  function delivered(generation: number, by: readonly Project[]): Invocation[] {
    const isOf = ({ value }: { value?: string | null }) =>
      Buffer.from(value ?? '', 'base64')
        .toString()
        .startsWith(`g${generation} `)
    const all = by.flatMap(project => project.invocations('f')).filter(one => recordsOf(one).some(isOf))
    return all.toSorted((a, b) => a.startedAtMs - b.startedAtMs)
  }

  async function untilAllDelivered(
    { topic, group, started }: Pick<Awaited<ReturnType<typeof given>>, 'topic' | 'group' | 'started'>,
    generation: number,
    ends: readonly number[],
  ): Promise<void> {
    const has = (partition: number, offset: number) =>
      delivered(generation, started).some(one =>
        recordsOf(one).some(record => record.partition === partition && record.offset === offset),
      )
    await until('the last records are delivered', () => ends.every((end, n) => has(n, end - 1)), {
      describe: () => started.map(({ output }) => output),
    })
    await kafka.untilCommitted(group, topic, ends)
    assertAllInOrder(delivered(generation, started), topic, ends)
  }

  for (const event of POSITIONS)
    it(`given ${event.startingPosition}, then each generation is read from its beginning`, async () => {
      const all = await given(2, { event })
      await send(all.topic, 0, 25, 2)
      await untilAllDelivered(all, 0, [25, 25])
      for (const generation of [1, 2, 3]) {
        await all.recreate(2)
        await send(all.topic, generation, 40, 2)
        await untilAllDelivered(all, generation, [40, 40])
      }
    })

  for (const [before, after] of [
    [3, 1],
    [1, 3],
  ] as const)
    it(`given ${before} partitions, when it has ${after} afterwards, then all are read`, async () => {
      const all = await given(before)
      await send(all.topic, 0, 25, before)
      await untilAllDelivered(all, 0, Array(before).fill(25))
      await all.recreate(after)
      await send(all.topic, 1, 40, after)
      await untilAllDelivered(all, 1, Array(after).fill(40))
    })

  it('given a backlog of the former one, then no offset of it is committed to the new one', async () => {
    const all = await given(1, { handler: 'await delay(300)' })
    await send(all.topic, 0, 5_000, 1)
    await until('a backlog', () => all.started.some(project => project.invocations('f').length > 2))
    await all.recreate(1)
    await send(all.topic, 1, 60, 1)
    await untilAllDelivered(all, 1, [60])
  })

  it('given two processes, then both notice, and every record is delivered', async () => {
    const all = await given(4, { processes: 2 })
    await send(all.topic, 0, 30, 4)
    await untilAllDelivered(all, 0, Array(4).fill(30))
    await all.recreate(4)
    await send(all.topic, 1, 50, 4)
    await untilAllDelivered(all, 1, Array(4).fill(50))
  })

  it('given a process that is not running meanwhile, then it starts at the starting position', async () => {
    const all = await given(1)
    const [project = assert.fail()] = all.started
    await send(all.topic, 0, 30, 1)
    await untilAllDelivered(all, 0, [30])
    await project.end('SIGTERM')
    await all.recreate(1)
    await send(all.topic, 1, 40, 1)
    await project.start()
    await untilAllDelivered(all, 1, [40])
  })

  it('given records that retention removes before they are read, then reading goes on behind them', async () => {
    const { topic, group, started } = await given(1, { handler: `while (!existsSync('go')) await delay(20)` })
    const [project = assert.fail()] = started
    // More than is fetched ahead.
    for (let n = 0; n < 4; n += 1) await kafka.send(topic, numbered(n * 2_000, n * 2_000 + 2_000))
    await until('a batch to run', () => project.invocations('f').length > 0)
    await kafka.admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '7900' }] })
    await writeFile(project.file('go'), '')
    await kafka.untilCommitted(group, topic, [8_000], 120_000)
    const seen = offsetsSeen(project, 'f')
    assert.deepEqual(
      seen,
      seen.toSorted((a, b) => a - b),
    )
    assert.deepEqual(
      seen.slice(-100),
      numbered(7_900, 8_000).map(({ value }) => Number(value)),
    )
  })
})
