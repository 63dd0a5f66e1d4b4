import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { TestEnvironment } from '../support/environment.ts'
import { Offline } from '../support/offline.ts'
import { runProgram } from '../support/program.ts'
import { environmentReading as reading } from '../support/records.ts'
import { eventOf } from '../support/sdk-reader.ts'
import { Tutorial } from '../support/tutorial.ts'
import { until } from '../support/until.ts'
import { writtenMessage } from '../support/written-message.ts'

describe('the page on writing a consumer, followed to the letter', { timeout: 240_000 }, () => {
  let tutorial: Tutorial
  let environment: TestEnvironment
  let offline: Offline

  before(async () => {
    tutorial = await Tutorial.follow('docs/consumers.md')
    environment = await TestEnvironment.create()
  })

  after(async () => {
    await offline?.stop()
    await environment?.close()
    await tutorial?.remove()
  })

  it('names every file that there is to write', () => {
    assert.deepEqual(tutorial.files, [
      'lib/domain/frost/process.ts',
      'test/unit/domain/frost/process.test.ts',
      'functions/frost/handler.ts',
      'serverless.yml',
      'infra/deployment.cjs',
    ])
  })

  it('given what it says, then the types fit and the rules of the house hold', async () => {
    const cwd = tutorial.folder
    const types = await runProgram('tsc', ['--noEmit', '-p', '.'], { cwd })
    assert.equal(types.code, 0, types.output)
    const own = tutorial.files.filter(file => file.endsWith('.ts'))
    const lint = await runProgram('biome', ['check', ...own], { cwd })
    assert.equal(lint.code, 0, lint.output)
  })

  it('given its test, then that passes', async () => {
    const file = join(tutorial.folder, 'test/unit/domain/frost/process.test.ts')
    const { code, output } = await runProgram(file, [], { cwd: tutorial.folder })
    assert.equal(code, 0, output)
    assert.match(output, /pass 2\b/)
  })

  it('given its function beside the others, when readings come, then it tells of frost', async () => {
    offline = await Offline.start(environment.name, {}, tutorial.folder)
    const frosty = [0, 60, 660].map(at => reading(`frost ${at}`, { sensor: 's-frost', at, temperature: -2 }))
    const over = reading('over', { sensor: 's-frost', at: 700, temperature: 3 })
    await environment.client.send(
      environment.topic('readings'),
      [...frosty, over].map(event => writtenMessage(event)),
    )
    const told = async () =>
      (await environment.read('events')).map(eventOf).filter(({ source }) => source === '/frost')
    await until('frost and its end are told', async () => (await told()).length === 2)
    assert.deepEqual(
      (await told()).map(({ type, time }) => [type, time]),
      [
        ['com.example.frost.began.v1', '2026-03-01T12:10:00.000Z'],
        ['com.example.frost.ended.v1', '2026-03-01T12:11:40.000Z'],
      ],
    )
  })
})
