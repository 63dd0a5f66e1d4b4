import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { builtProject } from '../integration/built-project.ts'
import { TestKafka } from '../integration/kafka.ts'
import { Project } from '../integration/project.ts'

/** Each handler fails in its own way at first. `attempts` counts over all processes. */
const HANDLERS = `
import os
import sys
import time


def attempts(name):
    with open(name + ".txt", "a") as file:
        file.write("x")
    return os.path.getsize(name + ".txt")


def nothing(event, context):
    attempts("nothing")
    print('{"__offline_payload__": {"batchItemFailures": "printed"}}')


def raises(event, context):
    if attempts("raises") == 1:
        raise ValueError("not yet")


def exits(event, context):
    if attempts("exits") == 1:
        sys.exit(2)


def sleeps(event, context):
    if attempts("sleeps") == 1:
        time.sleep(60)


def reports(event, context):
    name, records = next(iter(event["records"].items()))
    if attempts("reports") == 1:
        return {"batchItemFailures": [{"itemIdentifier": {"partition": name, "offset": records[1]["offset"]}}]}


def cannot_answer(event, context):
    if attempts("cannot_answer") == 1:
        return {"at": object()}
`

const NAMES = ['nothing', 'raises', 'exits', 'sleeps', 'reports', 'cannot_answer'] as const

describe('functions in Python', () => {
  let kafka: TestKafka
  let project: Project
  const topics = new Map<string, string>()

  before(async () => {
    kafka = await TestKafka.connect()
    for (const name of NAMES) topics.set(name, await kafka.topic(`python-${name}`, 1))
    const arn = 'arn:aws:kafka:eu-west-1:123456789012:cluster/shop/id'
    const functions = NAMES.map(name => {
      const answer = name === 'reports' ? { functionResponseType: 'ReportBatchItemFailures' } : {}
      const msk = { arn, topic: topics.get(name), maximumBatchingWindow: 0, ...answer }
      return [name, { runtime: 'python3.12', handler: `app.${name}`, timeout: 2, events: [{ msk }] }]
    })
    project = await Project.create(Object.fromEntries(functions), {})
    await writeFile(project.file('app.py'), HANDLERS)
    // Before the start: so that both records are in one batch.
    for (const name of NAMES) await kafka.send(topicOf(name), [{ value: 'one' }, { value: 'two' }])
    await project.start()
  })
  after(async () => {
    await project?.remove()
    await kafka?.close()
  })

  const topicOf = (name: string) => topics.get(name) as string
  const attemptsOf = (name: string) => readFileSync(project.file(`${name}.txt`), 'utf8').length
  const untilDone = (name: string) =>
    kafka.untilCommitted(project.group(name, topicOf(name)), topicOf(name), [2])

  it('given a handler that returns nothing, then its batch is committed after one invocation', async () => {
    await untilDone('nothing')
    assert.equal(attemptsOf('nothing'), 1)
    assert.match(project.output, /^\{"__offline_payload__"/m)
  })

  const failures: [name: (typeof NAMES)[number], reason: RegExp][] = [
    ['raises', /raises ← \S+ {2}0@0–1 failed \(attempt 1, .*\): ValueError: not yet/],
    [
      'exits',
      /exits ← \S+ {2}0@0–1 failed \(attempt 1, .*\): the handler ended its process with exit code 2/,
    ],
    [
      'sleeps',
      /sleeps ← \S+ {2}0@0–1 failed \(attempt 1, .*\): timeout: the handler took longer than 2000 ms/,
    ],
    ['reports', /reports ← \S+ {2}0@1 failed \(attempt 1, .*\): it reported \S+-0@1/],
    [
      'cannot_answer',
      /cannot_answer ← \S+ {2}0@0–1 failed \(attempt 1, .*\): Runtime\.MarshalError: Unable to/,
    ],
  ]
  for (const [name, reason] of failures) {
    it(`given a handler of the kind "${name}", then its batch is redelivered, and the reason is logged`, async () => {
      await untilDone(name)
      assert.equal(attemptsOf(name), 2)
      assert.match(project.output, reason)
    })
  }
})

describe('a function in Python beside one that a bundler builds', () => {
  let kafka: TestKafka
  let project: Project

  before(async () => {
    kafka = await TestKafka.connect()
  })
  after(async () => {
    await project?.remove()
    await kafka?.close()
  })

  it('given their records, then both receive theirs', async () => {
    const topic = await kafka.topic('python-beside', 1)
    project = await builtProject(topic, ['trigger', 'esbuild', 'offline'])
    const file = project.file('serverless.yml')
    const config = JSON.parse(await readFile(file, 'utf8'))
    const { events } = config.functions.f
    config.functions.python = { runtime: 'python3.12', handler: 'src/app.handler', events }
    const source = "def handler(event, context):\n    open('python.seen', 'a').write('one batch')\n"
    await Promise.all([
      writeFile(file, JSON.stringify(config)),
      writeFile(project.file('src/app.py'), source),
    ])
    await kafka.send(topic, [{ value: 'a' }])
    await project.start()
    for (const name of ['f', 'python']) await kafka.untilCommitted(project.group(name, topic), topic, [1])
    assert.equal(readFileSync(project.file('seen'), 'utf8'), 'built a\n')
    assert.equal(readFileSync(project.file('python.seen'), 'utf8'), 'one batch')
  })
})
