/** `sluice etl` with a real bucket and a real Kafka. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { S3HistoryStore } from '../../lib/app/aws/history-bucket.ts'
import { TestEnvironment } from '../support/environment.ts'
import { runSluice } from '../support/sluice.ts'
import { alertEventOf, archive, historyOf, NOON, readingOf } from '../support/warehouse-log.ts'

describe('given a history in a bucket', () => {
  let environment: TestEnvironment
  let folder: string
  let bucket: string
  const etl = (args: readonly string[], variables: Readonly<Record<string, string>> = {}) =>
    runSluice(['etl', ...args, '--env', environment.name], { HISTORY_BUCKET: bucket, ...variables })

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-etl-'))
    environment = await TestEnvironment.create()
    bucket = `sluice-history-${environment.name}`
    const s3 = new S3Client({ forcePathStyle: true })
    await s3.send(new CreateBucketCommand({ Bucket: bucket }))
    s3.destroy()
    const store = new S3HistoryStore({ bucket, pathStyle: true })
    const readings = Array.from({ length: 40 }, (_, index) =>
      readingOf(`${index}`, 'roof-1', NOON + index * 1000, { temperature: index }),
    )
    await archive(store, historyOf(environment.topic('readings'), readings))
    await archive(store, historyOf(environment.topic('alerts'), [alertEventOf('fired', 'a')]))
    store.close()
  })

  after(async () => {
    await environment?.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('when a file is loaded twice, then the second run finds nothing new', async () => {
    const url = { WAREHOUSE_URL: `sqlite:${join(folder, 'warehouse.db')}` }
    const run = await etl([], url)
    assert.equal(run.code, 0, run.output)
    assert.match(run.output, /completed, 41 records/)
    assert.match(run.output, /readings_hourly +1\n/)
    assert.equal(JSON.parse((await etl(['--json'], url)).stdout).records, 0)
  })

  it('when the database does not answer, then the command says so, without the password', async () => {
    const { code, output } = await etl([], {
      WAREHOUSE_URL: 'postgres://sluice:s3cret@127.0.0.1:1/sluice',
    })
    assert.equal(code, 1)
    assert.match(output, /postgresql:\/\/sluice@127\.0\.0\.1:1\/sluice: The server cannot be reached/)
    assert.doesNotMatch(output, /s3cret/)
  })

  it('when no warehouse is set, then the command says how to set one', async () => {
    const { code, output } = await etl([])
    assert.equal(code, 1)
    assert.match(output, /Set WAREHOUSE_URL to the warehouse/)
  })

  it('when there is no such bucket, then the command names it', async () => {
    const { code, output } = await etl([], {
      HISTORY_BUCKET: 'sluice-none',
      WAREHOUSE_URL: `sqlite:${join(folder, 'none.db')}`,
    })
    assert.equal(code, 1)
    assert.match(output, /sluice-none/)
  })
})
