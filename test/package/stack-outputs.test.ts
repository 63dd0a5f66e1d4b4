/** What a deployment takes from the long-lived stack. A small server stands for CloudFormation; the framework is the real one. */
import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { load } from 'js-yaml'
import { runProgram } from '../support/program.ts'
import { CLUSTER } from './permissions.ts'
import { PROD, refusal } from './refusal.ts'

const OUTPUTS = {
  MskClusterArn: CLUSTER,
  RedisUrl: 'rediss://cache.example:6379',
  RedisMode: 'cluster',
  SubnetIds: 'subnet-1,subnet-2',
  SecurityGroupIds: 'sg-1',
  CheckpointBucket: 'sluice-prod-checkpoints',
  VpcId: 'vpc-1',
}
const STACK = 'sluice-infra-prod'

const NOTHING = {
  MSK_CLUSTER_ARN: undefined,
  REDIS_URL: undefined,
  REDIS_MODE: undefined,
  SUBNET_IDS: undefined,
  SECURITY_GROUP_IDS: undefined,
  CHECKPOINT_BUCKET: undefined,
}

function described(): string {
  const members = Object.entries(OUTPUTS).map(
    ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
  )
  return (
    '<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member>' +
    `<StackName>${STACK}</StackName><StackStatus>CREATE_COMPLETE</StackStatus><CreationTime>2026-01-01T00:00:00Z</CreationTime>` +
    `<Outputs>${members.join('')}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`
  )
}

const MISSING =
  '<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type><Code>ValidationError</Code>' +
  '<Message>Stack with id nowhere does not exist</Message></Error></ErrorResponse>'

describe('the stack that INFRA_STACK names', { timeout: 300_000 }, () => {
  const asked: string[] = []
  let server: Server
  let aws: Readonly<Record<string, string | undefined>>

  before(async () => {
    server = createServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      asked.push(body)
      const isThere = new URLSearchParams(body).get('StackName') === STACK
      response.writeHead(isThere ? 200 : 400, { 'content-type': 'text/xml' })
      response.end(isThere ? described() : MISSING)
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const credentials = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }
    aws = { ...NOTHING, ...credentials, AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`, AWS_REGION: undefined }
  })

  after(() => {
    server.closeAllConnections()
    server.close()
  })

  it('given its name, then a deployment has its outputs, but for a variable that is set', async () => {
    const { code, stdout, output } = await runProgram(
      'serverless',
      ['print', ...PROD, '--region', 'eu-west-1'],
      { env: { ...aws, INFRA_STACK: STACK, SUBNET_IDS: 'subnet-9' } },
    )
    assert.equal(code, 0, output)
    const { provider, custom } = load(stdout) as {
      readonly provider: { readonly vpc: unknown; readonly environment: Readonly<Record<string, unknown>> }
      readonly custom: { readonly deployment: { readonly checkpointBucket: unknown } }
    }
    assert.deepEqual(provider.vpc, { subnetIds: ['subnet-9'], securityGroupIds: ['sg-1'] })
    const { MSK_CLUSTER_ARN, REDIS_URL, REDIS_MODE } = provider.environment
    assert.deepEqual(
      [MSK_CLUSTER_ARN, REDIS_URL, REDIS_MODE],
      [OUTPUTS.MskClusterArn, OUTPUTS.RedisUrl, OUTPUTS.RedisMode],
    )
    assert.equal(custom.deployment.checkpointBucket, OUTPUTS.CheckpointBucket)
    assert.equal(asked.filter(body => body.includes('DescribeStacks')).length, 1)
  })

  it('given the name of a stack that is not there, then that alone is said, and not what follows', async () => {
    const said = await refusal(['package', ...PROD, '--region', 'eu-west-1'], {
      ...aws,
      INFRA_STACK: 'nowhere',
    })
    assert.match(said, /^INFRA_STACK: there is no stack nowhere in eu-west-1[^\n]*$/)
  })
})
