import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { rejection } from '@sluice/test-kit/rejection'
import { startValkey, type Valkey } from '@sluice/test-kit/valkey'
import { ValkeyCluster } from '@sluice/test-kit/valkey-cluster'
import type { Redis } from 'ioredis'
import { RedisClient, RedisReplaceableStates } from '#runtime/operating/redis'
import { RedisValue, StateInspection, StateList } from '#runtime/operating/states'
import { Unavailable } from '#runtime/pipeline'
import { conformsAsStateStore } from '#runtime/test/conformance/state-store'
import { assertUnavailable } from '#runtime/test/support/assert-unavailable'
import { createChange, versionAt } from '#runtime/test/support/changes'
import { EMPTY_SELECTION } from '#runtime/test/support/inside'
import { type RedisSettings, RedisStateStore } from '#runtime/test/support/inside-redis'
import { withClient } from '#runtime/test/support/redis-clients'
import { STAGES } from '../../../infra/place/stages.ts'
import { readStackTemplate } from '../../../infra/stack/stack-template.ts'

/** Permissions of the users of the long-lived stack. */
const STACK = await readStackTemplate(STAGES.prod)
const getAccess = (user: string) => String(STACK.Resources[user]?.Properties?.AccessString).split(' ')
const LEAST = getAccess('RedisUser').slice(1)
const USERS = { sluice: 'RedisUser', operators: 'OperatorsRedisUser' }
/** Password with characters that have a meaning in a URL. */
const PASSWORD = 'p@ss:/%w'

let withPassword: Valkey
let withUser: Valkey
let passwordClient: RedisClient
let userClient: RedisClient

before(async () => {
  withPassword = await startValkey(['--requirepass', PASSWORD], PASSWORD)
  withUser = await startValkey(
    Object.entries(USERS).flatMap(([name, user]) => ['--user', name, `>${PASSWORD}`, ...getAccess(user)]),
  )
  passwordClient = new RedisClient({
    url: withPassword.url.replace('//', `//:${encodeURIComponent(PASSWORD)}@`),
  })
  userClient = new RedisClient({ url: withUser.url, username: 'sluice', password: PASSWORD })
})

after(async () => {
  passwordClient?.close()
  userClient?.close()
  await Promise.all([withPassword?.stop(), withUser?.stop()])
})

conformsAsStateStore('Redis, with a password,', () => new RedisStateStore(passwordClient))
conformsAsStateStore('Redis, with a user who may do the least,', () => new RedisStateStore(userClient))
describe('a user who may do the least', () => {
  it('may keep a value, and inspect', async () => {
    const value = new RedisValue<number>(userClient, `c:${randomUUID()}`)
    await value.update(() => 3)
    assert.equal(await value.read(), 3)
    const stateKey = { consumer: 'c', topic: randomUUID(), partition: 0 }
    const inspection = new StateInspection(userClient)
    assert.equal((await inspection.summary(stateKey)).appliedOffset, -1)
    for await (const state of inspection.states(stateKey)) assert.fail(`${state}`)
  })

  it('given no password, then everything is unavailable until there is one', async () => {
    await withClient({ url: withPassword.url }, async stranger => {
      const error = await rejection(stranger.run(redis => redis.get('k')))
      assert.ok(error instanceof Unavailable)
      assert.match(error.message, /NOAUTH/)
    })
  })
})

