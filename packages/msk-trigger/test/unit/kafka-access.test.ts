import assert from 'node:assert/strict'
import process from 'node:process'
import { after, before, describe, it } from 'node:test'
import { accessWarnings, KafkaAccess } from '../../access/kafka-access.ts'
import { accessProblem } from '../../access/problem.ts'
import { AccessError } from '../../access/secrets.ts'
import { readSettings } from '../../config/settings.ts'
import { isUnreachable, rootMessage } from '../../report/explain.ts'
import { startSecretsServer } from './secrets-server.ts'

const ARN = 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:kafka'
const settingsOf = (security: object, brokers = 'b:1') => readSettings({ brokers, ...security }, {})
const accessOf = (security: object, brokers = 'b:1', env = {}) =>
  new KafkaAccess(settingsOf(security, brokers), env)

describe('how clients reach the brokers', () => {
  it('given nothing, then no one signs in, and nothing is waited for', async () => {
    const access = accessOf({})
    assert.equal('sasl' in access.options, false)
    await access.ready()
  })

  it('given IAM, then the region is the configured one, or that of a broker, or of the environment', () => {
    const sasl = { mechanism: 'aws-msk-iam' }
    accessOf({ sasl: { ...sasl, region: 'eu-west-1' } })
    accessOf({ sasl }, 'b-1.c.abc.c2.kafka.eu-west-1.amazonaws.com:9098')
    accessOf({ sasl }, 'boot-x.c1.kafka-serverless.eu-west-1.amazonaws.com:9098')
    accessOf({ sasl }, 'b:1', { AWS_REGION: 'eu-west-1' })
    assert.throws(() => accessOf({ sasl }), {
      name: 'ConfigurationError',
      message: /^custom\.mskTrigger\.sasl\.region must be the region of the cluster/,
    })
  })

  it('given a certificate that is not looked at, then there is a warning', () => {
    assert.deepEqual(accessWarnings(settingsOf({ ssl: true })), [])
    const warnings = accessWarnings(settingsOf({ ssl: { rejectUnauthorized: false } }))
    assert.equal(warnings.length, 1)
    assert.match(warnings[0] ?? '', /^custom\.mskTrigger\.ssl\.rejectUnauthorized is false/)
  })
})

describe('a password in a secret', () => {
  let server: Awaited<ReturnType<typeof startSecretsServer>>
  before(async () => {
    server = await startSecretsServer()
    process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER = server.uri
  })
  after(() => {
    delete process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER
    server.close()
  })

  it('given nothing that it can be read from, then the start ends with one line', () => {
    const nowhere = 'neither AWS_ENDPOINT_URL_SECRETS_MANAGER nor AWS_ENDPOINT_URL is set'
    for (const [name, security] of [
      ['sasl', { sasl: { mechanism: 'plain', secret: ARN } }],
      ['ssl', { ssl: { ca: ARN } }],
    ] as const)
      assert.throws(() => accessOf(security), {
        name: 'ConfigurationError',
        message: `custom.mskTrigger.${name} names a secret: ${nowhere}, so the secret cannot be read: the trigger does not access the cloud`,
      })
  })

  it('given that it is missing, then clients wait for it, and connect with it once it is there', async () => {
    const access = accessOf({ sasl: { mechanism: 'plain', secret: ARN } }, 'b:1', process.env)
    await assert.rejects(access.ready(), {
      name: 'AccessError',
      message: `custom.mskTrigger.sasl: secret ${ARN} cannot be read: can't find the specified secret`,
    })
    server.secrets.set(ARN, '{"username":"me","password":"pw"}')
    await access.ready()
    const { username, password } = access.options.sasl as { username?: string; password?: string }
    assert.deepEqual([username, password], ['me', 'pw'])
  })
})

describe('an error of a client', () => {
  const named = (name: string, message: string, more = {}) =>
    Object.assign(new Error(message), { name, ...more })

  it('given a refusal inside other errors, then it is reported in one sentence', () => {
    const refusal = named('KafkaJSProtocolError', 'x', { type: 'ILLEGAL_SASL_STATE' })
    const outer = named('KafkaJSNumberOfRetriesExceeded', 'y', { cause: refusal })
    assert.equal(
      rootMessage(outer),
      'the listener does not accept credentials: remove custom.mskTrigger.sasl',
    )
    assert.equal(isUnreachable(outer), false)
    const own = named('KafkaJSNumberOfRetriesExceeded', 'y', { cause: new AccessError('no token') })
    assert.equal(rootMessage(own), 'no token')
  })

  it('given a connection that is lost while a client signs in, then the broker is unreachable', () => {
    const lost = named(
      'KafkaJSSASLAuthenticationError',
      'SASL PLAIN authentication failed: Closed connection',
    )
    assert.equal(accessProblem(lost), undefined)
    assert.equal(isUnreachable(named('KafkaJSNumberOfRetriesExceeded', 'y', { cause: lost })), true)
  })

  it('given an error that is not of kafkajs, then its own message counts, not its cause', () => {
    const error = new Error('the schema registry does not answer at http://a', {
      cause: new Error('fetch failed'),
    })
    assert.equal(rootMessage(error), 'the schema registry does not answer at http://a')
    assert.equal(
      rootMessage(named('KafkaJSNonRetriableError', 'outer', { cause: new Error('inner') })),
      'inner',
    )
  })
})
