import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { PROJECT } from '../support/program.ts'
import { TopicCommands } from '../support/topic-commands.ts'

const HEATWAVE = readFileSync(join(PROJECT, 'events', 'streams', 'heatwave.jsonl'), 'utf8')

interface Published {
  readonly id: string
  readonly partition: number
  readonly offset: number
}

describe('given events of one’s own, when they are published', () => {
  let commands: TopicCommands
  before(async () => {
    commands = await TopicCommands.open()
  })
  after(() => commands?.close())

  const publish = (topic: string, stdin: string, ...args: string[]) =>
    commands.run(['publish', '--topic', topic, '-', ...args], stdin)

  it('then each is at the reported place, under the key of its sensor, in the partition of other clients', async () => {
    const topic = await commands.topic('readings', 5)
    const lines = HEATWAVE.split('\n').slice(0, 9)
    const { status, stdout, stderr } = await publish(topic, lines.join('\n'), '--json')
    assert.equal(status, 0, stderr)
    const published: Published[] = JSON.parse(stdout).published
    const found = new Map(
      (await commands.client.read(topic)).map(one => [`${one.partition}/${one.offset}`, one]),
    )
    assert.equal(found.size, 9)
    lines.forEach((line, at) => {
      const { id, data } = JSON.parse(line)
      const { partition, offset, id: said } = published[at] as Published
      const record = found.get(`${partition}/${offset}`)
      assert.deepEqual([said, String(record?.headers?.ce_id)], [id, id])
      assert.equal(String(record?.key), data.sensorId)
      assert.deepEqual(JSON.parse(String(record?.value)), data)
    })
    // The library's own partitioner of these keys.
    await commands.client.send(topic, [{ key: 'roof-1', value: 'x' }])
    const [foreign] = (await commands.client.read(topic)).filter(({ headers }) => !headers?.ce_id)
    const own = published.find((_, at) => JSON.parse(lines[at] ?? '').data.sensorId === 'roof-1')
    assert.equal(own?.partition, foreign?.partition)
  })
})
