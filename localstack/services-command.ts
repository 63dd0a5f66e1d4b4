import { once } from 'node:events'
import { runMain } from '../programs/main.ts'
import { readOptions } from '../programs/options.ts'
import { STACK_NAME } from '../programs/stack.ts'
import { BROKERS, BROKERS_OPTION, BROKERS_USAGE } from './brokers-option.ts'
import { type LocalCloud, startLocalCloud } from './local-cloud.ts'
import { REGISTRY_OPTION, REGISTRY_USAGE } from './registry-option.ts'
import { plainReport } from './report.ts'
import { LOCAL_AWS_ENVIRONMENT } from './resources.ts'
import { serviceEnvironment } from './services.ts'
import { dockerFromEnvironment, foldersFromEnvironment, placesFromEnvironment } from './settings.ts'
import { NAME_OPTION, NAME_USAGE, stackNameFrom } from './stack/stack-option.ts'
import { type OwnStack, stackVariables, withStack } from './stack/with-stack.ts'

// `npm run services`: only the servers, for use with `npx serverless offline`.

const USAGE = `Usage: npm run services -- [options]

Starts Kafka, Valkey and LocalStack, creates the topics and resources, and runs until Ctrl-C.

  --fresh      start from empty data
  ${NAME_USAGE}
  ${BROKERS_USAGE}
  ${REGISTRY_USAGE}
  --docker     use the containers of localstack/docker-compose.yml (also: SLUICE_DOCKER=1)
  --help       show this

Ports: KAFKA_PORT (9092), REDIS_PORT (6379), AWS_PORT (4566), REGISTRY_PORT (8081), all on 127.0.0.1.
If KAFKA_BROKERS, REDIS_URL, AWS_ENDPOINT_URL or SCHEMA_REGISTRY_URL is set, that server is used and none is started.`

const OPTIONS = {
  fresh: { type: 'boolean', default: false },
  docker: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
  brokers: BROKERS_OPTION,
  registry: REGISTRY_OPTION,
  name: NAME_OPTION,
} as const

await runMain({ readOptions: readArguments, usage: USAGE, run })

/** The options; undefined if the arguments ask for help. */
function readArguments(args: readonly string[]) {
  const options = readOptions('npm run services', args, OPTIONS, { brokers: BROKERS, name: STACK_NAME })
  return options.help ? undefined : { ...options, name: stackNameFrom(options.name, process.env) }
}

async function run(
  { brokers, name, ...options }: NonNullable<ReturnType<typeof readArguments>>,
  signal: AbortSignal,
): Promise<number> {
  const request = { name, command: 'npm run services', environment: process.env, signal }
  return withStack(request, async stack => {
    const { environment } = stack
    const cloud = await startLocalCloud({
      ...placesFromEnvironment(environment, brokers, options.registry),
      ...foldersFromEnvironment(environment),
      env: 'local',
      generator: {},
      fresh: options.fresh,
      docker: options.docker || dockerFromEnvironment(environment),
      stack: name,
      revive: true,
      report: plainReport(),
      signal,
    })
    return await stay(cloud, stack, signal)
  })
}

async function stay(cloud: LocalCloud, stack: OwnStack, signal: AbortSignal): Promise<number> {
  const variables = { ...serviceEnvironment(cloud.services), ...LOCAL_AWS_ENVIRONMENT }
  stack.ready({ variables: stackVariables(stack.environment, variables), lambdaPort: null })
  // Functions that run with these servers must not take another stack's port.
  const { LAMBDA_PORT } = stack.environment
  const exported = { ...variables, ...(LAMBDA_PORT ? { LAMBDA_PORT } : {}) }
  console.log(`\n${describe(cloud, exported)}\n\nCtrl-C stops them.`)
  if (!signal.aborted) await once(signal, 'abort')
  await cloud.services.stop()
  return 0
}

/** The addresses of the servers, and the variables to export so that other programs find them. */
function describe({ services, resources }: LocalCloud, variables: Readonly<Record<string, string>>): string {
  const rows = [
    ['Kafka', services.brokers.join(',')],
    ['Valkey', services.redisUrl],
    ['AWS', services.awsEndpoint],
    ...(services.registryUrl ? [['Registry', services.registryUrl]] : []),
    ['SNS topic', resources.alertsTopicArn],
    ['S3 bucket', resources.historyBucket],
    ['Parameter', resources.generatorParameter],
    ['Secret', resources.redisSecret],
  ]
  const table = rows.map(([what, where]) => `  ${what?.padEnd(10)} ${where}`)
  const exports = Object.entries(variables).map(([name, value]) => `export ${name}=${value}`)
  return [...table, '', ...exports].join('\n')
}
