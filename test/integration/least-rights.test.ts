/** `sluice doctor` on servers that allow exactly what the pages name. The rights are read from the pages. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { ForeignClient } from '@sluice/test-kit/foreign-client'
import { startHttpServer } from '@sluice/test-kit/http-server'
import { LOGINS, type SecuredKafka, startSecuredKafka } from '@sluice/test-kit/secured-kafka'
import { until } from '@sluice/test-kit/until'
import { startValkey, type Valkey } from '@sluice/test-kit/valkey'
import kafkajs, { type AclEntry, type Admin } from 'kafkajs'
import { redisAnswers } from '#local-servers/probes'
import { LOAD } from '#runtime/operating/states'
import { COMMIT, COMPARE_AND_SET, OPEN_BREAKER } from '#runtime/test/support/inside-redis'
import { withClient } from '#runtime/test/support/redis-clients'
import type { Finding } from '../../control/diagnosis/finding.ts'
import { gatherRedisFacts } from '../../control/diagnosis/gather-redis.ts'
import { TOPICS } from '../../lib/app/naming/topic-table.ts'
import { createTopics } from '../../localstack/local-topics.ts'
import { PROJECT } from '../../scripts/paths.ts'
import { NAMES } from '../support/families.ts'
import { ran } from '../unit/cli/terminal.ts'

const ENV = 'least'
const BUCKET = 'history-of-least'
const readPage = (name: string) => readFileSync(join(PROJECT, 'docs', `${name}.md`), 'utf8')

/** Users of Redis, with their ACL rules. */
const USERS = Object.fromEntries(
  [...readPage('deployment').matchAll(/^ACL SETUSER (\w+) +(.*)$/gm)].map(([, user = '', rules = '']) => [
    user,
    rules.split(/ +/),
  ]),
)

/** Operations that the doctor needs, by type of the Kafka resource. */
const [, RIGHTS = ''] = readPage('doctor').split('\n## Rights\n')
const KAFKA_RIGHTS = [...RIGHTS.matchAll(/^- .*?: (.*?) on `(\w+)`/gm)].flatMap(
  ([, operations = '', resource = '']) =>
    [...operations.matchAll(/`(\w+)`/g)].map(([, operation = '']) => ({ operation, resource })),
)

function toAcl({ operation, resource }: (typeof KAFKA_RIGHTS)[number]): AclEntry {
  const constant = (name: string) => name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()
  const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs
  return {
    principal: `User:${LOGINS.scram.username}`,
    host: '*',
    operation: AclOperationTypes[constant(operation) as keyof typeof AclOperationTypes],
    permissionType: AclPermissionTypes.ALLOW,
    resourceType: AclResourceTypes[constant(resource) as keyof typeof AclResourceTypes],
    resourceName: resource === 'Cluster' ? 'kafka-cluster' : '*',
    resourcePatternType: ResourcePatternTypes.LITERAL,
  }
}

/** Starts a server of S3 that allows its callers to list the objects of the bucket, and nothing else. */
async function startBucket() {
  const refused: string[] = []
  const server = await startHttpServer(({ method, url = '' }, response) => {
    const { pathname, searchParams } = new URL(url, 'http://s3')
    const isAllowed = /^\/[^/]+\/?$/.test(pathname) && searchParams.get('list-type') === '2'
    if (!isAllowed) refused.push(`${method} ${url}`)
    response.writeHead(isAllowed ? 200 : 403, { 'content-type': 'application/xml' })
    response.end(
      isAllowed
        ? '<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>'
        : '<Error><Code>AccessDenied</Code></Error>',
    )
  })
  return { ...server, refused }
}

