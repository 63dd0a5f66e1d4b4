import '../support/foreign-names.ts'
import assert from 'node:assert/strict'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { withEntry } from '../../cli/new/consumer.ts'
import { kafkaTopics, topicRow, topicsOf } from '../../lib/app/topics.ts'
import type { DeadLetter } from '../../lib/failures/process.ts'
import { TestEnvironment } from '../support/environment.ts'
import { Offline } from '../support/offline.ts'
import { runProgram } from '../support/program.ts'
import { copyProject } from '../support/project-copy.ts'
import { databaseReading, environmentReading } from '../support/records.ts'
import { eventOf } from '../support/sdk-reader.ts'
import { until } from '../support/until.ts'

const LOG_TYPE = 'com.example.log.v1'
const COUNTER = `
import { kafkaConsumer } from '../../lib/app/kafka-consumer.ts'
import { decided, type KeyedProcess } from '../../packages/runtime/consumer/process.ts'

const counter: KeyedProcess<{ count: number }> = {
  name: 'log-counts',
  accepts: ['${LOG_TYPE}'],
  onEvent: state => decided('counted', { count: (state?.count ?? 0) + 1 }),
}

export const handler = kafkaConsumer('log-counts', counter)
`
const ENTRY = `  log-counts:
    handler: functions/log-counts/handler.handler
    description: Counts log records
    consumes: logs
    uses: [redis]
`

