import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { after, afterEach, before, describe, it } from 'node:test'
import { until } from '@sluice/test-kit/until'
import { numbered, TestKafka } from '../integration/kafka.ts'
import { offsetsSeen, Project } from '../integration/project.ts'

/** Far less than the handlers here would take, and enough for a slow machine. */
const SOON_MS = 30_000

describe('the shutdown of the trigger', () => {
  let kafka: TestKafka
  let project: Project | undefined

  before(async () => {
    kafka = await TestKafka.connect()
  })
  afterEach(() => project?.remove())
  after(() => kafka?.close())

  async function create(topic: string, handler: string): Promise<Project> {
    project = await Project.ofTopic(topic, handler)
    return project
  }

  // Promise packages/msk-trigger/RULES.md#rule 20
  it('loses nothing when the process is killed during a batch (rule 20)', async () => {
    const topic = await kafka.topic('killed', 1)
    const own = await create(topic, `if (attempt === 3) await delay(60_000)`)
    await own.start()
    await kafka.send(topic, numbered(0, 50))
    await until('the third batch to run', () => own.invocations('f').length === 3)
    await kafka.untilCommitted(own.group('f', topic), topic, [20])
    await own.end('SIGKILL')
    assert.deepEqual(await kafka.committed(own.group('f', topic), topic), [20])

    await own.start()
    await kafka.untilCommitted(own.group('f', topic), topic, [50])
    const seen = offsetsSeen(own, 'f')
    assert.deepEqual(
      [...new Set(seen)],
      Array.from({ length: 50 }, (_, n) => n),
    )
    assert.equal(seen.length, 60, 'only the uncommitted batch is redelivered')
  })

  for (const [command, signal] of [
    [['offline'], 'SIGINT'],
    [['offline', 'start'], 'SIGTERM'],
  ] as const) {
    it(`${signal} ends "serverless ${command.join(' ')}" soon, with the running batch committed`, async () => {
      const topic = await kafka.topic('ended', 1)
      const own = await create(topic, `while (!existsSync('go')) await delay(20)`)
      await own.start(...command)
      await kafka.send(topic, numbered(0, 30))
      await until('a batch to run', () => own.invocations('f').length === 1)
      assert.equal(await kafka.members(own.group('f', topic)), 1)
      const ended = own.end(signal)
      await own.untilSays(/stopping when 0@/)
      await writeFile(own.file('go'), '')
      const tookMs = await ended
      assert.equal(await kafka.members(own.group('f', topic)), 0)
      assert.ok(tookMs < SOON_MS, `took ${tookMs} ms`)
      const ran = own.invocations('f').length
      assert.deepEqual(await kafka.committed(own.group('f', topic), topic), [10])
      assert.equal(ran, 1, 'nothing new is started')
    })
  }

  it('ends soon, although a handler waits for a command of execSync, and its records are not committed', async () => {
    const topic = await kafka.topic('sync', 1)
    // The signal reaches the command, too, which ignores it.
    const command = 'trap "" INT; touch running; sleep 60'
    const own = await create(topic, `(await import('node:child_process')).execSync('${command}')`)
    await own.start()
    await kafka.send(topic, numbered(0, 1))
    await until('the command to run', () => existsSync(own.file('running')))
    const tookMs = await own.end('SIGINT')
    assert.ok(tookMs < SOON_MS, `took ${tookMs} ms`)
    assert.match(own.output, /stopping takes too long, .*: the process ends now/)
    assert.deepEqual(await kafka.committed(own.group('f', topic), topic), [-1])
  })

  for (const [what, line] of [
    ['before any output', /Starting Offline|Offline \[http/],
    ['while the group is being joined', /\[http for lambda\] listening/],
  ] as const) {
    it(`is orderly ${what}`, async () => {
      const topic = await kafka.topic('early', 1)
      const own = await create(topic, '')
      await own.startWithoutWaiting()
      await own.untilSays(line)
      const tookMs = await own.end('SIGINT')
      assert.ok(tookMs < SOON_MS, `took ${tookMs} ms`)
      assert.equal(await kafka.members(own.group('f', topic)), 0)
    })
  }

  it('works when Kafka is unavailable', async () => {
    const own = await create('anything', '')
    const before = process.env.KAFKA_BROKERS
    process.env.KAFKA_BROKERS = '127.0.0.1:1'
    try {
      await own.startWithoutWaiting()
      await own.untilSays(/Kafka does not answer at 127\.0\.0\.1:1: /)
    } finally {
      process.env.KAFKA_BROKERS = before
    }
    const tookMs = await own.end('SIGTERM')
    assert.ok(tookMs < SOON_MS, `took ${tookMs} ms`)
  })
})
