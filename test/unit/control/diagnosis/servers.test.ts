import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { makeCertificates } from '@sluice/test-kit/certificates'
import { checkCertificate } from '../../../../control/diagnosis/checks/certificates.ts'
import { checkKafka } from '../../../../control/diagnosis/checks/kafka.ts'
import { checkRedis } from '../../../../control/diagnosis/checks/redis.ts'
import type { RedisFacts } from '../../../../control/diagnosis/facts.ts'
import { gatherCertificates } from '../../../../control/diagnosis/gather-certificates.ts'
import { resolveStandards } from '../../../../control/diagnosis/server-standards.ts'
import { readConfig } from '../../../../control/environment/config.ts'
import {
  ACCOUNT,
  BROKER_SETTINGS,
  broker,
  kafka,
  MACHINE,
  NOW_MS,
  notOk,
  redisServer,
} from '../../../support/doctor-facts.ts'

function redis(info: Record<string, string | undefined> = {}, changes: Partial<RedisFacts> = {}): RedisFacts {
  const place = { address: 'cache:6379', encrypted: true, mode: 'single' as const }
  return {
    ...place,
    servers: { seen: [redisServer(info)] },
    refused: { seen: [] },
    rebuilds: { seen: [] },
    ...changes,
  }
}

it('given containers on one machine, then their names ask for no more than a local stack', () => {
  const containers = { KAFKA_BROKERS: 'kafka:9092', REDIS_URL: 'redis://valkey:6379' }
  const resolve = (variables: object) =>
    resolveStandards(readConfig({ ...containers, ...variables }), false, 1)
  assert.deepEqual(resolve({ SLUICE_ONE_MACHINE: 'on' }), MACHINE)
  assert.equal(resolve({}).isLocal, false)
})

describe('given the brokers of an account', () => {
  it('then three in three zones with sound settings are ok', () =>
    assert.deepEqual(notOk(checkKafka(kafka(), ACCOUNT)), []))

  // Promise docs/doctor.md#the-checks | Each check finds what it is for, in brokers, Redis, topics and clients.
  it('then each setting that loses something is wrong for each broker', () => {
    const settings = {
      'auto.create.topics.enable': 'true',
      'unclean.leader.election.enable': 'true',
      'offsets.retention.minutes': '60',
    }
    const found = notOk(checkKafka(kafka({}, settings), ACCOUNT))
    const each = ['auto-create wrong', 'unclean-election wrong', 'offsets-kept wrong']
    assert.deepEqual(found, [...each, ...each, ...each])
    const { 'auto.create.topics.enable': _, ...without } = BROKER_SETTINGS
    assert.deepEqual(
      new Set(notOk(checkKafka(kafka({}, without), ACCOUNT))),
      new Set(['auto-create unknown']),
    )
  })

  it('then plain text is wrong, and ok on one machine', () => {
    const plain = kafka({ auth: 'none', encrypted: false })
    assert.deepEqual(notOk(checkKafka(plain, ACCOUNT)), ['encryption wrong'])
    assert.deepEqual(notOk(checkKafka(plain, MACHINE)), [])
  })

  it('then one broker or one zone is wrong, and brokers without a zone are unknown', () => {
    const of = (racks: (string | null)[]) =>
      kafka({ cluster: { seen: { brokers: racks.map((rack, id) => broker(id, rack)) } } })
    assert.deepEqual(notOk(checkKafka(of(['a']), ACCOUNT)), ['brokers wrong', 'zones wrong'])
    assert.deepEqual(notOk(checkKafka(of(['a', 'a', 'a']), ACCOUNT)), ['zones wrong'])
    assert.deepEqual(notOk(checkKafka(of([null, null, null]), ACCOUNT)), ['zones unknown'])
  })

  it('then a cluster that does not answer is wrong with the reason, and settings that are refused unknown', () => {
    const away = checkKafka(kafka({ cluster: { unseen: 'connect ECONNREFUSED' } }), ACCOUNT)
    assert.deepEqual(notOk(away), ['reached wrong'])
    assert.equal(away[0]?.says, 'connect ECONNREFUSED')
    const brokers = [1, 2, 3].map(id => broker(id, `z${id}`, { unseen: 'refused' }))
    const refused = checkKafka(kafka({ cluster: { seen: { brokers } } }), ACCOUNT)
    assert.equal(notOk(refused).filter(text => text.endsWith('unknown')).length, 9)
  })
})

