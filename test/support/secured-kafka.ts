/** A broker with a listener for each way to sign in, with certificates and credentials made for the test. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { KAFKA_VERSION, kafkaServer } from '../../localstack/services/kafka.ts'
import { kafkaProperties } from '../../localstack/services/kafka-properties.ts'
import { freePorts, LOOPBACK } from '../../localstack/services/ports.ts'
import { brokerTakesPart } from '../../localstack/services/probes.ts'
import { type ManagedProcess, startProcess, tellingLine } from '../../localstack/services/process.ts'
import { requireJava } from '../../localstack/services/requirements.ts'
import { runTool } from '../../localstack/services/tool.ts'
import { LOCAL, LOGS_DIR } from '../../programs/paths.ts'
import { type Certificates, type ClientCertificate, makeCertificates } from './certificates.ts'
import { HOPELESS_MS, until } from './until.ts'
import { onFreePorts } from './valkey.ts'

const JARS = join(LOCAL, 'kafka', KAFKA_VERSION, '*')
const HANDLER = 'IamTokenValidator'
const SOURCE = join(import.meta.dirname, 'java', `${HANDLER}.java`)
const FLAGS = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Djava.net.preferIPv4Stack=true']
const QUIET = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'

export interface Login {
  readonly username: string
  readonly password: string
}

/** What the broker lets in. */
export const LOGINS = {
  scram: { username: 'scram-user', password: 'scram-pw' },
  plain: { username: 'plain-user', password: 'plain-pw' },
  eventHubs: {
    username: '$ConnectionString',
    password:
      'Endpoint=sb://sluice-test.servicebus.windows.net/;SharedAccessKeyName=all;SharedAccessKey=a2V5LW9mLWEtdGVzdA==',
  },
} as const satisfies Record<string, Login>

/** The only credentials that the listener for IAM knows. */
export const IAM = { region: 'eu-central-1', accessKey: 'AKIDTEST', secretKey: 'secret-of-a-test' } as const

export interface SecuredKafka {
  /** `host:port` of its listeners. */
  readonly plainText: string
  /** Encrypted, without credentials. */
  readonly tls: string
  /** Encrypted; a client certificate is required. */
  readonly mutualTls: string
  /** Encrypted, with every SASL mechanism. */
  readonly sasl: string
  /** PLAIN and SCRAM-SHA-512 in plain text. */
  readonly saslInPlainText: string
  readonly certificates: Certificates
  readonly client: ClientCertificate
  stop(): Promise<void>
}

export function startSecuredKafka(): Promise<SecuredKafka> {
  return onFreePorts(start)
}

const NAMES = ['plainText', 'tls', 'mutualTls', 'sasl', 'saslInPlainText'] as const
type Ports = Readonly<Record<(typeof NAMES)[number] | 'controller', number>>

