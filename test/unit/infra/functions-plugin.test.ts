import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { FunctionKeys } from '../../../control/environment/functions.ts'
import { readThisMachine } from '../../../infra/place/this-machine.ts'
import FunctionsPlugin from '../../../infra/plugins/functions-plugin.ts'

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
