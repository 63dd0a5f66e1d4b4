/** Inputs of a further Kafka cluster, which is encrypted and has users, on real servers. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import kafkajs, { type Admin } from 'kafkajs'
import { toLogRecord } from '#runtime/adapters/kafka/to-log-record.ts'
import type { KafkaHandler } from '#runtime/lambda/handler-types.ts'
import { kafkaEvent } from '#runtime/testing/records.ts'
import type { Overview } from '../../console/api/overview/overview.ts'
import type { Finding } from '../../lib/diagnosis/finding.ts'
import { LOCAL_AWS_ENVIRONMENT } from '../../localstack/aws/resources.ts'
import { CloudFormation } from '../support/cloudformation.ts'
import { servedConsole } from '../support/console.ts'
import { createTopic } from '../support/create-topic.ts'
import { TestEnvironment } from '../support/environment.ts'
import { ForeignClient } from '../support/foreign-client.ts'
import { Offline } from '../support/offline.ts'
import { LOGINS, type SecuredKafka, startSecuredKafka } from '../support/secured-kafka.ts'
import { brokers, redisUrl } from '../support/servers.ts'
import { until } from '../support/until.ts'
import { ran } from '../unit/cli/terminal.ts'

const MAPPING = `
family: environment
time: record
fields:
  sensorId: sensor
  temperature: soil
  location.site: { constant: house }
  location.latitude: { constant: 0 }
  location.longitude: { constant: 0 }
`

describe('inputs of a further cluster', () => {
  let environment: TestEnvironment
  let plant: SecuredKafka
  let there: ForeignClient
  let admin: Admin
  let folder: string
  let variables: Record<string, string>
  let handler: KafkaHandler | undefined
  let offline: Offline | undefined

  before(async () => {
    Object.assign(process.env, LOCAL_AWS_ENVIRONMENT)
    ;[environment, plant] = await Promise.all([TestEnvironment.create(), startSecuredKafka()])
    there = await ForeignClient.connect([plant.plainText])
    admin = new kafkajs.Kafka({ brokers: [plant.plainText], logLevel: kafkajs.logLevel.NOTHING }).admin()
    await admin.connect()
    for (const topic of ['turbines', 'boilers']) await createTopic(admin, { topic, numPartitions: 1 })
    folder = await mkdtemp(join(tmpdir(), 'further-cluster-'))
    await writeFile(join(folder, 'greenhouse.yaml'), MAPPING)
    for (const topic of ['turbines', 'boilers']) await writeFile(fileWith(topic), describeInput(topic))
    const secrets = new SecretsManagerClient()
    const contents = { user: LOGINS.scram, ca: { certificate: plant.certificates.ca } }
    for (const [name, content] of Object.entries(contents))
      await secrets.send(
        new CreateSecretCommand({ Name: secretName(name), SecretString: JSON.stringify(content) }),
      )
    variables = {
      KAFKA_BROKERS: brokers().join(','),
      REDIS_URL: redisUrl(),
      SLUICE_ENV: environment.name,
      MAPPINGS_DIR: folder,
    }
  })

  after(async () => {
    await offline?.stop()
    const runtime = (await handler?.start()) as { connections: { close(): Promise<void> } } | undefined
    await runtime?.connections.close()
    await admin?.disconnect()
    await there?.close()
    await plant?.stop()
    await environment?.close()
    await rm(folder, { recursive: true, force: true })
  })

  const fileWith = (topic: string) => join(folder, `${topic}-inputs.yaml`)
  const secretName = (name: string) => `${environment.name}/plant-${name}`
  const describeInput = (topic: string) => `
clusters:
  plant:
    brokers: ['${plant.sasl}']
    auth: scram-sha-512
    secret: ${secretName('user')}
    caSecret: ${secretName('ca')}
inputs:
  - { topic: ${topic}, cluster: plant, mappings: [greenhouse] }
`
  const send = (topic: string, count: number) =>
    there.send(
      topic,
      Array.from({ length: count }, (_, index) => ({
        partition: 0,
        value: JSON.stringify({ sensor: topic, soil: index }),
      })),
    )

  async function readTemperatures(sensor: string): Promise<number[]> {
    const readings = (await environment.read('readings')).map(({ value }) => JSON.parse(String(value)))
    return readings.filter(({ sensorId }) => sensorId === sensor).map(({ temperature }) => temperature)
  }

  it('become readings of ours, and a range that was not delivered is read there, with the secret', async () => {
    Object.assign(process.env, variables, { INPUTS_FILE: fileWith('turbines'), PARTIAL_RESPONSES: 'on' })
    handler = (await import('../../functions/intake/handler.ts')).handler
    await send('turbines', 30)
    const records = (await there.read('turbines')).map(record => toLogRecord('turbines', 0, record))
    const deliver = async (from: number, to: number) => {
      const event = kafkaEvent(records.filter(({ offset }) => offset >= from && offset < to))
      const response = await handler?.(event, { getRemainingTimeInMillis: () => 60_000 })
      assert.deepEqual(response, { batchItemFailures: [] })
    }
    await deliver(0, 10)
    await deliver(20, 30)
    const numbers = Array.from({ length: 30 }, (_, index) => index)
    assert.deepEqual(await readTemperatures('turbines'), numbers)
    const { clusterId } = await admin.describeCluster()
    const [first] = await environment.read('readings')
    assert.match(String(first?.headers?.ce_origin), new RegExp(`^intake:${clusterId}:turbines:0:`))
    assert.deepEqual(await there.ends('turbines'), [30])
    assert.equal((await environment.read('failures')).length, 0)
  })

  it('are read by the trigger of this machine with its own user, and their lag and what is wrong with them are shown', async () => {
    const signIn = {
      INPUTS_FILE: fileWith('boilers'),
      INPUT_KAFKA_USERNAME: LOGINS.scram.username,
      INPUT_KAFKA_PASSWORD: LOGINS.scram.password,
      INPUT_KAFKA_CA_FILE: plant.certificates.caFile,
    }
    await send('boilers', 3)
    const examine = async (changes: object = {}) => {
      const { stdout } = await ran(['doctor', '--json'], {
        environment: { ...variables, ...signIn, ...changes },
        folder,
      })
      const findings: Finding[] = JSON.parse(stdout).findings
      return findings
        .filter(({ subject }) => /boilers/.test(subject))
        .map(({ check, verdict }) => `${check} ${verdict}`)
    }
    assert.deepEqual(await examine(), [
      'input ok',
      ...['readers wrong', 'commits ok', 'published ok', 'lag ok', 'breaker ok'],
    ])
    assert.deepEqual(await examine({ INPUT_KAFKA_PASSWORD: 'another' }), ['input unknown'])
    const look = async (changes: object = {}) => {
      const served = await servedConsole({
        env: environment.name,
        variables: { ...variables, ...signIn, ...changes },
      })
      try {
        const { consumers, standing } = await served.ask<Overview>('/overview')
        const findLag = (topic: string) => consumers.find(consumer => consumer.topic === topic)?.lag
        const lags = ['boilers', environment.topic('alerts')].map(findLag)
        return { lags, standing: standing.map(({ reason }) => reason.split(':')[0]) }
      } finally {
        await served.close()
      }
    }
    assert.deepEqual(await look(), { lags: [3, 0], standing: [] })
    assert.deepEqual(await look({ INPUT_KAFKA_PASSWORD: 'another' }), {
      lags: [null, 0],
      standing: ['The further cluster of the inputs'],
    })
    offline = await Offline.start(environment.name, { ...variables, ...signIn }, { only: ['intake'] })
    await until('all are readings', async () => (await readTemperatures('boilers')).length === 3)
    const group = `sluice-intake-boilers-${environment.name}`
    await until('the lag is 0', async () => {
      const { stdout, stderr } = await ran(['groups', 'lag', group, '--json'], {
        environment: { ...variables, ...signIn },
        folder,
      })
      assert.equal(stderr, '')
      const [found] = JSON.parse(stdout).rows
      assert.deepEqual(found.topics, ['boilers'])
      return found.pending === 0
    })
  })

  it('fail the check of a deployment by name if they do not exist', async () => {
    const [secret, caSecret] = ['user', 'ca'].map(secretName)
    const cloudFormation = await CloudFormation.start({
      Environment: environment.name,
      Readers: {},
      FurtherCluster: {
        name: 'plant',
        topics: ['boilers', 'pumps'],
        brokers: [plant.sasl],
        ...{ auth: 'scram-sha-512', secret, caSecret },
      },
    })
    const { SLUICE_ENV = '', KAFKA_BROKERS = '' } = variables
    const { Status, Reason } = await cloudFormation
      .ask('Create', { SLUICE_ENV, KAFKA_BROKERS })
      .finally(() => cloudFormation.close())
    assert.equal(Status, 'FAILED')
    assert.match(Reason ?? '', /a topic that does not exist: pumps \(in the cluster plant\)\./)
  })
})
