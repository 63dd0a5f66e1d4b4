/** `sluice views` and questions to tables beside the consumer `views`, on real servers. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { brokers, redisUrl } from '@sluice/test-kit/servers'
import { until } from '@sluice/test-kit/until'
import { writeEvent } from '#runtime/cloudevents'
import { Connections } from '#runtime/functions/connections'
import { TopicOffsets } from '#runtime/operating/kafka'
import { RedisSkippedRecords, StateInspection } from '#runtime/operating/states'
import { toLogRecord } from '#runtime/test/support/inside-kafka'
import { RedisStateStore } from '#runtime/test/support/inside-redis'
import { readConfig } from '../../control/environment/config.ts'
import { createApplyingStore, type ViewPorts } from '../../control/table-builds/apply-views.ts'
import type { Signal } from '../../lib/app/naming/topic-table.ts'
import { openStoredPlan } from '../../lib/clock/view-plan.ts'
import { rowSource } from '../../lib/views/event-names.ts'
import type { ActivatedPlan } from '../../lib/views/plan.ts'
import { views } from '../../lib/views/process.ts'
import { TestEnvironment } from '../support/environment.ts'
import { FAMILIES } from '../support/families.ts'
import { Stage } from '../support/stage.ts'
import { ran } from '../unit/cli/terminal.ts'

const ACTIVITIES = ['resting', 'walking', 'running']
const START_MS = Date.now() - 3_600_000

const STREAM = `CREATE STREAM motions (device_id VARCHAR KEY, activity VARCHAR, x DOUBLE)
  WITH (KAFKA_TOPIC = 'readings', VALUE_FORMAT = 'JSON', TYPE = 'io.sluice.device.motion.v1');\n`
const COUNTS =
  'CREATE TABLE counts AS SELECT activity, COUNT(*) AS readings FROM motions GROUP BY activity;\n'
const SUMS =
  'CREATE TABLE counts AS SELECT activity, COUNT(*) AS readings, SUM(x) AS total FROM motions GROUP BY activity;\n'
const MINUTES = `CREATE TABLE minutes AS SELECT device_id, COUNT(*) AS readings FROM motions
  WINDOW TUMBLING (SIZE 1 MINUTE, GRACE PERIOD 30 SECONDS, RETENTION 10 HOURS) GROUP BY device_id;\n`

interface Sent {
  readonly device: string
  readonly activity: string
  readonly x: number
  readonly timeMs: number
}

describe('sluice views', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-views-'))
  const sent: Sent[] = []
  let environment: TestEnvironment
  let connections: Connections
  let ports: ViewPorts
  let running: Running

  before(async () => {
    environment = await TestEnvironment.create()
    connections = new Connections(readConfig(variables()), 'test')
    const redis = await connections.redis()
    ports = {
      inForce: await openStoredPlan(connections, environment.name),
      applying: createApplyingStore(redis, environment.name, Date.now),
      ...{ nowMs: Date.now, newId: randomUUID },
      publisher: await connections.publisher(),
      log: await connections.log(),
      offsets: new TopicOffsets(await connections.kafka()),
      states: new StateInspection(redis),
      skipped: new RedisSkippedRecords(redis),
      consumer: {
        ...(new Stage(views(FAMILIES) as never).consumer as ViewPorts['consumer']),
        env: environment.name,
      },
    }
    running = await Running.of(environment, connections)
    await publishReadings(400)
  })

  after(async () => {
    rmSync(folder, { recursive: true })
    await running?.pause()
    await (ports?.offsets as TopicOffsets | undefined)?.close()
    await connections?.close()
    await environment?.close()
  })

  function variables() {
    return { KAFKA_BROKERS: brokers().join(','), REDIS_URL: redisUrl(), SLUICE_ENV: environment.name }
  }

  function command(args: readonly string[], stop?: AbortSignal) {
    return ran(args, { environment: variables(), folder, ...(stop && { stop }) })
  }

  /** Publishes readings of ten devices, one a second of event time. */
  async function publishReadings(count: number): Promise<void> {
    const messages = Array.from({ length: count }, () => {
      const number = sent.length
      const [device, activity] = [`d${number % 10}`, ACTIVITIES[(number % 7) % 3] as string]
      const reading = { device, activity, x: number / 8, timeMs: START_MS + number * 1_000 }
      sent.push(reading)
      const data = { deviceId: device, model: `m${number % 10}`, activity, x: reading.x, y: 0, z: 9.8 }
      const event = {
        ...{ id: `r${number}`, source: FAMILIES.get('device').source(data), subject: device, data },
        ...{ type: 'io.sluice.device.motion.v1', time: new Date(reading.timeMs).toISOString() },
        datacontenttype: 'application/json',
      }
      const { value, headers } = writeEvent(event)
      return { key: device, value, headers: Object.fromEntries(headers) }
    })
    await environment.client.send(environment.topic('readings'), messages)
  }

  function statements(...texts: string[]): void {
    writeFileSync(join(folder, 'tables.sql'), STREAM + texts.join(''))
  }

  async function readRows(sql: string): Promise<Record<string, unknown>[]> {
    const { status, stdout, stderr } = await command(['sql', sql, '--format', 'json'])
    assert.equal(status, 0, stderr)
    return JSON.parse(stdout).answers[0].rows
  }

  function expectedCounts() {
    return [...Map.groupBy(sent, ({ activity }) => activity)]
      .map(([activity, own]) => ({
        activity,
        readings: own.length,
        total: own.reduce((sum, { x }) => sum + x, 0),
      }))
      .sort((a, b) => (a.activity < b.activity ? -1 : 1))
  }

  function expectedMinutes() {
    const windows = Map.groupBy(sent, ({ device, timeMs }) => `${device} ${Math.floor(timeMs / 60_000)}`)
    return [...windows].map(([name, own]) => `${name} ${own.length}`).sort()
  }

  const listMinutes = (rows: readonly Record<string, unknown>[]) =>
    rows
      .map(row => `${row.device_id} ${Math.floor(Date.parse(String(row.start)) / 60_000)} ${row.readings}`)
      .sort()
  const MINUTES_SQL = 'SELECT device_id, WINDOWSTART AS start, readings FROM minutes'

  async function untilCounted(): Promise<void> {
    await until('all readings are counted', async () => {
      const rows = await readRows('SELECT * FROM counts')
      return rows.reduce((sum, { readings }) => sum + Number(readings), 0) === sent.length
    })
  }

  it('given readings in the log, then a new table contains them', async () => {
    statements(COUNTS, MINUTES)
    const dry = await command(['views', 'apply', '.', '--dry-run'])
    assert.deepEqual([dry.status, (await ports.inForce.read())?.tables ?? []], [0, []])
    assert.match(dry.stdout, /\+ counts: build generation [0-9a-f]{8}/)
    const unasked = await command(['views', 'apply', '.'])
    assert.deepEqual([unasked.status, unasked.stdout], [2, ''])
    running.start()
    const { status, stdout, stderr } = await command(['views', 'apply', '.', '--yes', '--json'])
    assert.equal(status, 0, stderr)
    const { plan, result } = JSON.parse(stdout)
    assert.deepEqual([plan.built, result.isComplete, result.built], [['counts', 'minutes'], true, 2])
    const again = await command(['views', 'apply', '.', '--yes'])
    assert.match(again.stdout, /^All tables are in force\.\n {4}unchanged: counts, minutes\n$/)
    const counts = expectedCounts().map(({ total: _, ...row }) => row)
    assert.deepEqual(await readRows('SELECT * FROM counts'), counts)
    assert.deepEqual(await readRows("SELECT readings FROM counts WHERE activity = 'walking'"), [
      { readings: counts.find(({ activity }) => activity === 'walking')?.readings },
    ])
    assert.deepEqual(listMinutes(await readRows(MINUTES_SQL)), expectedMinutes())
  })

  // Promise config/views/README.md#applying | A table is built beside the one that is read, from the records that the log has, and each row counts once, also after an interruption.
  it('given a changed statement, then the old rows are read until the new ones have the past', async () => {
    statements(SUMS, MINUTES)
    await running.pause()
    await publishReadings(100)
    const applied = command(['views', 'apply', '.', '--yes'])
    await Promise.race([
      applied.then(({ stderr }) => assert.fail(stderr)),
      until('it waits for views', async () => (await ports.applying.read()).underway?.past !== undefined),
    ])
    const before = await readRows('SELECT * FROM counts')
    assert.deepEqual(Object.keys(before[0] ?? {}), ['activity', 'readings'])
    assert.equal(
      before.reduce((sum, { readings }) => sum + Number(readings), 0),
      400,
    )
    const second = await command(['views', 'apply', '.', '--yes'])
    assert.equal(second.status, 1)
    assert.match(second.stderr, /Nothing was changed: the tables are being changed/)
    running.start()
    await publishReadings(100)
    const { status, stderr } = await applied
    assert.equal(status, 0, stderr)
    await untilCounted()
    assert.deepEqual(await readRows('SELECT * FROM counts'), expectedCounts())
    assert.deepEqual(listMinutes(await readRows(MINUTES_SQL)), expectedMinutes())
    const mistyped = await command(['sql', 'SELECT * FROM count'])
    assert.match(mistyped.stderr, /\nDid you mean counts\b.*\n {2}counts\(activity, /s)
    await until('no group of the old generation is left', async () => {
      const plan = (await ports.inForce.read()) as ActivatedPlan
      const sources = plan.tables.map(({ name, generation }) => rowSource(name, generation))
      const states = await environment.states('views', ['view-rows'])
      return [...states.keys()].every(entity => sources.includes(entity.split(' ', 1)[0] as string))
    })
  })

  it('given a dropped table that is followed, then its changes come until then, and the end is explained', async () => {
    const following = command([
      'sql',
      'SELECT device_id, readings FROM minutes EMIT CHANGES',
      '--format',
      'csv',
    ])
    const limited = await (async () => {
      const changes = command(['sql', 'SELECT * FROM minutes EMIT CHANGES LIMIT 1', '--format', 'json'])
      let isOver = false
      void changes.finally(() => {
        isOver = true
      })
      while (!isOver) {
        await publishReadings(10)
        await new Promise(resolve => setTimeout(resolve, 200))
      }
      return changes
    })()
    assert.equal(limited.status, 0, limited.stderr)
    assert.match(limited.stdout, /^\{"device_id":"d\d",.*"readings":\d+\}\n$/)
    const { status, stderr } = await command(['views', 'drop', 'minutes', '--yes'])
    assert.equal(status, 0, stderr)
    const ended = await following
    assert.equal(ended.status, 1)
    assert.match(ended.stdout, /^device_id,readings\r\nd\d,\d+\r\n/)
    assert.match(ended.stderr, /The table minutes is not the same any more\. It was dropped/)
    assert.deepEqual(
      (await ports.inForce.read())?.tables.map(({ name }) => name),
      ['counts'],
    )
    const audited = (await environment.audits()).map(({ action, outcome }) => `${action}: ${outcome}`)
    // The run that met another one failed without effect.
    assert.deepEqual(audited, [
      'views apply: done',
      'views apply: failed',
      'views apply: done',
      'views drop: done',
    ])
  })
})

