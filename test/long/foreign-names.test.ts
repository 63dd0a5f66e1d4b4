import '../support/foreign-names.ts'
import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { kafkaTopics, topicRow } from '../../lib/app/topics.ts'
import type { DeadLetter } from '../../lib/failures/process.ts'
import { TestEnvironment } from '../support/environment.ts'
import { Offline } from '../support/offline.ts'
import { runProgram } from '../support/program.ts'
import { copyProject } from '../support/project-copy.ts'
import { environmentReading } from '../support/records.ts'
import { eventOf } from '../support/sdk-reader.ts'
import { until } from '../support/until.ts'

describe("the whole flow with other people's names", { timeout: 600_000 }, () => {
  const NAMES = ['gds.metrics.production', 'gds.alerts.production', 'gds.metrics.dlq', 'analytics_events']
  let project: string
  let environment: TestEnvironment
  let offline: Offline

  const sluice = async (...args: string[]) => {
    const { code, output, stdout } = await runProgram('./cli/sluice.ts', [...args, '--env', 'production'])
    assert.equal(code, 0, output)
    return stdout
  }
  /** Publishes an event, and returns the topic that it is in. */
  const publish = async (topic: string, event: object): Promise<string> => {
    const file = join(project, 'event.json')
    await writeFile(file, JSON.stringify(event))
    const { published } = JSON.parse(await sluice('publish', '--topic', topic, file, '--json'))
    return published[0].topic
  }
  const eventsIn = async (topic: string) =>
    (await environment.client.read(topic)).filter(({ headers }) => headers?.ce_id !== undefined).map(eventOf)
  before(async () => {
    project = await copyProject('foreign-names')
    environment = await TestEnvironment.create({ name: 'production', generator: { seed: 'gds' } })
    offline = await Offline.start('production', {}, project)
  })

  after(async () => {
    await offline?.stop()
    await environment?.close()
    await rm(project, { recursive: true })
  })

  it('then the topics have these names, and the clock writes there', async () => {
    const names = kafkaTopics('production').map(({ name }) => name)
    for (const name of NAMES) assert.ok(names.includes(name), `${name} is one of ${names.join(', ')}`)
    await offline.invoke('clock', { time: '2026-03-01T11:00:00Z' })
    const types = (await eventsIn('gds.metrics.production')).map(({ type }) => type)
    for (const type of ['io.sluice.clock.tick.v1', 'io.sluice.rules.activated.v1'])
      assert.equal(types.filter(one => one === type).length, topicRow('readings').partitions, type)
  })

  it('given a reading, then an alert follows', async () => {
    const hot = environmentReading('hot', { sensor: 'ws_flow', temperature: 45 })
    assert.equal(await publish('readings', { specversion: '1.0', ...hot }), 'gds.metrics.production')
    const fired = async () =>
      (await eventsIn('gds.alerts.production'))
        .map(({ data }) => data as { rule: string; entity: { subject?: string } })
        .map(({ rule, entity }) => `${rule} ${entity.subject}`)
    await until('the alert has fired', async () => (await fired()).includes('HIGH_TEMP ws_flow'))
    await environment.untilCaughtUp('notifier')
    assert.match(await sluice('alerts', 'list'), /HIGH_TEMP[^\n]*ws_flow/)
  })

  it('given a record that cannot be processed, then its dead letters say where it was', async () => {
    const { offset, partition } = await sent('gds.metrics.production', 'garbage')
    const readers = 3
    const own = async () =>
      (await eventsIn('gds.metrics.dlq'))
        .map(({ data }) => data as DeadLetter)
        .filter(one => one.originalOffset === offset && one.originalPartition === partition)
    await until('each consumer of readings has a dead letter', async () => (await own()).length >= readers)
    for (const one of await own()) assert.equal(one.originalTopic, 'gds.metrics.production')
    assert.match(await sluice('dlq', 'list'), / readings\/\d+@\d+ /)
  })

  it('then a consumer has committed in the group of that name', async () => {
    await until('gds-alerting has committed', async () =>
      (await environment.client.committed('gds-alerting', 'gds.metrics.production')).some(
        offset => offset > 0,
      ),
    )
    assert.match(await sluice('groups', 'lag', 'gds-alerting'), /gds\.metrics\.production/)
  })

  async function sent(topic: string, value: string): Promise<{ partition: number; offset: number }> {
    const before = await environment.client.ends(topic)
    await environment.client.send(topic, [{ key: 'garbage', value }])
    const after = await environment.client.ends(topic)
    const partition = after.findIndex((end, index) => end > (before[index] ?? 0))
    return { partition, offset: before[partition] ?? 0 }
  }
})
