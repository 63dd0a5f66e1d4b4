import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createTopic } from '@sluice/test-kit/create-topic'
import { ForeignClient } from '@sluice/test-kit/foreign-client'
import { PROJECT, runProgram } from '@sluice/test-kit/program'
import { brokers } from '@sluice/test-kit/servers'
import { Kafka, logLevel } from 'kafkajs'

const topic = `site-7.greenhouse.${randomUUID().slice(0, 8)}`
const name = topic.replaceAll('.', '-')

/** Runs a command with families and mappings of its own. */
const sluice = (folder: string, ...args: string[]) =>
  runProgram('cli/sluice.ts', args, {
    env: { FAMILIES_DIR: join(folder, 'families'), MAPPINGS_DIR: join(folder, 'mappings') },
  })

describe('a topic of another application: three partitions, and times of its producer', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-propose-'))
  const kafka = new Kafka({ clientId: 'greenhouse', brokers: brokers(), logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  let client: ForeignClient

  before(async () => {
    cpSync(join(PROJECT, 'config', 'families'), join(folder, 'families'), { recursive: true })
    mkdirSync(join(folder, 'mappings'))
    client = await ForeignClient.connect()
    await admin.connect()
    // The records are old.
    const configEntries = [
      { name: 'message.timestamp.type', value: 'CreateTime' },
      { name: 'retention.ms', value: '-1' },
    ]
    await createTopic(admin, { topic, numPartitions: 3, configEntries })
    const messages = Array.from({ length: 60 }, (_, index) => ({
      key: `soil-${index % 6}`,
      timestamp: String(1763625600000 + index),
      value: JSON.stringify({
        device: `soil-${index % 6}`,
        house: ['north', 'south'][index % 2],
        // Older records, of which the newest 30 have none, were measured in another form.
        ...(index < 20 ? { moisture: 'dry' } : { soilMoisture: 20 + index / 2, battery_v: 3.9 }),
      }),
    }))
    await client.send(topic, messages)
  })

  after(async () => {
    await admin.deleteTopics({ topics: [topic] }).catch(() => {})
    await Promise.all([admin.disconnect(), client?.close()])
    rmSync(folder, { recursive: true })
  })

  // Promise docs/your-own-data.md#2-drafts
  it('when its newest records are proposed, then their readings are shown, and the topic is only read', async () => {
    const { groups: groupsBefore } = await admin.listGroups()
    const proposed = await sluice(folder, 'families', 'propose', topic, '--count', '30')
    assert.equal(proposed.code, 0, proposed.output)
    assert.match(proposed.stdout, new RegExp(`- topic: ${topic}\n {4}mappings: \\[${name}\\]`))
    const family = readFileSync(join(folder, 'families', `${name}.yaml`), 'utf8')
    for (const part of ["subject: '{device}'", 'soilMoisture: {}', 'batteryV: {}', 'tags: [ house ]'])
      assert.ok(family.includes(part), family)

    const tried = await sluice(folder, 'mappings', 'try', topic, '--mapping', name, '--count', '30', '--json')
    assert.equal(tried.code, 0, tried.output)
    const trials = tried.stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
    assert.ok(trials.length > 20 && trials.every(({ accepted }) => accepted), tried.stdout)
    assert.equal(trials.at(-1).event.source, `/${name}`)
    assert.match(trials.at(-1).event.data.tags.house, /^(north|south)$/)
    assert.match(trials.at(-1).event.time, /^2025-11-20T08:00:00[.]0\d\dZ$/, 'the time of its record')

    assert.equal(
      (await client.ends(topic)).reduce((sum, end) => sum + end, 0),
      60,
    )
    const { groups } = await admin.listGroups()
    assert.deepEqual(
      groups.filter(
        ({ groupId }) =>
          !groupsBefore.some(overview => overview.groupId === groupId) && groupId.includes(name),
      ),
      [],
    )
  })

  it('when they are proposed again, then nothing is changed, and the message says how to go on', async () => {
    const files = () => readdirSync(folder, { recursive: true }).toSorted()
    const before = files()
    const again = await sluice(folder, 'families', 'propose', topic)
    assert.equal(again.code, 1)
    assert.match(
      again.output,
      /families\/.*already exists, so nothing was written\. Choose another name with --name/,
    )
    assert.deepEqual(files(), before)
  })

  it('given a key that names the sensor, when its records are proposed, then the question has its answer', async () => {
    const keyed = `zigbee-${randomUUID().slice(0, 8)}`
    await createTopic(admin, { topic: keyed, numPartitions: 1 })
    const messages = Array.from({ length: 6 }, (_, index) => ({
      key: index % 2 === 0 ? 'hall' : 'attic',
      value: JSON.stringify({ temperature: 20.5 + index, humidity: null, voltage: 3005.5 }),
    }))
    await client.send(keyed, messages)
    const proposed = await sluice(folder, 'families', 'propose', keyed)
    assert.equal(proposed.code, 0, proposed.output)
    const question =
      /The drafts accept 6 of 6 sample records[\s\S]*name: .* # one entity, or does a field name it: (.+) \(2 values\)\?/
    const [, answer = ''] = question.exec(proposed.stdout) ?? []
    const mapping = join(folder, 'mappings', `${keyed}.yaml`)
    writeFileSync(mapping, readFileSync(mapping, 'utf8').replace(`{ constant: ${keyed} }`, answer))
    const tried = await sluice(folder, 'mappings', 'try', keyed, '--mapping', keyed, '--json')
    const subjects = tried.stdout.match(/"subject":"\w+"/g)
    assert.deepEqual(
      [...new Set(subjects)].toSorted(),
      ['"subject":"attic"', '"subject":"hall"'],
      tried.output,
    )
    await admin.deleteTopics({ topics: [keyed] })
  })

  it('given an entry of an input, when its records are tried, then the entry decides', async () => {
    const inputs = join(folder, 'inputs.yaml')
    writeFileSync(
      inputs,
      `inputs:\n  - { topic: ${topic}, to: events, as: { type: x.y, subject: device, time: record } }\n`,
    )
    const env = {
      FAMILIES_DIR: join(folder, 'families'),
      MAPPINGS_DIR: join(folder, 'mappings'),
      INPUTS_FILE: inputs,
    }
    const tried = await runProgram('cli/sluice.ts', ['mappings', 'try', topic, '--count', '3'], { env })
    assert.equal(tried.code, 0, tried.output)
    assert.match(tried.stdout, /✓ x[.]y\n {2}source {3}\/inputs\/.*\n {2}subject {2}soil-\d/)
    const named = ['mappings', 'try', topic, '--count', '3', '--mapping', name]
    const others = await runProgram('cli/sluice.ts', named, { env })
    assert.match(others.stdout, /✓ io[.]sluice[.]/, others.output)
  })

  it('given no such topic, then the message says that there is no such file either', async () => {
    const { code, output } = await sluice(folder, 'families', 'propose', `${topic}x`)
    assert.equal(code, 1)
    assert.match(output, /^There is no file .*x, and as a topic: Kafka at .* has no topic/)
  })
})
