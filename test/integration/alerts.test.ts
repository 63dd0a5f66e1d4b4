/** `sluice alerts` beside alerting and the view of the alerts that fire, on real servers. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { brokers, redisUrl } from '@sluice/test-kit/servers'
import { environmentReading as reading } from '#runtime/test/support/records'
import type { Answers } from '../../console/api/all-routes.ts'
import { alerting } from '../../lib/alerting/process.ts'
import { notifier } from '../../lib/notification/notifier.ts'
import { TestEnvironment } from '../support/environment.ts'
import { FAMILIES, NAMES } from '../support/families.ts'
import { RedisMonitor } from '../support/redis-monitor.ts'
import { RunningConsumers } from '../support/running-consumers.ts'
import { createRule } from '../unit/alerting/support.ts'
import { ran } from '../unit/cli/terminal.ts'

const ROOF = '/environment/test-site roof-1'
const RULES = [
  createRule({ name: 'HOT', fireAbove: 40, severity: 'critical', labels: { team: 'ops' } }),
  createRule({ name: 'WARM', fireAbove: 30, for: '1h' }),
]
/** Reads of each of the view's partitions: its position and counters, and its states. */
const READS_OF_THE_VIEW = 3 * 4
const MANY = 2_000

describe('sluice alerts, beside alerting and the view', () => {
  let environment: TestEnvironment
  let consumers: RunningConsumers
  let sent = 0

  before(async () => {
    environment = await TestEnvironment.create()
    consumers = new RunningConsumers(environment, [alerting(FAMILIES, RULES), notifier({ routes: [] })])
  })

  after(async () => {
    await consumers?.close()
    await environment?.close()
  })

  /** Appends readings, and lets alerting and the view come to them. */
  async function publishReadings(...values: readonly (readonly [sensor: string, temperature: number])[]) {
    const events = values.map(([sensor, temperature]) => {
      return reading(`m${sent}`, { sensor, temperature, at: sent++ })
    })
    await consumers.append(events, ({ subject }) => String(subject))
    await consumers.catchUp('alerting', 'readings')
    await consumers.catchUp('notifier', 'alerts')
  }

  const command = (...args: string[]) => sluice('alerts', ...args)

  function sluice(...args: string[]) {
    const servers = { KAFKA_BROKERS: brokers().join(','), REDIS_URL: redisUrl() }
    return ran(args, {
      environment: { SLUICE_ENV: environment.name, ...servers },
    })
  }

  async function asked<Report>(name: string, ...args: string[]): Promise<Report> {
    // First: behind "--", which ids that begin with "-" need, there are no options.
    const { status, stdout, stderr } = await command(name, '--json', ...args)
    assert.equal(status, 0, stderr)
    return JSON.parse(stdout)
  }

  type Listed = Answers['/alerts/list']
  const listed = (...args: string[]) => asked<Listed>('list', ...args)
  const listIds = ({ rows }: Listed) => rows.map(({ id }) => id)

  let id = ''
  const askShown = async () => (await asked<Answers['/alerts/one']>('show', '--', id)).rows

  it('given an alert that fires, then list and show include it', async () => {
    await publishReadings(['roof-1', 45], ['roof-10', 20])
    const { rows, more, notes } = await listed()
    const [alert, ...others] = rows
    assert.deepEqual([others, more, notes], [[], 0, []])
    assert.deepEqual(
      [alert?.rule, alert?.entity, alert?.value, alert?.threshold, alert?.labels],
      ['HOT', ROOF, 45, 40, { team: 'ops' }],
    )
    const { stdout } = await command('list', '--flat')
    assert.deepEqual(
      [JSON.parse(stdout).started_at, JSON.parse(stdout).labels_team],
      [alert?.startedAt, 'ops'],
    )
    id = alert?.id ?? ''
    assert.deepEqual(listIds(await listed('--label', 'team=ops', '--severity', 'critical')), [id])
    assert.deepEqual(listIds(await listed('--entity', 'roof-1', '--rule', 'HO*')), [id])
    assert.deepEqual(listIds(await listed('--rule', 'WARM')), [])
    assert.deepEqual(listIds(await listed('--severity', 'warning')), [])
    const [shown] = await askShown()
    assert.equal(shown?.phase, 'firing')
    assert.deepEqual(
      shown.transitions?.map(({ kind, reason }) => [kind, reason]),
      [['fired', 'condition']],
    )
  })

  it('given that it resolves, then it is history, with everything that happened', async () => {
    await publishReadings(['roof-1', 20])
    assert.deepEqual(listIds(await listed()), [])
    const resolved = await listed('--state', 'resolved')
    assert.deepEqual(
      resolved.rows.map(({ id, endedAt, reason, value }) => [id, endedAt !== null, reason, value]),
      [[id, true, 'cleared', 20]],
    )
    assert.deepEqual(listIds(await listed('--state', 'all')), [id])
    assert.deepEqual(listIds(await listed('--state', 'all', '--since', '1m')), [])
    const [shown] = await askShown()
    assert.deepEqual(
      shown?.transitions?.map(({ kind }) => kind),
      ['fired', 'resolved'],
    )
  })

  it('given an entity, then its alerts are shown, newest first, and its pending ones', async () => {
    const { rows } = await asked<Answers['/alerts/one']>('show', 'roof-1')
    assert.deepEqual(
      rows.map(({ rule, state, transitions }) => [rule, state, transitions?.length]),
      [['HOT', 'resolved', 2]],
    )
    await publishReadings(['roof-2', 35])
    const { rows: pending } = await asked<Answers['/alerts/one']>('show', '/environment/test-site roof-2')
    assert.deepEqual(
      pending.map(({ name, state, transitions }) => [name, state, transitions]),
      [['WARM environment.temperature of /environment/test-site roof-2', 'pending', null]],
    )
  })

  // Promise docs/kafka.md#consume
  it('when the readings are consumed, then each has below it, or by name, the alerts that it caused', async () => {
    const { status, stdout, stderr } = await sluice('consume', '--no-follow')
    assert.equal(status, 0, stderr)
    const lines = stdout.split('\n').slice(0, -1)
    // Another reading can come before the alert, which then names its own.
    const form = /^ {2}(?:\d+@(\d+) roof-1: )?(▲ fired {3}|▽ resolved) HOT critical {2}/
    const alerts = lines.flatMap((line, at) => {
      const [, offset, sign] = form.exec(line) ?? []
      const of = offset ?? /@(\d+) .* roof-1 /.exec(lines[at - 1] ?? '')?.[1]
      return sign ? [[of, sign.trim(), line.includes(id)]] : []
    })
    assert.deepEqual(
      alerts,
      [
        ['0', '▲ fired', true],
        ['1', '▽ resolved', true],
      ],
      stdout,
    )
    assert.equal(lines.length, sent + alerts.length)
    assert.match(
      stderr,
      /^Topic: \S+\.readings\.\S+, 12 partitions\nConsumer group: none .*\nEnds after the existing records\. Ctrl-C stops it\.$/m,
    )
    const documents = await sluice('consume', '--no-follow', '--json')
    assert.equal(documents.stderr, '')
    assert.equal(
      documents.stdout
        .trim()
        .split('\n')
        .map(line => JSON.parse(line)).length,
      sent,
    )
  })

  // Promise docs/alerts.md#what-fires-now | A list reads as much as fires, however many entities there are.
  it('given many entities of which one fires, then a list reads as much as before, and no entity', async () => {
    await publishReadings(...Array.from({ length: MANY }, (_, number) => [`s-${number}`, 20] as const))
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
      assert.equal(asked.length, NAMES.topicSize('readings', environment.name).partitions)
    } finally {
      for (const monitor of [entities, view]) monitor.close()
    }
  })
})
