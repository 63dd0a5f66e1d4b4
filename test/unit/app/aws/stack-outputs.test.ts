import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { findingsBeforeDeploy } from '../../../../cli/doctor/findings.ts'
import { stackOutputs } from '../../../../lib/app/aws/stack-outputs.ts'

const NAMESPACE = 'xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"'
const CLUSTER = 'arn:aws:kafka:us-east-1:123456789012:cluster/sluice/751d2973-a626-431c-9d4e-d7975eb44dd7-2'
const OUTPUTS = {
  MskClusterArn: CLUSTER,
  RedisUrl: 'redis://127.0.0.1:1',
  SubnetIds: 'subnet-1',
  SecurityGroupIds: 'sg-1',
}

function described(): string {
  const members = Object.entries(OUTPUTS).map(
    ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
  )
  return (
    `<DescribeStacksResponse ${NAMESPACE}><DescribeStacksResult><Stacks><member><StackName>base</StackName>` +
    '<StackStatus>CREATE_COMPLETE</StackStatus><CreationTime>2026-01-01T00:00:00Z</CreationTime>' +
    `<Outputs>${members.join('')}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`
  )
}

function refused(code: string, message: string): string {
  return `<ErrorResponse ${NAMESPACE}><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`
}

const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }

describe('given a stack of CloudFormation', () => {
  const { env } = process
  let server: Server
  let endpoint: string
  const place = () => ({ endpoint, region: 'us-east-1' })

  before(async () => {
    process.env = { ...env, ...CREDENTIALS }
    server = createServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      const stack = new URLSearchParams(body).get('StackName')
      const answers: Record<string, readonly [number, string]> = {
        base: [200, described()],
        forbidden: [403, refused('AccessDenied', 'not authorized')],
      }
      const missing = [400, refused('ValidationError', `Stack with id ${stack} does not exist`)] as const
      const [status, text] = answers[stack ?? ''] ?? missing
      response.writeHead(status, { 'content-type': 'text/xml' }).end(text)
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })

  after(() => {
    process.env = env
    server.closeAllConnections()
    server.close()
  })

  it('then its outputs are read by their names; none of one that is not there; a refusal is an error', async () => {
    assert.deepEqual(await stackOutputs(place(), 'base'), OUTPUTS)
    assert.deepEqual(await stackOutputs(place(), 'nowhere'), {})
    await assert.rejects(stackOutputs(place(), 'forbidden'), /not authorized/)
  })

  it('then the doctor sees its outputs before a deployment, and says so of a stack that is not there', async () => {
    const settingsOf = async (INFRA_STACK: string, KAFKA_BROKERS = '127.0.0.1:1') => {
      const variables = { INFRA_STACK, AWS_ENDPOINT_URL: endpoint, KAFKA_BROKERS }
      const found = await findingsBeforeDeploy('prod', 'us-east-1', variables)
      return found.filter(({ check }) => check === 'settings')
    }
    assert.deepEqual(
      (await settingsOf('base')).map(({ verdict, says }) => [verdict, says]),
      [
        ['ok', 'the settings are complete'],
        ['unknown', 'a deployment ignores it: the findings about Kafka concern the cluster that it selects'],
      ],
    )
    const wrong = (await settingsOf('base', 'no port'))[1]
    assert.deepEqual([wrong?.subject, wrong?.verdict], ['KAFKA_BROKERS', 'wrong'])
    assert.equal(wrong?.todo, 'Unset KAFKA_BROKERS, which a deployment ignores.')
    assert.deepEqual(
      (await settingsOf('nowhere')).map(({ subject, verdict, says }) => [
        subject,
        verdict,
        says.split(',')[0],
      ]),
      [['INFRA_STACK', 'wrong', 'the stack nowhere does not exist in us-east-1']],
    )
  })

  it('then missing or blank variables are each reported once, and beside them all other errors', async () => {
    const variables = {
      AWS_ENDPOINT_URL: endpoint,
      MSK_CLUSTER_ARN: ' ',
      SUBNET_IDS: 'subnet-1',
      REDIS_MODE: 'many',
    }
    const found = await findingsBeforeDeploy('prod', 'us-east-1', variables)
    assert.deepEqual(
      found.map(({ subject, says }) => `${subject} ${says}`),
      [
        'MSK_CLUSTER_ARN is not set',
        'REDIS_URL is not set',
        'SECURITY_GROUP_IDS is not set',
        'REDIS_MODE must be one of single, cluster',
      ],
    )
  })
})