const SIGNALS = ['readings', 'events', 'view-rows'] as const satisfies readonly Signal[]

/** The consumer `views`, which reads its topics until it is paused. */
class Running {
  readonly #environment: TestEnvironment
  readonly #stage: Stage
  readonly #next = new Map<string, number>()
  #going: Promise<void> | undefined
  #isPaused = false

  private constructor(environment: TestEnvironment, stage: Stage) {
    this.#environment = environment
    this.#stage = stage
  }

  static async of(environment: TestEnvironment, connections: Connections): Promise<Running> {
    const [publisher, log] = [await connections.publisher(), await connections.log()]
    const store = new RedisStateStore(await connections.redis())
    const stage = new Stage(views(FAMILIES) as never, { store, publisher, log })
    stage.consumer = { ...stage.consumer, env: environment.name }
    return new Running(environment, stage)
  }

  start(): void {
    this.#isPaused = false
    this.#going = (async () => {
      while (!this.#isPaused) for (const signal of SIGNALS) await this.#batch(signal)
    })()
  }

  async pause(): Promise<void> {
    this.#isPaused = true
    await this.#going
  }

  async #batch(signal: Signal): Promise<void> {
    const topic = this.#environment.topic(signal)
    const all = await this.#environment.read(signal)
    const records = all
      .filter(({ partition, offset }) => Number(offset) >= (this.#next.get(`${topic}/${partition}`) ?? 0))
      .map(record => toLogRecord(topic, record.partition, record))
    if (records.length === 0) return
    assert.deepEqual(await this.#stage.batch(records), { batchItemFailures: [] })
    for (const { partition, offset } of records) {
      const place = `${topic}/${partition}`
      this.#next.set(place, Math.max(this.#next.get(place) ?? 0, offset + 1))
    }
  }
}
