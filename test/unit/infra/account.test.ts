import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { account, type Environment } from '../../../infra/account.ts'
import { thisMachine } from '../../../infra/this-machine.ts'

const PROJECT = '/project'
const CLUSTER =
  'arn:aws:kafka:eu-west-1:123456789012:cluster/my-cluster/751d2973-a626-431c-9d4e-d7975eb44dd7-2'
const COMPLETE: Environment = {
  MSK_CLUSTER_ARN: CLUSTER,
  REDIS_URL: 'rediss://cache.example:6379',
  SUBNET_IDS: 'subnet-1, subnet-2',
  SECURITY_GROUP_IDS: 'sg-1',
}

const prod = (changes: Environment, region = 'eu-west-1', stage = 'prod') =>
  account(stage, region, { ...COMPLETE, ...changes }, PROJECT)

describe('an account to deploy to', () => {
  it('given all that it needs, then nothing is in the way', () => {
    const place = prod({})
    assert.deepEqual(place.problems, [])
    assert.equal(place.clusterArn, CLUSTER)
    assert.deepEqual(place.vpc, { subnetIds: ['subnet-1', 'subnet-2'], securityGroupIds: ['sg-1'] })
    assert.deepEqual(place.environment, { MSK_CLUSTER_ARN: CLUSTER, REDIS_URL: COMPLETE.REDIS_URL })
  })

  it('given clusters of other kinds and partitions, then their ARNs are ARNs', () => {
    const arns: [arn: string, region: string][] = [
      ['arn:aws:kafka:us-east-1:123456789012:cluster/s/751d2973-a626-431c-9d4e-d7975eb44dd7-s1', 'us-east-1'],
      [
        'arn:aws-cn:kafka:cn-north-1:123456789012:cluster/s/751d2973-a626-431c-9d4e-d7975eb44dd7-3',
        'cn-north-1',
      ],
      [
        'arn:aws-us-gov:kafka:us-gov-west-1:123456789012:cluster/s_1/751d2973-a626-431c-9d4e-d7975eb44dd7-12',
        'us-gov-west-1',
      ],
    ]
    for (const [arn, region] of arns)
      assert.deepEqual(prod({ MSK_CLUSTER_ARN: arn }, region).problems, [], arn)
  })

  const wrong: [name: string, changes: Environment, problem: RegExp][] = [
    [
      'variables that are missing',
      { MSK_CLUSTER_ARN: undefined, REDIS_URL: '', SUBNET_IDS: undefined },
      /^The stage "prod" needs MSK_CLUSTER_ARN, REDIS_URL, and SUBNET_IDS: docs\/deployment\.md says what to set\.$/,
    ],
    ['one variable that is missing', { REDIS_URL: undefined }, /^The stage "prod" needs REDIS_URL: /],
    [
      'no ARN',
      { MSK_CLUSTER_ARN: 'b-1.example:9098' },
      /^MSK_CLUSTER_ARN is "b-1\.example:9098", which is not/,
    ],
    [
      'the ARN of a topic',
      { MSK_CLUSTER_ARN: CLUSTER.replace(':cluster', ':topic') },
      /^MSK_CLUSTER_ARN is .* not the ARN/,
    ],
    [
      'an ARN that is cut off',
      { MSK_CLUSTER_ARN: CLUSTER.slice(0, 60) },
      /^MSK_CLUSTER_ARN is .* not the ARN/,
    ],
    [
      'a cluster elsewhere',
      { MSK_CLUSTER_ARN: CLUSTER.replace('eu-west-1', 'us-east-2') },
      /^MSK_CLUSTER_ARN names a cluster in us-east-2, but the deployment goes to eu-west-1: use --region us-east-2, /,
    ],
    [
      'what is no subnet',
      { SUBNET_IDS: 'subnet-1,vpc-2' },
      /^SUBNET_IDS is "subnet-1,vpc-2": it must be ids such as subnet-/,
    ],
    [
      'a comma too many',
      { SECURITY_GROUP_IDS: 'sg-1,' },
      /^SECURITY_GROUP_IDS is "sg-1,": it must be ids such as sg-/,
    ],
    ['rules outside the project', { RULES_DIR: '../rules' }, /^RULES_DIR names a folder outside the project/],
    ['the project itself for rules', { RULES_DIR: '.' }, /^RULES_DIR names a folder outside the project/],
    [
      'neither on nor off',
      { SLUICE_GENERATOR: 'yes' },
      /^SLUICE_GENERATOR is "yes": it must be on or off\.$/,
    ],
    [
      'neither on nor off for all',
      { SLUICE_SCHEDULES: 'OFF' },
      /^SLUICE_SCHEDULES is "OFF": it must be on or off\.$/,
    ],
  ]
  for (const [name, changes, problem] of wrong)
    it(`given ${name}, then one sentence says so`, () => {
      const { problems, vpc, clusterArn } = prod(changes)
      assert.equal(problems.length, 1, problems.join('\n'))
      assert.match(problems[0] ?? '', problem)
      // What the framework checks itself must not hide the sentence.
      for (const id of [...(vpc?.subnetIds ?? []), ...(vpc?.securityGroupIds ?? [])])
        assert.match(id, /^(subnet|sg)-\w+$/)
      assert.match(clusterArn, /^arn:aws[\w-]*:kafka:/)
    })

  it('given a stage that topics cannot be named after, then one sentence says so', () => {
    assert.match(prod({}, 'eu-west-1', 'Prod').problems.join('\n'), /^The stage is "Prod": it must be .*$/)
  })

  it('given several things that are wrong, then all are told', () => {
    assert.equal(
      prod({ MSK_CLUSTER_ARN: 'x', SUBNET_IDS: undefined, SLUICE_GENERATOR: '1' }).problems.length,
      3,
    )
  })

  it('given a folder of rules in the project, then that one is packed, and found where the functions run', () => {
    const { problems, rulesDir, rulePatterns } = prod({ RULES_DIR: './deploy/rules/' })
    assert.deepEqual(problems, [])
    assert.equal(rulesDir, 'deploy/rules')
    assert.deepEqual(rulePatterns, ['deploy/rules/*.yaml', 'deploy/rules/*.yml'])
    assert.equal(prod({ RULES_DIR: '/project/mine' }).rulesDir, 'mine')
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
    [{ SLUICE_SCHEDULES: 'off', SLUICE_GENERATOR: 'on' }, '', ''],
  ]
  const running = (schedules: object) =>
    Object.entries(schedules)
      .filter(([, runs]) => runs)
      .map(([name]) => name)
      .join(', ')
  for (const [environment, inAccount, onThisMachine] of table)
    it(`given ${JSON.stringify(environment)}, then these run: ${inAccount || 'none'}; here ${onThisMachine || 'none'}`, () => {
      assert.equal(running(prod(environment).schedules), inAccount)
      assert.equal(running(thisMachine(environment, PROJECT).schedules), onThisMachine)
    })

  it('given a word that is neither on nor off, then it is refused on this machine, too', () => {
    assert.deepEqual(thisMachine({ SLUICE_GENERATOR: 'no' }, PROJECT).problems, [
      'SLUICE_GENERATOR is "no": it must be on or off.',
    ])
  })
})

describe('this machine', () => {
  it('given rules outside the project, then they are read where they lie, and nothing outside is packed', () => {
    const { rulesDir, rulePatterns, problems } = thisMachine({ RULES_DIR: '/elsewhere' }, PROJECT)
    assert.deepEqual(problems, [])
    assert.equal(rulesDir, '/elsewhere')
    assert.deepEqual(rulePatterns, ['rules/*.yaml', 'rules/*.yml'])
  })
})
