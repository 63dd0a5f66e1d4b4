import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import kafkajs from 'kafkajs'
import { RefusedByKafka } from '../../../lib/runtime/adapters/kafka/publisher.ts'
import { KafkaConnections } from '../../../lib/runtime/lambda/kafka-connections.ts'
import { Unavailable } from '../../../lib/runtime/pipeline/errors.ts'
import { readSettings } from '../../../lib/runtime/settings/environment.ts'
import { KAFKA } from '../../../lib/runtime/settings/kafka.ts'
import { PROJECT, Program } from '../../support/program.ts'
import { rejection } from '../../support/rejection.ts'
import { IAM, LOGINS, type SecuredKafka, startSecuredKafka } from '../../support/secured-kafka.ts'
import { awsEndpoint } from '../../support/servers.ts'
import { ran } from '../../unit/cli/terminal.ts'

const TOPIC = 'secured'
const EVENT = {
  specversion: '1.0',
  id: '1',
  source: '/test',
  type: 'test.signed-in',
  time: '2026-01-01T00:00:00Z',
}
const { scram, plain, eventHubs } = LOGINS
const CREDENTIALS = { AWS_ACCESS_KEY_ID: IAM.accessKey, AWS_SECRET_ACCESS_KEY: IAM.secretKey }

type Environment = Record<string, string>

let kafka: SecuredKafka
/** What every client needs to know of the broker's certificate. */
let ca: Environment
const usual = process.env

const user = ({ username, password }: { username: string; password: string }) => ({
  KAFKA_USERNAME: username,
  KAFKA_PASSWORD: password,
})

before(async () => {
  kafka = await startSecuredKafka()
  ca = { KAFKA_CA_FILE: kafka.certificates.caFile }
  await createTopic(kafka.plainText)
})

after(async () => {
  process.env = usual
  await kafka?.stop()
})

async function createTopic(broker: string): Promise<void> {
  const admin = new kafkajs.Kafka({ clientId: 'test', brokers: [broker], logLevel: 0 }).admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 1 }], waitForLeaders: true })
  await admin.disconnect()
}

let published = 0

/** Publishes an event with the command, and reads it back over the same listener. */
async function publishAndConsume(args: readonly string[], environment: Environment): Promise<void> {
  const id = `event-${published + 1}`
  const stdin = JSON.stringify({ ...EVENT, id })
  const one = await ran(['publish', '-', '--topic', TOPIC, ...args], { environment, stdin })
  assert.equal(one.status, 0, one.stderr)
  published += 1
  const count = ['-n', `${published}`]
  const all = await ran(['consume', '--topic', TOPIC, '--json', ...count, ...args], { environment })
  assert.equal(all.status, 0, all.stderr)
  assert.match(all.stdout, new RegExp(`"${id}"`))
}

