/** `sluice alerts` beside alerting and the view of the alerts that fire, on real servers. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { AlertsReport } from '../../cli/alerts/show-text.ts'
import type { AlertList } from '../../cli/alerts/text.ts'
import { patternsInForce } from '../../lib/alerting/patterns/in-force.ts'
import { PATTERN_EVENT_TYPE, type PatternEvent } from '../../lib/alerting/patterns/pattern-event.ts'
import { patterns } from '../../lib/alerting/patterns/process.ts'
import { alerting } from '../../lib/alerting/process.ts'
import { topicSize } from '../../lib/app/topics.ts'
import { notifier } from '../../lib/notification/notifier.ts'
import { writeEvent } from '../../packages/runtime/cloudevents/writer.ts'
import { TestEnvironment } from '../support/environment.ts'
import { environmentReading as reading } from '../support/records.ts'
import { RedisForgetting } from '../support/redis-forgetting.ts'
import { RedisMonitor } from '../support/redis-monitor.ts'
import { RunningConsumers } from '../support/running-consumers.ts'
import { brokers, redisUrl } from '../support/servers.ts'
import { patternOf } from '../unit/alerting/patterns/support.ts'
import { ruleOf } from '../unit/alerting/support.ts'
import { ran } from '../unit/cli/terminal.ts'

const ROOF = '/environment/test-site roof-1'
const RULES = [
  ruleOf({ name: 'HOT', fireAbove: 40, severity: 'critical', labels: { team: 'ops' } }),
  ruleOf({ name: 'WARM', fireAbove: 30, for: '1h' }),
]
const IN_A_SITE = patternOf({
  count: 2,
  of: { family: 'environment', metric: 'temperature', fireAbove: 40 },
  within: '1h',
  per: 'site',
})
const SITE = '/groups/site test-site'
/** Reads of each of the view's partitions: its position and counters, and its states. */
const READS_OF_THE_VIEW = 3 * 4
const MANY = 2_000

