import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { numbered, TestKafka } from '../integration/kafka.ts'
import { assertAllInOrder } from '../integration/ordered.ts'
import { Project, recordsOf } from '../integration/project.ts'

const MIB = 1024 * 1024

describe('settings of a topic that are changed in the middle of a run', { timeout: 300_000 }, () => {
  let kafka: TestKafka
  let project: Project
  let topic: string

  before(async () => {
    kafka = await TestKafka.connect()
    topic = await kafka.topic('changed', 2)
    project = await Project.ofTopic(topic, '')
    await project.start()
  })
  after(async () => {
    await project?.remove()
    await kafka?.close()
  })

  it('given larger records than before, then they are delivered, and hold up no other partition', async () => {
    await kafka.send(topic, [...numbered(0, 50, 0), ...numbered(0, 50, 1)])
    await kafka.untilCommitted(project.group('f', topic), topic, [50, 50])
    await kafka.configure(topic, { 'max.message.bytes': String(4 * MIB) })
    await kafka.send(topic, [{ partition: 1, value: Buffer.alloc(3 * MIB, 'x') }])
    await kafka.send(topic, [...numbered(50, 100, 0), ...numbered(51, 100, 1)])
    await kafka.untilCommitted(project.group('f', topic), topic, [100, 100])
    assertAllInOrder(project.invocations('f'), topic, [100, 100])
  })

  it('given times of the broker, then records say so from then on', async () => {
    await kafka.configure(topic, { 'message.timestamp.type': 'LogAppendTime' })
    await kafka.send(topic, numbered(100, 110, 0))
    await kafka.untilCommitted(project.group('f', topic), topic, [110, 100])
    const types = project
      .invocations('f')
      .flatMap(recordsOf)
      .filter(({ partition }) => partition === 0)
      .map(({ timestampType }) => timestampType)
    assert.deepEqual(types, [...Array(100).fill('CREATE_TIME'), ...Array(10).fill('LOG_APPEND_TIME')])
  })
})
