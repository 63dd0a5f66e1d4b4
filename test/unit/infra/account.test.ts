import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readFunctions } from '../../../control/environment/function-entries.ts'
import { readAccount } from '../../../infra/place/account.ts'
import { readThisMachine } from '../../../infra/place/this-machine.ts'
import { buildRoles } from '../../../infra/roles/roles.ts'
import type { Environment } from '../../../lib/app/settings/index.ts'
import { NAMES } from '../../support/families.ts'
import { golden } from '../../support/golden.ts'

const PROJECT = '/project'
const CLUSTER =
  'arn:aws:kafka:eu-west-1:123456789012:cluster/my-cluster/751d2973-a626-431c-9d4e-d7975eb44dd7-2'
const HERE = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:AmazonMSK_telemetry-a1b2c3'
const COMPLETE: Environment = {
  MSK_CLUSTER_ARN: CLUSTER,
  REDIS_URL: 'rediss://cache.example:6379',
  SUBNET_IDS: 'subnet-1, subnet-2',
  SECURITY_GROUP_IDS: 'sg-1',
}

const prod = (changes: Environment, region = 'eu-west-1', stage = 'prod') =>
  readAccount(stage, region, { ...COMPLETE, ...changes }, PROJECT)

describe('an account to deploy to', () => {
  it('given all that it needs, then nothing is in the way', () => {
    const place = prod({})
    assert.deepEqual(place.problems, [])
    assert.equal(place.clusterArn, CLUSTER)
    assert.deepEqual(place.vpc, { subnetIds: ['subnet-1', 'subnet-2'], securityGroupIds: ['sg-1'] })
    assert.deepEqual(place.environment, {
      MALLOC_ARENA_MAX: '1',
      MALLOC_MMAP_THRESHOLD_: '131072',
      MSK_CLUSTER_ARN: CLUSTER,
      REDIS_URL: COMPLETE.REDIS_URL,
    })
  })

  // Promise docs/console.md#in-an-account
  // Promise docs/functions.md#settings-and-secrets | No secret is a variable of a function.
  // Promise docs/removed.md#what-is-gone
  it('given errors, then each has one sentence, without a password', () => {
    const wrong: Environment[] = [
      { MSK_CLUSTER_ARN: undefined, REDIS_URL: '', SUBNET_IDS: undefined },
      { MSK_CLUSTER_ARN: 'b-1.example:9098' },
      { MSK_CLUSTER_ARN: CLUSTER.slice(0, 60) },
      { SUBNET_IDS: 'subnet-1,vpc-2' },
      { RULES_DIR: '../rules' },
      { HISTORY_BUCKET: 's3://mine/history' },
      { REDIS_URL: 'rediss://sluice:geheim@cache.example:6379' },
      { SLUICE_TRACING: '1' },
      { SLUICE_GENERATOR: 'yes' },
      { SLUICE_SCHEDULES: 'OFF' },
      { SLUICE_CONSOLE: 'on' },
      { ON_FAILURE_QUEUE_ARN: 'arn:aws:sqs:eu-west-1:123456789012:given-up' },
      { KAFKA_AUTH: 'scram-sha-512', KAFKA_SECRET: 'AmazonMSK_x' },
      { KAFKA_AUTH: 'tls', KAFKA_SECRET: HERE },
    ]
    const places = [
      ...wrong.map(changes => prod(changes)),
      ...['staging', 'toString', ''].map(stage => prod({}, 'eu-west-1', stage)),
    ]
    for (const { problems, vpc, clusterArn } of places) {
      assert.equal(problems.length, 1, problems.join('\n'))
      assert.doesNotMatch(problems.join(), /geheim/)
      for (const id of [...(vpc?.subnetIds ?? []), ...(vpc?.securityGroupIds ?? [])])
        assert.match(id, /^(subnet|sg)-\w+$/)
      assert.match(clusterArn, /^arn:aws[\w-]*:kafka:/)
    }
    golden('infra-account', places.map(({ problems }) => `${problems.join()}\n`).join(''))
  })

  // Promise docs/functions.md#tracing | SLUICE_TRACING lets Lambda trace, and each role send traces.
  it('given that traces are asked for, then Lambda sends them, and every role may', () => {
    assert.equal(prod({}).tracing, false)
    const place = prod({ SLUICE_TRACING: 'on' })
    assert.equal(place.tracing, true)
    const all = Object.values(buildRoles(readFunctions(), { ...place, names: NAMES, stage: 'prod' }))
    assert.ok(all.length > 0)
    for (const role of all) assert.match(JSON.stringify(role), /"xray:PutTraceSegments"/)
    assert.doesNotMatch(
      JSON.stringify(buildRoles(readFunctions(), { ...prod({}), names: NAMES, stage: 'prod' })),
      /xray/,
    )
  })

  // Promise docs/deployment.md#deploying | What would not work is refused before anything is built, all at once.
  it('given several errors, then all are reported', () => {
    assert.equal(
      prod({ MSK_CLUSTER_ARN: 'x', SUBNET_IDS: undefined, SLUICE_GENERATOR: '1' }).problems.length,
      3,
    )
  })

  it('given a folder of rules in the project, then that one is packed, and found where the functions run', () => {
    const { problems, folders } = prod({ RULES_DIR: './deploy/rules/' })
    assert.deepEqual(problems, [])
    assert.equal(folders.rules.path, 'deploy/rules')
    assert.deepEqual(folders.rules.patterns, ['deploy/rules/*.yaml', 'deploy/rules/*.yml'])
    assert.equal(prod({ RULES_DIR: '/project/mine' }).folders.rules.path, 'mine')
  })
})