describe('sluice alerts, beside alerting and the view', () => {
  let environment: TestEnvironment
  let consumers: RunningConsumers
  let sent = 0

  before(async () => {
    environment = await TestEnvironment.create()
    consumers = new RunningConsumers(environment, [
      alerting(RULES),
      patterns([IN_A_SITE]),
      notifier({ routes: [] }),
    ])
  })

  after(async () => {
    await consumers?.close()
    await environment?.close()
  })

  /** Appends readings, and lets alerting and the view come to them. */
  async function measured(...values: readonly (readonly [sensor: string, temperature: number])[]) {
    const events = values.map(([sensor, temperature]) => {
      return reading(`m${sent}`, { sensor, temperature, at: sent++ })
    })
    await consumers.append(events, ({ subject }) => String(subject))
    await consumers.catchUp('alerting', 'readings')
    await consumers.catchUp('notifier', 'alerts')
  }

  function command(...args: string[]) {
    const servers = { KAFKA_BROKERS: brokers().join(','), REDIS_URL: redisUrl() }
    return ran(['alerts', ...args], {
      environment: { SLUICE_ENV: environment.name, ...servers },
    })
  }

  async function asked<Report>(name: string, ...args: string[]): Promise<Report> {
    // First: behind "--", which ids that begin with "-" need, there are no options.
    const { status, stdout, stderr } = await command(name, '--json', ...args)
    assert.equal(status, 0, stderr)
    return JSON.parse(stdout)
  }

  const listed = (...args: string[]) => asked<AlertList>('list', ...args)
  const idsOf = ({ alerts }: Pick<AlertList, 'alerts'>) => alerts.map(({ id }) => id)

  let id = ''

  it('given an alert that fires, then list and show include it', async () => {
    await measured(['roof-1', 45], ['roof-10', 20])
    const { alerts, total, behind } = await listed()
    const [alert, ...others] = alerts
    assert.deepEqual([total, behind, others], [1, 0, []])
    assert.deepEqual(
      [alert?.rule, alert?.entity, alert?.value, alert?.threshold, alert?.labels],
      ['HOT', ROOF, 45, 40, { team: 'ops' }],
    )
    id = alert?.id ?? ''
    assert.deepEqual(idsOf(await listed('--label', 'team=ops', '--severity', 'critical')), [id])
    assert.deepEqual(idsOf(await listed('--rule', 'WARM')), [])
    const shown = await asked<AlertsReport>('show', '--', id)
    assert.equal(shown.alerts[0]?.phase, 'firing')
    assert.deepEqual(
      shown.alerts[0]?.transitions.map(({ kind, reason }) => [kind, reason]),
      [['fired', 'condition']],
    )
  })

  it('given a group with a pattern under way, then the list of pending alerts and show include it', async () => {
    const matches = [...patternsInForce([IN_A_SITE]).byKey.values()].flatMap(one => one.matcherKeys)
    const [source, subject] = ROOF.split(' ') as [string, string]
    const data: PatternEvent = { entity: { source, subject }, per: 'site', matches }
    const [group, site] = SITE.split(' ') as [string, string]
    const { value, headers } = writeEvent({
      ...reading('in-a-site'),
      type: PATTERN_EVENT_TYPE,
      source: group,
      subject: site,
      data: data as never,
    })
    const message = { key: SITE, value, headers: Object.fromEntries(headers) }
    await environment.client.send(environment.topic('patterns'), [message])
    await consumers.catchUp('patterns', 'patterns')
    const named = (pending: AlertList['pending']) => pending?.map(({ entity, rule }) => [entity, rule])
    const expected = [[SITE, `${IN_A_SITE.name} pattern`]]
    assert.deepEqual(named((await listed('--pending', '--entity', SITE)).pending), expected)
    assert.deepEqual(named((await asked<AlertsReport>('show', SITE)).pending), expected)
  })

  it('given that Redis forgets the view, when the log is read again, then it is as it was', async () => {
    const before = await listed()
    const { topic, partitions } = topicSize('alerts', environment.name)
    for (let partition = 0; partition < partitions; partition++) {
      const state = new RedisForgetting({ consumer: 'notifier', topic, partition })
      await state.restore(new Map())
      state.close()
    }
    assert.equal((await listed()).behind, 1)
    assert.deepEqual(idsOf(await listed()), [])
    await consumers.catchUp('notifier', 'alerts')
    assert.deepEqual(await listed(), before)
  })

  it('given that it resolves, then it is history, with everything that happened', async () => {
    await measured(['roof-1', 20])
    assert.deepEqual(idsOf(await listed()), [])
    const resolved = await listed('--state', 'resolved')
    assert.deepEqual(
      resolved.alerts.map(({ id, endedAt }) => [id, endedAt !== null]),
      [[id, true]],
    )
    assert.deepEqual(idsOf(await listed('--state', 'all')), [id])
    assert.deepEqual(idsOf(await listed('--state', 'all', '--since', '1m')), [])
    const { alerts } = await asked<AlertsReport>('show', '--', id)
    assert.deepEqual(
      alerts[0]?.transitions.map(({ kind }) => kind),
      ['fired', 'resolved'],
    )
  })

  it('given many entities of which one fires, then a list reads as much as before, and no entity', async () => {
    await measured(...Array.from({ length: MANY }, (_, number) => [`s-${number}`, 20] as const))
    assert.ok((await environment.states('alerting')).size > MANY)
    const readings = environment.topic('readings')
    const [entities, view] = [
      await RedisMonitor.of(readings),
      await RedisMonitor.of(environment.topic('alerts')),
    ]
    try {
      assert.deepEqual(await entities.during(() => listed()), [])
      const commands = await view.during(() => listed())
      assert.ok(commands.length > 0 && commands.length <= READS_OF_THE_VIEW, commands.join())
      assert.equal(commands.filter(name => name === 'hscan').length, 3)
      const asked = await entities.during(() => command('show', '--', id))
      assert.deepEqual(new Set(asked), new Set(['hget']))
      assert.equal(asked.length, topicSize('readings', environment.name).partitions)
    } finally {
      for (const monitor of [entities, view]) monitor.close()
    }
  })
})
