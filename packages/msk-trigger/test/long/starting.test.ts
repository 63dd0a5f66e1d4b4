import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { numbered, TestKafka } from '../integration/kafka.ts'
import { offsetsSeen, Project } from '../integration/project.ts'

describe('the startup of the trigger', () => {
  let kafka: TestKafka
  let project: Project | undefined

  before(async () => {
    kafka = await TestKafka.connect()
  })
  afterEach(() => project?.remove())
  after(() => kafka?.close())

  async function create(topic: string, handler: string, event = {}): Promise<Project> {
    project = await Project.ofTopic(topic, handler, event)
    return project
  }

  it('waits for a topic that does not exist yet, logs it, and does not create it', async () => {
    const topic = `missing.${Date.now()}`
    const own = await create(topic, '')
    await own.startWithoutWaiting()
    await own.untilSays(
      /topic missing\.\d+ does not exist: create topic missing\.\d+, for example with kafka-topics/,
    )
    assert.ok(!(await kafka.admin.listTopics()).includes(topic))
    await kafka.createTopic(topic, 2)
    await own.untilSays(/ready \(2 partitions\)/)
    await kafka.send(topic, numbered(0, 1))
    await kafka.untilCommitted(own.group('f', topic), topic, [1, -1])
  })

  it('starts at the starting position if its offset is no longer in the log', async () => {
    const topic = await kafka.topic('truncated', 1)
    const own = await create(topic, '')
    await own.start()
    await kafka.send(topic, numbered(0, 5))
    await kafka.untilCommitted(own.group('f', topic), topic, [5])
    await own.end('SIGKILL')
    await kafka.send(topic, numbered(5, 20))
    await kafka.admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '12' }] })
    await own.start()
    await kafka.untilCommitted(own.group('f', topic), topic, [20])
    assert.deepEqual(offsetsSeen(own, 'f').slice(5), [12, 13, 14, 15, 16, 17, 18, 19])
  })
})
