import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { LOCAL, PROJECT } from '../../programs/paths.ts'
import type { Server } from './definition.ts'
import { LOOPBACK } from './ports.ts'
import { awsAnswers } from './probes.ts'
import { FEW_ARENAS, type Launch } from './process.ts'
import { ensurePythonPackages } from './python.ts'

/** Works with every Python from 3.11 on. 4.14, the last version of the free edition, uses syntax of Python 3.12. */
const LOCALSTACK_VERSION = '4.13.1'

/** The services that LocalStack starts, by the names that it has for them. */
export const AWS_SERVICES = ['s3', 'sns', 'sqs', 'ssm', 'secretsmanager', 'cloudwatch', 'logs']

export interface AwsOptions {
  readonly port: number
  readonly dataDir: string
}

/** LocalStack from the Python index, on loopback. It keeps no data over a restart. */
export function awsServer({ port, dataDir }: AwsOptions): Server {
  const title = `LocalStack ${LOCALSTACK_VERSION}`
  const installed = join(LOCAL, 'python', 'localstack')
  const dir = join(dataDir, 'aws')
  const probe = join('bin', 'python')
  const packages = { service: 'aws', title, lock: 'localstack.txt', dir: installed, probe } as const
  return {
    name: 'aws',
    title,
    variable: 'AWS_PORT',
    port,
    dir,
    install: context => ensurePythonPackages(packages, context),
    prepare: () => prepareLocalStack(port, dir, join(installed, probe)),
    answers: () => awsAnswers(`http://${LOOPBACK}:${port}/_localstack/health`),
  }
}

async function prepareLocalStack(port: number, dir: string, python: string): Promise<Launch> {
  await mkdir(dir, { recursive: true })
  const address = `${LOOPBACK}:${port}`
  return {
    command: python,
    args: [join(PROJECT, 'localstack', 'aws', 'run.py'), dir],
    // Not the whole environment: LocalStack reads dozens of variables, and one that is set for another purpose (DEBUG,
    // PERSISTENCE, AWS_*) would change its behaviour.
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      LANG: 'C.UTF-8',
      PYTHONWARNINGS: 'ignore',
      ...FEW_ARENAS,
      SERVICES: AWS_SERVICES.join(','),
      GATEWAY_LISTEN: address,
      LOCALSTACK_HOST: address,
      SQS_ENDPOINT_STRATEGY: 'path',
      FILESYSTEM_ROOT: dir,
      // Without this it may assume that it runs in a container, and write to /var/lib and /usr/lib.
      OVERRIDE_IN_DOCKER: '0',
      // No DNS server, no usage statistics, no certificate download.
      DNS_ADDRESS: '0',
      DISABLE_EVENTS: '1',
      SKIP_SSL_CERT_DOWNLOAD: '1',
    },
  }
}