describe('each user of the long-lived stack', () => {
  const as = <T>(username: string, work: (client: RedisClient) => Promise<T>) =>
    withClient({ url: withUser.url, username, password: PASSWORD }, work)

  /** Returns the commands that the server would refuse to the user, without running them. */
  const listRefused = async (user: string, commands: readonly string[]) => {
    const said = await Promise.all(
      commands.map(command => withUser.admin.call('ACL', 'DRYRUN', user, ...command.split(' '))),
    )
    return commands.filter((_, at) => said[at] !== 'OK')
  }
  const STATE = '{alerting:sluice.telemetry.readings.prod:0}:states'
  const HARMFUL = [
    'CLIENT PAUSE 60000 ALL',
    'CLIENT KILL TYPE normal',
    'CLIENT LIST',
    'CLIENT NO-EVICT on',
    'CLIENT TRACKING on BCAST',
    'FUNCTION FLUSH',
    'FUNCTION LOAD code',
    'FCALL name 0',
    'SCRIPT FLUSH',
    'SCRIPT KILL',
    'FLUSHALL',
    'FLUSHDB',
    'SWAPDB 0 1',
    'KEYS *',
    'CONFIG GET *',
    'ACL LIST',
    'DEBUG SLEEP 1',
    'SHUTDOWN',
    'REPLICAOF host 1',
    'MONITOR',
    'SORT {a:b}:c',
    'MIGRATE host 1 key 0 1',
    `EXPIRE ${STATE} 1`,
    'GET key-of-another-application',
    'SET key-of-another-application value',
  ]
  for (const user of Object.keys(USERS))
    it(`given ${user}, then nothing that stops the server or takes what is others' is allowed`, async () => {
      assert.deepEqual(await listRefused(user, HARMFUL), HARMFUL)
      assert.deepEqual(await listRefused(user, ['PING', `HGET ${STATE} entity`, 'INFO']), [])
    })

  it('given operators, then they list states, which functions need not list', async () => {
    const stateKey = { consumer: 'listed', topic: randomUUID(), partition: 0 }
    await as('sluice', client => new RedisStateStore(client).commit(stateKey, createChange({})))
    const listed = await as('operators', client => new StateList(client).all())
    assert.deepEqual(
      listed.filter(({ consumer }) => consumer === 'listed').map(({ topic }) => topic),
      [stateKey.topic],
    )
    const people = ['SCAN 0', `MEMORY USAGE ${STATE}`]
    assert.deepEqual(await listRefused('operators', people), [])
    assert.deepEqual(await listRefused('sluice', people), people)
  })

  it('given operators who reprocess a state, then its function waits at the fence, and continues after it', async () => {
    const state = { consumer: 'c', topic: randomUUID(), partition: 0 }
    const change = createChange({ code: 'v1' })
    const fence = { why: 'reprocessing', attempt: 1 } as const
    await as('sluice', client => new RedisStateStore(client).commit(state, change))
    await as('operators', async client => {
      const states = new RedisReplaceableStates(client)
      const rebuild = { startOffset: 0, from: 'start', code: 'v1', dropsOlder: false, begunMs: 1 }
      const { run } = await states.rebuilds.begin(state, rebuild, 1)
      const rebuilt = createChange({ base: { ...versionAt(-1), epoch: run }, appliedOffset: 41, fired: 1 })
      await states.rebuilds.states.commit(state, rebuilt)
      await states.rebuilds.describe(state, rebuild, run)
      await states.fence(state, fence, 60_000)
      await as('sluice', async own => {
        const store = new RedisStateStore(own)
        await assert.rejects(store.load(state, EMPTY_SELECTION), { code: 'reprocessing' })
        assert.equal(await store.commit(state, { ...change, base: versionAt(0) }), 'refused')
      })
      const conditions = { live: versionAt(0), run, rebuild }
      assert.equal((await states.replace(state, conditions)).kind, 'replaced')
    })
    const { version } = await as('sluice', client => new RedisStateStore(client).load(state, EMPTY_SELECTION))
    assert.deepEqual(version, { epoch: 1, appliedOffset: 41, fired: 1 })
  })
})

describe('a password that is changed while the client lives', () => {
  /** A client whose secret is what `secret.password` is at the time. */
  function rotating(settings: RedisSettings) {
    const secret = { password: 'old', reads: 0 }
    const client = new RedisClient(async () => {
      secret.reads++
      return { ...settings, username: 'rotating', password: secret.password }
    })
    return { client, secret }
  }

  const setPassword = (admins: readonly Redis[], password: string) =>
    Promise.all(
      admins.map(admin => admin.acl('SETUSER', 'rotating', 'on', 'resetpass', `>${password}`, ...LEAST)),
    )
  const disconnectAll = (admins: readonly Redis[]) =>
    Promise.all(admins.map(admin => admin.client('KILL', 'USER', 'rotating')))

  /** Given a client at work, when its password is changed and its connections are lost, then it continues. */
  async function survivesRotation(settings: RedisSettings, admins: readonly Redis[]): Promise<void> {
    await setPassword(admins, 'old')
    const { client, secret } = rotating(settings)
    const work = () =>
      Promise.all(
        Array.from({ length: 12 }, (_, at) => client.run(redis => redis.get(`{rotating:${at}}:value`))),
      )
    try {
      await work()
      await setPassword(admins, 'new')
      // Open connections stay: no change is noticed, and no secret read.
      await work()
      assert.equal(secret.reads, 1)
      await disconnectAll(admins)
      // The secret follows the server with a delay; until then, it is asked again and again.
      for (let attempt = 0; attempt < 3; attempt++) await assertUnavailable(work(), 2_000)
      assert.ok(secret.reads >= 3, `${secret.reads}`)
      secret.password = 'new'
      // The connection that is refused is the last with the old one.
      await work().catch(error => assert.match(error.message, /WRONGPASS/))
      await work()
    } finally {
      client.close()
    }
  }

  it('given a single server, then the client uses the new one as soon as it is in the secret', () =>
    survivesRotation({ url: withUser.url }, [withUser.admin]))

  it('given a cluster, then so it does on every master', async () => {
    const cluster = await ValkeyCluster.start()
    try {
      const admins = cluster.masters.map(({ admin }) => admin)
      await survivesRotation({ url: cluster.url(), mode: 'cluster' }, admins)
    } finally {
      await cluster.stop()
    }
  })
})
