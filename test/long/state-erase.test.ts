/** `sluice state erase` beside its consumers, on real servers. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { toLogRecord } from '#runtime/adapters/kafka/to-log-record.ts'
import { RedisClient } from '#runtime/adapters/redis/client.ts'
import { RedisStateStore } from '#runtime/adapters/redis/state-store.ts'
import { writeEvent } from '#runtime/cloudevents/writer.ts'
import { createActivity } from '../../lib/activity/process.ts'
import { PATTERN_EVENT_TYPE, type PatternEvent } from '../../lib/alerting/patterns/pattern-event.ts'
import { patternsInForce } from '../../lib/alerting/patterns/patterns-in-force.ts'
import { patterns } from '../../lib/alerting/patterns/process.ts'
import { alerting } from '../../lib/alerting/process.ts'
import { createStatistics } from '../../lib/analytics/processor.ts'
import type { ErasurePlan, ErasureReport } from '../../lib/operations/erase/erase.ts'
import { ENTITY_ERASED_TYPE } from '../../lib/telemetry/erasure.ts'
import { views } from '../../lib/views/process.ts'
import { CONSUMERS_OF_READINGS } from '../support/consumers.ts'
import { TestEnvironment } from '../support/environment.ts'
import { FAMILIES } from '../support/families.ts'
import { environmentReading as reading } from '../support/records.ts'
import { brokers, redisUrl } from '../support/servers.ts'
import { Stage } from '../support/stage.ts'
import { until } from '../support/until.ts'
import { createPattern } from '../unit/alerting/patterns/support.ts'
import { createRule } from '../unit/alerting/support.ts'
import { ran } from '../unit/cli/terminal.ts'

const SITE = '/environment/test-site'
const HOT = createRule({ name: 'HOT', fireAbove: 40 })
/** The rule needs the topic `events`, so its states are those of the consumer `patterns`, under the name of the sensor. */
/** The consumers of readings that keep states. The rows of `storage` are in a database. */
const KEEPING = CONSUMERS_OF_READINGS.filter(name => name !== 'storage')
const IN_A_ROW = createPattern({ count: 2, of: { event: 'sensor.silent' }, within: '1h' })

