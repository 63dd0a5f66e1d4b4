/** A further cluster of inputs: from the file to event sources, roles, cost and the local trigger. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { describeIdlePollers } from '../../../infra/checks/input-sources.ts'
import { expandFields } from '../../../infra/functions/expanded-fields.ts'
import { readAccount } from '../../../infra/place/account.ts'
import type { Place } from '../../../infra/place/place.ts'
import { buildTriggerClusters, readThisMachine } from '../../../infra/place/this-machine.ts'
import { addTopicsResource } from '../../../infra/plugins/topics-resource.ts'
import { buildRoles } from '../../../infra/roles/roles.ts'
import { parseFunctions } from '../../../lib/app/functions.ts'
import { readInputs } from '../../../lib/intake/parse-inputs.ts'
import { NAMES } from '../../support/families.ts'

const OWN = 'arn:aws:kafka:eu-west-1:123456789012:cluster/own/751d2973-a626-431c-9d4e-d7975eb44dd7-2'
const PLANT = 'arn:aws:kafka:eu-west-1:123456789012:cluster/plant/11112973-a626-431c-9d4e-d7975eb44dd7-3'
const SECRET = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:AmazonMSK_plant-a1b2c3'
const AUTHORITY = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:plant-ca-a1b2c3'
const DECLARED = parseFunctions({
  intake: { consumes: 'inputs', emits: ['readings'], uses: ['redis', 'inputs'] },
  topics: { uses: ['topics'] },
})
const [INTAKE] = DECLARED
assert.ok(INTAKE)

const folder = mkdtempSync(join(tmpdir(), 'input-cluster-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let files = 0

/** Writes a file with an input in each cluster. @param cluster the further cluster, in YAML */
function writeInputs(cluster: string): string {
  files += 1
  const file = join(folder, `${files}.yaml`)
  writeFileSync(
    file,
    `clusters: { plant: ${cluster} }\ninputs:\n  - { topic: sensors }\n  - { topic: boilers, cluster: plant }\n`,
  )
  return file
}

const inAccount = (cluster: string) =>
  readAccount(
    'prod',
    'eu-west-1',
    {
      MSK_CLUSTER_ARN: OWN,
      REDIS_URL: 'rediss://cache.example:6379',
      SUBNET_IDS: 'subnet-1',
      SECURITY_GROUP_IDS: 'sg-1',
      INPUTS_FILE: writeInputs(cluster),
    },
    folder,
  )
const onThisMachine = (cluster: string, env: Record<string, string> = {}) =>
  readThisMachine({ ...env, INPUTS_FILE: writeInputs(cluster) }, folder)

const READING = {
  startingPosition: 'TRIM_HORIZON',
  batchSize: 500,
  maximumBatchingWindow: 1,
  functionResponseType: 'ReportBatchItemFailures',
}
const source = (topic: string, pollerGroupName: string) => ({
  topic,
  consumerGroupId: `sluice-intake-${topic}-prod`,
  ...READING,
  provisionedPollerConfig: { minimumPollers: 1, maximumPollers: 4, pollerGroupName },
})
const OWN_EVENT = { msk: { arn: OWN, ...source('sensors', 'sluice-prod-inputs') } }
const listEvents = (place: Place) => expandFields(INTAKE, DECLARED, { ...place, names: NAMES }).events

/** Returns the allowed actions of a role, by resource. */
function listAllowed(place: Place, role: string): Map<string, string> {
  // biome-ignore lint/suspicious/noExplicitAny: a template is what it is
  const [policy] = (buildRoles(DECLARED, { ...place, names: NAMES, stage: 'prod' })[role] as any).Properties
    .Policies
  const statements: { Action: string[]; Resource: unknown[] }[] = policy.PolicyDocument.Statement
  const pairs = statements.flatMap(({ Action, Resource }) =>
    Resource.map(value => [String(value), Action] as const),
  )
  return new Map(
    [...Map.groupBy(pairs, ([one]) => one)].map(([one, found]) => [
      one,
      String(found.map(([, action]) => action)),
    ]),
  )
}

