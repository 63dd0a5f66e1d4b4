import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { PROJECT, type Program, runProgram } from '@sluice/test-kit/program'
import { environmentReading as reading } from '#runtime/test/support/records'
import { readFunctions } from '../../control/environment/function-entries.ts'
import { buildEntrySchema } from '../../infra/functions/entry-schema.ts'
import { USES } from '../../infra/roles/uses.ts'
import { TestEnvironment } from '../support/environment.ts'
import { failedChecks } from '../support/new-consumer-checks.ts'
import { readEvent } from '../support/sdk-reader.ts'
import { StartedProject } from '../support/started-project.ts'
import { writtenMessage } from '../support/written-message.ts'
import { Tutorial } from './tutorial.ts'

const PAGE = 'docs/consumers.md'

describe('the page on writing a consumer, followed to the letter', () => {
  let tutorial: Tutorial
  let environment: TestEnvironment
  let running: Program | undefined

  before(async () => {
    tutorial = await Tutorial.follow(PAGE)
    environment = await TestEnvironment.create()
  })

  after(async () => {
    running?.signal('SIGTERM')
    await running?.ended
    await environment?.close()
    await tutorial?.remove()
  })

  // Promise docs/consumers.md#writing-a-consumer | The page, followed to the letter, gives a consumer that works.
  it('names every file that there is to write: a process and its test, a handler, and the entry', () => {
    assert.deepEqual(tutorial.files, [
      'lib/frost/process.ts',
      'test/unit/frost/process.test.ts',
      'functions/frost/handler.ts',
      'serverless.yml',
    ])
  })

  it('given its process, then that is a whole one, in fifteen lines', async () => {
    const code = await readFile(join(tutorial.folder, 'lib/frost/process.ts'), 'utf8')
    assert.ok(code.trim().split('\n').length <= 15)
  })

  it('names every key that an entry can have, and every word of uses', async () => {
    const page = await readFile(join(PROJECT, PAGE), 'utf8')
    const words = [...Object.keys(buildEntrySchema().properties), ...Object.keys(USES)]
    assert.deepEqual(
      words.filter(word => !page.includes(`\`${word}\``)),
      [],
    )
  })

  it('given what it says, then every check of the project passes', async () => {
    await runInCopy('infra/pages/configuration-page.ts')
    const code = tutorial.files.filter(file => file.endsWith('.ts'))
    assert.deepEqual(await failedChecks(tutorial.folder, code), [])
  })

  it('given its test, then that passes', async () => {
    const { code, output } = await runInCopy('test/unit/frost/process.test.ts')
    assert.equal(code, 0, output)
    assert.match(output, /pass 2\b/)
  })

  it('given serverless package, then its zip, role and event source are as those of all others', async () => {
    // Claims about each of the others are claims of the project itself.
    const others = readFunctions().map(({ name }) => name)
    const ofOthers = `(puts|has|gives|keeps|lets).(${others.join('|')}).`
    const { code, output } = await runInCopy('test/package/package.test.ts', {
      NODE_OPTIONS: `--test-skip-pattern=${ofOthers}`,
    })
    assert.equal(code, 0, output)
    for (const told of OF_FROST) assert.match(output, new RegExp(`✔ ${told}`), told)
    assert.match(output, /✔ makes an event source mapping for each consumer/)
    assert.match(output, /✔ has alarms for every function/)
  })

  // Promise docs/consumers.md#5-running-it | npm start runs a new consumer, and shows what comes of it.
  it('given readings, when npm start runs, then it reports frost, and all is well', async () => {
    const project = await StartedProject.in(tutorial.folder, environment.name)
    const frosty = [0, 60, 660].map(at => reading(`frost ${at}`, { sensor: 's-frost', at, temperature: -2 }))
    const over = reading('over', { sensor: 's-frost', at: 700, temperature: 3 })
    await environment.client.send(
      environment.topic('readings'),
      [...frosty, over].map(event => writtenMessage(event)),
    )
    // The run waits at its end until all records from before that are processed, which includes those from before the start.
    running = project.start(['--for', '1s'])
    const { code, output } = await running.ended
    assert.match(output, /^functions ready.*\bfrost\b/m)
    assert.match(output, /^No problems\.$/m)
    assert.equal(code, 0, output)
    const told = (await environment.read('events')).map(readEvent)
    assert.deepEqual(
      told.filter(({ subject }) => subject === 's-frost').map(({ type, time }) => [type, time]),
      [
        ['frost.began', '2026-03-01T12:10:00.000Z'],
        ['frost.ended', '2026-03-01T12:11:40.000Z'],
      ],
    )
  })

  function runInCopy(file: string, env: Readonly<Record<string, string>> = {}) {
    return runProgram(join(tutorial.folder, file), [], { cwd: tutorial.folder, env })
  }
})

/** How the tests of the package begin that look at one function. */
const OF_FROST = [
  'puts frost into a zip of its own',
  'keeps frost within its budget',
  'gives frost a role of its own',
]
