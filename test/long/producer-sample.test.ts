/** The samples of the page about the producer run as they are. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { createTopic } from '@sluice/test-kit/create-topic'
import { ForeignClient } from '@sluice/test-kit/foreign-client'
import { PROJECT } from '@sluice/test-kit/program'
import { brokers } from '@sluice/test-kit/servers'
import type { Admin } from 'kafkajs'
import { kafkaClient } from '#runtime/operating/kafka'
import { readEvent } from '../support/sdk-reader.ts'

describe('the samples of the producer', () => {
  const topic = `samples-${randomUUID()}`
  let admin: Admin
  let foreign: ForeignClient

  before(async () => {
    admin = kafkaClient({ brokers: brokers(), clientId: 'test', auth: 'none' }).admin()
    await admin.connect()
    await createTopic(admin, { topic, numPartitions: 3 })
    foreign = await ForeignClient.connect()
  })

  after(async () => {
    await Promise.all([admin?.disconnect(), foreign?.close()])
  })

  const run = async (name: string, ...args: string[]) => {
    const env = { ...process.env, KAFKA_BROKERS: brokers().join(','), TOPIC: topic }
    const script = join(PROJECT, 'examples', 'producer', name)
    const { stdout } = await promisify(execFile)(process.execPath, [script, ...args], {
      env,
    })
    return stdout.trim().split('\n')
  }

  it('given readings and other events, then each is delivered and reported', async () => {
    const said = await run('publish.ts', '20')
    const reports = said.filter(line => /^Delivered to samples-\S+ \[[0-2]\] @ \d+$/.test(line))
    assert.equal(reports.length, 22, said.join('\n'))
    assert.match(
      said.at(-2) ?? '',
      /^[1-9]\d+ bytes, acknowledged within [\d.]+ ms \(p50\) and [\d.]+ ms \(p99\)$/,
    )
    assert.equal(said.at(-1), '22 sent, 0 errors')
    const events = (await foreign.read(topic)).map(readEvent)
    assert.equal(events.filter(({ type }) => type === 'io.sluice.environment.reading.v1').length, 20)
    const job = events.find(({ type }) => type === 'com.example.job.finished')
    assert.equal(job?.traceparent, '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01')
    assert.ok(
      events.every(({ traceparent }) => /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/.test(String(traceparent))),
    )
  })
})
