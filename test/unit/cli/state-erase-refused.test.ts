import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unknownTopic } from '#runtime/adapters/kafka/errors.ts'
import { localEnvironment, readConfig } from '../../../lib/app/config.ts'
import { ERASE_STATE } from '../../../lib/operations/erase-state.ts'
import type { ChangedEnvironment } from '../../../lib/operations/operation.ts'
import { NAMES } from '../../support/families.ts'

const config = readConfig(localEnvironment({ KAFKA_BROKERS: 'broker:9093' }))

/** Message of an erasure whose topics cannot be read. The plan is shown all the same. */
async function messageAfter(error: Error): Promise<string> {
  const environment = {
    config: { ...config, env: 'test', names: NAMES },
    functions: [],
    connections: { redis: async () => ({ async *keys() {} }) },
    inspection: async () => ({}),
    offsets: async () => ({ bounds: () => Promise.reject(error) }),
  } as unknown as ChangedEnvironment
  const plan = (await ERASE_STATE.plan(environment, { entity: '/a b' }, {} as never)) as {
    readonly topics: readonly { readonly partitions: number }[]
  }
  assert.deepEqual([plan.topics[0]?.partitions, ERASE_STATE.isEmpty?.(plan)], [12, true])
  return ERASE_STATE.describeRest?.(plan, null) ?? assert.fail('it continues')
}

test('given a broker that refuses the sign-in, when an entity is to be erased, then the message says so', async () => {
  const refused = Object.assign(new Error('SASL PLAIN authentication failed: wrong user'), {
    type: 'SASL_AUTHENTICATION_FAILED',
  })
  const message = await messageAfter(new Error('no connection', { cause: refused }))
  assert.match(
    message,
    /^Nothing was changed: Kafka at broker:9093 cannot be used: it does not accept the cred/,
  )
  assert.doesNotMatch(message, /does not answer/)
})

test('given no such topic, when an entity is to be erased, then the message says what creates it', async () => {
  assert.match(
    await messageAfter(unknownTopic('no topic')),
    /^Nothing was changed: Kafka at broker:9093 has no topic \S+\. `sluice topics apply` creates it/,
  )
})