describe('schedules', () => {
  const table: [environment: Environment, inAccount: string, onThisMachine: string][] = [
    [{}, 'clock', 'generator, clock'],
    [{ SLUICE_GENERATOR: '' }, 'clock', 'generator, clock'],
    [{ SLUICE_GENERATOR: 'on' }, 'generator, clock', 'generator, clock'],
    [{ SLUICE_GENERATOR: 'off' }, 'clock', 'clock'],
    [{ SLUICE_SCHEDULES: 'on' }, 'clock', 'generator, clock'],
    [{ SLUICE_SCHEDULES: 'off' }, '', ''],
    [{ SLUICE_SCHEDULES: 'off' }, '', ''],
    [{ SLUICE_SCHEDULES: 'off', SLUICE_GENERATOR: 'on' }, '', ''],
  ]
  const running = (schedules: object) =>
    Object.entries(schedules)
      .filter(([, runs]) => runs)
      .map(([name]) => name)
      .join(', ')
  for (const [environment, inAccount, onThisMachine] of table)
    it(`given ${JSON.stringify(environment)}, then ${inAccount || 'none'} run; here ${onThisMachine || 'none'}`, () => {
      assert.equal(running(prod(environment).schedules), inAccount)
      assert.equal(running(readThisMachine(environment, PROJECT).schedules), onThisMachine)
    })

  // Promise docs/deployment.md#schedules | SLUICE_SCHEDULES and SLUICE_GENERATOR decide what runs.
  it('given a word that is neither on nor off, then it is refused on this machine, too', () => {
    assert.deepEqual(readThisMachine({ SLUICE_GENERATOR: 'no' }, PROJECT).problems, [
      'SLUICE_GENERATOR: must be one of on, off.',
    ])
  })
})

describe('this machine', () => {
  it('given rules outside the project, then they are read there, and nothing outside is packed', () => {
    const { folders, problems } = readThisMachine({ RULES_DIR: '/elsewhere' }, PROJECT)
    assert.deepEqual(problems, [])
    assert.equal(folders.rules.path, '/elsewhere')
    assert.deepEqual(folders.rules.patterns, ['config/rules/*.yaml', 'config/rules/*.yml'])
  })
})

describe('the secrets of receivers', () => {
  const RECEIVER_SECRETS = '{"a":{}}'

  it('given some in the environment, then only the functions of this machine get them', () => {
    assert.equal(
      readThisMachine({ RECEIVER_SECRETS }, PROJECT).environment.RECEIVER_SECRETS,
      RECEIVER_SECRETS,
    )
    assert.doesNotMatch(JSON.stringify(prod({ RECEIVER_SECRETS })), /RECEIVER_SECRETS/)
  })
})
