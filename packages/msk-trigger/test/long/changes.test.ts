import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { until } from '@sluice/test-kit/until'
import { numbered, TestKafka } from '../integration/kafka.ts'
import { assertAllInOrder } from '../integration/ordered.ts'
import { type Invocation, listRecords, Project } from '../integration/project.ts'

const arn = 'arn:aws:kafka:eu-west-1:123456789012:cluster/shop/id'

const REFILLED = ['refilled1', 'refilled2', 'refilled3', 'refilled4']

describe('a topic that changes while it is read', () => {
  let kafka: TestKafka
  let project: Project
  let topics: Record<string, string> = {}
  const topic = (name: string): string => topics[name] ?? assert.fail(`no topic ${name}`)
  const group = (name: string): string => project.group(name, topic(name))

  before(async () => {
    kafka = await TestKafka.connect()
    topics = await kafka.topics({ ...of(REFILLED, () => 2), gone: 1, grown: 1 })
    const msk = (name: string, more = {}) => ({
      events: [{ msk: { arn, topic: topic(name), batchSize: 10, maximumBatchingWindow: 0, ...more } }],
    })
    const latest = { startingPosition: 'LATEST' }
    project = await Project.create(
      {
        ...of(REFILLED, name => msk(name)),
        gone: msk('gone', latest),
        grown: msk('grown', latest),
      },
      {
        ...of(REFILLED, () => ''),
        gone: '',
        grown: '',
      },
    )
    await project.start()
  })
  after(async () => {
    await project?.remove()
    await kafka?.close()
  })

  /** The invocations with records of the second topic of this name, whose values begin with "new". */
  function afterwards(name: string): Invocation[] {
    const isNew = ({ value }: { value?: string | null }) =>
      Buffer.from(value ?? '', 'base64')
        .toString()
        .startsWith('new')
    return project.invocations(name).filter(invocation => listRecords(invocation).some(isNew))
  }
  const fresh = (count: number, partition = 0) =>
    Array.from({ length: count }, (_, n) => ({ partition, value: `new ${n}` }))

  // Several, because it depends on when the fetch that is under way was sent.
  for (const name of REFILLED)
    it(`given ${name}, created again with more records than were read, then it is read from its start`, async () => {
      await kafka.send(topic(name), [...numbered(0, 20, 0), ...numbered(0, 20, 1)])
      await kafka.untilCommitted(group(name), topic(name), [20, 20])
      await kafka.admin.deleteTopics({ topics: [topic(name)] })
      await kafka.createTopic(topic(name), 2)
      await kafka.send(topic(name), [...fresh(30, 0), ...fresh(30, 1)])
      await until('the new records are read', () =>
        [0, 1].every(partition =>
          afterwards(name).some(afterward =>
            listRecords(afterward).some(record => record.partition === partition && record.offset === 29),
          ),
        ),
      )
      await kafka.untilCommitted(group(name), topic(name), [30, 30])
      assertAllInOrder(afterwards(name), topic(name), [30, 30])
    })

  it('given one that is gone for a while, then it is asked for, and the next one loses no record', async () => {
    await kafka.send(topic('gone'), numbered(0, 5))
    await kafka.untilCommitted(group('gone'), topic('gone'), [5])
    await kafka.admin.deleteTopics({ topics: [topic('gone')] })
    await project.untilSays(/gone ← .*does not exist/)
    await kafka.createTopic(topic('gone'), 1)
    await kafka.send(topic('gone'), fresh(3))
    await kafka.untilCommitted(group('gone'), topic('gone'), [3])
    assertAllInOrder(afterwards('gone'), topic('gone'), [3])
  })

  it('given one that gets more partitions, then these are read from their beginning', async () => {
    await kafka.send(topic('grown'), numbered(0, 5))
    await kafka.untilCommitted(group('grown'), topic('grown'), [5])
    await kafka.admin.createPartitions({ topicPartitions: [{ topic: topic('grown'), count: 3 }] })
    // A producer that knows of them.
    const other = await TestKafka.connect()
    await until('the new partitions take records', async () => {
      await other.send(topic('grown'), [...numbered(0, 5, 1), ...numbered(0, 5, 2)])
      return true
    })
    await kafka.send(topic('grown'), numbered(5, 10))
    await other.close()
    const ends = (await kafka.admin.fetchTopicOffsets(topic('grown')))
      .toSorted((a, b) => a.partition - b.partition)
      .map(({ high }) => Number(high))
    assert.equal(ends.length, 3)
    await kafka.untilCommitted(group('grown'), topic('grown'), ends)
    const repeated = assertAllInOrder(project.invocations('grown'), topic('grown'), ends)
    assert.equal(repeated, 0, 'what was read already is not read again')
  })
})

function of<T>(names: readonly string[], value: (name: string) => T): Record<string, T> {
  return Object.fromEntries(names.map(name => [name, value(name)]))
}