describe('signing in to a broker', () => {
  const ways: [how: string, broker: keyof SecuredKafka, auth: string, more: () => Environment][] = [
    ['TLS', 'tls', 'tls', () => ca],
    ['SCRAM-SHA-256 with TLS', 'sasl', 'scram-sha-256', () => ({ ...ca, ...user(scram) })],
    ['SCRAM-SHA-512 with TLS', 'sasl', 'scram-sha-512', () => ({ ...ca, ...user(scram) })],
    ['PLAIN with TLS', 'sasl', 'plain', () => ({ ...ca, ...user(plain) })],
    ['SCRAM in plain text', 'saslInPlainText', 'scram-sha-512', () => ({ KAFKA_TLS: 'off', ...user(scram) })],
    ['PLAIN in plain text', 'saslInPlainText', 'plain', () => ({ KAFKA_TLS: 'off', ...user(plain) })],
    [
      'a client certificate',
      'mutualTls',
      'tls',
      () => ({ ...ca, KAFKA_CERT_FILE: kafka.client.certFile, KAFKA_KEY_FILE: kafka.client.keyFile }),
    ],
  ]
  for (const [how, broker, auth, more] of ways)
    it(`given ${how}, then commands publish and read`, async () => {
      await publishAndConsume(['--brokers', String(kafka[broker]), '--auth', auth], more())
    })

  it('given a connection string of Event Hubs as it is, then commands publish and read', async () => {
    const given = ['--event-hubs-conn-str', eventHubs.password, '--brokers', kafka.sasl]
    // Variables that name another cluster do not count beside the option.
    await publishAndConsume(given, { ...ca, KAFKA_AUTH: 'none', MSK_CLUSTER_ARN: 'arn' })
  })

  it('given one for a single event hub, then that is the topic', async () => {
    const string = `${eventHubs.password};EntityPath=${TOPIC}`
    const one = [
      'publish',
      '-',
      '--dry-run',
      '--json',
      '--event-hubs-conn-str',
      '$MINE',
      '--brokers',
      kafka.sasl,
    ]
    const environment = { ...ca, MINE: string }
    const named = await ran(one, { environment, stdin: JSON.stringify(EVENT) })
    // The topic is known without asking, and the broker knows no such string.
    assert.match(named.stderr, /cannot be used: it does not accept the credentials/)
    assert.ok(!`${named.stderr}${named.stdout}`.includes('SharedAccessKey'))
    const other = ['publish', '-', '--event-hub-name', 'other', '--event-hubs-conn-str', eventHubs.password]
    const unknown = await ran([...other, '--brokers', kafka.sasl], {
      environment: ca,
      stdin: JSON.stringify(EVENT),
    })
    assert.match(unknown.stderr, /has no topic other/)
  })

  it('given a user, then every kind of command works with a whole environment', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-security-'))
    const file = join(folder, 'secured.jsonl')
    const dlq = 'sluice.telemetry.dlq.secured'
    const commands: [command: string, expected: RegExp][] = [
      [`topics create ${dlq} --partitions 1 --replication-factor 1`, /^Created topic: /],
      ['topics list', /sluice\.telemetry\.dlq\.secured/],
      [`topics describe ${TOPIC}`, /^Topic: secured/],
      [`topics stats ${TOPIC}`, /^messages: [1-9]/m],
      [`topics balance ${TOPIC}`, /^Topic: secured, [1-9]/],
      ['topics plan', /to create/],
      ['dlq list', /^No dead letters/],
      [`consume --topic ${TOPIC} --group readers -n 1`, /test\.signed-in/],
      ['groups list', /readers/],
      ['groups lag readers', /^Group: readers/],
      [`record --topic ${TOPIC} --out ${file}`, /^[1-9]\d* records/],
      [`replay ${file} --topic ${dlq} --keep-partitions --speed max`, /^[1-9]\d* acknowledged, 0 not/],
    ]
    const access = ['--brokers', kafka.sasl, '--auth', 'scram-sha-512', '--username', scram.username]
    const environment = { ...ca, SLUICE_ENV: 'secured', KAFKA_PASSWORD: scram.password }
    try {
      for (const [command, expected] of commands) {
        const { status, stdout, stderr } = await ran([...command.split(' '), ...access], { environment })
        assert.ok(status === 0 && expected.test(stdout), `${command}: ${stdout}${stderr}`)
      }
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  describe('by IAM', () => {
    const iam = (more: Environment = {}) => {
      process.env = { ...usual, ...CREDENTIALS, ...more }
      return { ...ca, AWS_REGION: IAM.region }
    }

    it('given the credentials of the process, then commands publish and read', async () => {
      await publishAndConsume(['--brokers', kafka.sasl, '--auth', 'iam'], iam())
    })

    it('given another secret key or another region, then the broker refuses the token', async () => {
      const args = ['topics', 'list', '--brokers', kafka.sasl, '--auth', 'iam']
      const forged = await ran(args, { environment: iam({ AWS_SECRET_ACCESS_KEY: 'another' }) })
      assert.deepEqual([forged.status, forged.stdout], [1, ''])
      assert.match(
        forged.stderr,
        /cannot be used: it does not accept the credentials: .*invalid_token: signature/,
      )
      const elsewhere = await ran(args, { environment: { ...iam(), AWS_REGION: 'us-east-1' } })
      assert.match(
        elsewhere.stderr,
        /cannot be used: it does not accept the credentials: .*invalid_token: host/,
      )
    })
  })
})

describe('settings that do not fit the broker', { concurrency: 4 }, () => {
  const wrongUser = { KAFKA_USERNAME: scram.username, KAFKA_PASSWORD: 'wrong-pw' }
  const cases: [
    what: string,
    broker: keyof SecuredKafka,
    auth: string,
    more: () => Environment,
    says: RegExp,
  ][] = [
    [
      'a wrong password for SCRAM',
      'sasl',
      'scram-sha-512',
      () => ({ ...ca, ...wrongUser }),
      /it does not accept the credentials: .*invalid credentials with SASL mechanism SCRAM-SHA-512/,
    ],
    [
      'a wrong password for PLAIN',
      'sasl',
      'plain',
      () => ({ ...ca, ...wrongUser }),
      /it does not accept the credentials: Invalid username or password/,
    ],
    [
      'an unknown authority',
      'tls',
      'tls',
      () => ({}),
      /the certificate of localhost:\d+ is from an unknown authority: KAFKA_CA_FILE/,
    ],
    [
      'TLS where the listener is in plain text',
      'plainText',
      'tls',
      () => ca,
      /localhost:\d+ does not answer with TLS: .*KAFKA_AUTH \(--auth\) must be none/,
    ],
    [
      'plain text where the listener has TLS',
      'tls',
      'none',
      () => ({}),
      /localhost:\d+ expects TLS, but the connection is in plain text/,
    ],
    [
      'a password in plain text where the listener has TLS',
      'sasl',
      'plain',
      () => ({ ...user(plain), KAFKA_TLS: 'off' }),
      /localhost:\d+ expects TLS/,
    ],
    [
      'no client certificate where one is required',
      'mutualTls',
      'tls',
      () => ca,
      /localhost:\d+ wants a client certificate: name it with KAFKA_CERT_FILE/,
    ],
    [
      'nobody where somebody has to sign in',
      'sasl',
      'tls',
      () => ca,
      /it closed the connection: its listener may want clients to sign in/,
    ],
    [
      'a user where nobody can sign in',
      'tls',
      'plain',
      () => ({ ...ca, ...user(plain) }),
      /its listener lets nobody sign in: KAFKA_AUTH \(--auth\) must be tls or none/,
    ],
    [
      'a mechanism that the listener does not offer',
      'saslInPlainText',
      'scram-sha-256',
      () => ({ ...user(scram), KAFKA_TLS: 'off' }),
      /its listener does not offer this way to sign in/,
    ],
  ]
  for (const [what, broker, auth, more, says] of cases)
    it(`given ${what}, then one sentence says so`, async () => {
      const args = ['topics', 'list', '--brokers', String(kafka[broker]), '--auth', auth]
      const { status, stdout, stderr } = await ran(args, { environment: more() })
      assert.deepEqual([status, stdout], [1, ''])
      assert.match(stderr, /^Kafka at localhost:\d+ cannot be used: [^\n]+\n$/)
      assert.match(stderr, says)
      assert.doesNotMatch(stderr, /wrong-pw|plain-pw/)
    })

  it('given a file that is not there or holds no certificate, then it is named', async () => {
    const args = ['topics', 'list', '--brokers', kafka.tls, '--auth', 'tls', '--ca-file']
    const missing = await ran([...args, 'nowhere.pem'], { folder: '/' })
    assert.deepEqual([missing.status, missing.stderr], [2, NO_FILE])
    const wrong = await ran([...args, join(PROJECT, 'package.json')])
    assert.match(wrong.stderr, /KAFKA_CA_FILE: .*package.json is not in PEM form/)
  })
})

const NO_FILE = 'the environment has 1 error:\n  - KAFKA_CA_FILE: /nowhere.pem cannot be read: ENOENT\n'

describe('credentials from Secrets Manager', () => {
  const name = `sluice/test/${process.pid}-${Date.now()}`
  const connected = async (auth: string, broker: string, secret: string) => {
    const variables = {
      KAFKA_BROKERS: broker,
      KAFKA_AUTH: auth,
      KAFKA_SECRET: secret,
      KAFKA_CA_SECRET: `${name}-ca`,
    }
    const connections = new KafkaConnections(readSettings([KAFKA], variables), 'test')
    try {
      const publisher = await connections.publisher()
      return await publisher.partitionsOf(TOPIC)
    } finally {
      await connections.close()
    }
  }

  before(async () => {
    const credentials = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'us-east-1' }
    process.env = { ...usual, ...credentials, AWS_ENDPOINT_URL: awsEndpoint() }
    const client = new SecretsManagerClient({})
    const { client: own, certificates } = kafka
    const secrets = {
      scram,
      wrong: { ...scram, password: 'wrong-pw' },
      certificate: { certificate: own.cert, privateKey: own.key },
      ca: { certificate: certificates.ca },
    }
    for (const [kind, content] of Object.entries(secrets)) {
      const SecretString = JSON.stringify(content)
      await client.send(new CreateSecretCommand({ Name: `${name}-${kind}`, SecretString }))
    }
    client.destroy()
  })

  it('given user and password, then a function connects', async () => {
    assert.equal(await connected('scram-sha-512', kafka.sasl, `${name}-scram`), 1)
  })

  it('given a client certificate, then a function connects', async () => {
    assert.equal(await connected('tls', kafka.mutualTls, `${name}-certificate`), 1)
  })

  it('given a wrong password, then a function is refused, and no secret is told', async () => {
    const error = await rejection(connected('scram-sha-512', kafka.sasl, `${name}-wrong`))
    assert.ok(error instanceof RefusedByKafka, String(error))
    assert.doesNotMatch(error.message, /wrong-pw/)
  })

  it('given no such secret, or one of another form, then it is named', async () => {
    const missing = await rejection(connected('plain', kafka.sasl, `${name}-none`))
    assert.match(missing.message, new RegExp(`KAFKA_SECRET: secret ${name}-none cannot be read: `))
    const other = await rejection(connected('tls', kafka.mutualTls, `${name}-scram`))
    assert.match(other.message, new RegExp(`KAFKA_SECRET: secret ${name}-scram has no text "certificate"`))
    assert.doesNotMatch(other.message, /scram-pw/)
  })

  it('given an authority that is not trusted, then records wait: Kafka is unavailable', async () => {
    const variables = { KAFKA_BROKERS: kafka.tls, KAFKA_AUTH: 'tls' }
    const connections = new KafkaConnections(readSettings([KAFKA], variables), 'test')
    const publisher = await connections.publisher()
    const error = await rejection(publisher.partitionsOf(TOPIC))
    await connections.close()
    assert.ok(error instanceof Unavailable, String(error))
  })
})

describe('a connection string on the command line', { skip: process.platform !== 'linux' }, () => {
  let silent: Server
  before(async () => {
    silent = createServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
  })
  after(() => silent.close())

  it('then no process shows it while the command runs', async () => {
    const brokers = `127.0.0.1:${(silent.address() as AddressInfo).port}`
    const args = ['topics', 'list', '--brokers', brokers, '--event-hubs-conn-str', eventHubs.password]
    const connected = once(silent, 'connection')
    const command = new Program(join(PROJECT, 'bin', 'sluice.mjs'), args, {
      env: { KAFKA_BROKERS: undefined },
    })
    await connected
    const shown = await commandLines()
    command.signal('SIGKILL')
    await command.ended
    assert.ok(shown.length > 3)
    assert.deepEqual(
      shown.filter(line => line.includes('SharedAccessKey=')),
      [],
    )
  })
})

async function commandLines(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name))
  return Promise.all(pids.map(pid => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
}
