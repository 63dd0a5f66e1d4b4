import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { TLSSocket } from 'node:tls'
import {
  type Certificates,
  type ClientCertificate,
  makeCertificates,
} from '../../../../test/support/certificates.ts'
import { framed } from '../../../../test/support/schema-registry.ts'
import { DEFAULT_OPEN_CHOICES } from '../../config/open-choices.ts'
import { localRegistry, type RegistryPluginSettings, type RegistrySettings } from '../../config/registry.ts'
import type { Message } from '../../invoke/event.ts'
import { makeIntake } from '../../poll/intake.ts'
import { startSecretsServer } from './secrets-server.ts'

const CA_ARN = 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:ca'
const LOGIN_ARN = 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:login'
const CERT_ARN = 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:cert'
const SCHEMA = '{"type":"object","required":["n"]}'
const message: Message = { key: null, value: framed(1, '{"n":1}'), timestamp: '0', offset: '0', headers: {} }

describe('a registry that is encrypted and wants a login', () => {
  let made: Certificates
  let client: ClientCertificate
  let secrets: Awaited<ReturnType<typeof startSecretsServer>>
  const servers: Server[] = []
  let withLogin: string
  let withCertificate: string

  before(async () => {
    made = await makeCertificates()
    client = await made.client('a client of a test')
    secrets = await startSecretsServer()
    const { cert, key, ca } = made
    const start = async (more: object, admits: (authorization: string, socket: TLSSocket) => boolean) => {
      const server = createServer({ cert, key, ca, ...more }, (request, response) => {
        const isAdmitted = admits(request.headers.authorization ?? '', request.socket as TLSSocket)
        response.statusCode = isAdmitted ? 200 : 401
        response.end(
          JSON.stringify(isAdmitted ? { schema: SCHEMA, schemaType: 'JSON' } : { message: 'who?' }),
        )
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      servers.push(server)
      return `https://localhost:${(server.address() as AddressInfo).port}`
    }
    const login = `Basic ${Buffer.from('me:pw-1').toString('base64')}`
    withLogin = await start({}, authorization => authorization === login)
    withCertificate = await start({ requestCert: true }, (_, socket) => socket.authorized)
    process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER = secrets.uri
  })
  beforeEach(() => {
    secrets.secrets.clear()
    secrets.secrets.set(CA_ARN, JSON.stringify({ certificate: made.ca }))
    secrets.secrets.set(LOGIN_ARN, JSON.stringify({ username: 'me', password: 'pw-1' }))
    secrets.secrets.set(CERT_ARN, JSON.stringify({ certificate: client.cert, privateKey: client.key }))
  })
  after(async () => {
    delete process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER
    for (const server of servers) {
      server.closeAllConnections()
      server.close()
    }
    secrets?.close()
    await made?.remove()
  })

  function intake(plugin: Partial<RegistryPluginSettings>, event: Partial<RegistrySettings> = {}) {
    const config: RegistrySettings = {
      schemaRegistryURI: withLogin,
      eventRecordFormat: 'JSON',
      schemaValidationConfigs: [{ attribute: 'VALUE' }],
      ...event,
    }
    const registry = localRegistry(config, { schemaRegistry: undefined, ...plugin })
    return makeIntake({ filters: [], registry, open: DEFAULT_OPEN_CHOICES })
  }
  const fate = async (read: ReturnType<typeof intake>) => (await read(0, [message]))[0]?.fate
  const waits = (read: ReturnType<typeof intake>, why: RegExp) =>
    assert.rejects(
      async () => read(0, [message]),
      (error: Error) => {
        assert.match(error.message, why)
        assert.doesNotMatch(error.message, /pw-\d|BEGIN/)
        return true
      },
    )

  it('given login and authority in the settings, then records are read', async () => {
    const registryAuth = { username: 'me', password: 'pw-1' }
    assert.equal(await fate(intake({ registryAuth, registrySsl: { ca: made.caFile } })), 'deliver')
  })

  it('given both in secrets, then they are read from what stands in for Secrets Manager', async () => {
    assert.equal(
      await fate(intake({ registryAuth: { secret: LOGIN_ARN }, registrySsl: { ca: CA_ARN } })),
      'deliver',
    )
  })

  it('given the secrets of the event for its own address, then these count (rule 14)', async () => {
    const accessConfigs = [
      { type: 'BASIC_AUTH' as const, uri: LOGIN_ARN },
      { type: 'SERVER_ROOT_CA_CERTIFICATE' as const, uri: CA_ARN },
    ]
    assert.equal(await fate(intake({}, { accessConfigs })), 'deliver')
    const ofTheCloud = intake(
      { schemaRegistry: withLogin },
      { schemaRegistryURI: 'https://cloud.example', accessConfigs },
    )
    await waits(ofTheCloud, /from an unknown authority: custom\.mskTrigger\.registrySsl\.ca must name/)
  })

  it('given a client certificate in files or a secret, then records are read', async () => {
    const event = { schemaRegistryURI: withCertificate }
    const { certFile: cert, keyFile: key } = client
    assert.equal(await fate(intake({ registrySsl: { ca: made.caFile, cert, key } }, event)), 'deliver')
    assert.equal(await fate(intake({ registrySsl: { ca: made.caFile, secret: CERT_ARN } }, event)), 'deliver')
    const without = intake({ registrySsl: { ca: made.caFile } }, event)
    await waits(
      without,
      /requires a client certificate: set custom\.mskTrigger\.registrySsl\.cert and key, or/,
    )
  })

  it('given a wrong password, then records wait, and are read when the secret has the right one', async () => {
    secrets.secrets.set(LOGIN_ARN, JSON.stringify({ username: 'me', password: 'pw-2' }))
    const read = intake({ registryAuth: { secret: LOGIN_ARN }, registrySsl: { ca: made.caFile } })
    await waits(
      read,
      /it answered 401: .*; it does not accept the credentials of custom\.mskTrigger\.registryAuth$/,
    )
    secrets.secrets.set(LOGIN_ARN, JSON.stringify({ username: 'me', password: 'pw-1' }))
    assert.equal(await fate(read), 'deliver')
  })

  it('given no such secret, or one of another form, then records wait, and it is named', async () => {
    const read = intake({ registryAuth: { secret: LOGIN_ARN }, registrySsl: { ca: made.caFile } })
    secrets.secrets.delete(LOGIN_ARN)
    await waits(read, /registryAuth: secret arn:\S+:login cannot be read: can't find the specified secret$/)
    secrets.secrets.set(LOGIN_ARN, '{"user":"me","password":"pw-1"}')
    await waits(read, /registryAuth: secret arn:\S+:login has no string field "username"$/)
    secrets.secrets.set(LOGIN_ARN, 'pw-1')
    await waits(read, /registryAuth: secret arn:\S+:login cannot be read: it is not a JSON object$/)
    delete process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER
    const nowhere =
      /neither AWS_ENDPOINT_URL_SECRETS_MANAGER nor AWS_ENDPOINT_URL is set, so the secret cannot be read: the trigger does not access the cloud/
    if (!process.env.AWS_ENDPOINT_URL) await waits(read, nowhere)
    process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER = secrets.uri
  })
})
