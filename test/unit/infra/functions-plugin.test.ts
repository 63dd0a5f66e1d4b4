import assert from 'node:assert/strict'
import { it } from 'node:test'
import { readThisMachine } from '../../../infra/place/this-machine.ts'
import FunctionsPlugin from '../../../infra/plugins/functions-plugin.ts'
import type { FunctionKeys } from '../../../lib/app/functions.ts'

/** A service of the framework when it calls `initialize`. */
function frameworkWith(functions: Record<string, FunctionKeys & Readonly<Record<string, unknown>>>) {
  return {
    configurationInput: {} as { resources?: object },
    service: {
      custom: { deployment: readThisMachine({ SLUICE_ENV: 'test' }, '/project') },
      functions,
      provider: {},
      resources: { Resources: { Own: { Type: 'AWS::SNS::Topic' } } },
    },
    configSchemaHandler: { defineFunctionProperties: () => {} },
    classes: { Error },
    getProvider: () => ({ getStage: () => 'test' }),
  }
}

it('given words of the framework beside the keys, then they stay and take precedence', () => {
  const queue = { sqs: { arn: 'arn:aws:sqs:us-east-1:000000000000:queue' } }
  const framework = frameworkWith({
    frost: {
      name: 'sluice-test-frost',
      handler: 'functions/frost/handler.handler',
      consumes: 'readings',
      emits: ['events'],
      uses: ['redis', 'rules'],
      maximumPollers: 2,
      role: 'OtherRole',
      memorySize: 1024,
      environment: { RULES_DIR: 'mine', OTHER: 'x' },
      events: [queue],
    },
  })
  new FunctionsPlugin(framework).hooks.initialize?.()
  const { events, ...fields } = framework.service.functions.frost ?? {}
  assert.deepEqual(fields, {
    name: 'sluice-test-frost',
    handler: 'functions/frost/handler.handler',
    role: 'OtherRole',
    memorySize: 1024,
    package: { patterns: ['config/rules/*.yaml', 'config/rules/*.yml'] },
    environment: { RULES_DIR: 'mine', OTHER: 'x' },
  })
  const [first, second] = events as { msk?: { topic: string } }[]
  assert.deepEqual(first, queue)
  assert.equal(second?.msk?.topic, 'sluice.telemetry.readings.test')
})

it('given the console, then it is deployed only where it is asked for, with an HTTP API and its secret', () => {
  const entries = () => ({
    console: { name: 'sluice-test-console', emits: ['events'] as const, uses: ['redis', 'console'] as const },
    frost: { name: 'sluice-test-frost', consumes: 'readings' as const, uses: ['redis'] },
  })
  const off = frameworkWith(entries())
  new FunctionsPlugin(off).hooks.initialize?.()
  assert.deepEqual(Object.keys(off.service.functions), ['frost'])
  assert.deepEqual(Object.keys(off.service.resources.Resources), ['Own', 'FrostRole'])

  const on = frameworkWith(entries())
  const secrets = { storageSecret: 'sluice/test/writer', storageReaderSecret: 'sluice/test/reader' }
  on.service.custom.deployment = { ...on.service.custom.deployment, console: true, ...secrets }
  new FunctionsPlugin(on).hooks.initialize?.()
  const { events, environment } = on.service.functions.console ?? {}
  assert.deepEqual(events, [{ httpApi: '*' }])
  const { extensions } = on.service.resources as { extensions?: Record<string, { Properties: object }> }
  assert.deepEqual(extensions?.HttpApiStage?.Properties, {
    DefaultRouteSettings: { ThrottlingRateLimit: 20, ThrottlingBurstLimit: 50 },
  })
  assert.deepEqual(on.service.provider, { httpApi: {} })

  const guarded = frameworkWith(entries())
  const consoleTokens = { issuer: 'https://issuer.example', audience: 'sluice' }
  guarded.service.custom.deployment = { ...on.service.custom.deployment, consoleTokens }
  new FunctionsPlugin(guarded).hooks.initialize?.()
  assert.deepEqual(guarded.service.functions.console?.events, [
    { httpApi: { path: '*', authorizer: { name: 'consoleTokens' } } },
  ])
  assert.match(
    JSON.stringify(guarded.service.provider),
    /"type":"jwt".*"https:\/\/issuer.example","audience":\["sluice"\]/,
  )
  assert.deepEqual(environment, {
    CONSOLE_SECRET: 'sluice/test/console',
    REDIS_SECRET: 'sluice/test/redis-console',
  })
  const getRole = (id: string) => JSON.stringify(on.service.resources.Resources[id as never])
  assert.match(getRole('ConsoleRole'), /sluice\/test\/redis-console/)
  assert.doesNotMatch(getRole('ConsoleRole'), /sluice\/test\/redis-\?/)
  // It reads the database as a role that can only read.
  assert.match(getRole('ConsoleRole'), /sluice\/test\/reader/)
  assert.doesNotMatch(getRole('ConsoleRole'), /sluice\/test\/writer/)
  assert.deepEqual(Object.keys(on.service.resources.Resources), ['Own', 'ConsoleRole', 'FrostRole'])
})
