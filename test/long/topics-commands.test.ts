import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { SIGNALS, topicName } from '../../lib/app/topics.ts'
import { TopicCommands } from '../support/topic-commands.ts'
import { until } from '../support/until.ts'

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

  it('then a topic that cannot be created is named with the reason, and is not there', async () => {
    const there = await commands.topic('there', 1)
    const missing = commands.named('missing')
    const failing: [args: string[], topic: string, reason: string][] = [
      [[], there, 'it exists already'],
      [['--replication-factor', '99'], missing, 'replication factor 99 is larger than the number of brokers'],
      [['--set', 'compression.type=zip', '--set', 'retention.ms=5'], missing, 'compression.type=zip'],
      [['--set', 'no.such.setting=1'], missing, 'no.such.setting=1'],
      [['--replication-factor', '1', '--set', 'min.insync.replicas=2'], missing, 'nothing could be written'],
      [[], `${missing}/x`, 'a name has up to 249 letters'],
    ]
    for (const [args, topic, reason] of failing) {
      const { status, stdout, stderr } = await commands.run(['topics', 'create', topic, ...args])
      assert.deepEqual([status, stdout], [1, ''])
      assert.ok(stderr.startsWith(`Failed to create ${topic}: `) && stderr.includes(reason), stderr)
    }
    assert.ok(!(await commands.admin.listTopics()).includes(missing))
  })

  it('then partitions, settings and the list say what is there', async () => {
    const topic = await commands.topic('described', 3, { 'retention.ms': '60000' })
    await commands.client.send(topic, [{ partition: 1, value: 'x' }])
    const described = await commands.run(['topics', 'describe', topic])
    assert.match(described.stdout, /^Partitions: 3, replication factor 1, 0 under-replicated$/m)
    assert.match(described.stdout, /^ +1 +\d+ +\d+ +\d+ +1$/m)
    assert.match(described.stdout, /^ {2}retention\.ms = 60000$/m)
    const { partitions, settings } = JSON.parse(
      (await commands.run(['topics', 'describe', topic, '--json'])).stdout,
    )
    assert.deepEqual(
      partitions.map((one: { records: number }) => one.records),
      [0, 1, 0],
    )
    assert.deepEqual(settings, { 'retention.ms': '60000' })
    const { topics } = JSON.parse((await commands.run(['topics', 'list', '--json'])).stdout)
    const [listed] = topics.filter((one: { topic: string }) => one.topic === topic)
    assert.deepEqual(listed, { topic, signal: null, partitions: 3, replicationFactor: 1, underReplicated: 0 })
    assert.ok(topics.every((one: { topic: string }) => !one.topic.startsWith('__')))
  })
})

describe('given topics that differ from the table, when they are planned', { timeout: 600_000 }, () => {
  let commands: TopicCommands
  let env: string
  const topic = (signal: (typeof SIGNALS)[number]) => topicName(signal, env)
  const run = (...args: string[]) => commands.run(['topics', ...args, '--env', env])

  before(async () => {
    commands = await TopicCommands.open()
    env = commands.prefix
    for (const signal of SIGNALS) commands.adopt(topic(signal))
  })
  after(() => commands?.close())

  it('then missing ones are shown, and nothing is created until it is confirmed', async () => {
    const unasked = await run('apply')
    assert.match(unasked.stdout, new RegExp(`^\\+ ${topic('readings')}: create, partitions 12, `, 'm'))
    assert.match(unasked.stdout, new RegExp(`^${SIGNALS.length} to create, 0 to change, 0 refused\\.$`, 'm'))
    assert.equal(unasked.status, 2)
    assert.match(unasked.stderr, /^Nothing was changed: there is no terminal to confirm on, so add --yes\.$/m)
    const topics = await commands.admin.listTopics()
    assert.ok(!topics.includes(topic('readings')))
  })

  it('then they are created, and the plan has nothing left to do', async () => {
    const applied = await run('apply', '--yes')
    assert.equal(applied.status, 0, applied.stderr)
    for (const signal of SIGNALS) assert.ok(applied.stdout.includes(`Created topic: ${topic(signal)}\n`))
    const again = await run('apply')
    assert.equal(again.stdout, `The topics of "${env}" match the topic table.\n`)
    assert.equal(again.status, 0)
  })

  it('then what loses records is refused, the rest is changed, and other settings stay', async () => {
    await commands.client.send(topic('alerts'), [{ value: 'kept' }])
    await commands.set(topic('alerts'), {
      'retention.ms': '-1',
      'compression.type': 'gzip',
      'segment.ms': '7777777',
      'max.message.bytes': '1048576',
      'cleanup.policy': 'delete',
      'message.timestamp.type': 'LogAppendTime',
    })
    await commands.set(topic('dlq'), { 'retention.ms': '-1', 'max.message.bytes': '2097152' })
    // The broker answers questions before it has heard of the latest changes.
    await until('both changes are known', async () => {
      const { stdout } = await run('apply')
      return stdout.includes('gzip → producer') && stdout.includes('retention.ms -1 → 2592000000')
    })
    const applied = await run('apply', '--yes')
    assert.equal(applied.status, 1)
    assert.equal(applied.stderr, '1 change was refused: see the plan.\n')
    const refused = `! ${topic('alerts')}: retention.ms -1 → 7776000000 is refused: records older than`
    assert.ok(applied.stdout.includes(refused), applied.stdout)
    assert.ok(applied.stdout.includes(`Changed ${topic('alerts')}: compression.type gzip → producer\n`))
    // The topic is empty, so no record is lost.
    assert.ok(applied.stdout.includes(`Changed ${topic('dlq')}: retention.ms -1 → 2592000000\n`))
    await until('the change is there', async () => {
      return (await commands.setting(topic('alerts'), 'compression.type')) === 'producer'
    })
    assert.equal(await commands.setting(topic('alerts'), 'retention.ms'), '-1')
    assert.equal(await commands.setting(topic('alerts'), 'segment.ms'), '7777777')
  })
})
