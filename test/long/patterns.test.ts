/** A rule that counts restarts of a tenant’s databases, which are in several partitions, on real servers. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Alert } from '../../lib/alerting/alert.ts'
import { type Signal, TOPICS } from '../../lib/app/topics.ts'
import { FAMILIES } from '../../lib/telemetry/families.ts'
import { reading } from '../../lib/telemetry/reading.ts'
import { TestEnvironment } from '../support/environment.ts'
import { Offline } from '../support/offline.ts'
import { until } from '../support/until.ts'
import { writtenMessage } from '../support/written-message.ts'

const RULE = `rules:
  - name: TENANT_RESTARTS
    pattern:
      count: 3
      of: { event: instance.restarted }
      within: 1h
      per: tenant
    severity: critical
`
const START_MS = Date.parse('2026-03-01T12:00:00Z')

/** A reading before the restart of a database, and one after it. */
function restart(instance: string, minute: number, tenant = 'acme') {
  return [60, 10].map((memoryUsagePercent, index) => {
    const time = new Date(START_MS + (minute * 60 + index) * 1000).toISOString()
    const data = { databaseType: 'postgres', instanceId: instance, tenant, memoryUsagePercent }
    const event = reading(FAMILIES.database, `${instance} ${minute} ${index}`, time, data)
    return { ...writtenMessage(event), key: FAMILIES.database.keys.instance(data) }
  })
}

const RESTARTS = [
  ...restart('db-1', 0),
  ...restart('db-2', 10),
  ...restart('db-3', 20, 'other'),
  ...restart('db-2', 30),
  ...restart('db-1', 40),
]

async function alertsIn(environment: TestEnvironment): Promise<Alert[]> {
  const records = await environment.read('alerts')
  return records.map(({ value }) => JSON.parse(String(value)) as Alert)
}

/** Whether the two databases of the tenant are really apart. */
async function partitionsOf(environment: TestEnvironment, signal: Signal): Promise<Map<string, Set<number>>> {
  const records = await environment.read(signal)
  const found = new Map<string, Set<number>>()
  for (const { value, partition } of records) {
    const data = JSON.parse(String(value)) as { instanceId?: string; entity?: { subject?: string } }
    const instance = data.instanceId ?? data.entity?.subject ?? ''
    found.set(instance, (found.get(instance) ?? new Set()).add(partition))
  }
  return found
}

describe('restarts of one tenant’s databases, through serverless offline', () => {
  let environment: TestEnvironment
  let offline: Offline
  let folder: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-patterns-'))
    await writeFile(join(folder, 'rules.yaml'), RULE)
    environment = await TestEnvironment.create()
    offline = await Offline.start(environment.name, { RULES_DIR: folder })
  })

  after(async () => {
    await offline?.stop()
    await environment?.close()
    await rm(folder, { recursive: true })
  })

  it('given databases in two partitions, then one alert fires for their tenant', async () => {
    await offline.invoke('clock', { time: '2026-03-01T12:00:00Z' })
    await environment.client.send(environment.topic('readings'), RESTARTS)
    await until('the alert fires', async () => (await alertsIn(environment)).length > 0)
    await environment.untilTrimmed()
    const lie = await partitionsOf(environment, 'readings')
    assert.equal(new Set([...(lie.get('db-1') ?? []), ...(lie.get('db-2') ?? [])]).size, 2)
    const [fired, ...others] = await alertsIn(environment)
    assert.deepEqual(others, [])
    assert.deepEqual(fired?.entity, { source: '/groups/tenant', subject: 'acme' })
    assert.equal(fired?.summary, 'acme: 3 events within 1 h')
    for (const [consumer, signal] of [
      ['grouping', 'events'],
      ['patterns', 'patterns'],
    ] as const)
      assert.equal((await environment.tally(consumer))['applied/rules-activated'], TOPICS[signal].partitions)
  })
})
