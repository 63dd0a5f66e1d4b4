import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseConnectionString } from '../../../adapters/kafka/event-hubs.ts'
import type { ConfigError } from '../../../settings/config-error.ts'
import { KAFKA } from '../../../settings/kafka.ts'
import { readSettings } from '../../../settings/read-settings.ts'

const ARN = 'arn:aws:kafka:eu-west-1:123456789012:cluster/telemetry/751d2973-a626-431c-9d4e-d7975eb44dd7-2'
const BROKERS = { KAFKA_BROKERS: 'localhost:9092' }
const MSK = { MSK_CLUSTER_ARN: ARN }
const STRING =
  'Endpoint=sb://ns.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey=c2VjcmV0LWtleQ=='

const read = (environment: Record<string, string>) => readSettings([KAFKA], environment).kafka

describe('how to connect to Kafka', () => {
  const login = { username: 'me', password: 'pw' }
  const cases: [what: string, environment: Record<string, string>, expected: object][] = [
    ['brokers alone', BROKERS, { brokers: ['localhost:9092'], auth: 'none' }],
    ['a cluster on MSK', MSK, { brokers: [], clusterArn: ARN, auth: 'iam', region: 'eu-west-1' }],
    [
      'a user with a password',
      { ...BROKERS, KAFKA_AUTH: 'scram-sha-256', KAFKA_USERNAME: 'me', KAFKA_PASSWORD: 'pw' },
      { brokers: ['localhost:9092'], auth: 'scram-sha-256', login },
    ],
    [
      'the same in plain text',
      { ...BROKERS, KAFKA_AUTH: 'plain', KAFKA_TLS: 'off', KAFKA_USERNAME: 'me', KAFKA_PASSWORD: 'pw' },
      { brokers: ['localhost:9092'], auth: 'plain', encrypted: false, login },
    ],
    [
      'an IPv6 address',
      { KAFKA_BROKERS: '[fe80::1%eth0]:9092,[::1]:1' },
      { brokers: ['[fe80::1%eth0]:9092', '[::1]:1'], auth: 'none' },
    ],
    [
      'a secret beside a user, then the secret wins',
      { ...MSK, KAFKA_AUTH: 'scram-sha-512', KAFKA_SECRET: 's', KAFKA_USERNAME: 'me', KAFKA_PASSWORD: 'pw' },
      { brokers: [], clusterArn: ARN, auth: 'scram-sha-512', secret: 's' },
    ],
    [
      'public brokers on MSK',
      { ...MSK, MSK_CONNECTIVITY: 'public' },
      { brokers: [], clusterArn: ARN, connectivity: 'public', auth: 'iam', region: 'eu-west-1' },
    ],
    [
      'a client certificate and an authority',
      { ...BROKERS, KAFKA_AUTH: 'tls', KAFKA_CERT_FILE: 'c', KAFKA_KEY_FILE: 'k', KAFKA_CA_FILE: 'ca' },
      {
        brokers: ['localhost:9092'],
        auth: 'tls',
        certificate: { certFile: 'c', keyFile: 'k' },
        caFile: 'ca',
      },
    ],
    [
      'IAM and brokers whose names contain the region, then it precedes AWS_REGION',
      {
        KAFKA_BROKERS: 'b-1.x.c2.kafka.ap-south-1.amazonaws.com:9098',
        KAFKA_AUTH: 'iam',
        AWS_REGION: 'eu-west-1',
      },
      { brokers: ['b-1.x.c2.kafka.ap-south-1.amazonaws.com:9098'], auth: 'iam', region: 'ap-south-1' },
    ],
    [
      'a serverless cluster with its own names',
      { KAFKA_BROKERS: 'boot-x.c1.kafka-serverless.us-east-2.amazonaws.com:9098', KAFKA_AUTH: 'iam' },
      {
        brokers: ['boot-x.c1.kafka-serverless.us-east-2.amazonaws.com:9098'],
        auth: 'iam',
        region: 'us-east-2',
      },
    ],
    [
      'a connection string of Event Hubs',
      { EVENT_HUBS_CONN_STR: STRING },
      {
        brokers: ['ns.servicebus.windows.net:9093'],
        auth: 'plain',
        login: { username: '$ConnectionString', password: STRING },
      },
    ],
    [
      'that string and brokers, then the brokers win',
      { ...BROKERS, EVENT_HUBS_CONN_STR: STRING },
      {
        brokers: ['localhost:9092'],
        auth: 'plain',
        login: { username: '$ConnectionString', password: STRING },
      },
    ],
  ]
  for (const [what, environment, expected] of cases)
    it(`given ${what}`, () => {
      assert.deepEqual(read(environment), { ...expected, isolation: 'read-committed' })
    })
})

