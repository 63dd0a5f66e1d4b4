import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { addStackOutputs, createOutputsReader, mergeOutputs } from '../../../infra/place/stack-outputs.ts'

const OUTPUTS = {
  MskClusterArn:
    'arn:aws:kafka:eu-west-1:123456789012:cluster/sluice-prod/751d2973-a626-431c-9d4e-d7975eb44dd7-2',
  RedisUrl: 'rediss://sluice.example:6379',
  RedisMode: 'cluster',
  CacheMaximumGB: '10',
  SubnetIds: 'subnet-1,subnet-2',
  SecurityGroupIds: 'sg-1',
  AlarmTopicArn: 'arn:aws:sns:eu-west-1:123456789012:sluice-alerts-prod',
  VpcId: 'vpc-1',
}

describe('outputs of the long-lived stack', () => {
  // Promise docs/infrastructure.md#the-long-lived-stack | Outputs of the stack are the variables of a deployment, and a stack keeps its kind of cluster.
  it('given all outputs, then each gives its variable, and others give none', () => {
    const found = mergeOutputs({}, OUTPUTS)
    assert.deepEqual(Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)), {
      MSK_CLUSTER_ARN: OUTPUTS.MskClusterArn,
      REDIS_URL: OUTPUTS.RedisUrl,
      REDIS_MODE: 'cluster',
      CACHE_GIGABYTES: '10',
      SUBNET_IDS: OUTPUTS.SubnetIds,
      SECURITY_GROUP_IDS: 'sg-1',
      ALARM_TOPIC_ARN: OUTPUTS.AlarmTopicArn,
    })
  })

  it('given a variable that is set, then it wins; an empty one is not set', () => {
    const found = mergeOutputs({ SUBNET_IDS: 'subnet-9', MSK_CLUSTER_ARN: ' ', OTHER: 'x' }, OUTPUTS)
    assert.equal(found.SUBNET_IDS, 'subnet-9')
    assert.equal(found.MSK_CLUSTER_ARN, OUTPUTS.MskClusterArn)
    assert.equal(found.OTHER, 'x')
  })

  it('given another Redis, then what is known of the cache of the stack does not count for it', () => {
    const other = mergeOutputs({ REDIS_URL: 'rediss://mine:6379' }, OUTPUTS)
    const ofCache = ({ REDIS_MODE, CACHE_GIGABYTES }: typeof other) => [REDIS_MODE, CACHE_GIGABYTES]
    assert.deepEqual(ofCache(other), [undefined, undefined])
    assert.deepEqual(ofCache(mergeOutputs({}, OUTPUTS)), ['cluster', '10'])
  })
})

describe('the stack that INFRA_STACK names', () => {
  const answering = (outputs: Readonly<Record<string, string>>) => {
    const asked: string[] = []
    const resolve = async (variable: string) => {
      asked.push(variable)
      return outputs[/\.(\w+), null$/.exec(variable)?.[1] ?? ''] ?? null
    }
    return { asked, outputsOf: createOutputsReader(resolve) }
  }
  const refusing = (error: Error) => createOutputsReader(() => Promise.reject(error))

  it('given a name, then its outputs are asked for in the region of the deployment', async () => {
    const { asked, outputsOf } = answering(OUTPUTS)
    const found = await addStackOutputs({ INFRA_STACK: 'base' }, 'eu-west-1', outputsOf)
    assert.deepEqual(found.problems, [])
    assert.equal(found.environment.MSK_CLUSTER_ARN, OUTPUTS.MskClusterArn)
    assert.equal(asked[0], 'cf(eu-west-1):base.MskClusterArn, null')
  })

  it('given a name that no stack can have, then it is refused before anything is asked', async () => {
    const { asked, outputsOf } = answering(OUTPUTS)
    const { problems } = await addStackOutputs({ INFRA_STACK: '1.stack' }, 'eu-west-1', outputsOf)
    assert.match(problems.join('|'), /^INFRA_STACK: must be the name of a stack: [^|]*\.$/)
    assert.deepEqual(asked, [])
  })

  it('given a stack that is not there, then that is said', async () => {
    const { problems } = await addStackOutputs({ INFRA_STACK: 'base' }, 'eu-west-1', answering({}).outputsOf)
    assert.match(problems.join('|'), /^INFRA_STACK: the stack base does not exist in eu-west-1[^|]*\.$/)
  })

  it('given that AWS refuses, then its reason is said, without the words and the stack around it', async () => {
    const said =
      'Cannot resolve variable at "custom.deployment": AWS provider credentials not found\n  at x.js:1'
    const { problems } = await addStackOutputs(
      { INFRA_STACK: 'base' },
      'eu-west-1',
      refusing(new Error(said)),
    )
    assert.deepEqual(problems, [
      'INFRA_STACK: the outputs of base in eu-west-1 cannot be read: AWS provider credentials not found.',
    ])
  })

  it('given that the framework knows too little yet, then it asks again', async () => {
    const later = Object.assign(new Error('later'), { code: 'MISSING_VARIABLE_DEPENDENCY' })
    await assert.rejects(addStackOutputs({ INFRA_STACK: 'base' }, 'eu-west-1', refusing(later)), later)
  })
})
