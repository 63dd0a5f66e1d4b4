import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, describe, it, type TestContext } from 'node:test'
import type { Program } from '@sluice/test-kit/program'
import { until } from '@sluice/test-kit/until'
import { answerFromStorage } from '../../control/sql/storage-answer.ts'
import { TestKafka } from '../../packages/msk-trigger/test/integration/kafka.ts'
import { TestEnvironment } from '../support/environment.ts'
import { listTroubles, TOO_LITTLE_TIME } from '../support/late-lines.ts'
import { StartedProject } from '../support/started-project.ts'
import { readJson } from '../unit/console/access/support.ts'

/** Four ways in which a handler fails or never returns, with timeouts in seconds. */
const BROKEN = {
  load: { code: "throw new Error('no rules here')\nexport const handler = () => {}", timeout: 60 },
  throw: { code: "export const handler = async () => { throw new Error('no room for more') }", timeout: 60 },
  late: {
    code: 'export const handler = () => new Promise(resolve => setTimeout(resolve, 60_000))',
    timeout: 2,
  },
  never: {
    code: 'export const handler = () => new Promise(() => setInterval(() => {}, 1_000))',
    timeout: 30,
  },
}

describe('npm start', () => {
  before(coordinatorsReady)

  // Promise docs/local-and-cloud.md#npm-start | It runs until Ctrl-C, and all that is sent meanwhile is processed.
  it('given working functions, when readings are sent, then all are processed and nothing is stalled', async t => {
    const { environment, project, start } = await copiedFor(t)
    const running = start()
    await running.says(/^functions ready/m, 120_000)
    const database = `sqlite:${join(project.folder, '.local', 'data', 'storage', `${environment.name}.db`)}`
    await answerFromStorage('SELECT count(*) FROM alert_log', database, new AbortController().signal)
    await assertConsole(running)
    await assertSqlInterface(project, running)
    for (const time of [1, 2]) {
      const { code, output } = await project.smoke().ended
      assert.equal(code, 0, `${time}: ${output}`)
      const [processed, alerts, pending, passed] = output.trim().split('\n').slice(-4)
      assert.equal(processed, 'Messages processed: 20')
      assert.match(alerts ?? '', /^Alerts generated: [345]$/)
      assert.equal(pending, 'Messages pending in queue: 0')
      assert.equal(passed, 'TEST PASSED: All messages processed!')
    }
    assert.deepEqual(listTroubles(running.output), [], running.output)
    assert.doesNotMatch(running.output, /No readings are simulated/)
    assert.match(running.output, / · failed 0 · /)
    assert.match(running.output, /^Without simulated readings: npm start -- .*--fresh --no-generator$/m)
    // The processor does not read this topic.
    await environment.client.send(environment.topic('alerts'), [{ value: 'poison' }])
    await running.says(/ · failed [1-9]/)
    await assertSavedRules(project, running)
    running.signal('SIGINT')
    const { code, output } = await running.ended
    assert.equal(code, 0, output)
  })

  it('given consumers broken in each of four ways, then each is reported once, and the exit status is 1', async t => {
    const { project, start } = await copiedFor(t)
    await addFunctions(project, BROKEN)
    const { code, output } = await start('--for', '20s').ended
    const lines = output.split('\n')
    const reported = (start: string) => lines.filter(line => line.startsWith(`✗ ${start}`)).length
    for (const name of Object.keys(BROKEN)) assert.equal(reported(`${name} is stalled: `), 1, output)
    assert.match(output, /^✗ load is stalled: .*no rules here/m)
    assert.match(output, /^✗ throw is stalled: .*no room for more/m)
    const summary = lines.find(line => line.startsWith('Problems: ')) ?? ''
    for (const name of Object.keys(BROKEN)) assert.match(summary, new RegExp(`${name} is stalled: `))
    // The others may be reported only for reasons that are true on a busy machine: they start too late for this short run.
    const others = summary
      .replace(/^Problems: |[.]$/g, '')
      .split('; ')
      .filter(problem => !Object.keys(BROKEN).some(name => problem.startsWith(`${name} `)))
    for (const problem of others)
      assert.ok(problem === 'no readings were applied' || TOO_LITTLE_TIME.test(problem), problem)
    assert.equal(code, 1)
  })

  it('given code that cannot be bundled, then file, line and column are shown at once, and it ends', async t => {
    const { project, start } = await copiedFor(t)
    await project.write('lib/alerting/process.ts', code => `${code}\nexport const const broken = 1\n`)
    const running = start()
    await running.says(/^ {2}Its log says: lib\/alerting\/process\.ts:\d+:14: .*"const"$/m)
    const { code, output } = await running.ended
    assert.equal(code, 1)
    assert.doesNotMatch(output, /^\s+at /m)
  })
})

