import assert from 'node:assert/strict'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { startHttpServer } from '@sluice/test-kit/http-server'
import { until } from '@sluice/test-kit/until'
import { environmentReading as reading } from '#runtime/test/support/records'
import { TOPICS } from '../../lib/app/naming/topic-table.ts'
import { TestKafka } from '../../packages/msk-trigger/test/integration/kafka.ts'
import { TestEnvironment } from '../support/environment.ts'
import { NAMES } from '../support/families.ts'
import { Offline } from '../support/offline.ts'
import { copyProject } from '../support/project-copy.ts'
import { readEvent } from '../support/sdk-reader.ts'
import { writtenMessage } from '../support/written-message.ts'

const HANDLER = 'functions/activity/handler.ts'

/** Emits for every reading which code has processed it, and its number within its entity. */
const MARKING = `
import { defineProcess } from '../../packages/runtime/consumer/index.ts'
import type { Families } from '../../lib/telemetry/families.ts'
import { kafkaConsumer } from '../../lib/app/handlers/kafka-consumer.ts'

const marking = (families: Families) => defineProcess<{ count: number }>('activity', {
  accepts: families.readingTypes,
  onEvent(state, { id, entity }, { emit }) {
    const count = (state?.count ?? 0) + 1
    emit('events', 'processed', { reading: id, count, code: 'first' }, { key: entity, source: '/marking' })
    return { count }
  },
})

export const handler = kafkaConsumer('activity', ({ families }) => marking(families))
`

interface Emitted {
  readonly reading: string
  readonly count: number
  readonly code: string
}

describe('a project that is edited while its functions run', () => {
  let project: string
  let environment: TestEnvironment
  let kafka: TestKafka
  let offline: Offline
  let traffic: Traffic

  before(async () => {
    project = await copyProject('reload')
    await writeFile(join(project, HANDLER), MARKING)
    environment = await TestEnvironment.create()
    kafka = await TestKafka.connect()
    offline = await Offline.start(environment.name, { SLUICE_WATCH: 'on' }, { project })
    traffic = new Traffic(environment)
  })

  after(async () => {
    await traffic?.stop()
    await offline?.stop()
    await kafka?.close()
    await environment?.close()
    if (project) await rm(project, { recursive: true, force: true })
  })

  const edit = async (file: string, change: (text: string) => string) => {
    const text = await readFile(join(project, file), 'utf8')
    assert.notEqual(change(text), text, 'the edit changes something')
    await save(join(project, file), change(text))
  }
  const emitted = async () =>
    (await environment.read('events')).map(readEvent).filter(({ source }) => source === '/marking') as {
      data: Emitted
    }[]
  const isTakenBy = (code: string) =>
    until(`${code} takes records`, async () => (await emitted()).some(({ data }) => data.code === code))
  const alerts = async () =>
    (await environment.read('alerts')).map(record => (readEvent(record).data as { rule: string }).rule)

  it('given records on their way, when code is saved, then it takes over, and each record counts once', async () => {
    const group = NAMES.groupName('activity', environment.name)
    const [before] = (await kafka.admin.describeGroups([group])).groups
    traffic.start()
    await isTakenBy('first')
    await edit(HANDLER, text => text.replace("code: 'first'", "code: 'second'"))
    await offline.says(/^watch {2}reloaded activity: functions\/activity\/handler\.ts$/m)
    await isTakenBy('second')
    await traffic.stop()
    await environment.untilCaughtUp('activity')

    const found = await emitted()
    assert.deepEqual(
      found.map(({ data }) => data.reading).sort(),
      [...traffic.sent].sort(),
      'each reading once, without a gap',
    )
    const byEntity = Map.groupBy(found, ({ data }) => data.reading.split(' ')[0])
    for (const [entity, own] of byEntity) {
      const ordered = own.map(({ data }) => data).sort((a, b) => a.count - b.count)
      assert.deepEqual(
        ordered.map(({ count }) => count),
        ordered.map((_, index) => index + 1),
        `${entity} was counted on`,
      )
      assert.doesNotMatch(ordered.map(({ code }) => code).join(), /second,first/)
    }
    const tally = await environment.tally('activity')
    assert.deepEqual(tally, { 'applied/processed': traffic.sent.length }, 'nothing came twice')
    const [now] = (await kafka.admin.describeGroups([group])).groups
    assert.deepEqual(now?.members, before?.members, 'the group was not joined anew')
    const ends = await environment.client.ends(environment.topic('readings'))
    await kafka.untilCommitted(
      group,
      environment.topic('readings'),
      ends.map(end => (end === 0 ? -1 : end)),
    )
  })

  it('given a rule that is added, then it fires', async () => {
    const rule = 'name: MILD, family: environment, metric: temperature, fireAbove: 10, severity: info'
    await edit('config/rules/weather.yaml', text => `${text}\n  - { ${rule} }\n`)
    await offline.says(
      /^watch {2}reloaded clock, alerting, grouping, patterns: config\/rules\/weather\.yaml$/m,
    )
    await traffic.send(1)
    await until('the rule fires', async () => (await alerts()).includes('MILD'))
  })

  it('given a rule changed after the log has rules, then the log gets the new ones at once', async () => {
    const activated = async () => (await environment.tally('alerting'))['applied/rules-activated'] ?? 0
    const { partitions } = TOPICS.readings
    await until('every partition has the save before', async () => (await activated()) === partitions)
    await edit('config/rules/weather.yaml', text => text.replace('fireAbove: 10,', 'fireAbove: 9.5,'))
    await until('every partition has the change', async () => (await activated()) === 2 * partitions)
  })

  it('given a receiver and a route that are saved, then the next alert reaches it', async () => {
    const got: string[] = []
    const server = await startHttpServer(async (request, response) => {
      got.push(await text(request))
      response.end('ok')
    })
    try {
      await save(
        join(project, 'config/notifications/receivers.yaml'),
        `receivers:\n  - { name: sns, kind: sns }\n  - { name: hook, kind: webhook, url: ${server.url}/, allowPrivate: true }\n`,
      )
      await offline.says(/^watch {2}reloaded .*deliver.*: config\/notifications\/receivers\.yaml$/m)
      await save(
        join(project, 'config/notifications/routes.yaml'),
        'routes:\n  - { name: all, groupBy: [entity], groupWait: 0s, receivers: [hook] }\n',
      )
      await offline.says(/^watch {2}reloaded .*notifier.*: config\/notifications\/routes\.yaml$/m)
      await environment.client.send(environment.topic('readings'), [
        writtenMessage(reading('told', { sensor: 's-told', temperature: 15 })),
      ])
      await until('the webhook is told', async () => {
        // No schedule runs here, and a group waits on the log's clock.
        await offline.invoke('clock')
        return got.some(body => body.includes('s-told'))
      })
    } finally {
      await server.close()
    }
  })

  it('given new code of a scheduled function, then its next run uses it', async () => {
    const wrapped = 'export const handler = async (...call) => ({ ...(await before(...call)), isNew: true })'
    await edit(
      'functions/clock/handler.ts',
      text => `${text.replace('export const handler', 'const before')}${wrapped}\n`,
    )
    await offline.says(/^watch {2}reloaded clock: functions\/clock\/handler\.ts$/m)
    const { ticks, isNew } = await offline.invoke<{ ticks: object; isNew: boolean }>('clock')
    assert.deepEqual({ ticks, isNew }, { ticks: { ticks: 24 }, isNew: true })
  })

  it('given a file that is read only at startup, then a line says so', async () => {
    await edit('serverless.yml', text => text.replace('memorySize: 512', 'memorySize: 256'))
    await offline.says(/^watch {2}restart to use the change: serverless\.yml$/m)
  })
})

