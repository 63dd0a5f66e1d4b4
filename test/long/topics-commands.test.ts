import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { TopicCommands } from '../support/topic-commands.ts'

describe('given a cluster, when its topics are looked at and changed', { timeout: 600_000 }, () => {
  let commands: TopicCommands
  before(async () => {
    commands = await TopicCommands.open()
  })
  after(() => commands?.close())

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

  it('then partitions, settings and the list say what is there', async () => {
    const topic = await commands.topic('described', 3, { 'retention.ms': '60000' })
    await commands.client.send(topic, [{ partition: 1, value: 'x' }])
    const described = await commands.run(['topics', 'describe', topic])
    assert.match(described.stdout, /^ {2}State +all in sync$/m)
    assert.match(described.stdout, /^ {2}Distribution +even, skew 3\.00 \(few records\)$/m)
    assert.match(described.stdout, /^ +1 +\d+ +\d+ +\d+ +0 +1 +1 +100\.0 %/m)
    assert.match(described.stdout, /^retention\.ms +60000 +1 min$/m)
    const {
      rows: [{ partitions, skew, verdict, settings }],
    } = JSON.parse((await commands.run(['topics', 'describe', topic, '--json'])).stdout)
    assert.deepEqual(
      partitions.map((partition: { records: number; share: number }) => [partition.records, partition.share]),
      [
        [0, 0],
        [1, 1],
        [0, 0],
      ],
    )
    assert.deepEqual({ skew, verdict }, { skew: 3, verdict: 'even' })
    await commands.client.send(
      topic,
      Array.from({ length: 99 }, () => ({ partition: 1, value: 'x' })),
    )
    const skewed = await commands.run(['topics', 'describe', topic])
    assert.match(skewed.stdout, /^ {2}Distribution +skewed, skew 3\.00$/m)
    assert.deepEqual(settings, [{ name: 'retention.ms', value: '60000', means: '1 min' }])
    const { rows: topics } = JSON.parse((await commands.run(['topics', 'list', '--json'])).stdout)
    const [listed] = topics.filter((value: { topic: string }) => value.topic === topic)
    const { bytes, ...others } = listed
    assert.ok(bytes > 0)
    assert.deepEqual(others, {
      ...{ topic, signal: null, isInternal: false, partitions: 3, records: 100 },
      ...{ replicas: 1, leaderless: 0, underReplicated: 0, state: 'all in sync', tone: 'good' },
    })
    assert.ok(topics.every((topic: { topic: string }) => !topic.topic.startsWith('__')))
  })
})
