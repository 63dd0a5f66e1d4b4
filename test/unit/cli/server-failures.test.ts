import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { RegistryError } from '@sluice/schema-registry'
import { rejection } from '@sluice/test-kit/rejection'
import { RedisClient } from '#runtime/operating/redis'
import { registryUnavailable } from '#runtime/operating/registry'
import { serverUnavailable } from '#runtime/operating/servers'
import type { Unavailable } from '#runtime/pipeline'
import { describeError } from '#runtime/test/support/inside'
import { toProblem } from '../../../console/http/problem.ts'
import { checkKafka } from '../../../control/diagnosis/checks/kafka.ts'
import { checkTopic } from '../../../control/diagnosis/checks/topics.ts'
import { observe } from '../../../control/diagnosis/observe.ts'
import { StallWatch } from '../../../control/diagnosis/stalls.ts'
import { localEnvironment, readConfig } from '../../../control/environment/config.ts'
import { serverFailure } from '../../../control/operations/server-failure.ts'
import { awaitKafkaAnswer } from '../../../lib/log/kafka-answers.ts'
import { ACCOUNT, kafka, MACHINE, topic } from '../../support/doctor-facts.ts'
import { NAMES } from '../../support/families.ts'

const config = readConfig(
  localEnvironment({ KAFKA_BROKERS: 'broker:9093', REDIS_URL: 'redis://:pw@127.0.0.1:1' }),
)
const refused = Object.assign(new Error('connect ECONNREFUSED'), {
  code: 'ECONNREFUSED',
  broker: 'broker:9093',
})

const failures: readonly (readonly [string, () => Promise<Error>])[] = [
  [
    'Redis',
    async () => {
      const client = new RedisClient(config.redis)
      return await rejection(client.run(redis => redis.ping())).finally(() => client.close())
    },
  ],
  ['Kafka', () => rejection(awaitKafkaAnswer('topics', Promise.reject(refused)))],
  [
    'The schema registry',
    async () =>
      registryUnavailable(
        new RegistryError('unavailable', 'x', { at: 'http://127.0.0.1:1', said: 'it answered 503: busy' }),
      ),
  ],
]

describe('the same failure', () => {
  for (const [server, fail] of failures)
    it(`given ${server}, then function, command, console, doctor and stalls have the same words`, async () => {
      const error = await fail()
      const { message, words } = error as Unavailable
      const { happened, todo } = words ?? assert.fail(message)
      assert.match(message, new RegExp(`^${server} at \\S+:\\d+ `))
      assert.equal(message, `${happened}. ${todo}`)
      assert.equal(describeError(error).error, message)
      assert.equal((serverFailure(error, config) as Error).message, message)
      assert.deepEqual(toProblem(error), { code: 'unavailable', message })
      const observed = await observe(() => Promise.reject(error))
      assert.deepEqual(observed, { unseen: happened, todo })
      const facts = { servers: { one: message }, lags: [], members: new Map(), broken: [] }
      const [stall] = new StallWatch(1_000).next(facts, 0)
      assert.equal(`${stall?.reason}.`, message)
    })

  it('given a registry that is away in the work of a command with Redis, then the message does not name Redis', () => {
    const away = registryUnavailable(
      new RegistryError('unavailable', 'x', { at: 'http://r', cause: refused }),
    )
    assert.match(
      (serverFailure(away, config) as Error).message,
      /^The schema registry at http:\/\/r does not/,
    )
  })

  it('given a time limit without an address, then the command adds that of Kafka', () => {
    const late = serverUnavailable('kafka', new Error('no answer within 10 s'))
    assert.match(
      (serverFailure(late, config) as Error).message,
      /^Kafka at broker:9093 does not answer in time: no/,
    )
  })

  it('given a server that is away, then no finding of the doctor says that a permission is missing', async () => {
    const away = await observe(() => awaitKafkaAnswer('topics', Promise.reject(refused)))
    assert.ok('unseen' in away)
    const findings = [
      ...checkTopic(NAMES, { ...topic(), found: away }, ACCOUNT),
      ...checkKafka(kafka({ cluster: away }), MACHINE),
    ]
    const todos = findings.filter(({ verdict }) => verdict !== 'ok').map(({ todo }) => todo)
    assert.ok(todos.length > 1)
    assert.deepEqual(new Set(todos), new Set([away.todo]))
  })
})

/** Sentences about a server that cannot be used, in quotes. */
const WORDED =
  /['"`>][^'"`\n]*\b(Kafka|Redis|Valkey|LocalStack|registry|PostgreSQL|bucket|broker|server)\b[^'"`\n]*\b(does not|did not|do not|cannot be) (answer|respond|reached)/

describe('commands, console and npm start', () => {
  it('then no file of them words a failure of a server itself', () => {
    const root = join(import.meta.dirname, '../../..')
    const files = globSync('{cli,console,localstack}/**/*.{ts,tsx}', { cwd: root })
    assert.ok(files.length > 150)
    const worded = files.filter(file => {
      const code = readFileSync(join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
      return WORDED.test(code)
    })
    assert.deepEqual(worded, [])
    assert.match("throw new Error('Redis does not answer')", WORDED)
  })
})
