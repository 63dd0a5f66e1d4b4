import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, it, type TestContext } from 'node:test'

const resolve = createRequire(import.meta.url)('../../../infra/deployment.cjs')

describe('the variables of serverless.yml', () => {
  const resolveFor = (t: TestContext, stage: string, ...command: string[]) => {
    t.mock.property(process, 'argv', ['node', 'serverless', ...command])
    t.mock.property(process, 'env', { SLUICE_STACK: 'gone', KAFKA_PORT: '9', LAMBDA_PORT: '7' })
    const known: Record<string, string> = { 'sls:stage': stage, 'self:provider.region': 'eu-west-1' }
    return resolve({ resolveVariable: async (name: string) => known[name] })
  }

  for (const command of [['offline'], ['offline', 'start'], ['invoke', 'local']])
    it(`given the stage local, then ${command.join(' ')} uses a running stack, or one sentence says that it is not there`, async t => {
      const { deployment } = await resolveFor(t, 'local', ...command)
      assert.match(deployment.problems.join('\n'), /^The stack "gone" is not running.*--name gone$/)
    })

  it('given the stage local and another command, then no stack is asked for', async t => {
    const { brokers, lambdaPort, deployment } = await resolveFor(t, 'local', 'package')
    assert.deepEqual([brokers, lambdaPort, deployment.problems], ['127.0.0.1:9', '7', []])
  })

  it('given another stage, then no stack is asked for', async t => {
    const { brokers } = await resolveFor(t, 'prod', 'offline')
    assert.doesNotMatch(`${brokers}`, /127/)
  })
})
