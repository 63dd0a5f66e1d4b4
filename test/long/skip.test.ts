/** A deployed consumer that hangs at one record: its partition is stalled until the record is set aside. */
import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { writeEvent } from '../../packages/runtime/cloudevents/writer.ts'
import { outcomes, TestEnvironment } from '../support/environment.ts'
import { Offline } from '../support/offline.ts'
import { Program } from '../support/program.ts'
import { copyProject } from '../support/project-copy.ts'
import { environmentReading as reading } from '../support/records.ts'
import { brokers, redisUrl } from '../support/servers.ts'
import { until } from '../support/until.ts'

const PROCESS = 'lib/analytics/process.ts'
const STEP = 'onEvent(state, event) {'
const HANGS = `${STEP}\n    while (event.id === 'hangs');`

describe('a consumer that hangs at one record', { timeout: 290_000 }, () => {
  let project: string
  let environment: TestEnvironment
  let offline: Offline

  before(async () => {
    project = await copyProject('skip')
    await edit(PROCESS, STEP, HANGS)
    await edit('serverless.yml', '  timeout: 60\n', '  timeout: 8\n')
    environment = await TestEnvironment.create()
    offline = await Offline.start(environment.name, {}, project)
  })

  after(async () => {
    await offline?.stop()
    await environment?.close()
    if (project) await rm(project, { recursive: true, force: true })
  })

  async function edit(file: string, from: string, to: string): Promise<void> {
    const text = await readFile(join(project, file), 'utf8')
    assert.equal(text.split(from).length, 2, `${file} has this once: ${from}`)
    await writeFile(join(project, file), text.replace(from, to))
  }

  async function sluice(...args: string[]): Promise<string> {
    const env = { KAFKA_BROKERS: brokers().join(','), REDIS_URL: redisUrl(), SLUICE_ENV: environment.name }
    const { code, output } = await new Program('./cli/sluice.ts', args, { env, cwd: project }).ended
    assert.equal(code, 0, output)
    return output
  }

  it('given that it is set aside, then the partition continues, and corrected code applies it', async () => {
    const readings = ['first', 'hangs', 'last'].map(id => {
      const { value, headers } = writeEvent(reading(id))
      return { key: 's-1', value, headers: Object.fromEntries(headers) }
    })
    await environment.client.send(environment.topic('readings'), readings)
    await offline.says(/processor .*timeout: the handler took longer than 8000 ms/)
    assert.equal(await environment.decided('processor'), 0, 'the batch comes again whole')

    const records = await environment.client.read(environment.topic('readings'))
    const hanging = records.find(({ headers }) => String(headers?.ce_id) === 'hangs')
    const position = `${hanging?.partition}@${hanging?.offset}`
    assert.match(await sluice('skip', 'processor', position, '--yes'), /Skipped: \d+@\d+ of /)
    await environment.untilCaughtUp('processor')
    assert.equal((await environment.tally('processor'))['failed/skipped'], 1)
    await until('it is a dead letter', async () => (await environment.read('dlq')).length === 1)

    await offline.stop()
    await edit(PROCESS, HANGS, STEP)
    await offline.start()
    assert.match(await sluice('dlq', 'redrive', '--code', 'skipped', '--yes'), /1/)
    await environment.untilCaughtUp('processor')
    const tally = await environment.tally('processor')
    assert.deepEqual([outcomes(tally, 'applied'), outcomes(tally, 'failed')], [3, 1], JSON.stringify(tally))
  })
})