async function start(): Promise<SecuredKafka> {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-kafka-'))
  const signal = AbortSignal.timeout(HOPELESS_MS)
  let certificates: Certificates | undefined
  let running: ManagedProcess | undefined
  const stop = async () => {
    await running?.stop(2_000)
    await certificates?.remove()
    await rm(dir, { recursive: true, force: true })
  }
  try {
    await kafkaServer({ port: 0, dataDir: dir }).install({ report: () => {}, signal, logsDir: LOGS_DIR })
    const ports = await newPorts()
    const caFile = join(dir, 'ca.pem')
    const configuration = await configure(dir, ports, caFile)
    const prepared = Promise.all([format(dir, configuration, signal), compile(dir, signal)])
    // Rejections are those of the line below.
    prepared.catch(() => {})
    certificates = await makeCertificates()
    const client = await certificates.client('a client of a test')
    await writeFile(join(dir, 'server.pem'), `${certificates.key}${certificates.cert}`)
    await writeFile(caFile, certificates.ca)
    await prepared
    const logFile = join(dir, 'kafka.log')
    const classPath = `${dir}:${JARS}`
    const args = [...FLAGS, QUIET, '-cp', classPath, 'kafka.Kafka', configuration]
    running = await startProcess({ command: await requireJava(), args, env: process.env }, logFile)
    await answering(running, `${LOOPBACK}:${ports.plainText}`, logFile)
    const at = (name: keyof Ports) => `localhost:${ports[name]}`
    const listeners = Object.fromEntries(NAMES.map(name => [name, at(name)])) as Record<keyof Ports, string>
    return { ...listeners, certificates, client, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function newPorts(): Promise<Ports> {
  const names = [...NAMES, 'controller'] as const
  const ports = await freePorts(names.length)
  return Object.fromEntries(names.map((name, index) => [name, ports[index]])) as unknown as Ports
}

async function answering(running: ManagedProcess, address: string, logFile: string): Promise<void> {
  let isOver = false
  void running.exited.then(() => {
    isOver = true
  })
  await until('the broker to answer', async () => isOver || (await brokerTakesPart(address)))
  if (isOver) throw new Error(`the broker did not start: ${tellingLine(logFile)}`)
}

async function configure(dir: string, ports: Ports, caFile: string): Promise<string> {
  const log = join(dir, 'log')
  await mkdir(log)
  const node = { id: 1, port: ports.plainText, controllerPort: ports.controller }
  const settings = { ...listeners(ports), ...encryption(dir, caFile), ...signingIn() }
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`)
  const file = join(dir, 'server.properties')
  // Of two lines with one name the last counts.
  await writeFile(file, kafkaProperties(node, [node], log) + lines.join(''))
  return file
}

/** The names of the listeners, as the broker has them, and their protocols. */
const LISTENERS = [
  ['PLAINTEXT', 'PLAINTEXT', 'plainText'],
  ['TLS', 'SSL', 'tls'],
  ['MTLS', 'SSL', 'mutualTls'],
  ['SASL', 'SASL_SSL', 'sasl'],
  ['OPEN', 'SASL_PLAINTEXT', 'saslInPlainText'],
] as const

function listeners(ports: Ports) {
  const addresses = (host: (name: string) => string) =>
    LISTENERS.map(([name, , port]) => `${name}://${host(name)}:${ports[port]}`).join(',')
  // The probe asks for the address that it knows.
  const advertised = addresses(name => (name === 'PLAINTEXT' ? LOOPBACK : 'localhost'))
  const protocols = LISTENERS.map(([name, protocol]) => `${name}:${protocol}`).join(',')
  return {
    listeners: `${addresses(() => LOOPBACK)},CONTROLLER://${LOOPBACK}:${ports.controller}`,
    'advertised.listeners': advertised,
    'listener.security.protocol.map': `${protocols},CONTROLLER:PLAINTEXT`,
  }
}

function encryption(dir: string, caFile: string) {
  return {
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': join(dir, 'server.pem'),
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': caFile,
    'listener.name.mtls.ssl.client.auth': 'required',
  }
}

function signingIn() {
  const known = [LOGINS.plain, LOGINS.eventHubs].map(
    ({ username, password }) => `user_${username}="${password}"`,
  )
  const plain = `org.apache.kafka.common.security.plain.PlainLoginModule required ${known.join(' ')};`
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required;'
  const keys = Object.entries(IAM).map(([name, value]) => `${name}="${value}"`)
  const iam = `org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required ${keys.join(' ')};`
  return {
    'listener.name.sasl.sasl.enabled.mechanisms': 'SCRAM-SHA-256,SCRAM-SHA-512,PLAIN,OAUTHBEARER',
    'listener.name.open.sasl.enabled.mechanisms': 'SCRAM-SHA-512,PLAIN',
    'listener.name.sasl.scram-sha-256.sasl.jaas.config': scram,
    'listener.name.sasl.scram-sha-512.sasl.jaas.config': scram,
    'listener.name.open.scram-sha-512.sasl.jaas.config': scram,
    'listener.name.sasl.plain.sasl.jaas.config': plain,
    'listener.name.open.plain.sasl.jaas.config': plain,
    'listener.name.sasl.oauthbearer.sasl.jaas.config': iam,
    'listener.name.sasl.oauthbearer.sasl.server.callback.handler.class': HANDLER,
    'listener.name.sasl.oauthbearer.sasl.login.callback.handler.class': HANDLER,
  }
}

async function format(dir: string, configuration: string, signal: AbortSignal): Promise<void> {
  const { username, password } = LOGINS.scram
  const users = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap(mechanism => [
    '--add-scram',
    `${mechanism}=[name="${username}",password="${password}"]`,
  ])
  const id = 'c2x1aWNlLXRlc3QtY2x1cw'
  const main = ['kafka.tools.StorageTool', 'format', '--cluster-id', id, '--config', configuration, ...users]
  const launch = {
    command: await requireJava(),
    args: [...FLAGS, QUIET, '-cp', JARS, ...main],
    env: process.env,
  }
  await runTool(launch, { task: 'Formatting the data folder', logFile: join(dir, 'format.log'), signal })
}

async function compile(dir: string, signal: AbortSignal): Promise<void> {
  const command = join(dirname(await requireJava()), 'javac')
  const launch = { command, args: ['-proc:none', '-cp', JARS, '-d', dir, SOURCE], env: process.env }
  await runTool(launch, { task: 'Compiling', logFile: join(dir, 'javac.log'), signal })
}
