import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { declaredFunctions } from '../../../infra/functions.ts'
import { packagedAtMs } from '../../../infra/topics-plugin.ts'
import { addTopicsResource, type Template, TOPICS_RESOURCE } from '../../../infra/topics-resource.ts'

const FUNCTIONS = declaredFunctions({
  keeper: { uses: 'topics' },
  frost: { consumes: ['readings', 'events'], uses: ['redis'] },
  mover: { forwards: 'retry-1m', uses: ['redis'], schedule: 'rate(1 minute)' },
})

function template(): Template {
  return {
    Resources: {
      KeeperLambdaFunction: { Type: 'AWS::Lambda::Function' },
      Mapping: { Type: 'AWS::Lambda::EventSourceMapping', DependsOn: ['FrostRole'] },
      Queue: { Type: 'AWS::Lambda::EventSourceMapping', DependsOn: 'TakerRole' },
      Rule: { Type: 'AWS::Events::Rule' },
      Schedule: { Type: 'AWS::Scheduler::Schedule' },
    },
  }
}

const parts = (functions = FUNCTIONS) => ({
  env: 'prod',
  functions,
  logicalId: (name: string) => `${name}Lambda`,
  packagedAtMs: 1_700_000_000_000,
})

describe('given a template with functions and triggers, when the topics are added', () => {
  const made = template()
  const waiting = addTopicsResource(made, parts())

  it('then every trigger waits for them, and for what it waited for before', () => {
    assert.deepEqual(waiting, ['Mapping', 'Queue', 'Rule', 'Schedule'])
    assert.deepEqual(
      Object.entries(made.Resources).map(([id, { DependsOn }]) => [id, DependsOn]),
      [
        ['KeeperLambdaFunction', undefined],
        ['Mapping', ['FrostRole', TOPICS_RESOURCE]],
        ['Queue', ['TakerRole', TOPICS_RESOURCE]],
        ['Rule', [TOPICS_RESOURCE]],
        ['Schedule', [TOPICS_RESOURCE]],
        [TOPICS_RESOURCE, undefined],
      ],
    )
  })

  it('then the resource calls the function, and says who reads which topic and when the package was made', () => {
    assert.deepEqual(made.Resources[TOPICS_RESOURCE], {
      Type: 'Custom::SluiceTopics',
      Properties: {
        ServiceToken: { 'Fn::GetAtt': ['keeperLambda', 'Arn'] },
        ServiceTimeout: 600,
        Environment: 'prod',
        PackagedAt: '1700000000000',
        Readers: { readings: ['frost'], events: ['frost'], 'retry-1m': ['mover'] },
      },
    })
  })
})

it('given no function that manages topics, then the template stays as it is', () => {
  const made = template()
  assert.deepEqual(addTopicsResource(made, parts(FUNCTIONS.slice(1))), [])
  assert.deepEqual(made, template())
})

it("given the framework's folder of a package, then its time is read, and any other name is an error", () => {
  assert.equal(
    packagedAtMs('serverless/sluice/prod/1700000000000-2023-11-14T22:13:20.000Z'),
    1_700_000_000_000,
  )
  for (const folder of [undefined, 'serverless/sluice/prod/latest'])
    assert.throws(() => packagedAtMs(folder), /has no time in its name/)
})
