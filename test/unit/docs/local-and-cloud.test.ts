import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { load } from 'js-yaml'
import { COMPOSE_FILE } from '../../../localstack/docker.ts'
import { AWS_SERVICES } from '../../../localstack/services/aws.ts'
import { PROJECT } from '../../support/program.ts'

const NAMES: Readonly<Record<string, string>> = {
  s3: 'S3',
  sns: 'SNS',
  sqs: 'SQS',
  ssm: 'SSM',
  secretsmanager: 'Secrets Manager',
  cloudwatch: 'CloudWatch',
  logs: 'CloudWatch Logs',
}

it('given docs/local-and-cloud.md, then it lists the services that LocalStack starts', () => {
  const page = readFileSync(join(PROJECT, 'docs/local-and-cloud.md'), 'utf8')
  const [, listed = ''] = /^\| \*\*AWS services\*\* \| LocalStack: ([^|]+) \|/m.exec(page) ?? []
  assert.deepEqual(
    listed.split(', '),
    AWS_SERVICES.map(service => NAMES[service] ?? service),
  )
})

it('given the containers of npm start, then LocalStack starts the same services there', () => {
  const file = load(readFileSync(COMPOSE_FILE, 'utf8')) as {
    services: { aws: { environment: { SERVICES: string } } }
  }
  assert.deepEqual(file.services.aws.environment.SERVICES.split(','), AWS_SERVICES)
})
