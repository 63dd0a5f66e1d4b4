import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { until } from '../../../../test/support/until.ts'
import { numbered, TestKafka } from '../integration/kafka.ts'
import { assertAllInOrder } from '../integration/ordered.ts'
import { type Invocation, Project, recordsOf } from '../integration/project.ts'

const arn = 'arn:aws:kafka:eu-west-1:123456789012:cluster/shop/id'
const PARTITIONS = 4
const BATCH_SIZE = 10
const COUNT = 200

describe('a second process that takes over from the first', { timeout: 600_000 }, () => {
  let kafka: TestKafka
  const projects: Project[] = []

  before(async () => {
    kafka = await TestKafka.connect()
  })
  afterEach(() => Promise.all(projects.splice(0).map(project => project.remove())))
  after(() => kafka?.close())

  /** Two projects, not started, that read a topic in one group. */
  async function given(handler: string) {
    const topic = await kafka.topic('taken-over', PARTITIONS)
    const group = `group-${topic}`
    const own = { topic, consumerGroupId: group, batchSize: BATCH_SIZE, maximumBatchingWindow: 0 }
    const events = [{ msk: { arn, ...own } }]
    const create = () => Project.create({ f: { timeout: 60, events } }, { f: handler })
    const [first, second] = [await create(), await create()]
    projects.push(first, second)
    const send = (from: number, to: number) =>
      kafka.send(
        topic,
        Array.from({ length: PARTITIONS }, (_, partition) => numbered(from, to, partition)).flat(),
      )
    const untilDone = (count: number) => kafka.untilCommitted(group, topic, Array(PARTITIONS).fill(count))
    return { topic, first, second, send, untilDone }
  }

  /** Deliveries of both processes, in the order of their beginnings. */
  function delivered(...by: readonly Project[]): Invocation[] {
    const all = by.flatMap(project => project.invocations('f'))
    return all.toSorted((a, b) => a.startedAtMs - b.startedAtMs)
  }
  const ends = (count: number) => Array(PARTITIONS).fill(count)
  const hasRun = (project: Project, times: number) => () => project.invocations('f').length >= times

  it('given one that is ended, then the other continues at once, and no record is repeated', async () => {
    const { topic, first, second, send, untilDone } = await given('await delay(20)')
    await first.start()
    await send(0, COUNT)
    await until('the first to work', hasRun(first, 8))
    await first.end('SIGINT')
    await second.start()
    await untilDone(COUNT)
    assert.equal(assertAllInOrder(delivered(first, second), topic, ends(COUNT)), 0)
  })

  it('given one that is killed, then the other repeats what was not committed, and nothing else', async () => {
    const { topic, first, second, send, untilDone } = await given('await delay(20)')
    await first.start()
    await send(0, COUNT)
    await until('the first to work', hasRun(first, 8))
    await first.end('SIGKILL')
    await second.start()
    await untilDone(COUNT)
    const repeated = assertAllInOrder(delivered(first, second), topic, ends(COUNT))
    // Batches in flight, and those of the 50 ms since the last commit.
    assert.ok(repeated <= 20 * BATCH_SIZE, `${repeated}`)
  })

  it('given both, when one is killed while a batch of it fails, then the other takes its partitions', async () => {
    const { topic, first, second, send, untilDone } = await given(
      `if (values.includes('7') && attempt < 6) throw new Error('boom')`,
    )
    await Promise.all([first.start(), second.start()])
    await send(0, COUNT)
    await until('a batch to fail', () => /failed \(attempt 1/.test(first.output))
    await first.end('SIGKILL')
    await send(COUNT, 2 * COUNT)
    await untilDone(2 * COUNT)
    assertAllInOrder(delivered(first, second), topic, ends(2 * COUNT))
  })

  it('given processes that come and go in turn, then each partition stays in order', async () => {
    const { topic, first, second, send, untilDone } = await given('await delay(5)')
    let sent = 0
    const more = async () => {
      await send(sent, sent + COUNT)
      sent += COUNT
    }
    await first.start()
    for (let round = 0; round < 3; round += 1) {
      await more()
      await second.start()
      await more()
      await first.end(round === 1 ? 'SIGKILL' : 'SIGTERM')
      await more()
      await first.start()
      await second.end(round === 1 ? 'SIGKILL' : 'SIGTERM')
    }
    await untilDone(sent)
    assertAllInOrder(delivered(first, second), topic, ends(sent))
    for (const project of [first, second])
      assert.ok(
        project.invocations('f').some(one => recordsOf(one).length > 0),
        'both have worked',
      )
  })
})
