import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  brokerProblems,
  deployCommands,
  readAssignments,
  readRegion,
  readStage,
  regionFor,
  regionProblems,
} from '../../../infra/stack-commands.ts'

describe('npm run infra', () => {
  it('given a stage of the table, then it is that one; given another or none, the known ones are named', () => {
    assert.equal(readStage('prod').stage.keepsData, true)
    for (const name of ['production', 'local', 'toString', undefined])
      assert.throws(() => readStage(name), /--stage: must be one of dev, prod \(infra\/stages\.ts\)/)
  })

  it('given parameters, then each has its value, in which "=" may stand', () => {
    assert.deepEqual(readAssignments(['VpcId=vpc-1', 'RedisUrl=rediss://a?b=c', 'SubnetIds=']), {
      values: { VpcId: 'vpc-1', RedisUrl: 'rediss://a?b=c', SubnetIds: '' },
      problems: [],
    })
  })

  it('given an invalid parameter, a repeated one, or the stage, then each is reported', () => {
    assert.deepEqual(readAssignments(['VpcId', 'A=1', 'A=2', 'Env=prod']).problems, [
      '"VpcId": must be NAME=VALUE',
      'A: is set twice',
      'Env: must be set with --stage',
    ])
  })

  it('given an invalid region, then it is refused by its name; a missing one may come from elsewhere', () => {
    assert.equal(readRegion('us-gov-west-1'), 'us-gov-west-1')
    assert.deepEqual([readRegion(undefined), readRegion(' ')], [undefined, undefined])
    for (const region of ['nowhere', 'eu-west', 'eu-west-1;ls'])
      assert.throws(
        () => readRegion(region),
        /--region: must be the name of a region, such as eu-west-1, not/,
      )
  })

  it('given brokers that do not fit into the subnets, then they are refused by name', () => {
    const ClusterKind = 'provisioned'
    assert.deepEqual(brokerProblems({ ClusterKind, Brokers: '4' }), [
      'Brokers: must be a multiple of the number of subnets, 3.',
    ])
    const two = { ClusterKind, SubnetIds: 'subnet-1,subnet-2' }
    assert.match(brokerProblems({ ...two, Brokers: '3' }).join(), /^Brokers: .*, 2\.$/)
    for (const fitting of [
      { ClusterKind },
      { ClusterKind, Brokers: '6' },
      { ...two, Brokers: '4' },
      { ClusterKind: 'serverless', Brokers: '4' },
      { ClusterKind, Brokers: '4', MskClusterArn: 'arn' },
    ])
      assert.deepEqual(brokerProblems(fitting), [])
  })

  const MskClusterArn = 'arn:aws:kafka:eu-west-1:123456789012:cluster/a/b'
  const AlarmTopicArn = 'arn:aws:sns:us-east-1:123456789012:on-call'

  it('given no region, then it is that of the cluster that is handed in; a region that is named wins', () => {
    assert.equal(regionFor(undefined, { MskClusterArn }), 'eu-west-1')
    assert.equal(regionFor('us-east-1', { MskClusterArn }), 'us-east-1')
    assert.equal(regionFor(undefined, { MskClusterArn: '', VpcId: 'vpc-1' }), undefined)
  })

  it('given a cluster or a topic of another region, then it is refused by its name', () => {
    assert.deepEqual(regionProblems('us-east-1', { MskClusterArn, AlarmTopicArn }), [
      'MskClusterArn: is in eu-west-1, but the stack is in us-east-1. Use --region eu-west-1, or a resource in us-east-1.',
    ])
    assert.match(
      regionProblems('eu-west-1', { MskClusterArn, AlarmTopicArn }).join(),
      /^AlarmTopicArn: is in/,
    )
    assert.deepEqual(regionProblems('eu-west-1', { MskClusterArn, AlarmTopicArn: '' }), [])
  })

  const commands = (keepsData: boolean, parameters: Readonly<Record<string, string>> = {}) =>
    deployCommands({
      name: 'prod',
      stage: { keepsData },
      region: 'eu-west-1',
      file: 'out/prod.yaml',
      parameters: { Env: 'prod', ...parameters },
    }).join('\n')

  it('given a stage, then the commands name stack, file and region, and protect what is kept', () => {
    const said = commands(true)
    assert.match(
      said,
      /--region eu-west-1 --stack-name sluice-infra-prod \\\n +--template-file out\/prod\.yaml/,
    )
    assert.match(said, /--capabilities CAPABILITY_IAM \\\n +--parameter-overrides Env=prod\n/)
    assert.match(said, /INFRA_STACK=sluice-infra-prod npx serverless deploy --stage prod --region eu-west-1/)
    assert.match(said, /--enable-termination-protection/)
    assert.doesNotMatch(commands(false), /--enable-termination-protection/)
  })

  it('given a value that a shell would read, then it stays one word', () => {
    assert.match(commands(true, { RedisUrl: "rediss://a?b&c'd" }), / 'RedisUrl=rediss:\/\/a\?b&c'\\''d'\n/)
    assert.match(commands(true, { SubnetIds: 'subnet-1,subnet-2' }), / SubnetIds=subnet-1,subnet-2\n/)
  })
})