/** ksqlDB's interface answers without a token. Tables are in force if the function `clock` has run, at the begin of a minute. */
async function assertSqlInterface(project: StartedProject, running: Program): Promise<void> {
  await running.says(/^ {2}SQL /m)
  const url = `http://127.0.0.1:${project.variables.KSQL_PORT}/ksql`
  const ask = (type: string, ksql: string) =>
    fetch(url, { method: 'POST', headers: { 'content-type': type }, body: JSON.stringify({ ksql }) })
  assert.equal((await ask('application/json', 'SHOW STREAMS;')).status, 200)
  assert.equal((await ask('text/plain', 'SHOW STREAMS;')).status, 415)
  const create = "CREATE STREAM s (a INT) WITH (KAFKA_TOPIC = 'alerts');"
  assert.match(
    await (await ask('application/json', create)).text(),
    /The function clock puts them into force|the streams are in force|The file (?:is in force|has the statement)/,
  )
}

/** A rule with an error is named with file and line by the terminal and the page until it is corrected, and then is active. */
async function assertSavedRules(project: StartedProject, running: Program): Promise<void> {
  const [address = ''] = running.output.match(/http:\/\/\S+\?token=[0-9a-f]{32}/) ?? []
  const { origin, searchParams } = new URL(address)
  const headers = { authorization: `Bearer ${searchParams.get('token')}` }
  const askRules = async () => {
    const response = await fetch(`${origin}/api/alerts/rules`, { headers })
    return (await response.json()) as { notes: string[]; rows: { rule: string }[] }
  }
  const rule = (severity: string) =>
    `  - { name: MILD, family: environment, metric: temperature, fireAbove: 10, severity: ${severity} }\n`
  const file = 'config/rules/weather.yaml'
  await project.write(file, text => `${text}\n${rule('mild')}`)
  await running.says(/^ {4}config\/rules\/weather\.yaml:\d+:\d+ {2}MILD\.severity: /m)
  const refused = new RegExp(
    `^${file}, saved .* ago, is not in force: refused: ${file}:\\d+:\\d+ {2}MILD\\.severity: `,
  )
  await until('the page names it', async () => refused.test((await askRules()).notes[0] ?? ''))
  await project.write(file, text => text.replace(rule('mild'), rule('info')))
  await until('nothing is left', async () => !(await askRules()).notes.join().includes('not in force'))
  const { rows } = await askRules()
  assert.ok(rows.some(row => row.rule === 'MILD'))
}

/**
 * Waits for the group coordinators. A new Kafka creates the topic of offsets with its first groups. Until that is read, no member
 * can join, which is reported.
 */
async function coordinatorsReady(): Promise<void> {
  const kafka = await TestKafka.connect()
  try {
    // Enough of them that each partition of that topic has one.
    for (let number = 0; number < 20; number += 1)
      await until('the coordinator of a group', async () => {
        await kafka.admin.fetchOffsets({ groupId: `start-${number}` })
        return true
      })
  } finally {
    await kafka.close()
  }
}

/** A copy of the project with an environment of its own. The test ends and removes it all. */
async function copiedFor(t: TestContext) {
  const environment = await TestEnvironment.create()
  let project: StartedProject | undefined
  let running: Program | undefined
  t.after(async () => {
    running?.signal('SIGTERM')
    await running?.ended
    await project?.remove()
    await environment.close()
  })
  const copy = await StartedProject.copy(environment.name)
  project = copy
  const start = (...args: readonly string[]) => {
    running = copy.start(args)
    return running
  }
  return { environment, project: copy, start }
}

/** The printed addresses, that of the console and that of its pages about Kafka, open the page. */
async function assertConsole(running: Program): Promise<void> {
  for (const line of [/^ {2}console /m, /^ {2}Kafka /m]) await running.says(line)
  const addresses = running.output.match(/http:\/\/\S+\?token=[0-9a-f]{32}/g) ?? []
  assert.equal(addresses.length, 2, running.output)
  const { origin, searchParams } = new URL(addresses[0] ?? '')
  const headers = { authorization: `Bearer ${searchParams.get('token')}` }
  for (const address of addresses) {
    const page = await fetch(new URL(address).origin, { headers })
    assert.match(await page.text(), /<div id="console">/)
  }
  const shown = await fetch(`${origin}/api/environment`, { headers })
  assert.equal((await readJson(shown)).isLocal, true)
  assert.equal((await fetch(origin)).status, 401)
}

type AddedFunctions = Readonly<Record<string, { readonly code: string; readonly timeout: number }>>

async function addFunctions(project: StartedProject, functions: AddedFunctions): Promise<void> {
  for (const [name, { code }] of Object.entries(functions))
    await project.write(`functions/${name}/handler.ts`, code)
  const entries = Object.entries(functions)
    .map(
      ([name, { timeout }]) => `
  ${name}:
    handler: functions/${name}/handler.handler
    consumes: readings
    uses: [redis]
    timeout: ${timeout}
`,
    )
    .join('')
  await project.write('serverless.yml', yaml => `${yaml}${entries}`)
}
