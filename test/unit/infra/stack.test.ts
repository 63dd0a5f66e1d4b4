import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { PROJECT } from '@sluice/test-kit/program'
import { REQUIRED } from '../../../infra/place/account.ts'
import { OUTPUT_VARIABLES } from '../../../infra/place/stack-outputs.ts'
import { STAGES } from '../../../infra/place/stages.ts'
import {
  buildParameters,
  formatTemplate,
  MAX_TEMPLATE_BYTES,
  readStackTemplate,
} from '../../../infra/stack/stack-template.ts'
import { SIGNALS, TOPICS } from '../../../lib/app/naming/topic-table.ts'
import { evaluated } from './template-conditions.ts'

const DEV = await readStackTemplate(STAGES.dev)
const PROD = await readStackTemplate(STAGES.prod)

const page = (name: string) => readFileSync(join(PROJECT, 'docs', `${name}.md`), 'utf8')

interface Policy {
  readonly Sid?: string
  readonly Resource: unknown
  readonly Condition?: unknown
}

const listTypes = (set: Readonly<Record<string, string>>) =>
  Object.values(evaluated(PROD, { ...buildParameters('prod', STAGES.prod), ...set }).made)
const services = (types: readonly string[]) => new Set(types.map(type => type.split('::')[1]))