describe('given servers that allow exactly what the pages name', () => {
  let bucket: Awaited<ReturnType<typeof startBucket>>
  let kafka: SecuredKafka
  let valkey: Valkey
  let client: ForeignClient
  let admin: Admin

  before(async () => {
    bucket = await startBucket()
    valkey = await startValkey(Object.entries(USERS).flatMap(([user, rules]) => ['--user', user, ...rules]))
    kafka = await startSecuredKafka({
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      // The listener without sign-in, and the controller.
      'super.users': 'User:ANONYMOUS',
    })
    const brokers = [kafka.plainText]
    await createTopics({ brokers, env: ENV, names: NAMES })
    client = await ForeignClient.connect(brokers)
    admin = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING }).admin()
    await admin.connect()
    await admin.createAcls({ acl: KAFKA_RIGHTS.map(toAcl) })
    // A record in each partition to which the clock appends one every minute.
    for (const [index, { name, partitions }] of NAMES.kafkaTopics(ENV).entries())
      if (Object.values(TOPICS)[index]?.isTicked)
        await client.send(
          name,
          Array.from({ length: partitions }, (_, partition) => ({ partition, value: '{}' })),
        )
  })

  after(async () => {
    await bucket?.close()
    await Promise.all([client?.close(), admin?.disconnect()])
    await kafka?.stop()
    await valkey?.stop()
  })

  async function examine(user: string): Promise<Finding[]> {
    const { stdout, stderr } = await ran(['doctor', '--json'], {
      environment: {
        KAFKA_BROKERS: kafka.saslInPlainText,
        KAFKA_AUTH: 'scram-sha-512',
        KAFKA_TLS: 'off',
        KAFKA_USERNAME: LOGINS.scram.username,
        KAFKA_PASSWORD: LOGINS.scram.password,
        REDIS_URL: valkey.url.replace('//', `//${user}:password@`),
        SLUICE_ENV: ENV,
        HISTORY_BUCKET: BUCKET,
        AWS_ENDPOINT_URL: bucket.url,
        AWS_REGION: 'eu-west-1',
        AWS_ACCESS_KEY_ID: 'key',
        AWS_SECRET_ACCESS_KEY: 'secret',
      },
    })
    assert.notEqual(stdout, '', stderr)
    return JSON.parse(stdout).findings
  }

  /** Returns findings of a verdict, but not that no function reads the records: none runs here. */
  function pick(findings: readonly Finding[], wanted: Finding['verdict']): readonly Finding[] {
    return findings.filter(
      ({ verdict, check, says }) =>
        verdict === wanted && check !== 'readers' && !says.includes('none was processed during this check'),
    )
  }

  // Promise docs/doctor.md#rights | With these rights nothing is wrong or unknown. What a user may not see is unknown.
  for (const user of ['sluice', 'operators'])
    it(`when the doctor signs in as ${user}, then it finds nothing wrong and nothing unknown`, async () => {
      const findings = await examine(user)
      assert.deepEqual([...pick(findings, 'wrong'), ...pick(findings, 'unknown')], [])
      for (const area of ['kafka', 'redis', 'topics', 'producers', 'consumers', 'history'])
        assert.ok(
          findings.some(finding => finding.area === area && finding.verdict === 'ok'),
          area,
        )
      assert.deepEqual(bucket.refused, [])
    })

  // Kafka allows Describe on a topic to everyone who may read it, and that on a transaction is needed while one is open.
  const needed = KAFKA_RIGHTS.filter(
    ({ operation, resource }) => !['Topic', 'TransactionalId'].includes(resource) || operation !== 'Describe',
  )
  assert.equal(needed.length, 4)
  for (const right of needed)
    it(`when ${right.operation} on ${right.resource} is missing, then what needs it is unknown`, async () => {
      await admin.deleteAcls({ filters: [toAcl(right)] })
      try {
        await until('the right is missing', async () => {
          const findings = await examine('operators')
          assert.deepEqual(pick(findings, 'wrong'), [])
          return pick(findings, 'unknown').length > 0
        })
      } finally {
        await admin.createAcls({ acl: [toAcl(right)] })
      }
    })
})

/** Commands in the scripts of functions, and those that functions send themselves. */
const COMMANDS = [
  ...new Set(
    [LOAD, COMMIT, OPEN_BREAKER, COMPARE_AND_SET].flatMap(({ lua }) =>
      [...lua.matchAll(/call\('([A-Z]+)'/g)].map(([, command = '']) => command.toLowerCase()),
    ),
  ),
  ...['eval', 'evalsha'],
]

describe('given a user of Redis who lacks something that functions need, then the doctor names it', () => {
  const READINGS = 'sluice.telemetry.readings.least'
  const consumers = ['processor', 'alerting'].map(name => ({ function: name, topic: READINGS }))
  let valkey: Valkey

  before(async () => {
    valkey = await startValkey()
  })
  after(() => valkey?.stop())

  async function listRefused(rules: readonly string[], now = consumers): Promise<readonly string[]> {
    await valkey.admin.acl('SETUSER', 'lacking', 'reset', ...rules)
    const place = { address: valkey.url, encrypted: false, mode: 'single' } as const
    const { refused } = await withClient(
      { url: valkey.url, username: 'lacking', password: 'password' },
      client => gatherRedisFacts(client, place, now),
    )
    assert.ok('seen' in refused, JSON.stringify(refused))
    return refused.seen
  }

  it('when it has all of it, then nothing is named and nothing is left in Redis', async () => {
    assert.deepEqual(await listRefused(USERS.sluice ?? []), [])
    assert.equal(await valkey.admin.dbsize(), 0)
  })

  assert.ok(COMMANDS.length > 15)
  for (const command of COMMANDS)
    it(`when it is the command ${command}`, async () => {
      const [refused, ...others] = await listRefused([...(USERS.sluice ?? []), `-${command}`])
      assert.match(refused ?? '', new RegExp(`'${command}'`, 'i'))
      assert.deepEqual(others, [])
    })

  it('when users without a password may not send PING, then the server counts as started all the same', async () => {
    await valkey.admin.acl('SETUSER', 'default', '-ping')
    try {
      assert.equal(await redisAnswers(valkey.url), true)
    } finally {
      await valkey.admin.acl('SETUSER', 'default', '+ping')
    }
  })

  it('when it is the keys of a consumer', async () => {
    const rules = (USERS.sluice ?? []).map(rule => (rule === '~{*:*}*' ? '~{processor:*}*' : rule))
    const [refused, ...others] = await listRefused(rules)
    assert.match(refused ?? '', /^NOPERM .*\(\{alerting:sluice\.telemetry\.readings\.least:0\}/)
    assert.deepEqual(others, [])
    assert.deepEqual(await listRefused(rules, consumers.slice(0, 1)), [])
  })

  it('when it may only read, then its keys are named', async () => {
    const rules = (USERS.sluice ?? []).map(rule => rule.replace(/^~/, '%R~'))
    const refused = await listRefused(rules)
    assert.equal(refused.length, consumers.length)
    for (const error of refused) assert.match(error, /^NOPERM .* \(\{\w+:.*\}:doctor\)$/)
  })
})
