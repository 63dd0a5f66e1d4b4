import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { after, afterEach, before, describe, it } from 'node:test'
import { until } from '../../../../test/support/until.ts'
import { TestKafka } from '../integration/kafka.ts'
import { Project, recordsOf } from '../integration/project.ts'

describe('two processes in one group', () => {
  let kafka: TestKafka
  const projects: Project[] = []

  before(async () => {
    kafka = await TestKafka.connect()
  })
  afterEach(() => Promise.all(projects.splice(0).map(project => project.remove())))
  after(() => kafka?.close())

  it('share partitions; results of a revoked one are not committed, and no record is lost', async () => {
    const topic = await kafka.topic('shared', 2)
    const consumerGroupId = `shared-${Date.now()}`
    const arn = 'arn:aws:kafka:eu-west-1:123456789012:cluster/shop/id'
    const events = [{ msk: { arn, topic, consumerGroupId, batchSize: 1, maximumBatchingWindow: 0 } }]
    const one = await Project.create(
      { f: { timeout: 60, events } },
      { f: `while (!existsSync('go')) await delay(20)` },
    )
    const two = await Project.create(
      { f: { timeout: 60, events } },
      { f: `while (!existsSync('go')) await delay(20)` },
    )
    projects.push(one, two)

    await one.start()
    await kafka.send(
      topic,
      [0, 1].flatMap(partition => [0, 1, 2].map(n => ({ partition, value: `${n}` }))),
    )
    await until('both partitions to be in flight', () => one.invocations('f').length === 2)

    // The second process takes over one of the two while the first still processes it.
    await two.start()
    await one.untilSays(/ready \(1 partition\)/)
    await until('the second to process its partition', () => two.invocations('f').length === 1)
    const taken = recordsOf(two.invocations('f')[0] ?? assert.fail()).at(0)?.partition ?? assert.fail()

    await writeFile(one.file('go'), '')
    const own = [-1, -1]
    own[1 - taken] = 3
    // The first commits only the partition that it has kept.
    await kafka.untilCommitted(consumerGroupId, topic, own)
    assert.equal(one.invocations('f').filter(i => `${topic}-${taken}` in i.event.records).length, 1)

    await writeFile(two.file('go'), '')
    await kafka.untilCommitted(consumerGroupId, topic, [3, 3])
    assert.deepEqual(
      two
        .invocations('f')
        .flatMap(recordsOf)
        .map(r => r.offset),
      [0, 1, 2],
    )
    const kept = one
      .invocations('f')
      .flatMap(recordsOf)
      .filter(r => r.partition !== taken)
    assert.deepEqual(
      kept.map(r => r.offset),
      [0, 1, 2],
      'a kept partition is not redelivered',
    )
  })
})
