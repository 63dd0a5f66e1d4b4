import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { type Certificates, makeCertificates } from '@sluice/test-kit/certificates'
import { type Front, startFront } from '@sluice/test-kit/front'
import { PROJECT, runProgram } from '@sluice/test-kit/program'
import { rejection } from '@sluice/test-kit/rejection'
import { startValkey, type Valkey } from '@sluice/test-kit/valkey'
import { ValkeyCluster } from '@sluice/test-kit/valkey-cluster'
import { RedisClient } from '#runtime/operating/redis'
import { Unavailable } from '#runtime/pipeline'
import { conformsAsStateStore } from '#runtime/test/conformance/state-store'
import { createChange } from '#runtime/test/support/changes'
import { EMPTY_SELECTION } from '#runtime/test/support/inside'
import { RedisStateStore } from '#runtime/test/support/inside-redis'
import { withClient } from '#runtime/test/support/redis-clients'

let certificates: Certificates
let server: Valkey
let front: Front
let client: RedisClient
let store: RedisStateStore
const usual = getCACertificates('default')

/** Trusts an authority as NODE_EXTRA_CA_CERTS would, in this process, which runs already. */
function trust(ca: readonly string[]): void {
  setDefaultCACertificates([...usual, ...ca])
}

before(async () => {
  certificates = await makeCertificates()
  trust([certificates.ca])
  server = await startValkey(['--requirepass', 'pw'], 'pw')
  front = await startFront(() => server.port, certificates)
  client = new RedisClient({ url: `rediss://:pw@localhost:${front.port}` })
  store = new RedisStateStore(client)
})

after(async () => {
  client?.close()
  front?.stop()
  await server?.stop()
  await certificates?.remove()
})

conformsAsStateStore('Redis, over TLS,', () => store)

// Promise docs/deployment.md#redis
describe('TLS with a private authority', () => {
  const stats = (caFile: string | undefined, more: Record<string, string> = {}) => {
    const url = `rediss://:pw@localhost:${front.port}`
    const env = { REDIS_URL: url, NODE_EXTRA_CA_CERTS: caFile, KAFKA_BROKERS: '127.0.0.1:1', ...more }
    return runProgram(`${PROJECT}/cli/sluice.ts`, ['stats', '--json'], { env })
  }

  it('given its certificate in NODE_EXTRA_CA_CERTS, then `sluice stats` reads', async () => {
    const { code, output } = await stats(certificates.caFile)
    assert.equal(code, 0, output)
  })

  it('given nothing of it, then `sluice stats` says that the certificate, not the password, is the problem', async () => {
    const { code, output } = await stats(undefined)
    assert.equal(code, 1)
    assert.match(output, /Redis at localhost:\d+ has a certificate that is not accepted: /)
    assert.doesNotMatch(output, /pw@/)
  })

  it("given a name that is not the certificate's, then no command and no password is sent", async () => {
    await withClient({ url: `rediss://:pw@127.0.0.1:${front.port}` }, async stranger => {
      const error = await rejection(stranger.run(redis => redis.ping()))
      assert.ok(error instanceof Unavailable)
      assert.match(error.message, /does not match certificate's altnames/)
    })
  })

  it('given redis:// where rediss:// is meant, then commands are unavailable', async () => {
    const url = `redis://:pw@localhost:${front.port}`
    await withClient({ url, commandTimeoutMs: 500 }, async plain => {
      assert.ok((await rejection(plain.run(redis => redis.ping()))) instanceof Unavailable)
    })
  })
})

/** Settings as of a managed cluster: one endpoint, TLS, a user with a password, nodes with names. */
describe('a cluster behind TLS, found by one name', () => {
  let cluster: ValkeyCluster
  let fronts: Front[]
  const settings = () => ({
    url: `rediss://localhost:${fronts[0]?.port}`,
    mode: 'cluster' as const,
    username: 'sluice',
    password: 'pw',
  })

  before(async () => {
    fronts = await Promise.all(
      [0, 1, 2].map(index => startFront(() => cluster.masters[index]?.port, certificates)),
    )
    cluster = await ValkeyCluster.start(
      fronts.map(({ port }) => [
        ...['--cluster-announce-port', `${port}`, '--cluster-announce-hostname', 'localhost'],
        ...['--cluster-preferred-endpoint-type', 'hostname'],
        ...['--user', 'sluice', 'on', '>pw', '~*', '+@all'],
      ]),
    )
  })

  after(async () => {
    for (const front of fronts ?? []) front.stop()
    await cluster?.stop()
  })

  it('then partition states on all masters are reached, each node by its name', async () => {
    await withClient(settings(), async managed => {
      const managedStore = new RedisStateStore(managed)
      const stateKeys = Array.from({ length: 12 }, (_, partition) => ({
        consumer: 'c',
        topic: `topic-${partition}`,
        partition,
      }))
      for (const stateKey of stateKeys) {
        assert.equal(await managedStore.commit(stateKey, createChange({ appliedOffset: 4 })), 'committed')
        assert.equal((await managedStore.load(stateKey, EMPTY_SELECTION)).version.appliedOffset, 4)
      }
    })
    for (const { admin } of cluster.masters)
      assert.match(String(await admin.info('commandstats')), /cmdstat_evalsha/)
  })
})
