import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConfigError } from '#runtime/consumer'
import { computeCode } from '#runtime/pipeline'
import { readConfig } from '../../../../control/environment/config.ts'
import { findReaderNeed } from '../../../../lib/app/connections/storage.ts'

const LEAST = { KAFKA_BROKERS: 'one:9092, two:9092', REDIS_URL: 'redis://cache:6379' }

describe('the configuration', () => {
  it('given the least, then everything else has its default', () => {
    const config = readConfig(LEAST)
    assert.deepEqual(config.kafka, {
      brokers: ['one:9092', 'two:9092'],
      auth: 'none',
      isolation: 'read-committed',
    })
    assert.deepEqual(
      {
        env: config.env,
        window: config.idWindowMs,
        mode: config.contentMode,
        partial: config.partialResponses,
        logTime: config.logTime,
      },
      { env: 'local', window: 3_600_000, mode: 'binary', partial: false, logTime: 'append' },
    )
  })

  it('given a cluster by its ARN, then IAM signs in', () => {
    const arn =
      'arn:aws:kafka:eu-west-1:123456789012:cluster/telemetry/751d2973-a626-431c-9d4e-d7975eb44dd7-2'
    const { kafka } = readConfig({
      REDIS_URL: LEAST.REDIS_URL,
      MSK_CLUSTER_ARN: arn,
      AWS_REGION: 'eu-west-1',
    })
    assert.deepEqual(kafka, {
      brokers: [],
      clusterArn: arn,
      auth: 'iam',
      region: 'eu-west-1',
      isolation: 'read-committed',
    })
  })

  it('given an earliest time, then it is an instant or an age, and states are decided by other settings', () => {
    const read = (EARLIEST_TIME?: string) => readConfig(EARLIEST_TIME ? { ...LEAST, EARLIEST_TIME } : LEAST)
    const toTimes = ({ earliestTimeMs, oldestMs }: ReturnType<typeof read>) => [earliestTimeMs, oldestMs]
    const [y2000, hour, never] = [Date.UTC(2000, 0), 3_600_000, Number.POSITIVE_INFINITY]
    assert.deepEqual(toTimes(read()), [y2000, never])
    assert.deepEqual(toTimes(read('2025-01-01T00:00Z')), [Date.UTC(2025, 0), never])
    assert.deepEqual(toTimes(read('-30d')), [y2000, 720 * hour])
    for (const wrong of ['30d', '-30', '-12h', '-123456d'])
      assert.throws(() => read(wrong), /EARLIEST_TIME: must be an instant .*, or days before/)
    const codes = [undefined, '-30d', '-31d'].map(time =>
      computeCode('v', { ...read(time), failuresTo: 'f' as never }),
    )
    assert.equal(new Set(codes).size, 3)
  })

  it('given a schema registry with its secret, then both are read', () => {
    const given = { SCHEMA_REGISTRY_URL: 'https://registry/api', SCHEMA_REGISTRY_SECRET: 'login' }
    const { registry } = readConfig({ ...LEAST, ...given })
    assert.deepEqual(registry, { url: 'https://registry/api', secret: 'login' })
  })

  it('given a schema registry with credentials in its address, then the message does not repeat them', () => {
    const wrong = { ...LEAST, SCHEMA_REGISTRY_URL: 'https://user:geheim@registry' }
    assert.throws(
      () => readConfig(wrong),
      (error: Error) =>
        /SCHEMA_REGISTRY_URL: must/.test(error.message) && !/geheim|user:/.test(error.message),
    )
    assert.throws(
      () => readConfig({ ...LEAST, SCHEMA_REGISTRY_SECRET: 'a' }),
      /SCHEMA_REGISTRY_URL: must be set/,
    )
  })

  it('given faults, then all are named at once, by their variables', () => {
    const wrong = {
      KAFKA_BROKERS: 'no-port',
      REDIS_URL: 'http://cache',
      KAFKA_AUTH: 'maybe',
      ID_WINDOW_SECONDS: '1h',
      SLUICE_ENV: 'Not Allowed',
      LOG_TIME: 'mine',
    }
    assert.throws(
      () => readConfig(wrong),
      (error: unknown) => {
        assert.ok(error instanceof ConfigError)
        for (const name of Object.keys(wrong)) assert.match(error.message, new RegExp(`- ${name}: must`))
        return true
      },
    )
    assert.throws(() => readConfig({}), {
      message: [
        'the environment has 2 errors:',
        '  - KAFKA_BROKERS: must name the cluster, unless MSK_CLUSTER_ARN does',
        '  - REDIS_URL: must name the server, as redis://host:port',
      ].join('\n'),
    })
  })

  for (const [since, expected] of [
    ['2026-03-01T00:00:00Z', '2026-03-01T00:00:00.000Z'],
    ['2026-03-01T02:00+02:00', '2026-03-01T00:00:00.000Z'],
    ['2024-02-29T12:30:00.5Z', '2024-02-29T12:30:00.500Z'],
  ] as const)
    it(`given SLUICE_SINCE ${since}, then it is that instant`, () => {
      const { sinceMs } = readConfig({ ...LEAST, SLUICE_SINCE: since })
      assert.equal(sinceMs, Date.parse(expected))
    })

  for (const since of [
    '2026-13-45T99:99Z',
    '2026-02-30T00:00:00Z',
    '2026-03-01',
    '2026-03-01T00:00:00',
    'now',
  ])
    it(`given SLUICE_SINCE ${since}, then it is refused by name: no such instant exists`, () => {
      assert.throws(() => readConfig({ ...LEAST, SLUICE_SINCE: since }), /- SLUICE_SINCE: must be an instant/)
    })

  it('given a memory for failures, then it is that many mebibytes, 64 without', () => {
    assert.equal(readConfig({ ...LEAST, FAILURE_MEMORY_MIB: '3' }).failureBytes, 3 * 1024 * 1024)
    assert.equal(readConfig(LEAST).failureBytes, 64 * 1024 * 1024)
    for (const wrong of ['0', '1.5', '64 MiB'])
      assert.throws(
        () => readConfig({ ...LEAST, FAILURE_MEMORY_MIB: wrong }),
        /- FAILURE_MEMORY_MIB: must be a whole/,
      )
  })

  it('given a window for ids of more than a day, then it is refused: each load would read all of it', () => {
    assert.equal(readConfig({ ...LEAST, ID_WINDOW_SECONDS: '86400' }).idWindowMs, 86_400_000)
    assert.throws(
      () => readConfig({ ...LEAST, ID_WINDOW_SECONDS: '86401' }),
      /- ID_WINDOW_SECONDS: must be a whole number of seconds from 0 to 86400$/,
    )
  })

  it('given a cluster of Redis, then its hosts are those that are named', () => {
    const url = 'rediss://user:pass@one:7000,two'
    const { redis } = readConfig({ ...LEAST, REDIS_URL: url, REDIS_MODE: 'cluster' })
    assert.deepEqual(redis, { url, mode: 'cluster' })
  })

  const wrongRedis: [environment: Record<string, string>, fault: RegExp][] = [
    [{ REDIS_URL: '' }, /- REDIS_URL: must name the server/],
    [{ REDIS_URL: 'redis://:se/cret@cache' }, /- REDIS_URL: must be redis:.*percent-encoded/],
    [{ REDIS_URL: 'redis://:secret@one,two' }, /- REDIS_URL: must name one host; .*REDIS_MODE=cluster/],
    [{ REDIS_URL: 'redis://:secret@one/1', REDIS_MODE: 'cluster' }, /- REDIS_URL: must name no database/],
    [{ REDIS_MODE: 'sentinel' }, /- REDIS_MODE: must be one of single, cluster/],
  ]
  for (const [environment, fault] of wrongRedis)
    it(`given ${JSON.stringify(environment)}, then one line says what is right`, () => {
      assert.throws(
        () => readConfig({ ...LEAST, ...environment }),
        ({ message }: Error) => {
          assert.match(message, /has 1 error:/)
          assert.match(message, fault)
          assert.doesNotMatch(message, /secret/)
          return true
        },
      )
    })

  it('given a wrong URL with a password, then the message does not repeat it', () => {
    assert.throws(
      () => readConfig({ ...LEAST, REDIS_URL: 'redis:/user:secret@cache' }),
      (error: Error) => !error.message.includes('secret'),
    )
  })
})

const WRITER = { STORAGE_URL: 'postgres://writer@db.example/sluice', STORAGE_SECRET: 'rds' }
// Promise docs/storage.md#readers
for (const [reader, need] of [
  [undefined, /set STORAGE_READER_SECRET/],
  ['rds', /a role that can only read/],
  ['reader', undefined],
] as const)
  it(`given the secret ${reader} for reading the database of an account, then ${need ? 'it is not enough' : 'it is enough'}`, () => {
    const found = findReaderNeed(readConfig({ ...LEAST, ...WRITER, STORAGE_READER_SECRET: reader }), false)
    assert.match(found ?? '', need ?? /^$/)
  })
