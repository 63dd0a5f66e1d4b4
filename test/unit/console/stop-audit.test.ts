import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { Hono } from 'hono'
import type { ConsoleHono, Person } from '../../../console/access/person.ts'
import { failureRoutes } from '../../../console/api/failures.ts'
import { addRoutes } from '../../../console/api/route.ts'
import type { ConsoleEnvironment } from '../../../console/environment.ts'
import { readConfig } from '../../../lib/app/config.ts'
import type { Audit } from '../../../lib/audit.ts'
import { type KeptOperations, withBegun } from '../../../lib/operations/dead-letters/kept.ts'
import { newOperation } from '../../../lib/operations/dead-letters/operation.ts'
import type { OutgoingRecord } from '../../../packages/runtime/cloudevents/record.ts'

const CONFIG = readConfig({
  SLUICE_ENV: 'test',
  KAFKA_BROKERS: '127.0.0.1:1',
  REDIS_URL: 'redis://127.0.0.1:1',
})
const ADA = { name: 'ada', role: 'operator' } as const
const BOB = { name: 'bob', role: 'operator' } as const
const { id: OPERATION } = newOperation(Date.now())
const NEVER = new Promise<never>(() => {})

describe('given something that a person stops', () => {
  let person: Person = ADA
  let audits: Audit[] = []
  let operations: KeptOperations = []
  let app = new Hono<ConsoleHono>()

  beforeEach(() => {
    person = ADA
    audits = []
    const request = { command: 'redrive' as const, ats: [], filter: {} }
    operations = withBegun(undefined, { id: OPERATION, request, by: 'ada' }, Date.now())
    app = consoleOf({
      publish: async records => {
        audits.push(...records.map(({ value }) => JSON.parse(String(value))))
      },
      update: change => {
        operations = change(operations)
        return operations
      },
    })
  })

  function consoleOf(servers: Servers): Hono<ConsoleHono> {
    const environment = {
      config: CONFIG,
      isLocal: true,
      streams: false,
      consumers: [],
      connections: {
        kept: <T>(connection: T) => connection,
        value: async () => ({ update: async (change: Change) => servers.update(change) }),
      },
      publisher: async () => servers,
      kafka: () => NEVER,
    } as unknown as ConsoleEnvironment
    const routes = new Hono<ConsoleHono>()
    routes.use(async (context, next) => {
      context.set('person', person)
      await next()
    })
    addRoutes(routes, failureRoutes(environment), environment)
    return routes
  }

  async function post(path: string, body: object = {}): Promise<{ readonly id: string }> {
    const response = await app.request(path, { method: 'POST', body: JSON.stringify(body) })
    const text = await response.text()
    assert.ok(response.ok, `${path}: ${response.status} ${text}`)
    return JSON.parse(text)
  }

  const trail = () => audits.map(({ action, by, filter, counts }) => ({ action, by, filter, counts }))

  it('when it is a redrive, then an audit event says who stopped it', async () => {
    person = BOB
    await post('/failures/operation/stop', { id: OPERATION })
    assert.equal(operations[0]?.state, 'stopped')
    const filter = { operation: OPERATION }
    assert.deepEqual(trail(), [{ action: 'dlq stop', by: 'bob', filter, counts: { stopped: 1 } }])
  })
})

type Change = (all: KeptOperations | undefined) => KeptOperations

interface Servers {
  readonly publish: (records: readonly OutgoingRecord[]) => Promise<void>
  readonly update: (change: Change) => KeptOperations
}
