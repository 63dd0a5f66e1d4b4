import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Consumer } from 'kafkajs'
import { TopicCommands } from '../support/topic-commands.ts'
import { until } from '../support/until.ts'

describe('given consumer groups that another client runs', () => {
  let commands: TopicCommands
  let topic: string
  let group: string
  let consumer: Consumer

  before(async () => {
    commands = await TopicCommands.open()
    topic = await commands.topic('lag', 3)
    group = commands.named('foreign')
    await commands.client.send(
      topic,
      [0, 0, 0, 0, 1].map(partition => ({ partition, value: 'x' })),
    )
    consumer = commands.kafka.consumer({ groupId: group })
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({ autoCommit: false, eachMessage: async () => {} })
    await until('the group has committed', async () => {
      await consumer.commitOffsets([
        { topic, partition: 0, offset: '1' },
        { topic, partition: 1, offset: '1' },
      ])
      return (await commands.client.committed(group, topic))[0] === 1
    })
  })

  after(async () => {
    await consumer?.disconnect()
    await commands?.close()
  })

  it('when its lag is requested, then it has records and times, by partition and in total', async () => {
    const { status, stdout, stderr } = await commands.spawned('groups', 'lag', group)
    assert.equal(status, 0, stderr)
    const age = '\\(oldest waits [\\d.]+ (s|min.*)\\)'
    const lines = [
      `^Group: ${group} \\(stable, 1 member\\)$`,
      `^Topic: ${topic}$`,
      `^Partition 0: lag = 3 ${age}$`,
      '^Partition 1: lag = 0$',
      '^Partition 2: lag = 0$',
      `^Total lag: 3 ${age}$`,
    ]
    assert.equal(stdout.trimEnd().split('\n').length, lines.length)
    for (const line of lines) assert.match(stdout, new RegExp(line, 'm'))
  })
})