describe('sluice state erase, beside its consumers', () => {
  const redis = new RedisClient({ url: redisUrl() })
  let environment: TestEnvironment
  let consumers: ReadonlyMap<string, Stage>
  /** Consumers of the topics to which consumers of readings write. */
  let groups: readonly (readonly [signal: 'patterns' | 'view-rows' | 'view-changes', stage: Stage])[]
  let sent = 0

  before(async () => {
    environment = await TestEnvironment.create()
    const processes = [
      createStatistics(FAMILIES),
      alerting(FAMILIES, [HOT]),
      createActivity(FAMILIES),
      views(FAMILIES),
    ]
    consumers = new Map(processes.map(process => [process.name, findStage(process as never)]))
    groups = [
      ['patterns', findStage(patterns(FAMILIES, [IN_A_ROW]) as never)],
      ['view-rows', consumers.get('views') as Stage],
      ['view-changes', consumers.get('alerting') as Stage],
    ]
    assert.deepEqual([...consumers.keys()].sort(), [...KEEPING].sort())
  })

  after(async () => {
    redis.close()
    await environment?.close()
  })

  function findStage(process: ConstructorParameters<typeof Stage>[0]): Stage {
    const stage = new Stage(process, { store: new RedisStateStore(redis) })
    stage.consumer = { ...stage.consumer, env: environment.name }
    return stage
  }

  /** Puts readings of a sensor, hot enough for an alert, into a partition. */
  async function publishReading(sensor: string, partition: number): Promise<void> {
    const { value, headers } = writeEvent(reading(`m${sent++}`, { sensor, temperature: 50 }))
    const message = { key: sensor, value, headers: Object.fromEntries(headers), partition }
    await environment.client.send(environment.topic('readings'), [message])
  }

  /** Lets consumers decide all that is in the topic. */
  async function catchUp(names: readonly string[] = [...consumers.keys()]): Promise<void> {
    const topic = environment.topic('readings')
    const records = (await environment.read('readings')).map(record =>
      toLogRecord(topic, record.partition, record),
    )
    for (const name of names)
      assert.deepEqual(await consumers.get(name)?.batch(records), { batchItemFailures: [] })
  }

  async function groupsCatchUp(): Promise<void> {
    for (const [signal, stage] of groups) {
      const topic = environment.topic(signal)
      const records = (await environment.read(signal)).map(record =>
        toLogRecord(topic, record.partition, record),
      )
      if (records.length > 0) assert.deepEqual(await stage.batch(records), { batchItemFailures: [] })
    }
  }

  /** Consumers that have a state of each sensor. No table is in force, so `views` has none. */
  function holders(): string[] {
    return [...consumers.keys()].filter(name => name !== 'views').sort()
  }

  /** An event for the pattern that sees the events of one sensor together. */
  async function happened(sensor: string): Promise<void> {
    const matches = [...patternsInForce([IN_A_ROW]).byKey.values()].flatMap(pattern => pattern.matcherKeys)
    const data: PatternEvent = { entity: { source: SITE, subject: sensor }, per: 'entity', matches }
    const event = { ...reading(`m${sent++}`, { sensor }), type: PATTERN_EVENT_TYPE, data: data as never }
    const { value, headers } = writeEvent(event)
    const message = { key: `${SITE} ${sensor}`, value, headers: Object.fromEntries(headers) }
    await environment.client.send(environment.topic('patterns'), [message])
    await groupsCatchUp()
  }

  function command(...args: string[]) {
    return ran(['state', 'erase', ...args], {
      environment: {
        KAFKA_BROKERS: brokers().join(','),
        REDIS_URL: redisUrl(),
        SLUICE_ENV: environment.name,
      },
    })
  }

  async function erasures() {
    const all = await environment.read('readings')
    return all.filter(({ headers }) => String(headers?.ce_type) === ENTITY_ERASED_TYPE)
  }

  async function ends(signal: 'readings' | (typeof groups)[number][0] = 'readings'): Promise<number> {
    return (await environment.client.ends(environment.topic(signal))).reduce((sum, end) => sum + end, 0)
  }

  /** Erases while the consumers go on: they come to the erasure once it is in the log. */
  async function erasedWhile(...args: string[]): Promise<Awaited<ReturnType<typeof command>>> {
    const [length, before] = [await ends(), await endsOfGroups()]
    const ended = command(...args, '--yes', '--timeout', '60s')
    await until('the erasure is in the log', async () => (await ends()) > length)
    await catchUp()
    // The erasure comes to a topic once the consumers of the topic before have applied it.
    for (const [index, [signal]] of groups.entries()) {
      await until(`it is in ${signal}`, async () => (await ends(signal)) > (before[index] as number))
      await groupsCatchUp()
    }
    return ended
  }

  function endsOfGroups(): Promise<readonly number[]> {
    return Promise.all(groups.map(([signal]) => ends(signal)))
  }

  async function held(subject: string): Promise<string[]> {
    const names: string[] = []
    for (const consumer of consumers.keys())
      if ((await environment.states(consumer)).has(`${SITE} ${subject}`)) names.push(consumer)
    return names.sort()
  }

  it('given a dry run, then it shows who holds what, in which partitions, and changes nothing', async () => {
    // One reading went to a partition of another partitioner's choice.
    await publishReading('roof-1', 3)
    await publishReading('roof-1', 3)
    await publishReading('roof-1', 5)
    await publishReading('roof-2', 3)
    await catchUp()
    const length = await ends()
    const { status, stdout } = await command('roof-1', '--dry-run', '--json')
    assert.equal(status, 0)
    const { plan, result }: { plan: ErasurePlan; result: null } = JSON.parse(stdout)
    assert.equal(result, null)
    assert.equal(plan.entity, `${SITE} roof-1`)
    const places = plan.holdings.map(({ consumer, partition }) => `${consumer} ${partition}`)
    const expected = holders().flatMap(name => [`${name} 3`, `${name} 5`])
    assert.deepEqual(places.sort(), expected.sort())
    assert.equal(await ends(), length)
    assert.deepEqual(await held('roof-1'), holders())
  })

  it('given an entity, then every consumer has forgotten it when the command ends, in every partition', async () => {
    await happened('roof-1')
    assert.ok((await environment.states('patterns')).has(`${SITE} roof-1`))
    const { status, stdout, stderr } = await erasedWhile('roof-1', '--json')
    assert.equal(status, 0, stderr)
    const { records, erasureId, ...report }: ErasureReport = JSON.parse(stdout).result
    assert.deepEqual(
      report.consumers,
      [
        ...KEEPING.map(consumer => ({ consumer, topic: environment.topic('readings') })),
        { consumer: 'patterns', topic: environment.topic('patterns') },
        { consumer: 'views', topic: environment.topic('view-rows') },
        { consumer: 'alerting', topic: environment.topic('view-changes') },
      ].map(place => ({
        ...place,
        outcome: 'applied',
        lag: 0,
      })),
    )
    assert.equal((await environment.states('patterns')).size, 0)
    // The record of each partition is where the report says.
    const inLog = (await erasures()).map(({ partition, offset }) => ({
      topic: environment.topic('readings'),
      partition,
      offset: Number(offset),
    }))
    assert.equal(records.length, 12 + 3 + 3 + 3)
    assert.deepEqual(
      inLog.sort((a, b) => a.partition - b.partition),
      records.slice(0, 12),
    )
    const [{ value } = { value: null }] = await erasures()
    assert.equal(JSON.parse(String(value)).erasureId, erasureId)
    assert.deepEqual(await held('roof-1'), [])
    assert.deepEqual(await held('roof-2'), holders(), 'another entity keeps its state')
    const alerts = consumers.get('alerting')?.events.map(({ data }) => data as { reason?: string })
    assert.equal(alerts?.filter(({ reason }) => reason === 'erased').length, 2)
  })

  it('given a consumer that does not come to it, then that is said, with its lag, and it holds later', async () => {
    await publishReading('roof-3', 7)
    await catchUp()
    const { status, stdout, stderr } = await command('roof-3', '--yes', '--timeout', '1s')
    assert.equal(status, 1)
    assert.match(stdout, /^processor on \S+: not yet \(lag 12\)$/m)
    assert.match(stdout, /^The erasure \S+ remains in the log/m)
    assert.match(stderr, /Pending after 1 s: [^.]*processor[^.]*, patterns/)
    assert.deepEqual(await held('roof-3'), holders())
    await catchUp()
    await groupsCatchUp()
    assert.deepEqual(await held('roof-3'), [])
  })
})
