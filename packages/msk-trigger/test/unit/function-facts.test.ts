import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { functionFacts } from '../../invoke/function-facts.ts'
import type { FunctionDefinition, Serverless } from '../../support/serverless.ts'

interface Given {
  readonly definition?: FunctionDefinition
  readonly provider?: Partial<Serverless['service']['provider']>
  readonly resources?: object
  readonly options?: Record<string, unknown>
  readonly own?: NodeJS.ProcessEnv
}

function facts({ definition = {}, provider = {}, resources = {}, options = {}, own = {} }: Given = {}) {
  const serverless = {
    config: { servicePath: '/shop' },
    service: { service: 'shop', provider, resources, getFunction: () => definition },
    getProvider: () => ({ getStage: () => 'dev', getRegion: () => 'eu-west-1' }),
  }
  return functionFacts(serverless as unknown as Serverless, options, 'orders', own)
}

describe('the facts of a function', () => {
  it('given nothing but a handler, are the defaults of Lambda and of the framework', () => {
    const { environment: _, ...others } = facts({ definition: { handler: 'src/orders.handler' } })
    assert.deepEqual(others, {
      functionKey: 'orders',
      functionName: 'shop-dev-orders',
      handler: 'src/orders.handler',
      runtime: 'nodejs20.x',
      memoryMb: 1024,
      timeoutMs: 6_000,
      region: 'eu-west-1',
      folder: '/shop',
    })
  })

  it('come from the function, or else from the provider', () => {
    const provider = { runtime: 'nodejs22.x', memorySize: 256, timeout: 20 }
    const own = { name: 'its-name', runtime: 'python3.13', memorySize: 512, timeout: 30 }
    const shown = (given: Given) => {
      const { functionName, runtime, memoryMb, timeoutMs } = facts(given)
      return [functionName, runtime, memoryMb, timeoutMs]
    }
    assert.deepEqual(shown({ provider }), ['shop-dev-orders', 'nodejs22.x', 256, 20_000])
    assert.deepEqual(shown({ provider, definition: own }), ['its-name', 'python3.13', 512, 30_000])
  })
})

describe('the environment of a function', () => {
  it('has what Lambda sets, as text', () => {
    const { environment } = facts({ definition: { handler: 'a.b', name: 'f', memorySize: 128 } })
    assert.equal(environment._HANDLER, 'a.b')
    assert.equal(environment.AWS_LAMBDA_FUNCTION_NAME, 'f')
    assert.equal(environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE, '128')
    assert.equal(environment.AWS_REGION, 'eu-west-1')
    assert.equal(environment.IS_OFFLINE, 'true')
  })

  it('has the variables of the function before those of the provider, and none that is null', () => {
    const { environment } = facts({
      provider: { environment: { A: 'provider', B: 'provider', GONE: 'provider' } },
      definition: { environment: { A: 'function', COUNT: 3, ON: true, GONE: null } },
    })
    const { A, B, COUNT, ON, GONE } = environment
    assert.deepEqual([A, B, COUNT, ON, GONE], ['function', 'provider', '3', 'true', undefined])
  })

  it('has what Lambda sets where the definition has keys without values', () => {
    const nothing = { environment: null as never }
    const { environment } = facts({ provider: nothing, definition: nothing, resources: null as never })
    assert.equal(environment.IS_OFFLINE, 'true')
  })

  it('inherits AWS_ variables alone', () => {
    const own = { AWS_ENDPOINT_URL: 'http://127.0.0.1:4566', SECRET: 'x' }
    const { AWS_ENDPOINT_URL, SECRET } = facts({ own }).environment
    assert.deepEqual([AWS_ENDPOINT_URL, SECRET], ['http://127.0.0.1:4566', undefined])
  })

  it('has references to named resources resolved', () => {
    const environment = {
      QUEUE: { 'Fn::GetAtt': ['Queue', 'Arn'] },
      UNKNOWN: { Ref: 'Nothing' },
    }
    const resources = { Resources: { Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'q' } } } }
    const { QUEUE, UNKNOWN } = facts({ definition: { environment }, resources }).environment
    assert.equal(QUEUE, 'arn:aws:sqs:eu-west-1:000000000000:q')
    assert.equal(UNKNOWN, '{"Ref":"Nothing"}')
  })
})
