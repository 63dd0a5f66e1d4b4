import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { locateKafka, placesFromEnvironment } from '../../../localstack/ports-and-folders.ts'

describe('the places of the servers', () => {
  it('are the usual ports where nothing is set', () => {
    assert.deepEqual(placesFromEnvironment({ REDIS_URL: ' ' }), {
      kafka: { port: 9092 },
      valkey: { port: 6379 },
      aws: { port: 4566 },
    })
  })

  // Promise docs/local-and-cloud.md#without-python | Servers that run elsewhere are used where they are named.
  it('are the addresses that are set', () => {
    const env = {
      KAFKA_BROKERS: 'one:9092 , two:9093',
      REDIS_URL: 'rediss://user:secret@cache/1',
      AWS_ENDPOINT_URL: 'http://localhost:4566',
    }
    assert.deepEqual(placesFromEnvironment(env), {
      kafka: { address: 'one:9092,two:9093' },
      valkey: { address: 'rediss://user:secret@cache/1' },
      aws: { address: 'http://localhost:4566' },
    })
  })

  it('are one more where a schema registry is asked for, or is named', () => {
    assert.deepEqual(placesFromEnvironment({}, true).registry, { port: 8081 })
    assert.deepEqual(placesFromEnvironment({ REGISTRY_PORT: '18081' }, true).registry, {
      port: 18_081,
    })
    const env = { SCHEMA_REGISTRY_URL: 'http://registry:8081' }
    assert.deepEqual(placesFromEnvironment(env).registry, { address: 'http://registry:8081' })
  })

  const wrong: [variable: string, value: string, form: string][] = [
    ['REDIS_URL', 'foo', 'redis://host:port'],
    ['REDIS_URL', 'user:secret@cache:6379', 'redis://host:port'],
    ['REDIS_URL', 'redis://:secret@cache:many', 'redis://host:port'],
    ['KAFKA_BROKERS', 'localhost', 'host:port'],
    ['KAFKA_BROKERS', 'one:90920', 'host:port'],
    ['KAFKA_BROKERS', 'user:secret@one:9092', 'host:port'],
    ['AWS_ENDPOINT_URL', 'localhost:4566', 'http://host:port'],
    ['AWS_ENDPOINT_URL', 'http://me:secret@localhost:4566', 'http://host:port'],
    ['KAFKA_PORT', '65536', 'a whole number from 1 to 65535'],
    ['AWS_PORT', '0', 'a whole number from 1 to 65535'],
  ]
  for (const [variable, value, form] of wrong)
    it(`are refused with the variable and the form where ${variable} is ${value}`, () => {
      assert.throws(
        () => placesFromEnvironment({ [variable]: value }),
        (error: Error) => {
          assert.equal(error.name, 'ConfigError')
          assert.ok(
            error.message.startsWith(`the environment has 1 error:\n  - ${variable}: must be ${form}`),
          )
          assert.doesNotMatch(error.message, /secret/)
          return true
        },
      )
    })

  it('are refused with all that is wrong at once', () => {
    assert.throws(() => placesFromEnvironment({ REDIS_URL: 'foo', KAFKA_PORT: 'x' }), /has 2 errors:/)
  })
})

describe('a named Kafka', () => {
  const cases: [address: string, listening: number[], auth: string | undefined, place: object | undefined][] =
    [
      ['localhost:9092', [], undefined, { port: 9092, further: [] }],
      ['127.0.0.1:9092,127.0.0.1:9094', [], 'none', { port: 9092, further: [9094] }],
      ['localhost:9092', [9092], undefined, undefined],
      ['127.0.0.1:9092,127.0.0.1:9094', [9094], undefined, undefined],
      ['localhost:9092', [], 'plain', undefined],
      ['kafka.example:9092', [], undefined, undefined],
      ['localhost:9092,kafka.example:9092', [], undefined, undefined],
    ]
  for (const [address, listening, auth, place] of cases)
    it(`given ${address}, ${auth ?? 'no'} authentication, and ${listening.join() || 'no port'} in use, then it is ${place ? 'started' : 'used'}`, async () => {
      const named = { address }
      const found = await locateKafka(named, { KAFKA_AUTH: auth }, async port => listening.includes(port))
      assert.deepEqual(found, place ?? named)
    })
})
