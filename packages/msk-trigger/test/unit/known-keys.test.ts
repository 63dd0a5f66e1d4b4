import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { before, describe, it } from 'node:test'
import { localGaps } from '../../invoke/local-gaps.ts'
import { createServerless } from './framework.ts'

type Schema = { readonly properties?: Readonly<Record<string, Schema>> }

/** How each key is treated locally: it is honoured, has no local meaning, or a line or refusal says that it is not honoured. */
type Treatment = 'honoured' | 'no meaning here' | 'said'
type Table = Readonly<Record<string, Treatment>>

const all = (treatment: Treatment, keys: string): Table =>
  Object.fromEntries(
    keys
      .trim()
      .split(/\s+/)
      .map(key => [key, treatment]),
  )

const FUNCTION: Table = {
  ...all(
    'honoured',
    'environment events handler layers memorySize name package reservedConcurrency runtime timeout',
  ),
  ...all(
    'said',
    'condition destinations durableConfig fileSystemConfig image maximumEventAge maximumRetryAttempts onError',
  ),
  // Keys of the template, of permissions and networks, of logs, and of what makes a function faster.
  ...all('no meaning here', 'dependsOn description tags versionFunction runtimeManagement recursiveLoop'),
  ...all('no meaning here', 'awsKmsKeyArn kmsKeyArn role vpc architecture ephemeralStorageSize'),
  ...all('no meaning here', 'disableLogs logs logRetentionInDays logDataProtectionPolicy tracing'),
  ...all('no meaning here', 'provisionedConcurrency snapStart'),
  // Keys of HTTP.
  ...all('no meaning here', 'httpApi url'),
}

const PROVIDER: Table = {
  ...all(
    'honoured',
    'environment layers memorySize name region runtime stackName stackParameters stage timeout',
  ),
  // Keys of HTTP and other events.
  ...all(
    'no meaning here',
    'alb apiGateway apiName cloudFront endpointType httpApi kinesis s3 vpcEndpointIds websocket websocketsApiName websocketsApiRouteSelectionExpression websocketsDescription',
  ),
  // Keys of a deployment.
  ...all(
    'no meaning here',
    'cfnRole deletionProtection deploymentBucket deploymentMethod deploymentPrefix disableRollback ecr notificationArns profile pruneFunctionVersions rollbackConfiguration runtimeManagement stackPolicy stackTags tags versionFunctions',
  ),
  // Permissions, networks and logs.
  ...all(
    'no meaning here',
    'architecture iam iamManagedPolicies iamRoleStatements kmsKeyArn logDataProtectionPolicy logRetentionInDays logs role rolePermissionsBoundary tracing vpc',
  ),
}

const EVENT: Table = {
  ...all(
    'honoured',
    'batchSize consumerGroupId enabled filterPatterns maximumBatchingWindow startingPosition topic',
  ),
  ...all('honoured', 'onFailureDestination provisionedPollerConfig'),
  ...all('said', 'startingPositionTimestamp'),
}
/** Where the cluster is in the cloud, and how a function signs in there. `custom.mskTrigger` says it for this machine. */
const MSK: Table = { ...EVENT, ...all('honoured', 'arn'), ...all('no meaning here', 'saslScram512') }
const KAFKA: Table = {
  ...EVENT,
  ...all('honoured', 'bootstrapServers'),
  ...all('no meaning here', 'accessConfigurations'),
}

const OPTIONS: Table = {
  ...all('honoured', 'localEnvironment localLayers noTimeout rubyWatchDirs'),
  ...all('said', 'reloadHandler useDocker useInProcess'),
  // Options of HTTP, of containers, and of what serverless-offline runs itself.
  ...all(
    'no meaning here',
    'albPort corsAllowHeaders corsAllowOrigin corsDisallowCredentials corsExposedHeaders disableCookieValidation enforceSecureCookies host httpPort httpsProtocol lambdaPort noAuth noPrependStageInUrl prefix resourceRoutes webSocketHardTimeout webSocketIdleTimeout websocketPort',
  ),
  ...all('no meaning here', 'dockerHost dockerHostServicePath dockerNetwork dockerReadOnly layersDir'),
  ...all('no meaning here', 'preLoadModules terminateIdleLambdaTime'),
}

const require = createRequire(import.meta.url)

/** The schema of the framework, with the keys of AWS, but without those of plugins. */
async function frameworkSchema(): Promise<Schema> {
  const Serverless = require('serverless/lib/serverless.js')
  const configuration = { service: 'shop', provider: { name: 'aws' } }
  const where = { serviceDir: import.meta.dirname, configurationFilename: 'serverless.yml', configuration }
  const serverless = new Serverless({ commands: ['print'], options: {}, ...where })
  await serverless.init()
  return serverless.configSchemaHandler.schema
}

const keysOf = (schema: Schema | undefined) => Object.keys(schema?.properties ?? {}).sort()

describe('a key of the configuration', () => {
  let schema: Schema
  before(async () => {
    schema = await frameworkSchema()
  })
  const functions = () => {
    const all = schema.properties?.functions as { patternProperties?: Record<string, Schema> } | undefined
    return Object.values(all?.patternProperties ?? {})[0]
  }
  const event = (kind: string) => {
    const events = functions()?.properties?.events as { items?: { anyOf: Schema[] } } | undefined
    return events?.items?.anyOf.find(({ properties }) => properties?.[kind])?.properties?.[kind]
  }

  it('of a function, of the provider or of an event is in a table here, so that none is passed over', () => {
    assert.deepEqual(keysOf(functions()), Object.keys(FUNCTION).sort())
    assert.deepEqual(keysOf(schema.properties?.provider), Object.keys(PROVIDER).sort())
    assert.deepEqual(
      keysOf(event('msk')),
      Object.keys(MSK)
        .filter(key => key !== 'onFailureDestination')
        .sort(),
    )
    assert.deepEqual(keysOf(event('kafka')), Object.keys(KAFKA).sort())
  })

  it('of serverless-offline is in a table here', async () => {
    const { default: options } = await import(
      require.resolve('serverless-offline').replace(/index\.js$/, 'config/defaultOptions.js')
    )
    assert.deepEqual(Object.keys(options).sort(), Object.keys(OPTIONS).sort())
  })

  it('that is not honoured has a line of its own', () => {
    const isSaid = ([, treatment]: [string, Treatment]) => treatment === 'said'
    const said = (table: Table) =>
      Object.entries(table)
        .filter(isSaid)
        .map(([key]) => key)
    // These two are refused, which has tests of its own.
    const keys = said(FUNCTION).filter(key => key !== 'image')
    const options = said(OPTIONS).filter(key => key !== 'useDocker')
    const definition = Object.fromEntries(keys.map(key => [key, {}]))
    const serverless = createServerless({ f: { events: [{ kafka: {} }], ...definition, layers: [] } }, {})
    const lines = localGaps(serverless, Object.fromEntries(options.map(key => [key, true])), ['f'])
    for (const key of [...keys, ...options])
      assert.equal(lines.filter(line => line.startsWith(`${key} of function "f" `)).length, 1, key)
  })
})
