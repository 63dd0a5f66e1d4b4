/**
 * What serverless.yml needs to know of the place it is deployed to, and the role of each function. The topic table in
 * `lib/domain/topics.ts` says which topics there are; here stands which function may do what with them.
 */
const { resolve } = require('node:path')
const { groupName, SIGNALS, topicName } = require('../lib/domain/topics.ts')
const { account } = require('./account.ts')
const { roles } = require('./roles.ts')
const { thisMachine } = require('./this-machine.ts')

/** What each function reads and writes: its permissions are these and no more. */
const FUNCTIONS = {
  generator: { writes: ['readings'], parameters: ['generator'], redis: true },
  clock: { writes: ['readings'] },
  processor: { reads: 'readings', writes: ['analytics', 'failures'], redis: true },
  alerting: { reads: 'readings', writes: ['alerts', 'failures'], redis: true },
  activity: { reads: 'readings', writes: ['events', 'failures'], redis: true },
  'dlq-router': { reads: 'failures', writes: ['dlq'], redis: true },
}

const PROJECT = resolve(__dirname, '..')

module.exports = async ({ resolveVariable }) => {
  const stage = await resolveVariable('sls:stage')
  const region = await resolveVariable('self:provider.region')
  const place =
    stage === 'local' ? thisMachine(process.env, PROJECT) : account(stage, region, process.env, PROJECT)
  const { env } = place
  const topics = Object.fromEntries(SIGNALS.map(signal => [signal, topicName(signal, env)]))
  const groups = Object.fromEntries(Object.keys(FUNCTIONS).map(name => [name, groupName(name, env)]))
  return {
    topics: table('SIGNALS of lib/domain/topics.ts', topics),
    groups: table('FUNCTIONS of infra/deployment.cjs', groups),
    buildDir: buildDir(process.env, process.argv),
    ...place,
    environment: {
      SLUICE_ENV: env,
      REDIS_SECRET: `sluice/${env}/redis`,
      GENERATOR_PARAMETER: `/sluice/${env}/generator`,
      LOG_LEVEL: process.env.LOG_LEVEL ?? 'INFO',
      ...given(process.env),
      ...place.environment,
    },
    roles: { Resources: roles(FUNCTIONS, { env, stage, topics, groups, cluster: place.clusterArn }) },
  }
}

/** Instead of "value not found" somewhere in serverless.yml, it says where the name is missing. */
function table(where, entries) {
  const get = (target, name) => {
    // What resolves variables looks for `then` in everything.
    if (name in target || typeof name === 'symbol' || name === 'then') return target[name]
    // A text: of an Error, the whole stack would be printed.
    throw `there is no "${name}" in ${where}`
  }
  return new Proxy(entries, { get })
}

/**
 * Where the bundles are made. Every command empties its folder at the end, so what goes on running needs one of its own:
 * `serverless package` or `invoke local` beside it must not take its functions away.
 */
function buildDir(env, args) {
  if (env.SLUICE_BUILD_DIR) return env.SLUICE_BUILD_DIR
  return args.includes('offline') ? `.local/offline-${env.LAMBDA_PORT || 3002}` : '.esbuild'
}

/** Settings of the functions that are handed on where they are set; `lib/config.ts` has their defaults. */
const HANDED_ON = [
  'KAFKA_AUTH',
  'KAFKA_ISOLATION',
  'REDIS_MODE',
  'CONTENT_MODE',
  'ID_WINDOW_SECONDS',
  'FUTURE_TOLERANCE_SECONDS',
  'EARLIEST_TIME',
  'SLUICE_SINCE',
  'LOG_TIME',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_HEADERS',
  'OTEL_SERVICE_NAME',
]

function given(env) {
  return Object.fromEntries(HANDED_ON.filter(name => env[name]).map(name => [name, env[name]]))
}
