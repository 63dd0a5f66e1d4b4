import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { functionFacts } from '../../invoke/function-facts.ts'
import type { FunctionDefinition, Serverless } from '../../support/serverless.ts'
import { NAMING } from './framework.ts'

interface Given {
  readonly definition?: FunctionDefinition
  readonly provider?: Partial<Serverless['service']['provider']>
  readonly resources?: object
  readonly layers?: object
  readonly options?: Record<string, unknown>
  readonly own?: NodeJS.ProcessEnv
}

function facts({
  definition = {},
  provider = {},
  resources = {},
  layers = {},
  options = {},
  own = {},
}: Given = {}) {
  const serverless = {
    config: { servicePath: '/shop' },
    service: {
      ...{ service: 'shop', provider, resources, layers },
      getAllFunctions: () => ['orders', 'billing'],
      getFunction: (key: string) => (key === 'orders' ? definition : { name: 'shop-dev-billing' }),
    },
    getProvider: () => ({ naming: NAMING, getStage: () => 'dev', getRegion: () => 'eu-west-1' }),
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
      servicePath: '/shop',
      folder: '/shop',
      layers: [],
      missingLayers: [],
      unresolved: {},
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

  it('given the output folder of a bundler, then the code for Node.js is there, and other code is not', () => {
    const folder = (runtime: string) =>
      facts({ definition: { runtime }, options: { location: '.webpack' } }).folder
    assert.deepEqual([folder('nodejs22.x'), folder('python3.13')], ['/shop/.webpack', '/shop'])
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

  it('has the folder of the code where Lambda has /var/task, the runtime, and the zone of Lambda', () => {
    const options = { location: '.build' }
    const { environment } = facts({ definition: { runtime: 'nodejs24.x' }, options, own: { TZ: 'x' } })
    const { LAMBDA_TASK_ROOT: root, AWS_EXECUTION_ENV: env, AWS_LAMBDA_INITIALIZATION_TYPE, TZ } = environment
    const values = [root, env, AWS_LAMBDA_INITIALIZATION_TYPE, TZ]
    assert.deepEqual(values, ['/shop/.build', 'AWS_Lambda_nodejs24.x', 'on-demand', ':UTC'])
    assert.doesNotMatch(Object.values(environment).join(), /\/var\/task/)
    assert.equal(facts({ definition: { environment: { TZ: 'Asia/Tokyo' } } }).environment.TZ, 'Asia/Tokyo')
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
    const { environment: texts, unresolved } = facts({ definition: { environment }, resources })
    const { QUEUE, UNKNOWN } = texts
    assert.equal(QUEUE, 'arn:aws:sqs:eu-west-1:000000000000:q')
    assert.equal(UNKNOWN, undefined)
    assert.deepEqual(unresolved, { UNKNOWN: { Ref: 'Nothing' } })
  })

  // Promise packages/msk-trigger/README.md#references-to-the-cloud | A variable that only CloudFormation knows is not set, and named at the start.
  it('given values that only CloudFormation knows, then they are not set, and named', () => {
    const environment = {
      REGION: { Ref: 'AWS::Region' },
      STACK: { Ref: 'AWS::StackName' },
      BILLING: { 'Fn::GetAtt': ['BillingLambdaFunction', 'Arn'] },
      LEVEL: { Ref: 'Level' },
      NOTHING: { Ref: 'AWS::NoValue' },
      TABLE: { 'Fn::ImportValue': 'shared-table' },
      URL: '{{resolve:ssm:/shop/url}}',
    }
    const provider = {
      environment: { DB_HOST: { 'Fn::GetAtt': ['Db', 'Endpoint.Address'] } },
      stackParameters: [{ ParameterKey: 'Level', ParameterValue: 'debug' }],
    }
    const resources = { Parameters: { Level: { Type: 'String', Default: 'info' } } }
    const { environment: texts, unresolved } = facts({ definition: { environment }, provider, resources })
    const { REGION, STACK, BILLING, LEVEL, NOTHING } = texts
    assert.deepEqual(
      { REGION, STACK, BILLING, LEVEL, NOTHING },
      {
        REGION: 'eu-west-1',
        STACK: 'shop-dev',
        BILLING: 'arn:aws:lambda:eu-west-1:000000000000:function:shop-dev-billing',
        LEVEL: 'debug',
        NOTHING: undefined,
      },
    )
    assert.deepEqual(Object.keys(unresolved), ['DB_HOST', 'TABLE', 'URL'])
    for (const name of Object.keys(unresolved)) assert.ok(!(name in texts), name)
  })

  it('given an endpoint, then the address of a queue leads there, wherever the endpoint is set', () => {
    const resources = { Resources: { Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'q' } } } }
    const urlOf = (own: NodeJS.ProcessEnv, more: Record<string, unknown> = {}) =>
      facts({ own, resources, definition: { environment: { URL: { Ref: 'Queue' }, ...more } } }).environment
        .URL
    const [common, sqs] = ['http://127.0.0.1:4566', 'http://127.0.0.1:9324/']
    assert.equal(urlOf({}), 'https://sqs.eu-west-1.amazonaws.com/000000000000/q')
    assert.equal(urlOf({ AWS_ENDPOINT_URL: common }), 'http://127.0.0.1:4566/000000000000/q')
    const both = { AWS_ENDPOINT_URL: common, AWS_ENDPOINT_URL_SQS: sqs }
    assert.equal(urlOf(both), 'http://127.0.0.1:9324/000000000000/q')
    assert.equal(urlOf({}, both), 'http://127.0.0.1:9324/000000000000/q')
  })

  it('given localEnvironment, then it inherits all variables', () => {
    const { MINE } = facts({ own: { MINE: 'x' }, options: { localEnvironment: true } }).environment
    assert.equal(MINE, 'x')
  })
})
