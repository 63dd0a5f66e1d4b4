import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm'
import { NAMES, readSettings } from '../../lib/app/settings/index.ts'
import { SIGNALS, type Signal, TOPICS, topicName, topicSize, useNames } from '../../lib/app/topics.ts'
import { CloudFormation } from '../support/cloudformation.ts'
import { awsEndpoint, brokers } from '../support/servers.ts'
import { TopicCommands } from '../support/topic-commands.ts'
import { until } from '../support/until.ts'

const DAY_MS = 86_400_000

/** The tests go on from one another, as the deployments of a stack do. */
describe('given a stack, when CloudFormation deploys it', () => {
  let commands: TopicCommands
  let cloudFormation: CloudFormation
  let env: string
  let environment: Record<string, string>
  const topic = (signal: Signal) => topicName(signal, env)
  const setting = (signal: Signal, name: string) => commands.setting(topic(signal), name)
  const aws = () => ({
    endpoint: awsEndpoint(),
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  })

  before(async () => {
    // Variables for the clients that the function makes.
    Object.assign(process.env, {
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    })
    commands = await TopicCommands.open()
    env = commands.prefix
    environment = { SLUICE_ENV: env, KAFKA_BROKERS: brokers().join(',') }
    useNames(readSettings([NAMES], { PARTITIONS: 'readings=5,analytics=2' }).names)
    for (const signal of SIGNALS) commands.adopt(topic(signal))
    cloudFormation = await CloudFormation.start({ Environment: env, Readers: { readings: ['alerting'] } })
  })
  after(async () => {
    await commands?.close()
    await cloudFormation?.close()
  })

  it('then its topics are there as the table says, and its secret and parameter, for the triggers', async () => {
    const answer = await cloudFormation.ask('Create', environment)
    assert.deepEqual([answer.Status, answer.Reason], ['SUCCESS', undefined])
    assert.equal(answer.PhysicalResourceId, `sluice-topics-${env}`)
    const { topics } = await commands.admin.fetchTopicMetadata({ topics: SIGNALS.map(topic) })
    for (const signal of SIGNALS) {
      const found = topics.find(({ name }) => name === topic(signal))
      assert.equal(found?.partitions.length, topicSize(signal, env).partitions, signal)
    }
    const { timestamps, keptDays } = TOPICS.readings
    assert.equal(await setting('readings', 'message.timestamp.type'), timestamps)
    assert.equal(await setting('readings', 'retention.ms'), String(keptDays * DAY_MS))
    const { SecretString } = await new SecretsManagerClient(aws()).send(
      new GetSecretValueCommand({ SecretId: `sluice/${env}/redis` }),
    )
    assert.deepEqual(JSON.parse(SecretString ?? ''), { username: '', password: '' })
    assert.deepEqual(await parameter(), {})
    const [written] = cloudFormation.written
    assert.deepEqual([written?.method, written?.contentType], ['PUT', undefined])
  })

  it('given no PARTITIONS for what exists, then nothing is changed, and the reason has the setting', async () => {
    useNames(readSettings([NAMES], {}).names)
    const { Status, Reason = '' } = await cloudFormation.ask('Update', environment)
    useNames(readSettings([NAMES], { PARTITIONS: 'readings=5,analytics=2' }).names)
    assert.equal(Status, 'FAILED')
    assert.match(
      Reason,
      /partitions 5 → 12: more partitions would move .* alerting\..*Set PARTITIONS=readings=5, or/,
    )
    assert.match(Reason, /another environment\. Deploy again\.$/)
    const [found] = (await commands.admin.fetchTopicMetadata({ topics: [topic('analytics')] })).topics
    assert.equal(found?.partitions.length, 2)
  })

  it('then settings change to what the table says, and what people have set stays', async () => {
    await commands.set(topic('events'), { 'compression.type': 'gzip', 'segment.ms': '7777777' })
    const changed = JSON.stringify({ seed: 7 })
    const name = `/sluice/${env}/generator`
    await new SSMClient(aws()).send(new PutParameterCommand({ Name: name, Value: changed, Overwrite: true }))
    await until('the change is known', async () => (await setting('events', 'compression.type')) === 'gzip')
    const answer = await cloudFormation.ask('Update', environment)
    assert.equal(answer.Status, 'SUCCESS', answer.Reason)
    assert.equal(answer.PhysicalResourceId, 'sluice-topics-as-created')
    await until(
      'the setting is back',
      async () => (await setting('events', 'compression.type')) === 'producer',
    )
    assert.equal(await setting('events', 'segment.ms'), '7777777')
    assert.deepEqual(await parameter(), { seed: 7 })
  })

  it('then a change that would lose records is refused by its name, and no other is made', async () => {
    await commands.client.send(topic('alerts'), [{ value: 'kept' }])
    await commands.set(topic('alerts'), { 'retention.ms': '-1' })
    await commands.set(topic('dlq'), { 'compression.type': 'gzip' })
    await until('the changes are known', async () => {
      const found = [await setting('alerts', 'retention.ms'), await setting('dlq', 'compression.type')]
      return found.join() === '-1,gzip'
    })
    const { Status, Reason = '' } = await cloudFormation.ask('Update', environment)
    assert.equal(Status, 'FAILED')
    const refused = `${topic('alerts')}: retention.ms -1 → 7776000000: records older than the new retention would be lost`
    assert.ok(Reason.startsWith('No topic was changed') && Reason.includes(refused), Reason)
    assert.equal(await setting('dlq', 'compression.type'), 'gzip')
  })

  it('then topics and records outlive the stack, whose settings need not even work', async () => {
    const { Status } = await cloudFormation.ask('Delete', { SLUICE_ENV: env })
    assert.equal(Status, 'SUCCESS')
    const ends = await commands.client.ends(topic('alerts'))
    assert.equal(
      ends.reduce((sum, end) => sum + Number(end), 0),
      1,
    )
  })

  async function parameter(): Promise<unknown> {
    const get = new GetParameterCommand({ Name: `/sluice/${env}/generator` })
    const { Parameter } = await new SSMClient(aws()).send(get)
    return JSON.parse(Parameter?.Value ?? '')
  }
})
