import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseFunctions } from '../../../control/environment/functions.ts'
import { expandFields } from '../../../infra/functions/expanded-fields.ts'
import { readAccount } from '../../../infra/place/account.ts'
import { buildRoles } from '../../../infra/roles/roles.ts'
import type { Environment } from '../../../lib/app/settings/index.ts'
import { NAMES } from '../../support/families.ts'

const ENVIRONMENT = {
  MSK_CLUSTER_ARN:
    'arn:aws:kafka:eu-west-1:123456789012:cluster/my-cluster/751d2973-a626-431c-9d4e-d7975eb44dd7-2',
  REDIS_URL: 'rediss://cache.example:6379',
  SUBNET_IDS: 'subnet-1',
  SECURITY_GROUP_IDS: 'sg-1',
}
const SECRET = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:AmazonMSK_telemetry-a1b2c3'
const DECLARED = parseFunctions({
  frost: { consumes: 'readings', emits: 'events', uses: 'redis' },
  quiet: { uses: 'redis' },
})

const placeWith = (more: Environment) => ({
  ...readAccount('prod', 'eu-west-1', { ...ENVIRONMENT, ...more }, '/project'),
  names: NAMES,
})

/** Returns the permissions and variables of a function that reads Kafka, without the secrets of Redis. */
function deployed(more: Environment) {
  const place = placeWith(more)
  const [frost] = DECLARED
  assert.ok(frost)
  const [event] = expandFields(frost, DECLARED, place).events as { msk: { saslScram512?: string } }[]
  return {
    problems: place.problems,
    saslScram512: event?.msk.saslScram512,
    secrets: listSecrets('FrostRole', place),
    quiet: listSecrets('QuietRole', place),
  }
}

function listSecrets(role: string, place: ReturnType<typeof placeWith>): unknown[] {
  // biome-ignore lint/suspicious/noExplicitAny: a template is what it is
  const [policy] = (buildRoles(DECLARED, { ...place, stage: 'prod' })[role] as any).Properties.Policies
  const statements: { Action: string[]; Resource: unknown[] }[] = policy.PolicyDocument.Statement
  return statements
    .filter(({ Action }) => /secretsmanager|kms/.test(String(Action)))
    .flatMap(({ Action, Resource }) => Resource.map(value => `${Action} ${JSON.stringify(value)}`))
    .filter(line => !line.includes('/redis-'))
}

describe('a deployment that signs in to Kafka', () => {
  it('given IAM, then it needs no secret', () => {
    const nothing = { problems: [], saslScram512: undefined, secrets: [], quiet: [] }
    assert.deepEqual(deployed({}), nothing)
    assert.deepEqual(deployed({ KAFKA_AUTH: 'iam', KAFKA_SECRET: SECRET }), nothing)
  })

  // Promise docs/deployment.md#signing-in-to-kafka | Only what signs in with a secret may read it.
  it('given SCRAM, then what polls gets the secret, and only roles of functions with Kafka may read it', () => {
    const { problems, saslScram512, secrets, quiet } = deployed({
      KAFKA_AUTH: 'scram-sha-512',
      KAFKA_SECRET: SECRET,
    })
    assert.deepEqual([problems, saslScram512, quiet], [[], SECRET, []])
    assert.deepEqual(secrets, [
      `secretsmanager:GetSecretValue "${SECRET}"`,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholders are CloudFormation's
      'kms:Decrypt {"Fn::Sub":"arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/*"}',
    ])
  })

  it('given an authority by the name of its secret, then roles may read that', () => {
    const { secrets } = deployed({ KAFKA_CA_SECRET: 'broker-ca' })
    assert.match(String(secrets[0]), /^secretsmanager:GetSecretValue .*:secret:broker-ca-\?{6}"/)
  })
})
