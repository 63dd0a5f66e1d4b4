import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { TopicCommands } from '../support/topic-commands.ts'

describe('given a Kafka, when a fleet is generated', () => {
  let commands: TopicCommands
  before(async () => {
    commands = await TopicCommands.open()
  })
  after(() => commands?.close())

  const generated = (topic: string, ...args: string[]) =>
    commands.run(['generate', '--kafka-topic', topic, ...args])

  it('creates a missing topic, reports it, and publishes what the summary counts', async () => {
    const topic = commands.adopt(commands.named('sensor_data'))
    const fleet = ['--num-sensors', '4', '--interval', '0.05', '--duration', '1s']
    const { status, stdout, stderr } = await generated(topic, ...fleet, '--seed', 'a', '--json')
    assert.equal(status, 0, stderr)
    assert.match(
      stderr,
      new RegExp(
        `^Created topic: ${topic}\nConnected to Kafka broker, topic: ${topic}\nStarting generator: 4 sensors, 0\\.050s interval\n`,
      ),
    )
    const { readings, acknowledged, errors, unacknowledged, seed } = JSON.parse(stdout)
    assert.deepEqual([readings, acknowledged, errors, unacknowledged, seed], [80, 80, 0, 0, 'a'])
    const records = await commands.client.read(topic)
    assert.equal(new Set(records.map(({ headers }) => String(headers?.ce_id))).size, 80)
    for (const { key, headers } of records) {
      assert.equal(String(key), String(headers?.ce_subject))
    }
  })

  it('refuses a missing topic with --no-create-topic, and one of another environment', async () => {
    const { status, stderr } = await generated(commands.named('absent'), '--no-create-topic', '--count', '1')
    assert.equal(status, 1)
    assert.match(stderr, /has no topic .*-absent/)
  })

  it('writes Avro, and the same readings as JSON into a file beside Kafka', async () => {
    const topic = await commands.topic('avro', 1)
    const args = ['--num-sensors', '2', '--serialization', 'avro', '--output', '-', '--rate', '1000']
    const { status, stdout, stderr } = await generated(
      topic,
      ...args,
      '--count',
      '20',
      '--profile',
      'compact',
    )
    assert.equal(status, 0, stderr)
    const ids = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line).id)
    const records = await commands.client.read(topic)
    assert.deepEqual(
      records.map(({ headers }) => String(headers?.ce_id)),
      ids,
    )
    assert.match(String(records[0]?.headers?.['content-type']), /avro/)
  })

  it('given a full disk for the file beside Kafka, then it fails, and publishes no more', {
    skip: !existsSync('/dev/full') && 'this system has no full device',
  }, async () => {
    const topic = await commands.topic('full', 1)
    const args = ['--rate', '1000', '--duration', '1m', '--output', '/dev/full', '--json']
    const { status, stdout, stderr } = await generated(topic, ...args)
    assert.deepEqual([status, stdout], [1, ''])
    assert.match(stderr, /, 1000 readings\/s\n\/dev\/full: no space left on the device\n$/)
    assert.ok((await commands.client.read(topic)).length < 10_000)
  })
})
