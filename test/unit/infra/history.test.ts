import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isDeployed } from '../../../infra/functions/expanded-fields.ts'
import { readAccount } from '../../../infra/place/account.ts'
import { mergeOutputs } from '../../../infra/place/stack-outputs.ts'
import { STAGES } from '../../../infra/place/stages.ts'
import { buildHistoryResources } from '../../../infra/plugins/history-plugin.ts'
import { formatTemplate, MAX_TEMPLATE_BYTES, readStackTemplate } from '../../../infra/stack/stack-template.ts'
import { HISTORY, readSettings } from '../../../lib/app/settings/index.ts'
import { listColumns } from '../../../lib/history/columns.ts'
import { formatObjectKey } from '../../../lib/history/object-key.ts'
import { getTableSignal, HISTORY_TABLES } from '../../../lib/history/tables.ts'
import { FAMILIES, NAMES, VOCABULARY } from '../../support/families.ts'

const KEY = 'arn:aws:kms:eu-west-1:123456789012:key/0a1b'
const CLUSTER =
  'arn:aws:kafka:eu-west-1:123456789012:cluster/telemetry/751d2973-a626-431c-9d4e-d7975eb44dd7-2'
const ENVIRONMENT = {
  MSK_CLUSTER_ARN: CLUSTER,
  REDIS_URL: 'rediss://cache.example:6379',
  SUBNET_IDS: 'subnet-1',
  SECURITY_GROUP_IDS: 'sg-1',
  HISTORY_BUCKET: 'history-bucket',
}
const placed = (more = {}) => readAccount('prod', 'eu-west-1', { ...ENVIRONMENT, ...more }, '/project')

interface Typed {
  readonly Type: string
  // biome-ignore lint/suspicious/noExplicitAny: a template is what it is
  readonly Properties: any
}

const RESOURCES = buildHistoryResources(placed(), VOCABULARY) as Record<string, Typed>
const listGlueTables = (resources: Record<string, Typed>) =>
  new Map(
    Object.values(resources)
      .filter(({ Type }) => Type === 'AWS::Glue::Table')
      .map(({ Properties: { TableInput } }) => [TableInput.Name as string, TableInput]),
  )
const TABLES = listGlueTables(RESOURCES)

function table(name: string) {
  const found = TABLES.get(name)
  assert.ok(found, name)
  return found
}

describe('the tables of Glue', () => {
  it('exist for each kind of topic, in the database of the stage', () => {
    assert.deepEqual([...TABLES.keys()], HISTORY_TABLES)
    assert.equal(RESOURCES.HistoryDatabase?.Properties.DatabaseInput.Name, 'sluice_history_prod')
    for (const { Type, Properties } of Object.values(RESOURCES))
      if (Type === 'AWS::Glue::Table') assert.deepEqual(Properties.DatabaseName, { Ref: 'HistoryDatabase' })
  })

  it('have the columns of columnsOf in their order, in lower case, with the topic as a partition', () => {
    const types = {
      ...{ STRING: 'string', JSON: 'string', INT32: 'int', INT64: 'bigint' },
      ...{ DOUBLE: 'double', BOOLEAN: 'boolean', TIMESTAMP: 'timestamp' },
    }
    for (const name of HISTORY_TABLES) {
      const { StorageDescriptor, PartitionKeys } = table(name)
      const [topic, day] = PartitionKeys
      assert.deepEqual(day, { Name: 'day', Type: 'string' })
      assert.deepEqual(
        [topic, ...StorageDescriptor.Columns],
        listColumns(FAMILIES, name).map(column => ({ Name: column.name, Type: types[column.type] })),
      )
      const all = [...StorageDescriptor.Columns, ...PartitionKeys].map(({ Name }) => Name)
      assert.equal(new Set(all.map(value => value.toLowerCase())).size, all.length)
      for (const value of all) assert.match(value, /^[a-z][a-z0-9_]*$/)
    }
  })

  it('project the folders of the objects, for each topic of the environment', () => {
    const tables = listGlueTables(buildHistoryResources(placed(), VOCABULARY) as Record<string, Typed>)
    for (const table of HISTORY_TABLES) {
      const { Parameters } = tables.get(table)
      const topics = Parameters['projection.topic.values'].split(',')
      assert.deepEqual(topics, [NAMES.topicName(getTableSignal(table), 'prod')])
      assert.equal(Parameters['projection.enabled'], 'true')
      for (const topic of topics) {
        const day = '2026-11-24'
        const key = formatObjectKey({ partition: 0, firstOffset: 1, lastOffset: 2, table, topic, day })
        // biome-ignore-start lint/suspicious/noTemplateCurlyInString: the placeholders are Athena's
        const location = Parameters['storage.location.template']
          .replace('${topic}', topic)
          .replace('${day}', day)
        // biome-ignore-end lint/suspicious/noTemplateCurlyInString: the placeholders are Athena's
        assert.equal(`s3://history-bucket/${key.slice(0, key.lastIndexOf('/') + 1)}`, location)
      }
    }
  })
})

