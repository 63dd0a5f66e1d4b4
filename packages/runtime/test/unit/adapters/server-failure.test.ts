import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { describe, it } from 'node:test'
import { RegistryError } from '@sluice/schema-registry'
import { RedisClient } from '../../../adapters/redis/client.ts'
import { type ServerName, serverUnavailable } from '../../../adapters/server-failure.ts'
import { assertUnavailable } from '../../support/assert-unavailable.ts'

const said = (message: string, parts: object = {}) => Object.assign(new Error(message), parts)
const node = (code: string, message = `connect ${code} 10.0.0.7:1`) => said(message, { code })
const kafka = (type: string, message = `the answer ${type}`) =>
  said(message, { type, name: 'KafkaJSProtocolError' })
const registry = (status: number) =>
  new RegistryError('refused', 'x', { status, at: 'http://registry:8081', said: `it answered ${status}: no` })

const NETWORK: readonly (readonly [Error, happened: RegExp, todo: RegExp])[] = [
  [node('ECONNREFUSED'), /does not answer/, /^Start it .*SETTING/],
  [node('ENOTFOUND', 'getaddrinfo ENOTFOUND cache'), /unknown host name/, /SETTING.* DNS/],
  [node('ETIMEDOUT'), /does not answer in time/, /firewall/],
  [said('no answer within 2000 ms'), /does not answer in time/, /firewall/],
  [said('The operation was aborted due to timeout', { name: 'TimeoutError' }), /in time/, /firewall/],
  [node('ECONNRESET', 'read ECONNRESET'), /ended the connection/, /its log|no more clients/i],
  [node('EPIPE', 'write EPIPE'), /ended the connection/, /no more clients/],
  [node('EHOSTUNREACH'), /cannot be reached/, /network/],
  [
    said('self-signed certificate', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
    /certificate that is not accepted/,
    /NODE_EXTRA_CA_CERTS/,
  ],
  [
    said('certificate has expired', { code: 'CERT_HAS_EXPIRED' }),
    /certificate that has expired/,
    /^Renew it on the server/,
  ],
  [said('certificate is not yet valid', { code: 'CERT_NOT_YET_VALID' }), /not valid yet/, /clock/],
  [said('h:1 does not accept the client certificate'), /does not accept this client/, /^Renew the client/],
  [
    said('unable to verify', { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }),
    /not accepted/,
    /NODE_EXTRA_CA_CERTS/,
  ],
  [
    said('0A00010B:SSL routines::wrong version number', { code: 'ERR_SSL_WRONG_VERSION_NUMBER' }),
    /does not use TLS/,
    /without TLS in SETTING/,
  ],
  // The error of a host name with several addresses has no message.
  [
    Object.assign(new AggregateError([node('ECONNREFUSED')], ''), { code: 'ECONNREFUSED' }),
    /does not answer: connect/,
    /Start it/,
  ],
  [said('fetch failed', { cause: node('ECONNREFUSED') }), /does not answer: connect/, /Start it/],
]

const OWN: readonly (readonly [ServerName, Error, happened: RegExp, todo: RegExp])[] = [
  ['redis', said('ERR max number of clients reached'), /accepts no more connections/, /maxclients/],
  [
    'redis',
    said('ERR max number of clients + cluster connections reached'),
    /no more connections/,
    /maxclients/,
  ],
  ['redis', said('NOAUTH Authentication required.'), /requires a password/, /REDIS_SECRET/],
  ['redis', said('WRONGPASS invalid username-password pair'), /password/, /REDIS_SECRET/],
  ['redis', said("NOPERM User has no permissions to run the 'get' command"), /permit/, /ACL/],
  ['redis', said('DENIED Redis is running in protected mode'), /own machine/, /protected-mode/],
  ['redis', said('LOADING Redis is loading the dataset in memory'), /still loading/, /continues by itself/],
  ['redis', said("OOM command not allowed when used memory > 'maxmemory'."), /no memory/, /maxmemory/],
  ['redis', said("READONLY You can't write against a read only replica."), /replica/, /primary/],
  ['redis', said('MASTERDOWN Link with MASTER is down'), /without its primary/, /primary/],
  ['redis', said('NOREPLICAS Not enough good replicas to write.'), /too few replicas/, /replicas/],
  ['redis', said('CLUSTERDOWN Hash slot not served'), /hash slots without a node/, /missing nodes/],
  ['redis', said('TRYAGAIN Multiple keys request during rehashing of slot'), /moving/, /by itself/],
  ['redis', said('MISCONF Errors writing to the AOF file'), /cannot save/, /disk/],
  ['redis', said('BUSY Redis is busy running a script.'), /script/, /SCRIPT KILL/],
  ['redis', said('MOVED 866 127.0.0.1:7001'), /is a cluster/, /REDIS_MODE to cluster/],
  ['redis', said('ERR This instance has cluster support disabled'), /not a cluster/, /Remove REDIS_MODE/],
  ['kafka', said('ENOTFOUND: set its advertised.listeners'), /cannot be reached/, /by itself/],
  ['kafka', kafka('LEADER_NOT_AVAILABLE'), /no leader/, /missing brokers/],
  ['kafka', kafka('NOT_ENOUGH_REPLICAS'), /replicas in sync/, /missing brokers/],
  ['kafka', kafka('GROUP_COORDINATOR_NOT_AVAILABLE'), /consumer groups/, /by itself/],
  ['kafka', kafka('KAFKA_STORAGE_ERROR'), /disk/, /disks/],
  ['kafka', kafka('THROTTLING_QUOTA_EXCEEDED'), /limits/, /quota/],
  ['kafka', kafka('REQUEST_TIMED_OUT'), /in time/, /firewall/],
  [
    'kafka',
    said('Closed connection', { name: 'KafkaJSConnectionClosedError' }),
    /does not answer/,
    /KAFKA_BROKERS/,
  ],
  ['registry', registry(401), /does not accept the credentials/, /SCHEMA_REGISTRY_SECRET/],
  ['registry', registry(404), /not a schema registry/, /SCHEMA_REGISTRY_URL/],
  ['registry', registry(429), /limits requests/, /by itself/],
  ['registry', registry(503), /cannot serve/, /log/],
  ['registry', registry(422), /refuses/, /log/],
  [
    'registry',
    new SyntaxError(`Unexpected token '<', "<html>" is not valid JSON`),
    /not a schema reg/,
    /path/,
  ],
  ['history', said('no such bucket', { name: 'NoSuchBucket' }), /does not exist/, /HISTORY_BUCKET/],
  ['history', said('Access Denied', { name: 'AccessDenied' }), /refuses access/, /role/],
  ['history', said('moved', { name: 'PermanentRedirect' }), /another region/, /AWS_REGION/],
  ['history', said('none', { name: 'CredentialsProviderError' }), /without credentials/, /AWS_PROFILE/],
  ['history', said('slow down', { name: 'SlowDown' }), /limits requests/, /by itself/],
]

const SETTINGS = {
  redis: 'REDIS_URL',
  kafka: 'KAFKA_BROKERS',
  registry: 'SCHEMA_REGISTRY_URL',
  history: 'HISTORY_BUCKET',
}
const TITLES = { redis: 'Redis', kafka: 'Kafka', registry: 'The schema registry', history: 'The history' }

const CASES = [
  ...OWN,
  ...(Object.keys(SETTINGS) as ServerName[]).flatMap(server =>
    NETWORK.map(
      ([error, happened, todo]) =>
        [
          server,
          error,
          happened,
          new RegExp(todo.source.replace('SETTING', SETTINGS[server]), todo.flags),
        ] as const,
    ),
  ),
]

describe('the words for a failure of a server', () => {
  for (const [server, error, happened, todo] of CASES)
    it(`given ${server} and "${(error.message || 'several addresses').slice(0, 60)}", then they say where, what and what to do`, () => {
      const { happened: where, todo: advice } = serverUnavailable(server, error, 'host:1').words
      const { at = 'host:1', said: answer = error.message } = error as Partial<RegistryError>
      assert.ok(where.startsWith(`${TITLES[server]} at ${at} `), where)
      assert.match(where, happened)
      // The end names what was said: the message of the innermost error.
      if (error.cause === undefined && answer !== '')
        assert.ok(where.endsWith(`: ${answer.replace(/\.$/, '')}`), where)
      assert.match(advice, todo)
      assert.match(advice, /\.$/)
      assert.doesNotMatch(`${where}${advice}`, /[{}]|undefined/)
    })

  it('given each answer of Redis that is not the connection, then its advice is its own, and never to start it', () => {
    for (const [server, error] of OWN) {
      const { todo } = serverUnavailable(server, error).words
      if (server === 'redis') assert.doesNotMatch(todo, /npm start|can be reached/, error.message)
    }
  })

  it('given an address with a password in an error, then the password is not in the words', () => {
    const { happened } = serverUnavailable(
      'redis',
      said('bad url redis://user:secret@cache:6379\u0007'),
      '',
    ).words
    assert.equal(happened, 'Redis does not answer: bad url redis://cache:6379')
  })

  it('given the answer of a registry within other errors, then it is in the words, of a page 1,000 characters', () => {
    const outer = (page: string) =>
      said('request failed', {
        cause: Object.assign(registry(503), { said: page, cause: node('ECONNRESET', 'read ECONNRESET') }),
      })
    const happened = (page: string) => serverUnavailable('registry', outer(page)).words.happened
    const where = 'The schema registry at http://registry:8081 cannot serve requests: '
    assert.equal(happened('it answered 503: no leader'), `${where}it answered 503: no leader`)
    const page = `it answered 502: ${'<p>'.repeat(10_000)}`
    assert.equal(happened(page), `${where}${page.slice(0, 1_000)}`)
  })

  it('given an error that names the broker, then the address is that of the broker', () => {
    const error = said('retries', {
      cause: said('Connection error: connect ECONNREFUSED', { broker: 'b2:9092' }),
    })
    assert.match(
      serverUnavailable('kafka', error, 'b1:9092').words.happened,
      /^Kafka at b2:9092 does not answer: connect/,
    )
    assert.equal(serverUnavailable('kafka', error).code, 'broker-unavailable')
  })
})

describe('a server that refuses a connection with an error, and closes it', () => {
  const cases: readonly (readonly [greeting: string, says: RegExp])[] = [
    [
      '-ERR max number of clients reached\r\n',
      /accepts no more connections: .*max number of clients reached\./,
    ],
    [
      '-ERR max number of clients + cluster connections reached\r\n',
      /accepts no more connections: .*cluster conn/,
    ],
    ['-DENIED Redis is running in protected mode\r\n', /own machine only: .*DENIED/],
    ['', /ended the connection: .*without an answer\. Check its log/],
  ]
  for (const [greeting, says] of cases)
    for (const mode of ['single', 'cluster'] as const)
      for (const user of ['', 'user:secret@'])
        it(`given "${greeting.trim()}" to a client for a ${mode}${user && ' with a password'}, then every command says so`, async t => {
          const server = createServer(socket => {
            socket.on('error', () => {})
            socket.end(greeting)
            socket.destroySoon()
          }).listen(0, '127.0.0.1')
          await new Promise(resolve => server.once('listening', resolve))
          t.after(() => server.close())
          const { port } = server.address() as { port: number }
          const client = new RedisClient({
            url: `redis://${user}127.0.0.1:${port}`,
            mode,
            commandTimeoutMs: 800,
          })
          t.after(() => client.close())
          for (let attempt = 0; attempt < 4; attempt += 1) {
            const { message } = await assertUnavailable(
              client.run(redis => redis.get('key')),
              1_000,
            )
            assert.match(message, says)
            assert.doesNotMatch(message, /secret|ECONNRESET|EPIPE/)
          }
        })
})
