import { once } from 'node:events'
import { FAMILIES, INPUTS, NAMES, ONE_MACHINE, readSettings } from '../lib/app/settings/index.ts'
import { runMain } from '../scripts/run-main.ts'
import { LOCAL_AWS_ENVIRONMENT } from './aws/resources.ts'
import {
  type CloudOptions,
  readServicesOptions,
  readUsage,
  servicesFromEnvironment,
} from './command-options.ts'
import { type LocalCloud, startLocalCloud } from './local-cloud.ts'
import { type OwnStack, stackVariables, withStack } from './own-stack.ts'
import { plainReport } from './service-report.ts'
import { serviceEnvironment } from './start-services.ts'

// `npm run services`: starts only the servers, for use with `npx serverless offline`.

await runMain({
  readOptions: args => readServicesOptions(args, process.env),
  usage: readUsage('services-command'),
  run,
})

async function run(options: CloudOptions, signal: AbortSignal): Promise<number> {
  const { name, fresh } = options
  const request = { name, command: 'npm run services', environment: process.env, fresh, signal }
  return withStack(request, async stack => {
    const config = {
      env: stack.env,
      ...readSettings([FAMILIES, NAMES, INPUTS, ONE_MACHINE], stack.environment),
    }
    const servers = await servicesFromEnvironment(stack.environment, options, console.log)
    const cloud = await startLocalCloud({ ...servers, report: plainReport(), signal }, config)
    return await stay(cloud, stack, signal)
  })
}

async function stay(cloud: LocalCloud, stack: OwnStack, signal: AbortSignal): Promise<number> {
  const variables = { ...serviceEnvironment(cloud.services), ...LOCAL_AWS_ENVIRONMENT }
  // Functions that run with these servers must use the port of this stack, not of another one.
  const { LAMBDA_PORT, TIME_ZONE = '' } = stack.environment
  const port = LAMBDA_PORT ? { LAMBDA_PORT } : {}
  stack.ready({ variables: { ...stackVariables(stack.environment, variables), ...port }, lambdaPort: null })
  const exported = { ...variables, SLUICE_ENV: stack.env, TIME_ZONE, ...port }
  console.log(`\n${describe(cloud, exported)}\n\nCtrl-C stops them.`)
  if (!signal.aborted) await once(signal, 'abort')
  await cloud.services.stop()
  return 0
}

/** Formats the addresses of the servers, and the environment variables that other programs need. */
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
