/** All questions, each in all its faces: the command with its help and `--json`, the route, and the description for the page. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { toFlag } from '../../cli/command.ts'
import type { Answers } from '../../console/api/all-routes.ts'
import { ALL_QUESTIONS, type AnyQuestion } from '../../lib/questions/all.ts'
import type { Answer } from '../../lib/questions/question.ts'
import { type ServedConsole, servedConsole } from '../support/console.ts'
import type { TestEnvironment } from '../support/environment.ts'
import { markedEnvironment } from '../support/marked-environment.ts'
import { brokers, redisUrl } from '../support/servers.ts'
import { type SubjectsRegistry, startSubjects } from '../support/subjects.ts'
import { until } from '../support/until.ts'
import { ran } from '../unit/cli/terminal.ts'

type AnyAnswer = Answer<Readonly<Record<string, unknown>>>

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

  const command = (words: string, ...options: string[]) =>
    ran([...words.split(' '), ...options], { environment: variables })

  it('then there are some to look at', () => assert.ok(Object.keys(ALL_QUESTIONS).length >= 4))

  for (const [words, { path, load }] of Object.entries(ALL_QUESTIONS)) {
    let question: AnyQuestion
    before(async () => {
      question = await load()
    })

    it(`${words}: then --json and the route answer with one document`, async () => {
      // Other tests use the same servers, so an answer may change between the two.
      let both: readonly unknown[] = []
      await until('equal documents', async () => {
        const { stdout, stderr } = await command(words, '--json')
        both = [stderr || JSON.parse(stdout), await served.ask<AnyAnswer>(path)]
        assert.deepEqual(both[0], both[1])
        return true
      })
      const [{ rows, more, notes }] = both as [AnyAnswer]
      assert.deepEqual([more, Array.isArray(notes)], [0, true])
      const shown = [
        question.key,
        ...question.columns.flatMap(({ of, tone, atLeast }) => [of, tone ?? of, atLeast ?? of]),
      ]
      for (const row of rows)
        for (const member of shown) assert.ok(Object.hasOwn(row, member), `${words}: ${member}`)
      assert.equal(new Set(rows.map(row => row[question.key])).size, rows.length)
    })

    it(`${words}: then text and page have the same columns, and options are fields of the form`, async () => {
      const shown = (await served.ask<Answers['/questions']>('/questions'))[path]
      assert.deepEqual(shown?.columns, question.columns)
      const { stdout: help } = await command(words, '--help')
      for (const { name, about } of shown?.fields ?? []) {
        assert.ok(help.includes(toFlag(name)), name)
        assert.ok(help.replaceAll(/\s+/g, ' ').includes(about), about)
      }
      const { rows } = JSON.parse((await command(words, '--json')).stdout) as AnyAnswer
      const { stdout } = await command(words)
      if (rows.length === 0) assert.ok(stdout.includes(question.empty), stdout)
      for (const { heading, of } of question.columns)
        if (rows.some(row => row[of] !== null)) assert.ok(stdout.includes(heading.toUpperCase()), stdout)
    })

    it(`${words}: then a wrong value of a field has one sentence in all faces`, async () => {
      for (const [name, { form, kind }] of Object.entries(question.filter)) {
        if (form.type !== 'choice') continue
        const response = await served.request(`${path}?${name}=no-such`)
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
