import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ConfigError } from '#runtime/consumer'
import { listSettings, type Setting } from '#runtime/settings'
import { SLICES } from '../../../../control/environment/config.ts'
import { withPrecedence } from '../../../../control/environment/precedence.ts'
import { mergeSettingsFile, readSettingsFile } from '../../../../control/environment/settings-file.ts'
import { LOCAL_PORTS, REMOVED } from '../../../../lib/app/settings/index.ts'

function listErrors(text: string): readonly string[] {
  try {
    readSettingsFile(text, 'sluice.yml')
    return []
  } catch (error) {
    return (error as ConfigError).errors
  }
}

function listVariables(text: string, environment: Readonly<Record<string, string>> = {}) {
  return withPrecedence(environment, readSettingsFile(text, 'sluice.yml'))
}

describe('a settings file', () => {
  test('given texts, numbers, lists, pairs and switches, then each variable has its text', () => {
    const text = `
kafka:
  bootstrap_servers: [one:9092, two:9092]
  topics: { alerts: 'gds.alerts.{env}', dlq: gds.metrics.dlq }
  partitions: { readings: 24, events: 6 }
  tls: off
producer: { batch_size: 500, batch_bytes: 16384, acks: all, compression: }
telemetry: { sensors: [temp, humidity], sample_rate: 0.5 }
`
    assert.deepEqual(listVariables(text), {
      KAFKA_BROKERS: 'one:9092,two:9092',
      TOPIC_NAMES: 'alerts=gds.alerts.{env},dlq=gds.metrics.dlq',
      PARTITIONS: 'readings=24,events=6',
      KAFKA_TLS: 'off',
      PRODUCER_BATCH_SIZE: '500',
      PRODUCER_BATCH_BYTES: '16384',
      PRODUCER_ACKS: 'all',
      GENERATOR_METRICS: 'temp,humidity',
      GENERATOR_SAMPLE_RATE: '0.5',
    })
  })

  test('given a path without a file, then the error says so', () => {
    assert.throws(
      () => mergeSettingsFile({}, 'no.yml', '/none'),
      /^.*no\.yml has 1 error:\n {2}- there is no such file$/m,
    )
  })

  test('given an empty file, then nothing is set', () => {
    assert.deepEqual(listVariables('# nothing yet\n'), {})
  })

  test('given a variable that is set, then it goes before the file', () => {
    const environment = { LOG_LEVEL: 'DEBUG' }
    assert.deepEqual(listVariables('logging: { level: WARN }', environment), environment)
  })

  const same: [file: string, environment: Record<string, string>][] = [
    ['kafka: { bootstrap_servers: file:1 }', { MSK_CLUSTER_ARN: 'arn' }],
    ['kafka: { bootstrap_servers: file:1 }', { KAFKA_PORT: '9192' }],
    ['redis: { url: "redis://file:1" }', { REDIS_PORT: '6479' }],
    ['kafka: { topic: from-file }', { TOPIC_NAMES: 'readings=other' }],
  ]
  for (const [file, environment] of same)
    test(`given ${file} and ${Object.keys(environment)}, then the variable names the server or topic`, () => {
      assert.deepEqual(listVariables(file, environment), environment)
    })

  const wrong: [text: string, error: RegExp][] = [
    [
      'kafka:\n  bootstrap_server: x',
      /^line 2: kafka.bootstrap_server: unknown key. Did you mean bootstrap_servers\?/,
    ],
    ['producr: {}', /^line 1: producr: unknown key. Did you mean producer\?/],
    ['logging: WARN', /^line 1: logging: must be a mapping$/],
    ['- a', /must be a mapping$/],
    ['kafka:\n\n  auth: maybe', /^line 3: kafka.auth: must be one of none, tls/],
    ['redis: { url: { a: [{}] } }', /^line 1: redis.url: must be/],
    ['a: [', /^line \d: not YAML/],
    ['producer: { acks: 2 }', /^line 1: producer.acks: must be one of all, 1/],
    ['telemetry: { sensors: [a b] }', /^line 1: telemetry.sensors: must be names of metrics that can be/],
    ['spans: { sampler_arg: 50 }', /^line 1: spans.sampler_arg: is no longer a setting: .*observability/],
    ['kafka: { topics: { readings: a, alert: b } }', /^line 1: kafka.topics: must be signal=topic/],
  ]
  for (const [text, error] of wrong)
    test(`given ${JSON.stringify(text)}, then it is refused with its line`, () => {
      const errors = listErrors(text)
      assert.equal(errors.length, 1)
      assert.match(errors[0] ?? '', error)
    })

  test('given several errors, then all are named, in the order of their lines, and no value of a secret', () => {
    const errors = listErrors('logging: { level: LOUD }\nkafka:\n  event_hubs: hunter2\n  nope: 1\n')
    assert.deepEqual(
      errors.map(line => line.split(':').slice(0, 2).join(':')),
      ['line 1: logging.level', 'line 3: kafka.event_hubs', 'line 4: kafka.nope'],
    )
    assert.doesNotMatch(errors.join(), /hunter2/)
  })

  test('has a key for every setting of a person and of this machine, and each variable once', () => {
    const shown = SLICES.filter(slice => slice !== REMOVED)
    const settings = Object.values<Setting>(listSettings([...shown, LOCAL_PORTS]))
    const settable = settings.filter(({ setBy }) => setBy === 'person' || setBy === 'machine')
    assert.ok(settable.length > Object.keys(LOCAL_PORTS.settings).length)
    for (const { key, description } of settable) assert.match(key ?? '', /^[a-z_]+\.[a-z_]+$/, description)
    const keys = settings.flatMap(({ key }) => key ?? [])
    assert.equal(new Set(keys).size, keys.length)
  })
})
