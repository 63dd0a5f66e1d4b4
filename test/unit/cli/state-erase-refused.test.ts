import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serverUnavailable } from '#runtime/adapters/server-failure.ts'
import { CliFailure } from '../../../cli/failure.ts'
import { readErasureTopics, requireKafka } from '../../../cli/state/erase.ts'
import { localEnvironment, readConfig } from '../../../lib/app/config.ts'
import { NAMES } from '../../support/families.ts'

const config = readConfig(localEnvironment({ KAFKA_BROKERS: 'broker:9093' }))

async function messageAfter(error: Error): Promise<string> {
  const [asked] = await readErasureTopics(
    { kafka: () => Promise.reject(error) },
    { ...config, env: 'test', names: NAMES },
  )
  assert.ok(asked)
  assert.ok(asked.bounds instanceof CliFailure)
  try {
    requireKafka(asked, config)
  } catch (failure) {
    return (failure as Error).message
  }
  return assert.fail('it continues')
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

test('given no broker, when an entity is to be erased, then it does not answer', async () => {
  const error = serverUnavailable('kafka', new Error('connect ECONNREFUSED'))
  assert.match(
    await messageAfter(error),
    /^Nothing was changed: Kafka at broker:9093 does not answer: connect ECONNREFUSED\. Start it .*KAFKA_BROKERS\.$/,
  )
})
