import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { TopicCommands } from '../support/topic-commands.ts'
import { until } from '../support/until.ts'

const HEADERS = {
  ce_specversion: '1.0',
  ce_source: '/environment/vienna',
  ce_type: 'io.sluice.environment.reading.v1',
  ce_subject: 'roof',
  'content-type': 'application/json',
}

describe('given a topic with readings, when it is consumed', () => {
  let commands: TopicCommands
  before(async () => {
    commands = await TopicCommands.open()
  })
  after(() => commands?.close())

  /** Readings of one sensor, a minute apart; each tenth one is in a storm. */
  const readings = (count: number, from = 0) =>
    Array.from({ length: count }, (_, at) => {
      const number = from + at
      const time = new Date(Date.UTC(2026, 0, 1, number)).toISOString()
      const location = { site: 'vienna', latitude: 48.2, longitude: 16.4 }
      const data = { sensorId: 'roof', windSpeed: number % 10 === 9 ? 70 : 5, location }
      return {
        key: 'roof',
        value: JSON.stringify(data),
        headers: { ...HEADERS, ce_id: `r-${number}`, ce_time: time },
      }
    })

  it('then a line is printed for each record, with what it fires, and no group is left behind', async () => {
    const topic = await commands.topic('lines', 2)
    await commands.client.send(topic, readings(12))
    const program = commands.start('consume', '--topic', topic)
    await program.says(/fires HIGH_WIND/)
    await commands.client.send(topic, readings(1, 12))
    await program.says(/2026-01-01T12:00:00\.000Z/)
    program.signal('SIGINT')
    const { code, stdout, output } = await program.ended
    assert.equal(code, 0, output)
    const lines = stdout.trimEnd().split('\n')
    assert.equal(lines[0], `Consuming from topic: ${topic}`)
    assert.match(lines[1] ?? '', /^Alert rules active: [1-9]\d*$/)
    assert.equal(lines[2], 'Press Ctrl+C to stop')
    assert.equal(lines.filter(line => line.includes('sensorId=roof')).length, 13)
    assert.equal(lines.at(-1), 'Total: 13 messages | 1 alert')
    const { groups } = await commands.admin.listGroups()
    assert.ok(groups.every(({ groupId }) => !groupId.includes(commands.prefix)))
  })

  it('then --quiet has a line for each hundred, and the alerts that they would fire', async () => {
    const topic = await commands.topic('quiet', 2)
    await commands.client.send(topic, readings(210))
    const { status, stdout } = await commands.spawned('consume', '--topic', topic, '--quiet', '-n', '210')
    assert.equal(status, 0)
    const [, , , ...lines] = stdout.trimEnd().split('\n')
    assert.deepEqual(lines, [
      'Processed 100 messages | 10 alerts',
      'Processed 200 messages | 20 alerts',
      'Total: 210 messages | 21 alerts',
    ])
  })

  it('then a group commits after each batch of 100 or 5.0 s, and continues there', async () => {
    const topic = await commands.topic('manual', 1)
    const group = commands.named('manual-group')
    await commands.client.send(topic, readings(130))
    const consuming = ['consume', '--topic', topic, '--group', group, '--commit', 'manual', '--batch']
    const program = commands.start(...consuming)
    await program.says(/Processed batch of 100 messages/)
    await until('the first batch is committed', async () => {
      const [offset] = await commands.client.committed(group, topic)
      return offset === 100 || offset === 130
    })
    await program.says(/Processed batch of 30 messages/)
    await until('the second batch is committed', async () => {
      return (await commands.client.committed(group, topic))[0] === 130
    })
    program.signal('SIGINT')
    const stopped = await program.ended
    assert.equal(stopped.code, 0, stopped.output)
    await commands.client.send(topic, readings(2, 130))
    const again = await commands.spawned(...consuming, '-n', '2')
    assert.match(again.stdout, /^Processed batch of 2 messages\nTotal: 2 messages \| 0 alerts$/m)
    assert.deepEqual(await commands.client.committed(group, topic), [132])
  })

  it('then a group with auto commits every 5 s and when it is stopped, and its membership ends', async () => {
    const topic = await commands.topic('auto', 1)
    const group = commands.named('auto-group')
    await commands.client.send(topic, readings(7))
    const program = commands.start('consume', '--topic', topic, '--group', group)
    await until('it has committed while it runs', async () => {
      return (await commands.client.committed(group, topic))[0] === 7
    })
    await commands.client.send(topic, readings(1, 7))
    await program.says(/2026-01-01T07:00:00\.000Z/)
    program.signal('SIGINT')
    const { code, stdout, output } = await program.ended
    assert.equal(code, 0, output)
    assert.match(stdout, /^Total: 8 messages \| 0 alerts$/m)
    assert.deepEqual(await commands.client.committed(group, topic), [8])
    const described = await commands.admin.describeGroups([group])
    assert.equal(described.groups[0]?.state, 'Empty')
  })

  it('then two members of a group share the partitions, and each record is there', async () => {
    const topic = await commands.topic('shared', 2)
    const group = commands.named('shared-group')
    const consuming = ['consume', '--topic', topic, '--group', group, '--json']
    const programs = [commands.start(...consuming), commands.start(...consuming)]
    await until('both have a partition', async () => {
      const { groups } = await commands.admin.describeGroups([group])
      return groups[0]?.state === 'Stable' && groups[0].members.length === 2
    })
    const messages = readings(40).map((message, at) => ({ ...message, partition: at % 2 }))
    await commands.client.send(topic, messages)
    const idsIn = (text: string) => [...text.matchAll(/"id":"(r-\d+)"/g)].map(([, id]) => id)
    const seen = () => new Set(programs.flatMap(({ output }) => idsIn(output)))
    await until('all are there', () => seen().size === 40)
    for (const program of programs) program.signal('SIGINT')
    const ends = await Promise.all(programs.map(({ ended }) => ended))
    assert.deepEqual(
      ends.map(({ code }) => code),
      [0, 0],
    )
    assert.deepEqual(await commands.client.committed(group, topic), [20, 20])
  })

  it('then a topic that is deleted meanwhile ends it, with one sentence', async () => {
    const topic = await commands.topic('deleted', 1)
    const alone = commands.start('consume', '--topic', topic)
    const member = commands.start('consume', '--topic', topic, '--group', commands.named('deleted-group'))
    await commands.client.send(topic, readings(1))
    await Promise.all([alone, member].map(program => program.says(/sensorId=roof/)))
    await commands.admin.deleteTopics({ topics: [topic] })
    for (const program of [alone, member]) {
      const { code, output } = await program.ended
      assert.equal(code, 1, output)
      assert.match(output, new RegExp(`^The topic ${topic} was deleted while it was consumed\\.$`, 'm'))
    }
  })

  it('then an unknown topic is named, and nothing is consumed', async () => {
    const { status, stdout, stderr } = await commands.run(['consume', '--topic', commands.named('unknown')])
    assert.deepEqual([status, stdout], [1, ''])
    assert.match(stderr, /^Kafka at .* has no topic /)
  })
})