describe("the whole flow with other people's names", { timeout: 600_000 }, () => {
  const NAMES = [
    'gds.metrics.production',
    'gds.metrics.postgresql.production',
    'gds.alerts.production',
    'gds.metrics.dlq',
    'analytics_events',
    'gds.logs.production',
    'gds.logs.application.production',
    'gds.traces.all.production',
  ]
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
  const log = (id: string, source: string) => {
    return { specversion: '1.0', id, source, type: LOG_TYPE, subject: 'host-1', data: { line: 'started' } }
  }
  const postgres = (id: string, at: number, cpuUsagePercent: number) => {
    const { data, ...event } = databaseReading(id, { instance: 'pg-flow', at, cpuUsagePercent })
    return {
      ...{ specversion: '1.0', ...event, source: '/database/postgresql' },
      data: { ...data, databaseType: 'postgresql' },
    }
  }

  before(async () => {
    project = await copyProject('foreign-names')
    await mkdir(join(project, 'functions/log-counts'))
    await writeFile(join(project, 'functions/log-counts/handler.ts'), COUNTER)
    const list = join(project, 'serverless.yml')
    await writeFile(list, withEntry(await readFile(list, 'utf8'), ENTRY))
    environment = await TestEnvironment.create({ name: 'production', generator: { seed: 'gds' } })
    offline = await Offline.start('production', {}, project)
  })

  after(async () => {
    await offline?.stop()
    await environment?.close()
    await rm(project, { recursive: true })
  })

  it('then the topics have these names, and sub-signals are as large as their signals', async () => {
    const names = kafkaTopics('production').map(({ name }) => name)
    for (const name of NAMES) assert.ok(names.includes(name), `${name} is one of ${names.join(', ')}`)
    const partitions = async (name: string) => (await environment.client.ends(name)).length
    assert.equal(await partitions('gds.metrics.postgresql.production'), topicRow('readings').partitions)
    assert.equal(await partitions('gds.traces.all.production'), topicRow('traces').partitions)
  })

  it('given ticks and rules, then every sub-signal of readings has them', async () => {
    await offline.invoke('clock', { time: '2026-03-01T11:00:00Z' })
    for (const topic of ['gds.metrics.production', 'gds.metrics.postgresql.production']) {
      const types = (await eventsIn(topic)).map(({ type }) => type)
      for (const type of ['io.sluice.clock.tick.v1', 'io.sluice.rules.activated.v1'])
        assert.equal(
          types.filter(one => one === type).length,
          topicRow('readings').partitions,
          `${topic} ${type}`,
        )
    }
  })

  it('given readings by signal, then each is in the topic of its source, and alerts follow from both', async () => {
    const hot = environmentReading('hot', { sensor: 'ws_flow', temperature: 45 })
    assert.equal(await publish('readings', { specversion: '1.0', ...hot }), 'gds.metrics.production')
    assert.equal(await publish('readings', postgres('busy', 0, 95)), 'gds.metrics.postgresql.production')
    // Five minutes with high load.
    for (const minute of [1, 2, 3, 4, 5, 6])
      await publish('readings', postgres(`busy-${minute}`, minute * 60, 95))
    const fired = async () =>
      (await eventsIn('gds.alerts.production'))
        .map(({ data }) => data as { rule: string; entity: { subject?: string } })
        .map(({ rule, entity }) => `${rule} ${entity.subject}`)
    await until('both alerts have fired', async () => {
      const alerts = await fired()
      return alerts.includes('HIGH_TEMP ws_flow') && alerts.includes('HIGH_CPU pg-flow')
    })
    await environment.untilCaughtUp('processor')
    const shown = await sluice('stats', '/database/postgresql pg-flow')
    assert.match(shown, /pg-flow\s+cpuUsagePercent\s+7\b/)
    await environment.untilCaughtUp('notifier')
    assert.match(await sluice('alerts', 'list'), /HIGH_CPU[^\n]*pg-flow/)
  })

  it('given a record that cannot be processed, then its dead letters say where it was', async () => {
    const { offset, partition } = await sent('gds.metrics.postgresql.production', 'garbage')
    const readers = 3
    const own = async () =>
      (await eventsIn('gds.metrics.dlq'))
        .map(({ data }) => data as DeadLetter)
        .filter(one => one.originalOffset === offset && one.originalPartition === partition)
    await until('each consumer of readings has a dead letter', async () => (await own()).length >= readers)
    for (const one of await own()) assert.equal(one.originalTopic, 'gds.metrics.postgresql.production')
    assert.match(await sluice('dlq', 'list'), / readings\.postgresql\/\d+@\d+ /)
  })

  it('given logs and spans, then a consumer of logs counts those of every sub-signal', async () => {
    assert.equal(await publish('logs', log('l-1', '/proxy')), 'gds.logs.production')
    assert.equal(await publish('logs', log('l-2', '/application/shop')), 'gds.logs.application.production')
    assert.equal(await publish('logs', log('l-3', '/application/shop')), 'gds.logs.application.production')
    assert.equal(await publish('traces.all', log('t-1', '/proxy')), 'gds.traces.all.production')
    const counts = async () => await environment.states('log-counts', topicsOf(['logs']))
    await until('all logs are counted', async () => {
      const found = await counts()
      return (
        (found.get('/proxy host-1') as { count?: number })?.count === 1 &&
        (found.get('/application/shop host-1') as { count?: number })?.count === 2
      )
    })
  })

  it('given the generator, then all readings of an entity are in one topic', async () => {
    const { readings } = await offline.invoke<{ readings: number }>('generator', {
      time: new Date().toISOString(),
    })
    assert.ok(readings > 0)
    const [all, split] = [
      await eventsIn('gds.metrics.production'),
      await eventsIn('gds.metrics.postgresql.production'),
    ]
    const generated = (source: string) => source.startsWith('/database/')
    assert.ok(split.some(({ subject }) => subject === 'pg-orders'))
    assert.ok(
      split
        .filter(({ source }) => source !== '/clock')
        .every(({ source }) => !generated(source) || source === '/database/postgresql'),
    )
    assert.ok(all.every(({ source }) => source !== '/database/postgresql'))
  })

  it('then each topic is read by a group of its own', async () => {
    for (const [group, topic] of [
      ['gds-alerting', 'gds.metrics.production'],
      ['gds-alerting-postgresql', 'gds.metrics.postgresql.production'],
      ['gds-log-counts-application', 'gds.logs.application.production'],
    ] as const)
      await until(`${group} has committed`, async () =>
        (await environment.client.committed(group, topic)).some(offset => offset > 0),
      )
    assert.match(
      await sluice('groups', 'lag', 'gds-alerting-postgresql'),
      /gds\.metrics\.postgresql\.production/,
    )
  })

  async function sent(topic: string, value: string): Promise<{ partition: number; offset: number }> {
    const before = await environment.client.ends(topic)
    await environment.client.send(topic, [{ key: 'garbage', value }])
    const after = await environment.client.ends(topic)
    const partition = after.findIndex((end, index) => end > (before[index] ?? 0))
    return { partition, offset: before[partition] ?? 0 }
  }
})
