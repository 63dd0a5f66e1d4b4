import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { iamToken, NO_IAM_TOKEN } from '../../../adapters/kafka/iam-token.ts'

const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'AKIDTEST', AWS_SECRET_ACCESS_KEY: 'never-in-a-token' }
/** Everything else that the SDK would look for credentials in. */
const NOWHERE = {
  AWS_PROFILE: 'none',
  AWS_CONFIG_FILE: '/nonexistent',
  AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_ACCESS_KEY_ID: undefined,
  AWS_SECRET_ACCESS_KEY: undefined,
}

describe('the token with which IAM signs in', () => {
  const before = { ...process.env }
  const set = (variables: Readonly<Record<string, string | undefined>>) => {
    for (const [name, value] of Object.entries(variables))
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
  }
  beforeEach(() => set(NOWHERE))
  afterEach(() => {
    process.env = { ...before }
  })

  it('given credentials, then it is a signed request to connect, for fifteen minutes', async () => {
    set({ ...CREDENTIALS, AWS_PROFILE: undefined })
    const beganAtMs = Date.now()
    const { value } = await iamToken('eu-central-1')
    const request = new URL(Buffer.from(value, 'base64url').toString())
    const parameters = Object.fromEntries(request.searchParams)
    assert.equal(request.host, 'kafka.eu-central-1.amazonaws.com')
    assert.equal(parameters.Action, 'kafka-cluster:Connect')
    assert.equal(parameters['X-Amz-Expires'], '900')
    assert.equal(parameters['X-Amz-SignedHeaders'], 'host')
    assert.match(parameters['X-Amz-Signature'] ?? '', /^[0-9a-f]{64}$/)
    const [date = '', time = ''] = (parameters['X-Amz-Date'] ?? '').replace('Z', '').split('T')
    assert.equal(parameters['X-Amz-Credential'], `AKIDTEST/${date}/eu-central-1/kafka-cluster/aws4_request`)
    const signedAtMs = Date.parse(
      `${date.replace(/(....)(..)(..)/, '$1-$2-$3')}T${time.replace(/(..)(..)(..)/, '$1:$2:$3')}Z`,
    )
    assert.ok(signedAtMs >= beganAtMs - 1_000 && signedAtMs <= Date.now(), parameters['X-Amz-Date'])
    assert.ok(!request.href.includes('never-in-a-token'))
  })

  it('given none, then a clear error and no token', async () => {
    await assert.rejects(iamToken('eu-central-1'), (error: Error) => {
      assert.equal((error as { code?: string }).code, NO_IAM_TOKEN)
      assert.match(error.message, /^it needs AWS credentials, with which IAM signs in: /)
      return true
    })
  })
})
