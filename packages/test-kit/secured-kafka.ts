/** Broker with a listener for each authentication method, and with certificates and credentials for the test. */

import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Certificates, type ClientCertificate, makeCertificates } from './certificates.ts'
import {
  ensureInstalled,
  type KafkaVariant,
  kafkaPackage,
  kafkaServers,
  LOOPBACK,
  requireJava,
  runTool,
} from './local-servers.ts'
import { CACHE, startApart } from './start-apart.ts'
import { HOPELESS_MS } from './until.ts'

const JARS = join(kafkaPackage(CACHE).dir, '*')
const HANDLER = 'IamTokenValidator'
const SOURCE = join(import.meta.dirname, 'java', `${HANDLER}.java`)

export interface Login {
  readonly username: string
  readonly password: string
}

/** Credentials that the broker accepts. */
export const LOGINS = {
  scram: { username: 'scram-user', password: 'scram-pw' },
  plain: { username: 'plain-user', password: 'plain-pw' },
  eventHubs: {
    username: '$ConnectionString',
    password:
      'Endpoint=sb://sluice-test.servicebus.windows.net/;SharedAccessKeyName=all;SharedAccessKey=a2V5LW9mLWEtdGVzdA==',
  },
} as const satisfies Record<string, Login>

/** Credentials for the IAM listener, which accepts no others. */
export const IAM = { region: 'eu-central-1', accessKey: 'AKIDTEST', secretKey: 'secret-of-a-test' } as const

export interface SecuredKafka {
  /** Address of the listener without encryption and authentication, as `host:port`. */
  readonly plainText: string
  /** Address of the listener with TLS, without client authentication. */
  readonly tls: string
  /** Address of the listener with TLS that requires client certificates. */
  readonly mutualTls: string
  /** Address of the listener with TLS and all SASL mechanisms. */
  readonly sasl: string
  /** Address of the listener with PLAIN and SCRAM-SHA-512, without encryption. */
  readonly saslInPlainText: string
  /** Address of a listener in plain text that names another address, as a container does whose listeners are those of others. */
  readonly elsewhere: string
  readonly certificates: Certificates
  readonly client: ClientCertificate
  stop(): Promise<void>
}

const NAMES = ['plainText', 'tls', 'mutualTls', 'sasl', 'saslInPlainText', 'elsewhere'] as const
type Ports = Readonly<Record<(typeof NAMES)[number], number>>

/** @param properties properties of the broker in addition to its listeners */
export async function startSecuredKafka(
  properties: Readonly<Record<string, string>> = {},
): Promise<SecuredKafka> {
  const signal = AbortSignal.timeout(HOPELESS_MS)
  await ensureInstalled(kafkaPackage(CACHE), { signal })
  const certificates = await makeCertificates()
  try {
    const client = await certificates.client('a client of a test')
    const serversOn = async (free: readonly number[], folder: string) => {
      await compile(folder, signal)
      const keyFile = join(folder, 'server.pem')
      await writeFile(keyFile, `${certificates.key}${certificates.cert}`)
      const ports = Object.fromEntries(NAMES.map((name, index) => [name, free[index]])) as unknown as Ports
      const encrypted = encryption(keyFile, certificates.caFile)
      const variant = createVariant(ports, folder, { ...encrypted, ...properties })
      return kafkaServers({ ports: [ports.plainText], dataDir: folder, cacheDir: CACHE, variant })
    }
    const running = await startApart(NAMES.length, serversOn)
    const addresses = Object.fromEntries(
      NAMES.map((name, index) => [name, `localhost:${running.ports[index]}`]),
    ) as Record<keyof Ports, string>
    const stop = async () => {
      await running.stop()
      await certificates.remove()
    }
    return { ...addresses, certificates, client, stop }
  } catch (error) {
    await certificates.remove()
    throw error
  }
}

/** Returns the properties in which this broker differs from the broker of `npm start`. */
function createVariant(ports: Ports, classes: string, added: Readonly<Record<string, string>>): KafkaVariant {
  const { username, password } = LOGINS.scram
  return {
    classes,
    properties: ({ controllerPort }) => ({
      ...listeners(ports, controllerPort),
      ...added,
      ...createSignIn(),
    }),
    format: ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap(mechanism => [
      '--add-scram',
      `${mechanism}=[name="${username}",password="${password}"]`,
    ]),
  }
}

/** Names of the listeners in the broker's configuration, with their protocols. */
const LISTENERS = [
  ['PLAINTEXT', 'PLAINTEXT', 'plainText'],
  ['TLS', 'SSL', 'tls'],
  ['MTLS', 'SSL', 'mutualTls'],
  ['SASL', 'SASL_SSL', 'sasl'],
  ['OPEN', 'SASL_PLAINTEXT', 'saslInPlainText'],
  ['ELSEWHERE', 'PLAINTEXT', 'elsewhere'],
] as const

function listeners(ports: Ports, controllerPort: number) {
  const addresses = (host: (name: string) => string) =>
    LISTENERS.map(([name, , port]) => `${name}://${host(name)}:${ports[port]}`).join(',')
  // The readiness probe requires that this listener advertises the address that the probe connects to.
  const hosts: Record<string, string> = { PLAINTEXT: LOOPBACK, ELSEWHERE: 'kafka.invalid' }
  const advertised = addresses(name => hosts[name] ?? 'localhost')
  const protocols = LISTENERS.map(([name, protocol]) => `${name}:${protocol}`).join(',')
  return {
    listeners: `${addresses(() => LOOPBACK)},CONTROLLER://${LOOPBACK}:${controllerPort}`,
    'advertised.listeners': advertised,
    'listener.security.protocol.map': `${protocols},CONTROLLER:PLAINTEXT`,
  }
}

function encryption(keyFile: string, caFile: string) {
  return {
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': keyFile,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': caFile,
    'listener.name.mtls.ssl.client.auth': 'required',
  }
}

function createSignIn() {
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

async function compile(dir: string, signal: AbortSignal): Promise<void> {
  const command = join(dirname(await requireJava()), 'javac')
  const launch = { command, args: ['-proc:none', '-cp', JARS, '-d', dir, SOURCE] }
  await runTool(launch, { task: 'Compiling', logFile: join(dir, 'javac.log'), signal })
}
