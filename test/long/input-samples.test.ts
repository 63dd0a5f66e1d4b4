/** The samples of inputs, copied into a project as their pages say: lines of a log, and changes of a database. */
import assert from 'node:assert/strict'
import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createTopic } from '@sluice/test-kit/create-topic'
import { PROJECT, type Program, runProgram } from '@sluice/test-kit/program'
import { brokers } from '@sluice/test-kit/servers'
import { until } from '@sluice/test-kit/until'
import kafkajs, { type Message } from 'kafkajs'
import { debeziumChange, type RowChange, withSchema } from '../support/debezium.ts'
import { TestEnvironment } from '../support/environment.ts'
import { StartedProject } from '../support/started-project.ts'

const SAMPLES = ['logs', 'changes']
const START_MS = Date.now() - 120_000

interface ListedAlert {
  readonly rule: string
  readonly entity: string
  readonly summary: string
}

/** Lines in three forms: plain names, the Elastic Common Schema, and pino. */
function createLine(n: number, service: string, level: 'info' | 'error', text: string): object {
  const timeMs = START_MS + n * 1_000
  const time = new Date(timeMs).toISOString()
  const host = `${service}-${n % 2}`
  if (n % 3 === 0) return { timestamp: time, level: level.toUpperCase(), service, host, message: text }
  if (n % 3 === 1)
    return { time: timeMs, level: level === 'error' ? 50 : 30, service, hostname: host, msg: text }
  return {
    '@timestamp': time,
    'log.level': level,
    service: { name: service },
    host: { name: host },
    message: text,
  }
}

describe('the samples of inputs', () => {
  let environment: TestEnvironment
  let project: StartedProject
  let running: Program

  before(async () => {
    environment = await TestEnvironment.create()
    project = await StartedProject.copy(environment.name)
    const inputs: string[] = []
    for (const sample of SAMPLES) {
      const folder = join(PROJECT, 'examples', sample)
      await cp(join(folder, 'config'), join(project.folder, 'config'), { recursive: true })
      inputs.push((await readFile(join(folder, 'inputs.yaml'), 'utf8')).replace('inputs:\n', ''))
    }
    await project.write('config/inputs.yaml', `inputs:\n${inputs.join('')}`)
    const admin = new kafkajs.Kafka({ brokers: brokers(), logLevel: kafkajs.logLevel.NOTHING }).admin()
    await admin.connect()
    for (const topic of ['service-logs', 'shop.public.orders'])
      await createTopic(admin, { topic, numPartitions: 2 })
    await admin.disconnect()
    running = project.start([], { SLUICE_GENERATOR: 'off' })
    await running.says(/^Ctrl-C stops everything/m, 200_000)
    await running.says(/tables in force: .*service_errors/, 120_000)
  })

  after(async () => {
    running?.signal('SIGINT')
    await running?.ended
    await project?.remove()
    await environment?.close()
  })

  async function sluice(...args: string[]): Promise<string> {
    const { code, stdout, output } = await runProgram(join(project.folder, 'cli', 'bin.mjs'), args, {
      cwd: project.folder,
      env: project.variables,
    })
    assert.equal(code, 0, output)
    return stdout
  }

  async function readRows(sql: string): Promise<object[]> {
    return JSON.parse(await sluice('sql', sql, '--format', 'json')).answers[0].rows
  }

  async function listAlerts(rule: string): Promise<ListedAlert[]> {
    return JSON.parse(await sluice('alerts', 'list', '--rule', rule, '--json')).rows
  }

  it('given the lines of the sample, then its mapping takes all of them', async () => {
    const shown = await sluice('mappings', 'try', 'examples/logs/lines.jsonl', '--mapping', 'log-line')
    assert.match(shown, /^8 records: 8 events, 0 refused$/m)
  })

  // Promise docs/inputs.md#lines-of-a-log | Five errors of one service within five minutes are an alert.
  it('given lines of two services, then the one with five errors within five minutes has an alert', async () => {
    const lines = [
      ...Array.from({ length: 20 }, (_, n) => createLine(n, 'checkout', 'info', `order ${n}`)),
      ...Array.from({ length: 6 }, (_, n) => createLine(20 + n, 'checkout', 'error', `payment ${n} refused`)),
      ...Array.from({ length: 4 }, (_, n) => createLine(30 + n, 'search', 'error', 'the index is read-only')),
    ]
    const messages = lines.map(line => ({ value: JSON.stringify(line) }))
    await environment.client.send('service-logs', messages)
    const expected = [
      { service: 'checkout', errors: 6, last_error: 'payment 5 refused' },
      { service: 'search', errors: 4, last_error: 'the index is read-only' },
    ]
    const sql = 'SELECT * FROM service_errors'
    await until('the errors are counted', async () =>
      (await sluice('sql', sql)).includes('payment 5 refused'),
    )
    await until('search is counted', async () => (await sluice('sql', sql)).match(/search .* 4 /) !== null)
    assert.deepEqual(await readRows(sql), expected)
    await until('an alert fires', async () => (await listAlerts('MANY_ERRORS')).length > 0)
    const alerts = await listAlerts('MANY_ERRORS')
    assert.deepEqual(
      alerts.map(({ entity, summary }) => [entity, summary]),
      [['/groups/service checkout', 'checkout has logged 5 errors within 5 min']],
    )
  })

  // Promise docs/inputs.md#changes-of-a-database | A table counts the changes of a database, with or without their schemas, and tombstones are ignored.
  it('given changes with and without their schema, then a table counts them, and many deletes are an alert', async () => {
    const changes: RowChange[] = [
      ...Array.from({ length: 12 }, (_, id) => ({ op: 'c' as const, id })),
      ...Array.from({ length: 5 }, (_, id) => ({ op: 'u' as const, id })),
      ...Array.from({ length: 11 }, (_, id) => ({ op: 'd' as const, id })),
    ]
    const messages = changes.flatMap((change, n): Message[] => {
      const { key, value } = debeziumChange(change, START_MS + n * 1_000)
      const write = (document: object) => JSON.stringify(n % 2 === 0 ? document : withSchema(document))
      const record = { key: write(key), value: write(value) }
      // Debezium writes a tombstone behind each delete.
      return change.op === 'd' ? [record, { key: record.key, value: null }] : [record]
    })
    await environment.client.send('shop.public.orders', messages)
    const sql = 'SELECT table_name, operation, changes FROM table_changes'
    const expected = [
      { table_name: 'orders', operation: 'create', changes: 12 },
      { table_name: 'orders', operation: 'delete', changes: 11 },
      { table_name: 'orders', operation: 'update', changes: 5 },
    ]
    await until(
      'all changes are counted',
      async () => JSON.stringify(await readRows(sql)) === JSON.stringify(expected),
      { describe: () => readRows(sql) },
    )
    await until('an alert fires', async () => (await listAlerts('MASS_DELETE')).length > 0)
    const [alert] = await listAlerts('MASS_DELETE')
    assert.deepEqual(
      [alert?.entity, alert?.summary],
      ['/changes/shop orders', '10 rows of orders were deleted within 1 min'],
    )
  })

  it('then no record is a dead letter', async () => {
    assert.deepEqual(JSON.parse(await sluice('dlq', 'list', '--json')).rows, [])
  })
})
