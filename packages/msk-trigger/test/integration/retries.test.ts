import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { TestKafka } from './kafka.ts'
import { Project, recordsOf } from './project.ts'

const arn = 'arn:aws:kafka:eu-west-1:123456789012:cluster/shop/id'
const common = { arn, maximumBatchingWindow: 1, provisionedPollerConfig: { minimumPollers: 1 } }

describe('a failed batch', () => {
  let kafka: TestKafka
  let project: Project
  const topics: Record<string, string> = {}
  const topic = (name: string): string => topics[name] ?? assert.fail(`no topic ${name}`)
  const group = (name: string): string => project.group(name, topic(name))
  const batches = (name: string) =>
    project
      .invocations(name)
      .map(one => recordsOf(one).map(({ partition, offset }) => `${partition}@${offset}`))
  const values = (count: number, part = {}) =>
    Array.from({ length: count }, (_, n) => ({ partition: 0, value: `${n}`, ...part }))

  before(async () => {
    kafka = await TestKafka.connect()
    const partitions = { hangs: 1, exits: 1 }
    for (const [name, count] of Object.entries(partitions)) topics[name] = await kafka.topic(name, count)
    const msk = (name: string, more: object) => ({
      events: [{ msk: { ...common, topic: topic(name), ...more } }],
    })
    project = await Project.create(
      {
        hangs: { timeout: 3, ...msk('hangs', { maximumRetryAttempts: 1 }) },
        exits: msk('exits', { maximumRetryAttempts: 1 }),
      },
      {
        hangs: 'if (values.includes("0")) while (true);',
        exits: 'if (values.includes("0")) process.exit(7)',
      },
    )
    await project.start()
  })
  after(async () => {
    await project?.remove()
    await kafka?.close()
  })

  it('can be caused by a handler that blocks its event loop (rule 23)', async () => {
    await kafka.send(topic('hangs'), values(1))
    await kafka.untilCommitted(group('hangs'), topic('hangs'), [1])
    assert.equal(batches('hangs').length, 2)
    await kafka.send(topic('hangs'), [{ value: 'works again' }])
    await kafka.untilCommitted(group('hangs'), topic('hangs'), [2])
    assert.match(project.output, /discarded: .* timeout: the handler took longer than 3000 ms/)
  })

  it('can be caused by a handler that ends its process', async () => {
    await kafka.send(topic('exits'), values(1))
    await kafka.untilCommitted(group('exits'), topic('exits'), [1])
    await kafka.send(topic('exits'), [{ value: 'works again' }])
    await kafka.untilCommitted(group('exits'), topic('exits'), [2])
    assert.equal(batches('exits').length, 3)
    assert.match(project.output, /discarded: .* the handler ended its process with exit code 7/)
  })
})
