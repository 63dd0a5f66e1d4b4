import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Command } from 'commander'
import type { Environment } from '#runtime/settings'
import { addKafkaOptions } from '../../../cli/declare.ts'
import { applyKafkaOptions } from '../../../cli/kafka-options.ts'
import { ran } from './terminal.ts'

const STRING = 'Endpoint=sb://ns.servicebus.windows.net/;SharedAccessKeyName=n;SharedAccessKey=a-key=='
const CLUSTER = 'arn:aws:kafka:eu-west-1:123456789012:cluster/c/751d2973-a626-431c-9d4e-d7975eb44dd7-2'

/** Returns a command's reading of the environment, and its topic. */
async function told(args: readonly string[], environment: Environment = {}) {
  const program = new Command().exitOverride()
  let seen: { environment: Environment; topic: string | undefined } | undefined
  const command = program.command('read').requiredOption('--topic <topic>').option('--env <name>')
  command.action((options: { topic?: string }) => {
    seen = { environment: applyKafkaOptions(command, environment, '/here'), topic: options.topic }
  })
  addKafkaOptions(command, { environment })
  await program.parseAsync(['read', ...args], { from: 'user' })
  assert.ok(seen)
  return seen
}

describe('the options about Kafka', () => {
  const cases: [what: string, args: string[], before: Environment, after: Environment][] = [
    ['none', [], { KAFKA_BROKERS: 'a:1', OTHER: 'x' }, { KAFKA_BROKERS: 'a:1', OTHER: 'x' }],
    [
      'brokers beside a cluster in a variable',
      ['--brokers', 'b:2, c:3'],
      { MSK_CLUSTER_ARN: CLUSTER, KAFKA_AUTH: 'tls', KAFKA_PORT: '1' },
      { KAFKA_BROKERS: 'b:2,c:3', KAFKA_AUTH: 'tls' },
    ],
    [
      'a cluster beside brokers in a variable',
      ['--cluster-arn', CLUSTER, '--msk-connectivity', 'public', '--auth', 'iam'],
      { KAFKA_BROKERS: 'a:1' },
      { MSK_CLUSTER_ARN: CLUSTER, MSK_CONNECTIVITY: 'public', KAFKA_AUTH: 'iam' },
    ],
    [
      'a user beside a secret in a variable',
      ['--username', 'me'],
      { KAFKA_SECRET: 's', KAFKA_PASSWORD: 'pw' },
      { KAFKA_USERNAME: 'me', KAFKA_PASSWORD: 'pw' },
    ],
    ['a secret', ['--secret', 's'], {}, { KAFKA_SECRET: 's' }],
    [
      'an authority beside its secret in a variable',
      ['--ca-file', 'ca.pem'],
      { KAFKA_CA_SECRET: 's' },
      { KAFKA_CA_FILE: '/here/ca.pem' },
    ],
    [
      'a connection string beside another way to sign in',
      ['--event-hubs-conn-str', STRING],
      { KAFKA_BROKERS: 'a:1', KAFKA_AUTH: 'iam' },
      { EVENT_HUBS_CONN_STR: STRING },
    ],
    [
      'the name of a variable with a connection string',
      ['--event-hubs-conn-str', '$MINE'],
      { MINE: STRING },
      { MINE: STRING, EVENT_HUBS_CONN_STR: STRING },
    ],
    [
      'another registry beside one with a secret',
      ['--registry', 'http://b'],
      { SCHEMA_REGISTRY_URL: 'http://a', SCHEMA_REGISTRY_SECRET: 's' },
      { SCHEMA_REGISTRY_URL: 'http://b' },
    ],
    [
      'the registry of the variable',
      ['--registry', 'http://a'],
      { SCHEMA_REGISTRY_URL: 'http://a', SCHEMA_REGISTRY_SECRET: 's' },
      { SCHEMA_REGISTRY_URL: 'http://a', SCHEMA_REGISTRY_SECRET: 's' },
    ],
  ]
  // Promise docs/kafka-security.md#secured-clusters | Options go before variables, and every way to sign in has its settings.
  for (const [what, args, environment, expected] of cases)
    it(`given ${what}, then they go before variables`, async () => {
      assert.deepEqual((await told(['--topic', 't', ...args], environment)).environment, expected)
    })

  const hub = `${STRING};EntityPath=of-string`
  const topics: [args: string[], topic: string][] = [
    [['--event-hub-name', 'hub'], 'hub'],
    [['--event-hubs-conn-str', hub], 'of-string'],
    [['--event-hubs-conn-str', '$MINE'], 'of-string'],
    [['--event-hubs-conn-str', hub, '--event-hub-name', 'hub'], 'hub'],
    [['--event-hub-name', 'hub', '--event-hubs-conn-str', hub], 'hub'],
    [['--topic', 'mine', '--event-hub-name', 'hub', '--event-hubs-conn-str', hub], 'mine'],
    [['--event-hubs-conn-str', hub, '--topic', 'mine'], 'mine'],
  ]
  for (const [args, topic] of topics)
    it(`given ${args.map(arg => arg.replace(/Endpoint.*/, 'STRING')).join(' ')}, then ${topic} is the topic`, async () => {
      assert.equal((await told(args, { MINE: hub })).topic, topic)
    })
})

describe('the commands with these options', () => {
  const help = async (...command: string[]) => (await ran([...command, '--help'])).stdout

  it('are those that connect to Kafka', async () => {
    const connecting = [
      ...['publish', 'consume', 'generate', 'replay', 'reprocess'],
      ...['topics list', 'topics create', 'topics describe'],
      ...['topics apply', 'groups lag', 'dlq list', 'dlq show', 'dlq redrive'],
      ...['dlq drop', 'alerts list', 'silence add', 'state show', 'stats'],
    ]
    for (const command of connecting)
      assert.match(await help(...command.split(' ')), /^ {2}--brokers </m, command)
  })

  it('name an event hub as the topic if they have an option for the topic, whatever its name', async () => {
    for (const command of ['publish', 'consume', 'generate'])
      assert.match(await help(command), /^ {2}--event-hub-name <name> /m, command)
    const program = new Command().exitOverride().option('--kafka-topic <topic>').option('--env <name>')
    addKafkaOptions(program, { environment: {} })
    program.parse(['--event-hub-name', 'hub'], { from: 'user' })
    assert.equal(program.opts().kafkaTopic, 'hub')
  })

  it('are not those that never do', async () => {
    const others = ['new consumer', 'rules check', 'import']
    for (const command of [...others, 'schemas check'])
      assert.doesNotMatch(await help(...command.split(' ')), /--brokers/, command)
  })
})