describe('given a certificate', () => {
  const periods: [given: string, from: number, to: number, says: string | undefined][] = [
    ['ends in 31 days', -1, 31, undefined],
    ['ends in less than 30 days', -60, 29.9, 'the certificate ends in 29 days, on 2026-01-31T09:36:00.000Z'],
    ['ends tomorrow', -60, 1, 'the certificate ends in 1 day, on 2026-01-02T12:00:00.000Z'],
    ['ends now', -60, 0, 'the certificate ended on 2026-01-01T12:00:00.000Z'],
    ['begins later', 0.5, 90, 'the certificate is not valid before 2026-01-02T00:00:00.000Z'],
  ]
  for (const [given, from, to, says] of periods)
    it(`then one that ${given} is ${says ? 'wrong' : 'ok'}`, () => {
      const [validFromDate, validToDate] = [from, to].map(days => new Date(NOW_MS + days * 86_400_000))
      const period = { validFromDate, validToDate } as { validFromDate: Date; validToDate: Date }
      const found = checkCertificate('kafka', 'client', period, NOW_MS)
      assert.deepEqual([found.verdict, says && found.says], [says ? 'wrong' : 'ok', says])
    })

  it('then one with the key of another is found, too, although no server can be reached with it', async t => {
    const { client, key, remove } = await makeCertificates()
    t.after(remove)
    const { cert } = await client('a')
    const found = await gatherCertificates(['127.0.0.1:1'], { certificate: cert, privateKey: key })
    assert.deepEqual(
      found.map(([subject]) => subject),
      ['client'],
    )
  })
})

describe('given a Redis', () => {
  it('then one that keeps everything is ok', () => assert.deepEqual(notOk(checkRedis(redis(), ACCOUNT)), []))

  const wrong: [what: string, info: Record<string, string>, found: string][] = [
    ['that evicts', { maxmemory_policy: 'allkeys-lru' }, 'eviction wrong'],
    ['that has evicted', { evicted_keys: '3' }, 'evicted wrong'],
    ['that is nearly full', { used_memory: '900', maxmemory: '1000' }, 'memory wrong'],
    ['with few connections left', { connected_clients: '81', maxclients: '100' }, 'clients wrong'],
    ['without replica', { connected_slaves: '0' }, 'copies wrong'],
    ['that is a cluster', { cluster_enabled: '1' }, 'mode wrong'],
  ]
  for (const [what, info, found] of wrong)
    it(`then one ${what} is wrong`, () => assert.deepEqual(notOk(checkRedis(redis(info), ACCOUNT)), [found]))

  it('then an old one is wrong, whether Redis or Valkey', () => {
    const old = redis({ valkey_version: undefined, redis_version: '6.0.16' })
    assert.deepEqual(notOk(checkRedis(old, ACCOUNT)), ['version wrong'])
    const enough = redis({ valkey_version: undefined, redis_version: '6.2.1' })
    assert.deepEqual(notOk(checkRedis(enough, ACCOUNT)), [])
  })

  it('then only policies that take keys without a time to live are wrong', () => {
    const policies = ['noeviction', 'volatile-lru', 'volatile-ttl', 'allkeys-lru', 'allkeys-random']
    const found = policies.map(policy => notOk(checkRedis(redis({ maxmemory_policy: policy }), ACCOUNT)))
    assert.deepEqual(found, [[], [], [], ['eviction wrong'], ['eviction wrong']])
  })

  it('then unreported settings are unknown, and never ok', () => {
    const names = ['maxmemory_policy', 'evicted_keys', 'maxmemory', 'connected_clients', 'connected_slaves']
    const silent = redis(Object.fromEntries(names.map(name => [name, undefined])))
    assert.deepEqual(
      notOk(checkRedis(silent, ACCOUNT)),
      ['eviction', 'evicted', 'memory', 'clients', 'copies'].map(check => `${check} unknown`),
    )
    const refused = { ...redisServer(), info: { unseen: 'NOPERM' } }
    const found = notOk(checkRedis(redis({}, { servers: { seen: [refused] } }), ACCOUNT))
    assert.deepEqual([...new Set(found.map(text => text.split(' ')[1]))], ['unknown'])
    assert.equal(found.length, 7)
  })

  it('then a user that may not run scripts is named, and one without TLS is wrong in an account', () => {
    const facts = redis({}, { refused: { seen: ['NOPERM eval'] }, encrypted: false })
    const found = checkRedis(facts, ACCOUNT)
    assert.deepEqual(notOk(found), ['encryption wrong', 'permissions wrong'])
    assert.match(found.find(({ check }) => check === 'permissions')?.says ?? '', /NOPERM eval/)
  })
})

it('given states of an interrupted reprocessing, then the largest is named, and how to go on', () => {
  const rebuild = { consumer: 'alerting', topic: 'readings', partition: 3, bytes: 3 * 1024 ** 2 }
  const rebuilds = { seen: [{ ...rebuild, partition: 1, bytes: 1024 ** 2 }, rebuild] }
  const [found, ...others] = checkRedis(redis({}, { rebuilds }), ACCOUNT).filter(
    ({ check }) => check === 'rebuilds',
  )
  assert.match(found?.says ?? '', /2 states of a reprocessing, 4 MiB in all, such as .* readings\/3/)
  assert.match(found?.todo ?? '', /sluice reprocess alerting.*--abandon/)
  assert.equal(others.length, 0)
})
