/** `sluice doctor` on real servers, with settings that are wrong on purpose. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { createCluster } from '@sluice/kafka-records'
import { brokers } from '@sluice/test-kit/servers'
import { until } from '@sluice/test-kit/until'
import { startValkey, type Valkey } from '@sluice/test-kit/valkey'
import { bulkPublisher } from '#runtime/operating/kafka'
import { buildKeys } from '#runtime/test/support/inside-redis'
import type { Finding } from '../../control/diagnosis/finding.ts'
import { SIGNALS } from '../../lib/app/naming/topic-table.ts'
import { TestEnvironment } from '../support/environment.ts'
import { NAMES } from '../support/families.ts'
import { TopicCommands } from '../support/topic-commands.ts'
import { ran } from '../unit/cli/terminal.ts'

const RECORDS = 1_200

/** A broker of the library. */
interface Committing {
  offsetCommit(request: object): Promise<unknown>
}

describe('given an environment on real servers, when a doctor looks at it', () => {
  let valkey: Valkey
  let environment: TestEnvironment
  let commands: TopicCommands
  let readings: string

  before(async () => {
    valkey = await startValkey()
    environment = await TestEnvironment.create({ url: valkey.url })
    commands = await TopicCommands.open()
    readings = environment.topic('readings')
    await environment.client.send(
      readings,
      Array.from({ length: RECORDS }, () => ({ partition: 0, value: 'x' })),
    )
  })

  after(async () => {
    await commands?.close()
    await environment?.close()
    await valkey?.stop()
  })

  const variables = () => ({
    KAFKA_BROKERS: brokers().join(','),
    REDIS_URL: valkey.url,
    SLUICE_ENV: environment.name,
  })

  async function examine(args: readonly string[] = [], changes: object = {}) {
    const ended = await ran(['doctor', '--json', ...args], { environment: { ...variables(), ...changes } })
    const findings: Finding[] = JSON.parse(ended.stdout).findings
    const of = (area: string, check: string, subject?: string) =>
      findings.filter(
        finding =>
          finding.area === area &&
          finding.check === check &&
          (subject ?? finding.subject) === finding.subject,
      )
    return { ...ended, findings, of }
  }

  /** The one finding about this. */
  function only(found: readonly Finding[]): Finding {
    assert.equal(found.length, 1, JSON.stringify(found))
    return found[0] as Finding
  }

  /** Commits without joining the group, which the library's admin does each time. */
  async function commit(groupId: string, offset: number): Promise<void> {
    const cluster = createCluster(commands.kafka, { allowAutoTopicCreation: false })
    const partitions = [{ partition: 0, offset: String(offset), metadata: null }]
    const topics = [{ topic: readings, partitions }]
    try {
      await until('the offset is committed', async () => {
        await cluster.connect()
        const coordinator = (await cluster.findGroupCoordinator({ groupId })) as unknown as Committing
        await coordinator.offsetCommit({ groupId, groupGenerationId: -1, memberId: '', topics })
        return true
      })
    } finally {
      await cluster.disconnect()
    }
  }

  it('then servers and topics as created are ok, and readers that are missing are wrong', async () => {
    const { status, stderr, findings, of } = await examine()
    const bad = findings.filter(
      ({ area, verdict }) => verdict !== 'ok' && ['kafka', 'redis', 'topics', 'producers'].includes(area),
    )
    assert.deepEqual(bad, [])
    assert.equal(of('topics', 'message.timestamp.type').length, SIGNALS.length)
    assert.match(only(of('producers', 'compression')).says, /, 0 of 0 are not compressed$/)
    assert.match(only(of('producers', 'batching')).says, /^the newest \d+ batches have \d+ records$/)
    assert.equal(status, 1)
    assert.match(stderr, /^\d+ checks failed\.$/m)
    const readers = only(of('consumers', 'readers', `alerting on ${readings}`))
    assert.match(
      readers.says,
      /^1200 records pending, and the consumer group sluice-alerting-\w+ has no members$/,
    )
  })

  // Promise docs/doctor.md#standards-of-a-machine-and-of-an-account | A machine is not judged as an account.
  it('then a machine is not an account: one copy in plain text is wrong there', async () => {
    const { of } = await examine(['--stage', 'prod', '--env', environment.name])
    for (const [area, check] of [
      ['kafka', 'encryption'],
      ['kafka', 'brokers'],
      ['redis', 'encryption'],
      ['topics', 'replication'],
      ['topics', 'min.insync.replicas'],
    ] as const)
      assert.deepEqual(new Set(of(area, check).map(({ verdict }) => verdict)), new Set(['wrong']), check)
  })

  it('then a consumer whose group and state do not agree is wrong, with the offsets', async () => {
    const of = async (committed: number, applied: number) => {
      await commit(NAMES.groupName('alerting', environment.name), committed)
      const { meta } = buildKeys({ consumer: 'alerting', topic: readings, partition: 0 })
      await valkey.admin.hset(meta, 'appliedOffset', applied)
      const { verdict, says } = only((await examine()).of('consumers', 'commits', `alerting on ${readings}`))
      return `${verdict}: ${says}`
    }
    assert.match(await of(650, 599), /^wrong: .* offsets 600 to 649 are committed and not applied/)
    assert.match(await of(10, 1_099), /^wrong: .* 1090 applied offsets are not committed/)
    assert.match(await of(700, 9_999), /^wrong: .* it is another log/)
    assert.match(await of(100, 599), /^ok: /)
  })

  // Promise docs/doctor.md#the-checks
  it('then large batches without compression are wrong, and compressed ones are not', async () => {
    const values = Array.from({ length: 40 }, () => ({ partition: 1, value: 'x'.repeat(1_000) }))
    await environment.client.send(readings, values)
    const { verdict, says, todo } = only((await examine()).of('producers', 'compression'))
    assert.equal(verdict, 'wrong')
    assert.match(says, /^of the newest batches with 16 KiB or more, 1 of 1 are not compressed$/)
    assert.match(todo ?? '', /^Set compression\.type=/)
    const producer = bulkPublisher(async () => commands.kafka, { batchBytes: 512 * 1024 })
    try {
      // As many records as the newest offsets of a partition, so that the batch above is among them no longer.
      const records = Array.from({ length: 600 }, () => Buffer.from(randomBytes(500).toString('hex')))
      await producer.publish(
        records.map(value => ({ topic: readings, partition: 1, key: null, value, headers: [] })),
      )
    } finally {
      await producer.close()
    }
    const compressed = only((await examine()).of('producers', 'compression'))
    assert.equal(compressed.verdict, 'ok')
    assert.match(compressed.says, /, 0 of [1-9]\d* are not compressed$/)
  })

  it('then a Redis that evicts is wrong, and what a user may not see is unknown', async () => {
    await valkey.admin.config('SET', 'maxmemory-policy', 'allkeys-lru')
    const evicting = only((await examine()).of('redis', 'eviction'))
    assert.equal(evicting.verdict, 'wrong')
    assert.match(evicting.says, /^maxmemory-policy=allkeys-lru, must be noeviction/)
    await valkey.admin.acl('SETUSER', 'blind', 'on', '>secret', '~*', '+@connection', '+@hash', '+@string')
    const { of } = await examine([], { REDIS_URL: valkey.url.replace('//', '//blind:secret@') })
    assert.deepEqual(
      ['eviction', 'memory', 'version'].map(check => only(of('redis', check)).verdict),
      ['unknown', 'unknown', 'unknown'],
    )
    const permissions = only(of('redis', 'permissions'))
    assert.equal(permissions.verdict, 'wrong')
    assert.match(permissions.says, /NOPERM.*'zrange'.*NOPERM.*'eval'/i)
  })
})