describe('a deployment', () => {
  it('without a bucket has neither tables nor an archiver', () => {
    const none = placed({ HISTORY_BUCKET: undefined })
    assert.deepEqual(buildHistoryResources(none, VOCABULARY), {})
    const archiver = { consumes: [], uses: ['redis', 'history-appending'] }
    assert.equal(isDeployed(archiver, none), false)
    assert.equal(isDeployed(archiver, placed()), true)
  })

  it('without STORAGE_URL has no function storage, and refuses files and passwords', () => {
    const storage = { consumes: [], uses: ['redis', 'storage'] }
    assert.equal(isDeployed(storage, placed()), false)
    const STORAGE_URL = 'postgres://sluice@db.example/sluice'
    assert.equal(isDeployed(storage, placed({ STORAGE_URL })), true)
    assert.deepEqual(placed({ STORAGE_URL, STORAGE_SECRET: 'rds' }).problems, placed().problems)
    const cases = [
      [{ STORAGE_URL: 'sqlite:here.db' }, /^STORAGE_URL: must be postgres.*SQLite is for `npm start` alone/],
      [
        { STORAGE_URL: 'postgres://u:hidden@db/x' },
        /^STORAGE_URL: must not contain a password.*STORAGE_SECRET/,
      ],
    ] as const
    for (const [settings, message] of cases) {
      const found = placed(settings).problems.filter(problem => message.test(problem))
      assert.equal(found.length, 1, JSON.stringify(placed(settings).problems))
      assert.doesNotMatch(String(found), /hidden/)
    }
  })

  it('has bucket and key of the stack, and for another bucket no key of the stack', () => {
    const outputs = { HistoryBucket: 'made', HistoryKeyArn: KEY }
    const { HISTORY_BUCKET, HISTORY_KEY_ARN } = mergeOutputs({}, outputs)
    assert.deepEqual([HISTORY_BUCKET, HISTORY_KEY_ARN], ['made', KEY])
    assert.equal(mergeOutputs({ HISTORY_BUCKET: 'mine' }, outputs).HISTORY_KEY_ARN, undefined)
  })
})

describe('the bucket', async () => {
  const { historyDays } = readSettings([HISTORY], { HISTORY_RETENTION: 'readings=400d,dead_letters=90d' })
  const template = await readStackTemplate(STAGES.prod, historyDays)
  const { Properties = {}, DeletionPolicy } = template.Resources.History ?? {}
  const { Rules } = Properties.LifecycleConfiguration as {
    readonly Rules: readonly Record<string, unknown>[]
  }

  it('is encrypted, private, versioned, kept, and reached over TLS alone', () => {
    assert.match(
      JSON.stringify(Properties.BucketEncryption),
      /"aws:kms","KMSMasterKeyID":\{"Fn::GetAtt":\["DataKey"/,
    )
    assert.deepEqual(
      new Set(Object.values(Properties.PublicAccessBlockConfiguration as object)),
      new Set([true]),
    )
    assert.deepEqual(Properties.VersioningConfiguration, { Status: 'Enabled' })
    assert.equal(DeletionPolicy, 'RetainExceptOnCreate')
    assert.match(
      JSON.stringify(template.Resources.HistoryPolicy),
      /"Effect":"Deny".*"aws:SecureTransport":"false"/,
    )
    assert.match(JSON.stringify(template.Resources.DataKey?.Properties), /:s3:::sluice-history-\$\{Env\}-/)
  })

  it('deletes old versions, interrupted uploads, and objects as HISTORY_RETENTION says', () => {
    const rule = (id: string) => Rules.find(({ Id }) => Id === id)
    assert.deepEqual(rule('deleted')?.NoncurrentVersionExpiration, { NoncurrentDays: 7 })
    assert.deepEqual(rule('interrupted')?.AbortIncompleteMultipartUpload, { DaysAfterInitiation: 1 })
    assert.deepEqual(Rules.slice(2), [
      { Id: 'readings', Status: 'Enabled', Prefix: 'readings/', ExpirationInDays: 400 },
      { Id: 'dead-letters', Status: 'Enabled', Prefix: 'dead_letters/', ExpirationInDays: 90 },
    ])
  })

  it('with a rule for each table fits into a template that CloudFormation takes from a command', async () => {
    const all = new Map(HISTORY_TABLES.map(name => [name, 10_000]))
    const bytes = Buffer.byteLength(formatTemplate(await readStackTemplate(STAGES.prod, all)))
    assert.ok(bytes < MAX_TEMPLATE_BYTES, `${bytes}`)
  })
})
