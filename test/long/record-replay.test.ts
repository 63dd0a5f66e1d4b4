import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createTopic } from '@sluice/test-kit/create-topic'
import { ForeignClient } from '@sluice/test-kit/foreign-client'
import { Program } from '@sluice/test-kit/program'
import { brokers } from '@sluice/test-kit/servers'
import { until } from '@sluice/test-kit/until'
import { Kafka, logLevel } from 'kafkajs'
import { sluice } from '../support/sluice.ts'

const NAME = `rr-${process.pid}-${Date.now()}`
const TOPICS = ['from', 'to', 'stopped', 'transactions']
const PARTITIONS = 3
const GROUP = `${NAME}-live`
const RECORDS = 6_000
const HOUR_MS = 3_600_000

interface Line {
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly key: object | null
  readonly headers: readonly object[]
  readonly value: object | null
}

describe('given a topic with records of every kind, and a group that reads it', () => {
  const kafka = new Kafka({ clientId: NAME, brokers: brokers(), logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  const topic = (name: string) => `${NAME}-${name}`
  let folder: string
  let client: ForeignClient

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-rr-'))
    client = await ForeignClient.connect()
    await admin.connect()
    await Promise.all(
      TOPICS.map(name => createTopic(admin, { topic: topic(name), numPartitions: PARTITIONS })),
    )
    for (let at = 0; at < RECORDS; at += 500)
      await client.send(
        topic('from'),
        Array.from({ length: 500 }, (_, index) => createMessage(at + index)),
      )
    await admin.setOffsets({
      groupId: GROUP,
      topic: topic('from'),
      partitions: Array.from({ length: PARTITIONS }, (_, partition) => ({
        partition,
        offset: String(partition + 5),
      })),
    })
  })

  after(async () => {
    await admin.deleteTopics({ topics: TOPICS.map(topic) })
    await admin.disconnect()
    await client?.close()
    await rm(folder, { recursive: true, force: true })
  })

  const file = (name: string) => join(folder, name)
  const record = async (name: string, to: string, ...args: string[]) =>
    writeFile(file(to), await sluice('consume', '--topic', topic(name), '--no-follow', '--json', ...args))
  const readLines = async (name: string): Promise<Line[]> =>
    (await readFile(file(name), 'utf8'))
      .split('\n')
      .slice(0, -1)
      .map(line => JSON.parse(line))
  /** Contents that must be the same, by partition, in order. */
  const contents = (lines: readonly Line[]) =>
    Array.from({ length: PARTITIONS }, (_, partition) =>
      lines
        .filter(line => line.partition === partition)
        .map(({ key, headers, value }) => JSON.stringify([key, headers, value])),
    )

  // Promise docs/replay.md#recordings
  it('when it is recorded, replayed and recorded again, then bytes are identical, and no group moved', async () => {
    const before = await client.committed(GROUP, topic('from'))
    await record('from', 'first.jsonl')
    await sluice('replay', file('first.jsonl'), '--topic', topic('to'), '--keep-partitions', '--speed', 'max')
    await record('to', 'second.jsonl')
    const [first, second] = [await readLines('first.jsonl'), await readLines('second.jsonl')]
    assert.equal(first.length, RECORDS)
    assert.deepEqual(contents(second), contents(first))
    assert.deepEqual(await client.committed(GROUP, topic('from')), before)
    assert.deepEqual(await readGroups(admin, [topic('from'), topic('to')]), [GROUP])
    // Records as a foreign client sees them.
    const foreign = await client.read(topic('from'))
    const copied = await client.read(topic('to'))
    const bytes = (records: typeof foreign) =>
      records
        .map(({ partition, offset, key, value }) => [partition, Number(offset), key, value])
        .sort(byPlace)
    assert.deepEqual(bytes(copied), bytes(foreign))
  })

  // Promise docs/replay.md#replays
  it('when a replay is stopped in the middle and continued, then no record is lost or doubled', async () => {
    const all = await readLines('first.jsonl')
    const begun = Date.now()
    // A pause of an hour, so that the stop does not come too late.
    const spread = all.map((line, at) =>
      JSON.stringify({ ...line, timestamp: begun + Math.floor(at / 10) * 10 + (at < 3_000 ? 0 : HOUR_MS) }),
    )
    await writeFile(file('spread.jsonl'), `${spread.join('\n')}\n`)
    const args = ['replay', file('spread.jsonl'), '--topic', topic('stopped'), '--keep-partitions']
    const program = new Program('./cli/sluice.ts', args, { env: { npm_lifecycle_event: undefined } })
    await untilAtLeast(() => client.ends(topic('stopped')), 500)
    program.signal('SIGINT')
    const { code, output } = await program.ended
    assert.equal(code, 130, output)
    const [, skip = ''] = /To continue, add --skip (\d+)/.exec(output) ?? []
    const ends = await client.ends(topic('stopped'))
    assert.equal(
      ends.reduce((sum, end) => sum + end, 0),
      Number(skip),
    )
    assert.ok(Number(skip) < RECORDS, skip)
    await sluice(...args, '--skip', skip, '--speed', 'max')
    await record('stopped', 'resumed.jsonl')
    assert.deepEqual(contents(await readLines('resumed.jsonl')), contents(all))
    assert.equal((await client.read(topic('stopped'))).length, RECORDS)
  })
})

/** The groups that have committed an offset in any of the topics. */
async function readGroups(admin: ReturnType<Kafka['admin']>, topics: string[]): Promise<string[]> {
  const { groups } = await admin.listGroups()
  const found: string[] = []
  for (const { groupId } of groups) {
    const committed = await admin.fetchOffsets({ groupId, topics })
    const offsets = committed.flatMap(({ partitions }) => partitions.map(({ offset }) => Number(offset)))
    if (offsets.some(offset => offset >= 0)) found.push(groupId)
  }
  return found
}

async function untilAtLeast(ends: () => Promise<number[]>, count: number): Promise<void> {
  await until(
    `there are ${count} records`,
    async () => (await ends()).reduce((sum, end) => sum + end, 0) >= count,
  )
}

function byPlace(a: readonly unknown[], b: readonly unknown[]): number {
  return Number(a[0]) - Number(b[0]) || Number(a[1]) - Number(b[1])
}

/** JSON, text, bytes, nothing; keys of each kind, and none; headers of one name, in order. */
function createMessage(index: number) {
  const values = [
    Buffer.from(`{"n": ${index}, "x":"ü\\u0000"}`),
    Buffer.from([0xff, 0x00, index % 256, 0x0a]),
    Buffer.from(`text ${index}\n`),
    Buffer.alloc(0),
    null,
  ]
  const keys = [`key-${index % 17}`, Buffer.from([0xfe, index % 256]), null]
  const headers = {
    a: [Buffer.from([0x80, index % 256]), 'second'],
    'content-type': 'application/json',
    empty: '',
  }
  return {
    key: keys[index % keys.length] ?? null,
    value: values[index % values.length] ?? null,
    ...(index % 2 === 0 ? { headers } : {}),
  }
}
