import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { until } from '../../../../test/support/until.ts'
import { TestKafka } from './kafka.ts'
import { Project } from './project.ts'

describe('a function with reservedConcurrency: 1', () => {
  let kafka: TestKafka
  let project: Project

  before(async () => {
    kafka = await TestKafka.connect()
  })
  after(async () => {
    await project?.remove()
    await kafka?.close()
  })

  it('given partitions of two topics, then it never runs twice at once (rule 24)', async () => {
    const topics = await Promise.all(['one', 'other'].map(name => kafka.topic(`reserved-${name}`, 2)))
    const arn = 'arn:aws:kafka:eu-west-1:123456789012:cluster/shop/id'
    const events = topics.map(topic => ({ msk: { arn, topic, batchSize: 1, maximumBatchingWindow: 0 } }))
    project = await Project.create({ f: { reservedConcurrency: 1, events } }, { f: 'await delay(200)' })
    for (const topic of topics)
      await kafka.send(
        topic,
        [0, 1].map(partition => ({ partition, value: 'x' })),
      )
    await project.start()
    const ended = () => project.invocations('f').filter(one => one.endedAtMs !== undefined)
    await until('each record is delivered', () => ended().length === 4)
    const all = ended().sort((a, b) => a.startedAtMs - b.startedAtMs)
    for (const [n, { startedAtMs }] of all.entries()) assert.ok(startedAtMs >= (all[n - 1]?.endedAtMs ?? 0))
  })
})
