import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { TopicCommands } from '../support/topic-commands.ts'

describe('given a cluster, when a topic is created', () => {
  let commands: TopicCommands
  before(async () => {
    commands = await TopicCommands.open()
  })
  after(() => commands?.close())

  // Promise docs/kafka.md#create-a-topic | A topic is created as asked for, or named with the reason.
  it('then a topic is created as asked for, and another client sees it so', async () => {
    const topic = commands.adopt(commands.named('orders'))
    const sizes = ['--partitions', '10', '--replication-factor', '1']
    const settings = ['--set', 'retention.ms=86400000', '--set', 'cleanup.policy=compact,delete']
    const others = ['--set', 'segment.ms=3600000', '--set', 'compression.type=zstd']
    const { status, stdout, stderr } = await commands.run([
      'topics',
      'create',
      topic,
      ...[...sizes, ...settings, ...others, '--set', 'min.insync.replicas=1'],
    ])
    assert.deepEqual([status, stdout, stderr], [0, `Created topic: ${topic}\n`, ''])
    // The topic can be written at once.
    await commands.client.send(topic, [{ key: 'k', value: 'x' }])
    assert.equal((await commands.client.ends(topic)).length, 10)
    const names = ['retention.ms', 'cleanup.policy', 'segment.ms', 'compression.type', 'min.insync.replicas']
    assert.deepEqual(await Promise.all(names.map(name => commands.setting(topic, name))), [
      '86400000',
      'compact,delete',
      '3600000',
      'zstd',
      '1',
    ])
  })
})
