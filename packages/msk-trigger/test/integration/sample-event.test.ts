import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { until } from '../../../../test/support/until.ts'
import { TestKafka } from './kafka.ts'
import { Project } from './project.ts'

const arn = 'arn:aws:kafka:eu-west-1:123456789012:cluster/shop/id'

describe('serverless kafka event', () => {
  let kafka: TestKafka
  let project: Project
  let topic: string
  let other: string

  before(async () => {
    kafka = await TestKafka.connect()
    topic = await kafka.topic('sample', 2)
    other = await kafka.topic('sample-other', 1)
    const events = [topic, other].map(name => ({ msk: { arn, topic: name, maximumBatchingWindow: 1 } }))
    project = await Project.create({ f: { events } }, { f: '' })
    await kafka.send(topic, [
      { partition: 0, key: 'a', value: 'old', timestamp: '1000' },
      { partition: 1, key: 'b', value: null, timestamp: '2000' },
      { partition: 0, key: null, value: 'new', timestamp: '3000', headers: { one: Buffer.from([0, 200]) } },
    ])
  })
  after(async () => {
    await project?.remove()
    await kafka?.close()
  })

  it('given a file, then it has the event that the trigger delivers next, and no group is left', async () => {
    const { output, code } = await project.run(
      'kafka',
      'event',
      '-f',
      'f',
      '--topic',
      topic,
      '--records',
      '10',
      '--output',
      'event.json',
    )
    assert.equal(code, 0, output)
    const written = JSON.parse(await readFile(project.file('event.json'), 'utf8'))
    const { groups } = await kafka.admin.listGroups()
    assert.deepEqual(
      groups.map(({ groupId }) => groupId).filter(groupId => groupId.startsWith(project.service)),
      [],
    )
    await project.start()
    await until('the batch is delivered', () => project.invocations('f').length === 1)
    assert.deepEqual(written, project.invocations('f')[0]?.event)
  })

  it('given no number, then it has the newest record alone', async () => {
    const { output } = await project.run('kafka', 'event', '-f', 'f', '--topic', topic)
    const [, json = ''] = /^(\{"eventSource".*)$/m.exec(output) ?? []
    const { records } = JSON.parse(json)
    assert.deepEqual(Object.keys(records), [`${topic}-0`])
    const [{ offset, headers }, ...rest] = records[`${topic}-0`]
    assert.deepEqual([offset, headers, rest], [1, [{ one: [0, -56] }], []])
  })

  it('given what it cannot do, then it says why', async () => {
    const run = async (...more: string[]) => (await project.run('kafka', 'event', ...more)).output
    assert.match(await run('-f', 'g'), /function "g" has no enabled msk or kafka event; these have: f/)
    assert.match(await run('-f', 'f'), /function "f" reads several topics: choose one with --topic/)
    assert.match(await run('-f', 'f', '--topic', other), /has no record among the last 1 of each partition/)
  })
})
