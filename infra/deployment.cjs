/**
 * Provides the variables of serverless.yml that depend on where the functions are deployed. Triggers and permissions are not among
 * them, because they follow from the function entries.
 */
const { resolve } = require('node:path')
const { SLICES } = require('../control/environment/config.ts')
const { useSettingsFile } = require('../control/environment/settings-file.ts')
const { readAccount } = require('./place/account.ts')
const { createOutputsReader, mergeProblems, addStackOutputs } = require('./place/stack-outputs.ts')
const { readThisMachine } = require('./place/this-machine.ts')
const { StackNotFound, stackEnvironment } = require('../scripts/stack-environment.ts')

// Load the settings file first, because the names of topics depend on it.
useSettingsFile()

const PROJECT = resolve(__dirname, '..')

module.exports = async ({ resolveVariable }) => {
  const stage = await resolveVariable('sls:stage')
  const region = await resolveVariable('self:provider.region')
  const { place, variables } =
    stage === 'local' ? onThisMachine() : await inAccount(stage, region, resolveVariable)
  const { brokers, environment, ...deployment } = place
  const { env, historyBucket } = place
  const lambdaPort = variables.LAMBDA_PORT || '3002'
  return {
    vpc: place.vpc,
    brokers,
    logRetentionDays: place.logRetentionDays,
    tracing: place.tracing,
    deployment,
    lambdaPort,
    // Commands that run at the same time must use different folders.
    buildDir: process.env.SLUICE_BUILD_DIR || `.local/offline-${lambdaPort}`,
    environment: {
      SLUICE_ENV: env,
      REDIS_SECRET: `sluice/${env}/redis`,
      GENERATOR_PARAMETER: `/sluice/${env}/generator`,
      ...given(variables),
      ...(historyBucket ? { HISTORY_BUCKET: historyBucket } : {}),
      ...(stage === 'local' ? preloads(process.env) : {}),
      ...environment,
    },
  }
}

/** Commands that run functions. All others, such as `package`, have the same result beside any stack. */
const RUNNING = ['offline', 'invoke']

/** Returns the settings for the servers that variables name or, for a command that runs functions, for those of the running stack. */
function onThisMachine() {
  const isRunning = process.argv.some(word => RUNNING.includes(word))
  try {
    const variables = isRunning ? stackEnvironment(process.env) : process.env
    return { place: readThisMachine(variables, PROJECT), variables }
  } catch (error) {
    if (!(error instanceof StackNotFound)) throw error
    const place = readThisMachine(process.env, PROJECT)
    return { place: { ...place, problems: [...place.problems, error.message] }, variables: process.env }
  }
}

/** Returns the modules that this command loads first, such as an SDK of OpenTelemetry: functions run in threads that do not inherit them. */
function preloads({ NODE_OPTIONS }) {
  return NODE_OPTIONS?.includes('--import') ? { NODE_OPTIONS } : {}
}

/**
 * Returns the settings of a deployment to an AWS account. Settings that are not set are read from the long-lived stack, if
 * INFRA_STACK names one.
 */
async function inAccount(stage, region, resolveVariable) {
  const found = await addStackOutputs(process.env, region, createOutputsReader(resolveVariable))
  const place = readAccount(stage, region, found.environment, PROJECT)
  const problems = mergeProblems(found.problems, place.problems)
  return { place: { ...place, problems }, variables: found.environment }
}

/**
 * Returns the settings, and the variables for an SDK of OpenTelemetry, that are set in the environment of this command. They are passed
 * to the functions unchanged.
 */
function given(env) {
  const settings = SLICES.flatMap(({ settings }) => Object.entries(settings))
  const own = settings.flatMap(([name, { setBy }]) => (setBy === 'person' ? [name] : []))
  const ofSdk = Object.keys(env).filter(name => /^OTEL_|^AWS_LAMBDA_EXEC_WRAPPER$/.test(name))
  return Object.fromEntries([...own, ...ofSdk].flatMap(name => (env[name] ? [[name, env[name]]] : [])))
}
