import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Surroundings } from '../../../infra/expand-functions.ts'
import type { FunctionKeys } from '../../../infra/functions.ts'
import FunctionsPlugin from '../../../infra/functions-plugin.ts'
import { thisMachine } from '../../../infra/this-machine.ts'

/** What the framework has of a service when it calls `initialize`. */
function frameworkWith(functions: Record<string, FunctionKeys & Readonly<Record<string, unknown>>>) {
  return {
    configurationInput: {} as { resources?: object },
    service: {
      custom: { deployment: thisMachine({ SLUICE_ENV: 'test' }, '/project') as Surroundings },
      functions,
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
    package: { patterns: ['rules/*.yaml', 'rules/*.yml'] },
    environment: { RULES_DIR: 'mine', OTHER: 'x' },
  })
  const [first, second] = events as { msk?: { topic: string } }[]
  assert.deepEqual(first, queue)
  assert.equal(second?.msk?.topic, 'sluice.telemetry.readings.test')
})

it('given resources of the project, then the roles stand beside them, and serverless print shows both', () => {
  const framework = frameworkWith({ 'a-b': { schedule: 'rate(1 minute)' } })
  new FunctionsPlugin(framework).hooks.initialize?.()
  assert.deepEqual(Object.keys(framework.service.resources.Resources), ['Own', 'ABRole'])
  assert.equal(framework.configurationInput.resources, framework.service.resources)
})
