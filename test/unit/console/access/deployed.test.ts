import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createConsoleHandler } from '../../../../console/lambda-handler.ts'
import { captureLog, listMetrics } from '../../../support/function-log.ts'

const ADA = { token: 'a'.repeat(32), name: 'ada', role: 'viewer' }
const VARIABLES = {
  SLUICE_ENV: 'test',
  KAFKA_BROKERS: '127.0.0.1:1',
  REDIS_URL: 'redis://127.0.0.1:1',
  CONSOLE_SECRET: 'sluice/test/console',
}
const PAGE = { script: 'console.log(1)', style: 'p {}' }

/** Status of a question with a token, by a console with this secret, and what the function logs. */
async function asked(token: string, secret: () => Record<string, unknown>) {
  const handler = createConsoleHandler({ page: PAGE, functions: [] }, async () => secret())
  let status: number | undefined
  const lines = await captureLog(async () => {
    const answer = await handler({
      version: '2.0',
      routeKey: '$default',
      rawPath: '/api/environment',
      rawQueryString: 'entity=oslo',
      headers: { host: 'console.example', authorization: `Bearer ${token}` },
      requestContext: { domainName: 'console.example', http: { method: 'GET', path: '/api/environment' } },
      isBase64Encoded: false,
    } as never)
    status = answer.statusCode
  })
  const own = [...listMetrics(lines)].filter(([, { dimensions }]) =>
    dimensions.join().includes('service=console'),
  )
  const metrics = own.map(([name, { dimensions }]) => `${name} of ${dimensions.join()}`)
  const of = (message: string) => lines.filter(line => line.message === message)
  return { status, lines, of, metrics }
}

describe('the function of the console', () => {
  const others = Object.fromEntries(Object.keys(VARIABLES).map(name => [name, process.env[name]]))
  before(() => void Object.assign(process.env, VARIABLES))
  after(() => {
    for (const [name, value] of Object.entries(others))
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
  })

  it('given a request of a person, then a line names the person and the route', async () => {
    const { status, lines, of, metrics } = await asked(ADA.token, () => ({ tokens: [ADA] }))
    assert.equal(status, 200)
    const [{ user, method, route, status: logged } = {}] = of('asked')
    assert.deepEqual([user, method, route, logged], ['ada', 'GET', '/api/environment', 200])
    assert.deepEqual(metrics, [])
    assert.doesNotMatch(JSON.stringify(lines), /oslo|aaaa/)
  })

  it('given an unknown token, then it is logged and counted, without the token', async () => {
    const { status, lines, of, metrics } = await asked('b'.repeat(32), () => ({ tokens: [ADA] }))
    assert.equal(status, 401)
    assert.equal(of('a sign-in has failed').length, 1)
    assert.deepEqual(metrics, ['sign-in-failed of service=console environment=test'])
    assert.doesNotMatch(JSON.stringify(lines), /bbbb/)
  })

  it('given an unusable secret, then access is refused, which is logged and counted', async () => {
    const { status, of, metrics } = await asked(ADA.token, () => ({ tokens: [] }))
    assert.equal(status, 503)
    assert.equal(of('the tokens of the console: invalid').length, 1)
    assert.deepEqual(metrics, ['tokens-unreadable of service=console environment=test'])
  })
})