describe('the further cluster of the inputs', () => {
  it('given a cluster on MSK, then its topic is an event source of that cluster, with its secret and its pollers', () => {
    const place = inAccount(
      `{ arn: '${PLANT}', brokers: ['127.0.0.1:9093'], auth: scram-sha-512, secret: '${SECRET}' }`,
    )
    assert.deepEqual(place.problems, [])
    const further = { arn: PLANT, ...source('boilers', 'sluice-prod-inputs-plant'), saslScram512: SECRET }
    assert.deepEqual(listEvents(place), [OWN_EVENT, { msk: further }])
  })

  it('given brokers elsewhere, then the event source has their network and secrets', () => {
    const place = inAccount(
      `{ brokers: ['b1.plant:9096'], auth: plain, secret: '${SECRET}', caSecret: '${AUTHORITY}' }`,
    )
    assert.deepEqual(place.problems, [])
    const accessConfigurations = {
      vpcSubnet: ['subnet-1'],
      vpcSecurityGroup: ['sg-1'],
      saslPlainAuth: [SECRET],
      serverRootCaCertificate: [AUTHORITY],
    }
    const further = {
      bootstrapServers: ['b1.plant:9096'],
      accessConfigurations,
      ...source('boilers', 'sluice-prod-inputs-plant'),
    }
    assert.deepEqual(listEvents(place), [OWN_EVENT, { kafka: further }])
  })

  it('then a role may read the topic and the secrets there, and write only at home', () => {
    const place = inAccount(`{ arn: '${PLANT}', auth: scram-sha-512, secret: '${SECRET}' }`)
    const allowed = listAllowed(place, 'IntakeRole')
    const there = (kind: string, name: string) =>
      allowed.get(`${PLANT.replace(':cluster/', `:${kind}/`)}/${name}`)
    assert.equal(there('topic', 'boilers'), 'kafka-cluster:DescribeTopic,kafka-cluster:ReadData')
    assert.equal(
      there('group', 'sluice-intake-boilers-prod'),
      'kafka-cluster:DescribeGroup,kafka-cluster:AlterGroup',
    )
    assert.match(allowed.get(PLANT) ?? '', /GetBootstrapBrokers.*DescribeClusterV2.*kafka-cluster:Connect/)
    assert.equal(allowed.get(SECRET), 'secretsmanager:GetSecretValue')
    assert.equal(
      [...allowed.keys()].some(
        text => text.startsWith(OWN.replace(':cluster/', ':topic/')) && text.endsWith('boilers'),
      ),
      false,
    )
    assert.equal(
      [...allowed].some(([one, actions]) => one.includes('/plant/') && actions.includes('Write')),
      false,
    )
    const check = listAllowed(place, 'TopicsRole')
    assert.equal(check.get(`${PLANT.replace(':cluster/', ':topic/')}/boilers`), 'kafka-cluster:DescribeTopic')
    assert.equal(check.get(SECRET), 'secretsmanager:GetSecretValue')
  })

  for (const auth of ['plain', 'scram-sha-256', 'scram-sha-512', 'tls'])
    it(`given brokers elsewhere and ${auth}, then intake and the check may read the secrets`, () => {
      const place = inAccount(
        `{ brokers: ['b1.plant:9096'], auth: ${auth}, secret: '${SECRET}', caSecret: '${AUTHORITY}' }`,
      )
      for (const role of ['IntakeRole', 'TopicsRole'])
        for (const secret of [SECRET, AUTHORITY])
          assert.equal(
            listAllowed(place, role).get(secret),
            'secretsmanager:GetSecretValue',
            `${role} ${secret}`,
          )
    })

  it('given a deployment from a machine with a user for that cluster, then no package has the password', async () => {
    const variables = {
      MSK_CLUSTER_ARN: OWN,
      REDIS_URL: 'rediss://cache.example:6379',
      INPUTS_FILE: writeInputs(`{ arn: '${PLANT}' }`),
      INPUT_KAFKA_USERNAME: 'me',
      INPUT_KAFKA_PASSWORD: 'a-password',
    }
    const deployment = createRequire(import.meta.url)('../../../infra/deployment.cjs')
    const before = { ...process.env }
    Object.assign(process.env, variables)
    try {
      const resolveVariable = async (name: string) => (name === 'sls:stage' ? 'prod' : 'eu-west-1')
      const found = JSON.stringify(await deployment({ resolveVariable }))
      assert.match(found, /boilers/)
      assert.doesNotMatch(found, /a-password/)
    } finally {
      process.env = before
    }
  })

  it('then the deployment checks each topic where it is, and the pollers of both clusters cost', () => {
    const place = inAccount(`{ arn: '${PLANT}' }`)
    const template = { Resources: { TopicsLambda: { Type: 'AWS::Lambda::Function' } } }
    addTopicsResource(template, {
      ...place,
      names: NAMES,
      functions: DECLARED,
      logicalId: () => 'TopicsLambda',
      packagedAtMs: 1,
    })
    const { Inputs, FurtherCluster } =
      (template.Resources as unknown as Record<string, { Properties: Record<string, unknown> }>).SluiceTopics
        ?.Properties ?? {}
    assert.deepEqual(Inputs, ['sensors'])
    assert.deepEqual((FurtherCluster as Place['inputCluster'])?.topics, ['boilers'])
    assert.equal(
      describeIdlePollers(DECLARED, place),
      'Inputs: 2 event sources keep at least 2 event pollers, about $270.10 a month while idle.',
    )
  })

  for (const [cluster, problem] of [
    [
      `{ arn: '${PLANT}', auth: plain, secret: '${SECRET}' }`,
      /auth: must be one of none, tls, iam, scram-sha-512 with arn/,
    ],
    ["{ brokers: ['b1.plant:9098'], auth: iam }", /auth: must not be iam without arn/],
    ["{ brokers: ['b1.plant'] }", /brokers: must be .*host:port/],
    [
      "{ brokers: ['b1.plant:9096'], auth: scram-sha-256 }",
      /INPUT_KAFKA_USERNAME: must be set .* unless secret names a secret/,
    ],
    [
      "{ brokers: ['b1.plant:9096'], auth: scram-sha-256, secret: plant }",
      /clusters\.plant\.secret: must be the ARN of the secret/,
    ],
    [
      `{ arn: '${PLANT}', auth: tls, secret: '${SECRET}' }`,
      /clusters\.plant\.auth: must be iam or scram-sha-512 with secret/,
    ],
    [`{ secret: '${SECRET}' }`, /clusters\.plant: needs arn or brokers/],
    [`{ arn: '${PLANT}' }, mill: { arn: '${PLANT}' }`, /clusters: must have at most 1 key/],
    [`{ arn: '${PLANT}', broker: x }`, /clusters\.plant\.broker: unknown key. Did you mean brokers\?/],
    ['{ arn: plant }', /arn: must be the ARN of an MSK cluster/],
  ] as const)
    it(`refuses to deploy ${cluster}`, () => {
      const { problems } = inAccount(cluster)
      assert.equal(problems.length, 1, String(problems))
      assert.match(String(problems), problem)
    })

  it('given this machine, then the trigger reads it from its brokers there, and signs in with the user that is set', () => {
    const local = `{ arn: '${PLANT}', brokers: ['127.0.0.1:9093'], auth: scram-sha-512, secret: '${SECRET}' }`
    const open = onThisMachine(local)
    assert.deepEqual(open.problems, [])
    assert.deepEqual(buildTriggerClusters(open, {}), { [PLANT]: { brokers: ['127.0.0.1:9093'] } })
    const env = { INPUT_KAFKA_USERNAME: 'me', INPUT_KAFKA_PASSWORD: 'pw', INPUT_KAFKA_CA_FILE: 'ca.pem' }
    const signedIn = onThisMachine(local, env)
    assert.deepEqual(signedIn.problems, [])
    assert.equal(signedIn.environment.INPUT_KAFKA_PASSWORD, 'pw')
    assert.deepEqual(buildTriggerClusters(signedIn, env), {
      [PLANT]: {
        brokers: ['127.0.0.1:9093'],
        ssl: { ca: 'ca.pem' },
        sasl: { mechanism: 'scram-sha-512', username: 'me', password: 'pw' },
      },
    })
  })

  it('refuses an input in a cluster that the file does not have, with the nearest name', () => {
    const text = "clusters: { plant: { brokers: ['b:9092'] } }\ninputs: [{ topic: boilers, cluster: plan }]"
    assert.throws(
      () => readInputs(text, 'inputs.yaml', 'test'),
      /inputs\.yaml:2:.*unknown cluster\. Did you mean plant\?/,
    )
  })

  it('given this machine, then it names what is missing there', () => {
    assert.match(
      String(onThisMachine(`{ arn: '${PLANT}' }`).problems),
      /clusters\.plant\.brokers: must name those for `npm start`/,
    )
    const secret = onThisMachine("{ brokers: ['b1.plant:9096'], auth: plain, secret: plant }")
    assert.match(String(secret.problems), /set INPUT_KAFKA_USERNAME and INPUT_KAFKA_PASSWORD/)
  })
})