// Promise docs/kafka-security.md#secured-clusters
describe('settings of Kafka that do not fit together', () => {
  const PLAIN = { ...BROKERS, KAFKA_AUTH: 'plain' }
  const cases: [environment: Record<string, string>, error: RegExp][] = [
    [{}, /^KAFKA_BROKERS: must name the cluster/],
    [{ ...PLAIN }, /^KAFKA_USERNAME: must be set for KAFKA_AUTH=plain, unless KAFKA_SECRET/],
    [{ ...PLAIN, KAFKA_USERNAME: 'me' }, /^KAFKA_PASSWORD: must be set/],
    [{ ...BROKERS, KAFKA_TLS: 'off' }, /^KAFKA_TLS: must not be off/],
    [
      { ...BROKERS, KAFKA_USERNAME: 'me' },
      /^KAFKA_AUTH: must be set where KAFKA_USERNAME is, which has no effect with none/,
    ],
    [
      { ...MSK, KAFKA_SECRET: 's' },
      /^KAFKA_AUTH: must be set where KAFKA_SECRET is, which has no effect with iam/,
    ],
    [{ ...BROKERS, KAFKA_AUTH: 'iam' }, /^AWS_REGION: must be the region/],
    [{ ...BROKERS, KAFKA_AUTH: 'tls', KAFKA_CERT_FILE: 'c' }, /^KAFKA_KEY_FILE: must name the key/],
    [{ ...BROKERS, KAFKA_AUTH: 'tls', KAFKA_KEY_FILE: 'k' }, /^KAFKA_CERT_FILE: must name/],
    [{ ...MSK, KAFKA_AUTH: 'plain', KAFKA_SECRET: 's' }, /^KAFKA_AUTH: must be one of none, tls, iam, scram/],
    [{ ...MSK, KAFKA_AUTH: 'none', MSK_CONNECTIVITY: 'public' }, /^KAFKA_AUTH: must not be none/],
    [{ EVENT_HUBS_CONN_STR: STRING, KAFKA_AUTH: 'iam' }, /^KAFKA_AUTH: must be plain/],
    [{ EVENT_HUBS_CONN_STR: 'Endpoint=sb://ns;SharedAccessKey=secret' }, /^EVENT_HUBS_CONN_STR: must be/],
  ]
  for (const [environment, error] of cases)
    it(formatTitle(environment, error), () => {
      assert.throws(
        () => read(environment),
        ({ errors, message }: ConfigError) => {
          assert.equal(errors.length, 1, message)
          assert.match(errors[0] ?? '', error)
          assert.doesNotMatch(message, /secret-key|=secret/)
          return true
        },
      )
    })
})

describe('the compression', () => {
  const cases: [environment: Record<string, string>, compression: string][] = [
    [BROKERS, 'lz4'],
    [{ EVENT_HUBS_CONN_STR: STRING }, 'gzip'],
    [{ EVENT_HUBS_CONN_STR: STRING, KAFKA_BROKERS: 'proxy:9093' }, 'gzip'],
    [{ KAFKA_BROKERS: 'ns.servicebus.windows.net:9093', KAFKA_AUTH: 'tls' }, 'gzip'],
    [{ EVENT_HUBS_CONN_STR: STRING, COMPRESSION: 'none' }, 'none'],
    [{ ...BROKERS, SLUICE_ONE_MACHINE: 'on' }, 'gzip'],
    [{ ...BROKERS, SLUICE_ONE_MACHINE: 'on', COMPRESSION: 'zstd' }, 'zstd'],
  ]
  for (const [environment, compression] of cases)
    it(`given ${Object.keys(environment)}, then it is ${compression}`, () =>
      assert.equal(readSettings([KAFKA], environment).compression, compression))
})

// Promise docs/kafka-security.md#azure-event-hubs | A connection string of Event Hubs gives brokers, user, password and topic.
describe('a connection string of Event Hubs', () => {
  const cases: [string: string, expected: object | undefined][] = [
    [STRING, { broker: 'ns.servicebus.windows.net:9093', isEncrypted: true }],
    [
      `${STRING};EntityPath=readings`,
      { broker: 'ns.servicebus.windows.net:9093', isEncrypted: true, hub: 'readings' },
    ],
    [
      'Endpoint=sb://localhost;SharedAccessKeyName=Root;SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;',
      { broker: 'localhost:9092', isEncrypted: false },
    ],
    ['Endpoint=sb://h:1234/;SharedAccessSignature=s', { broker: 'h:1234', isEncrypted: true }],
    ['Endpoint=https://h/;SharedAccessSignature=s', undefined],
    ['Endpoint=sb://h/;SharedAccessKeyName=n', undefined],
    ['', undefined],
  ]
  for (const [string, expected] of cases)
    it(`given ${string || 'nothing'}`.slice(0, 100), () => {
      assert.deepEqual(parseConnectionString(string), expected)
    })
})

function formatTitle(environment: object, error: RegExp): string {
  const given = Object.keys(environment).join(', ') || 'nothing'
  return `given ${given}, then ${error.source.slice(1)}`.slice(0, 100)
}
