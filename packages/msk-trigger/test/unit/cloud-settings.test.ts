import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findCloudFaults, kafkaEvents } from '../../config/event-settings.ts'
import MskTriggerPlugin from '../../plugin.ts'
import { createServerless } from './framework.ts'
import { refusals } from './refusals.ts'

const kafka = (settings: object) => ({ f: { events: [{ kafka: { topic: 't', ...settings } }] } })
const faults = (settings: object) => findCloudFaults(kafkaEvents(kafka(settings)))

const SECRET = 'arn:aws:secretsmanager:us-east-1:01234567890:secret:MyBrokerSecretName'

describe('settings with which Lambda reaches a cluster', () => {
  const valid = {
    'the examples of the framework': {
      bootstrapServers: ['abc3.xyz.com:9092', 'abc2.xyz.com:9092'],
      accessConfigurations: {
        vpcSubnet: ['subnet-0011001100', 'subnet-0022002200'],
        vpcSecurityGroup: 'sg-0123456789',
        saslScram512Auth: SECRET,
      },
    },
    references: {
      arn: { Ref: 'Cluster' },
      bootstrapServers: ['a:1', { 'Fn::ImportValue': 'broker' }],
      accessConfigurations: { vpcSubnet: [{ Ref: 'Subnet' }], saslPlainAuth: { Ref: 'Secret' } },
    },
    'a reference to all servers': { bootstrapServers: { 'Fn::Split': [',', { Ref: 'Servers' }] } },
    'keys without a value': { bootstrapServers: null, accessConfigurations: {}, saslScram512: null },
  }
  for (const [what, settings] of Object.entries(valid))
    it(`given ${what}, then no fault is found`, () => assert.deepEqual(faults(settings), []))

  const refused = refusals(`
    arn: 'arn:aws:sqs:eu-west-1:123456789012:q' → arn of the kafka event of function "f" must be the ARN of a cluster
    arn: 'arn:aws:kafka:region:XXXXXX:cluster/MyCluster/xxxx' → arn … must be the ARN of a cluster
    saslScram512: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:${'s'.repeat(200)}' → saslScram512 … must be the ARN of a secret, up to 200 characters
    bootstrapServers: [] → bootstrapServers of the kafka event of function "f" must be a list of 1 to 10 different addresses like kafka.example.com:9092, not []
    bootstrapServers: 'a:1,b:1' → must be a list of 1 to 10 different addresses like kafka.example.com:9092, not "a:1,b:1"
    bootstrapServers: ['k:1', 'k:1'] → 1 to 10 different addresses
    bootstrapServers: [${Array.from({ length: 11 }, (_, at) => `'k${at}:9092'`)}] → must be a list of 1 to 10
    bootstrapServers: ['a:1', 'b-1.example'] → has "b-1.example", which is not an address like kafka.example.com:9092 (letters,
    bootstrapServers: ['my_kafka:9092'] → has "my_kafka:9092", which is not
    bootstrapServers: ['user:hunter2@k:9092'] → has "***@k:9092", which is not
    bootstrapServers: ['a:1,b:1'] → has "a:1,b:1", which is not
    bootstrapServers: [''] → has "", which is not
    bootstrapServers: [9092, 'a:1'] → has 9092, which is not
    bootstrapServers: ['${'k'.repeat(300)}:9092'] → has an address of 305 characters: up to 300 are allowed
    accessConfigurations: none → must be a map of lists, not a string
    accessConfigurations: { vpcSubnet: [${Array(24).fill('subnet-1')}] } → must have up to 23 secrets, subnets and security groups, not 24
    accessConfigurations: { vpcSubnet: [subnet-1], vpcSecurityGroup: ['sg-123"'] } → has the character "\\"" in vpcSecurityGroup, which is not allowed: use letters, digits and _/*:+=.@-
    accessConfigurations: { saslPlainAuth: [user hunter2] } → has the character " " in saslPlainAuth, which is not
    accessConfigurations: { saslPlainAuth: [${'s'.repeat(201)}] } → has a text of 201 characters in saslPlainAuth: up to 200 are allowed
    accessConfigurations: { saslScram512Auth: { username: u, password: hunter2 } } → must have texts in saslScram512Auth, not a map
    accessConfigurations: { vpcSubnet: [''] } → must have texts in vpcSubnet, not an empty string
  `)
  for (const [row, settings, message] of refused)
    it(`given ${row}, then one line says what is wrong, without a secret`, () => {
      const lines = faults(settings)
      assert.equal(lines.length, 1)
      assert.match(`${lines}`, message)
      assert.doesNotMatch(`${lines}`, /hunter2/)
    })
})

describe('a fault in settings that only the cloud uses', () => {
  const functions = kafka({
    bootstrapServers: ['<broker>:9092'],
    accessConfigurations: { vpcSecurityGroup: ['sg-123"'] },
  })
  const lines: string[] = []
  const log = (line: string) => void lines.push(line)
  const { hooks } = new MskTriggerPlugin(
    createServerless(functions, { mskTrigger: { brokers: 'a:1' } }),
    {},
    { log: { notice: log, warning: log, error: log } },
  )

  it('is a warning at the start, where the brokers of the settings are read', () => {
    hooks['before:offline:start:init']?.()
    const said = 'It is for the cloud only: package refuses it'
    assert.equal(lines.filter(line => line.startsWith('msk  ') && line.endsWith(said)).length, 2)
  })

  it('is an error before anything is packed, which names all of them', () =>
    assert.throws(() => hooks['before:package:cleanup']?.(), {
      message:
        /^bootstrapServers of .* has "<broker>:9092".*\naccessConfigurations of .*"\\"" in vpcSecurityGroup/,
      code: 'MSK_TRIGGER_CONFIGURATION',
    }))
})
