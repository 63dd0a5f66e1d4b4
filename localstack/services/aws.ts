import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pythonPackages } from '#local-servers/install'
import { FEW_ARENAS } from '#local-servers/managed-process'
import { LOOPBACK } from '#local-servers/ports'
import type { Server, ServerOptions } from '#local-servers/server-definition'
import { PROJECT, PYTHON_LOCKS } from '../../scripts/paths.ts'
import { awsAnswers } from './http-probes.ts'

/**
 * Version of LocalStack that supports Python 3.11 and later. LocalStack 4.14, the last version of the free edition, requires Python
 * 3.12.
 */
const TITLE = 'LocalStack 4.13.1'

/** AWS services to start, by the names that LocalStack uses. */
const AWS_SERVICES = ['s3', 'sns', 'sqs', 'ssm', 'secretsmanager', 'cloudwatch', 'logs']

/** LocalStack from the Python package index, listening on the loopback address. It does not keep data across restarts. */
export function awsServer({ port, dataDir, cacheDir }: ServerOptions): Server {
  const installed = join(cacheDir, 'python', 'localstack')
  const dir = join(dataDir, 'aws')
  const address = `${LOOPBACK}:${port}`
  return {
    name: 'aws',
    title: TITLE,
    variable: 'AWS_PORT',
    port,
    dir,
    isVolatile: true,
    package: pythonPackages({
      service: 'aws',
      title: TITLE,
      lock: join(PYTHON_LOCKS, 'localstack.txt'),
      dir: installed,
    }),
    async prepare() {
      await mkdir(dir, { recursive: true })
      return {
        command: join(installed, 'bin', 'python'),
        args: [join(PROJECT, 'localstack', 'aws', 'run.py'), dir],
        env: environment(address, dir),
      }
    },
    answers: () => awsAnswers(`http://${address}/_localstack/health`),
  }
}

/**
 * Returns selected environment variables for LocalStack. It reads dozens of variables, and variables that are set for other
 * purposes (DEBUG, PERSISTENCE, AWS_*) would change its behavior.
 */
function environment(address: string, dir: string): NodeJS.ProcessEnv {
  return {
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
    // Without this, LocalStack may assume that it runs in a container, and write to /var/lib and /usr/lib.
    OVERRIDE_IN_DOCKER: '0',
    // Disable the DNS server, usage statistics, and the certificate download.
    DNS_ADDRESS: '0',
    DISABLE_EVENTS: '1',
    SKIP_SSL_CERT_DOWNLOAD: '1',
  }
}