/** Saves as most editors do: a new file replaces the old one. */
async function save(path: string, text: string): Promise<void> {
  await writeFile(`${path}~`, text)
  await rename(`${path}~`, path)
}

const MAPPING = (metric: string) => `family: environment
time: record
fields:
  sensorId: sensor
  temperature: ${metric}
  location.site: { constant: house }
  location.latitude: { constant: 0 }
  location.longitude: { constant: 0 }
`
const FAMILY = `family: pond
type: com.example.pond.reading.v1
description: The water of a pond.
entity: { source: /ponds, subject: '{pond}' }
fields: { pond: { description: The pond } }
metrics: { oxygen: { unit: '%', description: Saturation with oxygen } }
`
const POND = 'family: pond\ntime: record\nfields: { pond: sensor, oxygen: oxygen }\n'

/** Time within which a topic that was added is read. */
const READ_WITHIN_MS = 10_000

describe('inputs that are edited while their functions run', () => {
  let project: string
  let environment: TestEnvironment
  let kafka: TestKafka
  let offline: Offline
  let first: string
  let beds: string
  let ponds: string

  before(async () => {
    environment = await TestEnvironment.create()
    kafka = await TestKafka.connect()
    ;[first, beds, ponds] = await Promise.all([
      kafka.topic('first', 1),
      kafka.topic('beds', 2),
      kafka.topic('ponds', 1),
    ])
    project = await copyProject('reload-inputs')
    await saveMapping('beds', MAPPING('celsius'))
    await saveInputs(`{ topic: ${first}, mappings: [beds] }`)
    const only = ['intake', 'input-redrives', 'views', 'dlq-router']
    offline = await Offline.start(environment.name, { SLUICE_WATCH: 'on' }, { project, only })
  })

  after(async () => {
    await offline?.stop()
    await kafka?.close()
    await environment?.close()
    if (project) await rm(project, { recursive: true, force: true })
  })

  const saveMapping = (name: string, text: string) =>
    save(join(project, `config/mappings/${name}.yaml`), text)
  const saveInputs = (...inputs: string[]) =>
    save(join(project, 'config/inputs.yaml'), `inputs:\n${inputs.map(input => `  - ${input}\n`).join('')}`)
  const send = (topic: string, record: object) => kafka.send(topic, [{ value: JSON.stringify(record) }])
  const subjects = async () =>
    (await environment.read('readings'))
      .filter(({ headers }) => headers?.ce_subject)
      .map(({ headers }) => String(headers?.ce_subject))
  const isRead = (subject: string) =>
    until(`${subject} is a reading`, async () => (await subjects()).includes(subject))
  const failures = async () => (await environment.read('failures')).length

  // Promise docs/local-and-cloud.md#editing-while-it-runs | Saved families, mappings and inputs are in force without a restart, and with an error the old ones stay.
  it('given a topic that is added to the list, then it is read within ten seconds', async () => {
    await send(first, { sensor: 'before', celsius: 20 })
    await isRead('before')
    await send(beds, { sensor: 'bed-1', celsius: 21 })
    const savedMs = Date.now()
    await saveInputs(`{ topic: ${first}, mappings: [beds] }`, `{ topic: ${beds}, mappings: [beds] }`)
    await isRead('bed-1')
    assert.ok(Date.now() - savedMs < READ_WITHIN_MS, `read after ${Date.now() - savedMs} ms`)
    await saysReloaded('config/inputs.yaml', `; reads ${beds}`)
    await send(first, { sensor: 'still', celsius: 20 })
    await isRead('still')
  })

  it('given a topic that is removed from the list, then it is no longer read, and is no failure', async () => {
    await saveInputs(`{ topic: ${beds}, mappings: [beds] }`)
    await saysReloaded('config/inputs.yaml', `; no longer reads ${first}`)
    await send(first, { sensor: 'removed', celsius: 20 })
    await send(beds, { sensor: 'bed-2', celsius: 21 })
    await isRead('bed-2')
    assert.equal((await subjects()).includes('removed'), false)
    assert.equal(await failures(), 0)
  })

  it('given a mapping that is saved, then the next records are read with it', async () => {
    await saveMapping('beds', MAPPING('warmth'))
    await saysReloaded('config/mappings/beds.yaml')
    await send(beds, { sensor: 'bed-3', warmth: 22 })
    await isRead('bed-3')
  })

  it('given a family that is new, with its mapping and its topic, then its records are readings', async () => {
    await save(join(project, 'config/families/pond.yaml'), FAMILY)
    await offline.says(/^watch {2}reloaded .*: config\/families\/pond\.yaml$/m)
    await saveMapping('ponds', POND)
    await saveInputs(`{ topic: ${beds}, mappings: [beds] }`, `{ topic: ${ponds}, mappings: [ponds] }`)
    await offline.says(new RegExp(`^watch {2}reloaded .*; reads ${ponds}$`, 'm'))
    await send(ponds, { sensor: 'pond-1', oxygen: 85 })
    await isRead('pond-1')
    const found = (await environment.read('readings')).find(
      ({ headers }) => String(headers?.ce_subject) === 'pond-1',
    )
    assert.equal(String(found?.headers?.ce_type), 'com.example.pond.reading.v1')
    assert.equal(await failures(), 0)
  })

  function saysReloaded(file: string, topics = ''): Promise<void> {
    const line = `watch  reloaded intake, input-redrives, views: ${file}${topics}`
    return offline.says(new RegExp(`^${line}$`, 'm'))
  }
})

/** Records that are sent but not decided yet: some at any time, but never more than are decided soon. */
const ON_THEIR_WAY = 100

/** Sends readings of a few sensors, as quickly as they are decided. */
class Traffic {
  readonly sent: string[] = []
  readonly #environment: TestEnvironment
  #isOver = true
  #running: Promise<void> = Promise.resolve()

  constructor(environment: TestEnvironment) {
    this.#environment = environment
  }

  start(): void {
    this.#isOver = false
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await this.#running
  }

  async send(count: number): Promise<void> {
    const readings = Array.from({ length: count }, () => {
      const number = this.sent.length
      const sensor = `s-${number % 7}`
      const id = `${sensor} ${number}`
      this.sent.push(id)
      return writtenMessage(reading(id, { sensor, at: number }))
    })
    await this.#environment.client.send(this.#environment.topic('readings'), readings)
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      await this.#environment.untilDecided('activity', this.sent.length - ON_THEIR_WAY)
      await this.send(5)
    }
  }
}
