/** All questions, each in all its faces: the command with its help and `--json`, the route, and the description for the page. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { brokers, redisUrl } from '@sluice/test-kit/servers'
import { until } from '@sluice/test-kit/until'
import { toFlag } from '../../cli/command.ts'
import type { Answers } from '../../console/api/all-routes.ts'
import { ALL_QUESTIONS, type QuestionWords } from '../../control/questions/all.ts'
import type { AnyQuestion, QuestionAnswer } from '../../control/questions/question.ts'
import { type ServedConsole, servedConsole } from '../support/console.ts'
import type { TestEnvironment } from '../support/environment.ts'
import { markedEnvironment } from '../support/marked-environment.ts'
import { type SubjectsRegistry, startSubjects } from '../support/subjects.ts'
import { TopicCommands } from '../support/topic-commands.ts'
import { ran } from '../unit/cli/terminal.ts'

type Row = Readonly<Record<string, unknown>>
type AnyAnswer = QuestionAnswer<Row>
type AnyShown = Answers['/questions']['/kafka/groups']

describe('given a question', () => {
  let environment: TestEnvironment
  let registry: SubjectsRegistry
  let served: ServedConsole
  let variables: Readonly<Record<string, string>>

  before(async () => {
    environment = await markedEnvironment()
    registry = await startSubjects({ '/subjects': ['a-value'], '/subjects/a-value/versions': [1, 2, 4] })
    const own = { SCHEMA_REGISTRY_URL: registry.uri }
    served = await servedConsole({ env: environment.name, variables: own })
    variables = {
      KAFKA_BROKERS: brokers().join(','),
      REDIS_URL: redisUrl(),
      SLUICE_ENV: environment.name,
      ...own,
    }
  })
  after(async () => {
    await served?.close()
    await registry?.close()
    await environment?.close()
  })

  const askAlerts = async () => (await served.ask<Answers['/alerts/list']>('/alerts/list')).rows
  /** Name of the thing that each question about one is asked about. */
  const named: Partial<Record<QuestionWords, () => Promise<Readonly<Record<string, string>>>>> = {
    'topics describe': async () => ({ topic: 'readings' }),
    'dlq show': async () => ({ at: await findDeadLetter(served) }),
    'alerts show': async () => ({ alert: (await askAlerts())[0]?.id ?? '' }),
    'rules show': async () => ({ rule: 'HOT' }),
    'groups lag': async () => ({ group: await committedGroup(environment) }),
    'state show': async () => ({ consumer: 'processor' }),
  }
  const names = new Map<string, Readonly<Record<string, string>>>()
  before(async () => {
    for (const [words, find] of Object.entries(named)) names.set(words, await find())
  })
  const command = (words: string, ...options: string[]) =>
    ran([...words.split(' '), ...Object.values(names.get(words) ?? {}), ...options], {
      environment: variables,
    })
  const address = (words: string, path: string, more: Readonly<Record<string, string>> = {}) =>
    `${path}?${new URLSearchParams({ ...names.get(words), ...more })}`

  it('then there are some to look at', () => assert.ok(Object.keys(ALL_QUESTIONS).length >= 4))

  for (const [words, { path, load }] of Object.entries(ALL_QUESTIONS)) {
    let question: AnyQuestion
    before(async () => {
      question = await load()
    })

    // Promise docs/state.md#inspect | A state is shown with its lag, and an entity with its timers.
    it(`${words}: then --json and the route answer with one document`, async () => {
      // Other tests use the same servers, so an answer may change between the two.
      let both: readonly unknown[] = []
      await until('equal documents', async () => {
        const { stdout, stderr } = await command(words, '--json')
        both = [stderr || JSON.parse(stdout), await served.ask<AnyAnswer>(address(words, path))]
        assert.deepEqual(both[0], both[1])
        return true
      })
      const [{ rows, more, notes }] = both as [AnyAnswer]
      assert.deepEqual([more, Array.isArray(notes)], [0, true])
      assertIdentified(question.key, rows)
      for (const { of, key } of question.sections ?? [])
        for (const row of rows) assertIdentified(key, (row[of] ?? []) as readonly Row[])
      if (names.has(words)) assert.equal(rows.length, 1)
    })

    it(`${words}: then a list keeps its limit, and counts the rest`, async () => {
      if (question.sections) return
      const all = JSON.parse((await command(words, '--json')).stdout) as AnyAnswer
      const cut = JSON.parse((await command(words, '--limit', '1', '--json')).stdout) as AnyAnswer
      assert.deepEqual([cut.rows.length > 1, cut.more > 0], [false, all.rows.length > 1])
    })

    it(`${words}: then text and page have the same columns, and options are fields of the form`, async () => {
      const shown = (await served.ask<Record<string, AnyShown>>('/questions'))[path]
      assert.deepEqual(shown?.columns, question.columns)
      const { stdout: help } = await command(words, '--help')
      assert.deepEqual(shown?.sections, question.sections ?? [])
      for (const { name, about, form } of shown?.fields ?? []) {
        assert.ok(help.includes(form.type === 'name' ? name : toFlag(name)), name)
        assert.ok(help.replaceAll(/\s+/g, ' ').includes(about), about)
      }
      const { rows } = JSON.parse((await command(words, '--json')).stdout) as AnyAnswer
      const { stdout } = await command(words)
      const isWaiting = question.ofFlow !== undefined && stdout.includes('not everything has been read')
      if (rows.length === 0) assert.ok(isWaiting || stdout.includes(question.empty), stdout)
      const isTable = question.sections === undefined
      for (const { heading, of, only } of question.columns)
        if (only !== 'page' && rows.some(row => row[of] !== null && row[of] !== undefined))
          assert.ok(stdout.includes(isTable ? heading.toUpperCase() : heading), `${heading}: ${stdout}`)
      for (const { title, only } of question.sections ?? [])
        assert.equal(stdout.includes(title), only !== 'page', title)
    })

    it(`${words}: then a wrong value of a field has one sentence in all faces`, async () => {
      for (const [name, { form, kind }] of Object.entries(question.filter)) {
        if (form.type !== 'choice') continue
        const response = await served.request(address(words, path, { [name]: 'no-such' }))
        const { message } = (await response.json()) as { readonly message: string }
        const { status, stderr } = await command(words, toFlag(name), 'no-such')
        assert.deepEqual([response.status, status], [400, 2])
        assert.ok(message.includes(kind.allowed) && stderr.includes(kind.allowed), `${message} ${stderr}`)
      }
    })
  }

  it('then a server that is away has one sentence, in the terminal and on the page', async () => {
    const away = { KAFKA_BROKERS: '127.0.0.1:1' }
    const { status, stderr } = await ran(['groups', 'list'], { environment: { ...variables, ...away } })
    assert.equal(status, 1)
    assert.match(stderr, /Kafka.*127\.0\.0\.1:1/)
  })
})

/** Checks that a member identifies each row. */
function assertIdentified(key: string, rows: readonly Row[]): void {
  for (const row of rows) assert.ok(Object.hasOwn(row, key), key)
  assert.equal(new Set(rows.map(row => row[key])).size, rows.length, key)
}

/** Returns a group that has read all readings. */
async function committedGroup(environment: TestEnvironment): Promise<string> {
  const commands = await TopicCommands.open()
  try {
    const topic = environment.topic('readings')
    const ends = await environment.client.ends(topic)
    const partitions = ends.map((end, partition) => ({ partition, offset: String(end) }))
    await commands.admin.setOffsets({ groupId: commands.named('readers'), topic, partitions })
    return commands.named('readers')
  } finally {
    await commands.close()
  }
}

async function findDeadLetter(served: ServedConsole): Promise<string> {
  const { rows } = await served.ask<Answers['/failures']>('/failures')
  return rows[0]?.at ?? ''
}