describe('the long-lived stack', () => {
  it('given both stages, then CloudFormation takes their templates from a command', () => {
    for (const template of [DEV, PROD]) {
      const bytes = Buffer.byteLength(formatTemplate(template))
      assert.ok(bytes < MAX_TEMPLATE_BYTES, `${bytes} bytes`)
    }
  })

  it('given what a deployment asks for, then an output gives each, and no output is forgotten', () => {
    assert.deepEqual(
      Object.keys(PROD.Outputs).sort(),
      [...Object.keys(OUTPUT_VARIABLES), 'VpcId', 'DataKeyArn'].sort(),
    )
    const variables: string[] = Object.values(OUTPUT_VARIABLES)
    assert.deepEqual(
      REQUIRED.filter(name => !variables.includes(name)),
      [],
    )
  })

  // Promise docs/infrastructure.md#what-it-makes | What holds data stays when the stack goes.
  it('given a stage that keeps its data, then whatever holds some stays without the stack', () => {
    const holding =
      /::(Bucket|Key|Cluster|ServerlessCluster|LogGroup|Secret|ServerlessCache|ReplicationGroup)$/
    const holders = Object.entries(PROD.Resources).filter(([, { Type }]) => holding.test(Type))
    assert.ok(holders.length >= 9, `${holders.length}`)
    for (const [id, { DeletionPolicy, UpdateReplacePolicy }] of holders)
      assert.deepEqual([DeletionPolicy, UpdateReplacePolicy], ['RetainExceptOnCreate', 'Retain'], id)
    for (const [id] of holders) assert.equal(DEV.Resources[id]?.DeletionPolicy, 'Delete', id)
  })

  it('given all that stayed of a deleted stack, then another one makes nothing whose name is taken', () => {
    const set = {
      ...{ VpcId: 'vpc-1', SubnetIds: 'subnet-1,subnet-2', SecurityGroupIds: 'sg-1', AlertsTopic: 'exists' },
      ...{
        MskClusterArn: 'arn:aws:kafka:eu-west-1:123456789012:cluster/a/b',
        RedisUrl: 'rediss://there:6379',
      },
      HistoryBucket: 'my-history',
    }
    const kept = Object.keys(evaluated(PROD, set).made).filter(id => PROD.Resources[id]?.DeletionPolicy)
    // A key has no name.
    assert.deepEqual(kept, ['DataKey'])
  })

  it('given other accounts with buckets, then the endpoint leads there as well, and to no others', () => {
    const policy = JSON.stringify(PROD.Resources.S3Endpoint?.Properties?.PolicyDocument)
    assert.match(policy, /"aws:ResourceAccount":\{"Fn::If":\["HasOtherAccounts",/)
  })

  it('given any endpoint, then each statement names the account of what it leads to, or one bucket of AWS', () => {
    const endpoints = Object.entries(PROD.Resources).filter(
      ([, { Type }]) => Type === 'AWS::EC2::VPCEndpoint',
    )
    assert.ok(endpoints.length > 10)
    for (const [id, { Properties = {} }] of endpoints) {
      const { Statement } = Properties.PolicyDocument as { readonly Statement: readonly Policy[] }
      for (const { Sid, Resource, Condition } of Statement) {
        const named = JSON.stringify([Resource, Condition])
        if (Sid === 'AnswersOfCustomResources') assert.doesNotMatch(named, /response-\*/)
        else if (Resource === '*') assert.match(named, /"aws:ResourceAccount":.*AWS::AccountId/, id)
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder is CloudFormation's
        else assert.ok(named.includes(':${AWS::AccountId}:'), id)
        if (Resource === '*' && id !== 'S3Endpoint')
          assert.match(named, /"StringEquals":\{"aws:PrincipalAccount":\{"Ref":"AWS::AccountId"\}\}/, id)
      }
    }
  })

  it('given nothing that is there already, then all is made, without a way to the internet', () => {
    const types = listTypes({})
    for (const service of ['EC2', 'MSK', 'ElastiCache', 'S3', 'KMS', 'SNS', 'SecretsManager'])
      assert.ok(services(types).has(service), service)
    assert.equal(types.filter(type => type === 'AWS::EC2::Subnet').length, 3)
    assert.equal(types.filter(type => type === 'AWS::MSK::Cluster').length, 1)
    for (const type of ['AWS::EC2::InternetGateway', 'AWS::EC2::NatGateway', 'AWS::EC2::EIP'])
      assert.ok(!types.includes(type), type)
  })

  it('given users of the cache, then each has its own secret, and the page names what each may do', () => {
    const users = Object.values(PROD.Resources).filter(({ Type }) => Type === 'AWS::ElastiCache::User')
    assert.equal(users.length, 2)
    for (const { Properties = {} } of users)
      assert.ok(
        page('deployment')
          .replaceAll(/ {2,}/g, ' ')
          .includes(
            `ACL SETUSER ${Properties.UserName} ${`${Properties.AccessString}`.replace('on ', 'on >password ')}\n`,
          ),
        `${Properties.UserName}`,
      )
    const passwords = users.map(({ Properties }) => JSON.stringify(Properties?.AuthenticationMode))
    assert.equal(new Set(passwords).size, users.length)
    const group = PROD.Resources.RedisUserGroup?.Properties?.UserIds
    assert.equal((group as readonly object[]).length, users.length)
  })

  it('given NAT gateways are asked for, then there is one, or one in every zone', () => {
    const gateways = (NatGateways: string) =>
      listTypes({ NatGateways }).filter(type => type === 'AWS::EC2::NatGateway').length
    assert.deepEqual([gateways('one'), gateways('every-zone')], [1, 3])
  })

  it('given pollers on demand, then they find Lambda and STS, which provisioned ones do not need', () => {
    const endpoints = (Pollers: string) =>
      Object.keys(evaluated(PROD, { Pollers }).made).filter(id => /^(Lambda|Sts)Endpoint$/.test(id))
    assert.deepEqual(endpoints('on-demand'), ['LambdaEndpoint', 'StsEndpoint'])
    assert.deepEqual(endpoints('provisioned'), [])
  })

  // Promise docs/infrastructure.md#the-long-lived-stack
  it('given a stack that exists, then it keeps its kind of cluster, and its brokers where it has some', () => {
    const brokers = { BrokerType: 'kafka.m7g.xlarge', BrokerStorageGiB: '500' }
    const printed = (deployed?: Readonly<Record<string, string>>) => {
      const { ClusterKind, BrokerType, BrokerStorageGiB } = buildParameters('dev', STAGES.dev, deployed)
      return [ClusterKind, BrokerType, BrokerStorageGiB]
    }
    assert.deepEqual(printed(), ['provisioned', 'kafka.t3.small', '20'])
    assert.deepEqual(printed({ ClusterKind: 'serverless', ...brokers }), [
      'serverless',
      'kafka.t3.small',
      '20',
    ])
    assert.deepEqual(printed({ ClusterKind: 'provisioned', ...brokers }), [
      'provisioned',
      'kafka.m7g.xlarge',
      '500',
    ])
  })

  it('given the smallest brokers, then each can hold all partitions of the table and of Kafka, three times over', () => {
    const { listed, limit } =
      /holds (?<listed>\d+) of \[(?<limit>\d+) partitions/.exec(page('scaling'))?.groups ?? {}
    const own = SIGNALS.map(signal => TOPICS[signal].partitions).reduce((sum, count) => sum + count)
    // Three brokers hold three copies of each partition. Of Kafka's own topics, offsets and transactions have fifty each.
    assert.deepEqual([Number(listed), Number(limit)], [own + 50 + 50, 300])
    assert.ok(own + 100 <= 300 / 1.5)
    const { ServerProperties } = PROD.Resources.BrokerConfiguration?.Properties ?? {}
    for (const property of ['default.replication.factor=3', 'min.insync.replicas=2'])
      assert.ok(String(ServerProperties).includes(`${property}\n`), property)
  })

  it('given a kind of cluster or cache, then that one is made, and no other', () => {
    const clusters = (set: Readonly<Record<string, string>>) =>
      listTypes(set).filter(type => /^AWS::(MSK::.*Cluster|ElastiCache::(ServerlessCache|Rep.*))$/.test(type))
    assert.deepEqual(clusters({ ClusterKind: 'serverless' }).sort(), [
      'AWS::ElastiCache::ServerlessCache',
      'AWS::MSK::ServerlessCluster',
    ])
    assert.deepEqual(clusters({ CacheKind: 'nodes' }).sort(), [
      'AWS::ElastiCache::ReplicationGroup',
      'AWS::MSK::Cluster',
    ])
  })

  const HANDED_IN: [what: string, set: Readonly<Record<string, string>>, notMade: RegExp][] = [
    ['a VPC', { VpcId: 'vpc-1', SubnetIds: 'subnet-1,subnet-2' }, /EC2::(VPC|Subnet|VPCEndpoint|FlowLog)$/],
    ['a cluster', { MskClusterArn: 'arn:aws:kafka:eu-west-1:123456789012:cluster/a/b' }, /MSK/],
    ['a Redis', { RedisUrl: 'rediss://there:6379', RedisMode: 'single' }, /ElastiCache|SecretsManager/],
    ['buckets', { HistoryBucket: 'my-history' }, /S3/],
  ]
  // Promise docs/infrastructure.md#with-what-you-have | What is handed in is not made.
  for (const [what, set, notMade] of HANDED_IN)
    it(`given ${what} that exists already, then no new one is made, and the outputs name it`, () => {
      const { made, outputs, refusals } = evaluated(PROD, set)
      assert.deepEqual(refusals, [])
      assert.deepEqual(
        Object.values(made).filter(type => notMade.test(type)),
        [],
      )
      assert.ok(listTypes({}).some(type => notMade.test(type)))
      for (const [name, value] of Object.entries(set)) assert.equal(outputs[name], value)
    })

  it('given only a VPC, only subnets, or NAT for a foreign VPC, then CloudFormation refuses it by name', () => {
    const refused = (set: Readonly<Record<string, string>>) => evaluated(PROD, set).refusals.join()
    assert.match(refused({ VpcId: 'vpc-1' }), /^VpcId and SubnetIds: hand in both/)
    assert.match(refused({ SubnetIds: 'subnet-1,subnet-2' }), /^VpcId and SubnetIds: hand in both/)
    assert.match(
      refused({ VpcId: 'vpc-1', SubnetIds: 'subnet-1,subnet-2', NatGateways: 'one' }),
      /^NatGateways: must be none/,
    )
  })

  it('given an alarm topic of another team, then alarms go there, and notifications keep theirs', () => {
    const AlarmTopicArn = 'arn:aws:sns:eu-west-1:123456789012:on-call'
    const { made, outputs } = evaluated(PROD, { AlarmTopicArn })
    assert.equal(outputs.AlarmTopicArn, AlarmTopicArn)
    assert.ok(Object.values(made).includes('AWS::SNS::Topic'))
    assert.ok(!listTypes({ AlertsTopic: 'exists' }).includes('AWS::SNS::Topic'))
  })
})
