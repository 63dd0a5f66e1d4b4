/** Dead letters on real servers, from the consumer that failed to the one that applies what is redriven. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { Program } from '@sluice/test-kit/program'
import { brokers, redisUrl } from '@sluice/test-kit/servers'
import { until } from '@sluice/test-kit/until'
import type { Context } from 'aws-lambda'
import { RedisClient } from '#runtime/operating/redis'
import { run } from '../../cli/program.ts'
import type { Finding } from '../../control/diagnosis/finding.ts'
import { readConfig } from '../../control/environment/config.ts'
import { readFunctions } from '../../control/environment/function-entries.ts'
import { carryOutPlan, toAgreement } from '../../control/operations/carry-out.ts'
import { REDRIVE } from '../../control/operations/dead-letters/handle.ts'
import { runExclusively } from '../../control/operations/dead-letters/run.ts'
import { Environment } from '../../control/questions/environment.ts'
import { openBulkPublisher } from '../../control/recordings/bulk-publisher.ts'
import { userOfMachine } from '../../scripts/machine-user.ts'
import { TestEnvironment } from '../support/environment.ts'
import { FailingConsumer } from '../support/failing-consumer.ts'
import { ran } from '../unit/cli/terminal.ts'

const LETTERS = 300
const WARM = 'io.sluice.environment.reading.v1'

describe('sluice dlq, beside the consumer that failed', () => {
  let environment: TestEnvironment
  let consumer: FailingConsumer
  let folder: string

  beforeEach(async () => {
    environment = await TestEnvironment.create()
    consumer = new FailingConsumer(environment)
    folder = await mkdtemp(join(tmpdir(), 'dlq-'))
  })

  afterEach(async () => {
    consumer?.close()
    await environment?.close()
    await rm(folder, { recursive: true, force: true })
  })

  const variables = () => ({
    KAFKA_BROKERS: brokers().join(','),
    REDIS_URL: redisUrl(),
    SLUICE_ENV: environment.name,
  })

  function dlq(...args: string[]) {
    return ran(['dlq', ...args], { environment: variables(), folder })
  }

  async function report(command: string, ...args: string[]) {
    const { status, stdout, stderr } = await dlq(command, '--json', ...args)
    assert.equal(status, 0, stderr)
    const document = JSON.parse(stdout)
    return document.result ?? document
  }

  function startCommand(...args: string[]): Program {
    return new Program('./cli/sluice.ts', ['dlq', ...args], { env: variables() })
  }

  /** Every dead letter was applied once, in the order of its entity, and the other consumer saw none of them. */
  async function appliedOnce(letters: number): Promise<void> {
    consumer.fails = false
    await consumer.catchUp()
    const tally = await consumer.tally()
    assert.equal(tally['failed/rejected'], letters)
    assert.equal(tally['applied/counted'], letters)
    const redriven = (await environment.readLength('readings')) - letters
    assert.equal(tally['duplicate/attempt-known'] ?? 0, redriven - letters)
    const beside = await consumer.tallyBeside()
    assert.deepEqual(beside, { 'applied/counted': letters, 'ignored/redriven-for-another': redriven })
    const numbers = [...(await consumer.applied()).values()].map(ids => ids.map(id => Number(id.slice(1))))
    assert.equal(numbers.flat().length, letters)
    for (const ofEntity of numbers)
      assert.deepEqual(
        ofEntity,
        ofEntity.toSorted((a, b) => a - b),
      )
  }

  /** Findings of the doctor about operations. */
  async function unended(): Promise<readonly string[]> {
    const { stdout } = await ran(['doctor', '--json'], { environment: variables() })
    const findings: readonly Finding[] = JSON.parse(stdout).findings
    return findings.flatMap(({ check, says }) => (check === 'ended' ? [says] : []))
  }

  it('given a bulk redrive that is killed midway, when it is continued, then each is applied once', async () => {
    await consumer.deadLetters(LETTERS)
    const args = ['redrive', '--consumer', 'processor', '--rate', '100/s', '--yes']
    const killed = startCommand(...args)
    await killed.says(/^Operation \S+/m)
    await until(
      'a part of it is redriven',
      async () => (await environment.readLength('readings')) >= LETTERS + LETTERS / 4,
    )
    killed.signal('SIGKILL')
    const { output } = await killed.ended
    const [, begunAt = ''] = /^Operation \S+, begun at (\S+)$/m.exec(output) ?? []
    assert.ok(
      (await environment.readLength('readings')) < 2 * LETTERS,
      'it was killed too late to show anything',
    )
    const [interrupted, ...more] = await unended()
    assert.match(interrupted ?? '', /^`dlq redrive` of .*consumer processor.* has begun at .* and not ended$/)
    assert.deepEqual([more, await environment.audits()], [[], []])

    const resumed = await report('redrive', '--consumer', 'processor', '--yes', '--until', begunAt)
    assert.ok(resumed.taken < LETTERS, 'nothing was handled before it was killed')
    assert.deepEqual(resumed.leftOut, {})
    await appliedOnce(LETTERS)
    assert.equal((await report('list')).rows.length, 0)
    const [audit, ...others] = await environment.audits()
    assert.equal(others.length, 0)
    assert.deepEqual(
      [audit?.action, audit?.by, audit?.counts.redriven],
      ['dlq redrive', userOfMachine(), resumed.taken],
    )
    assert.deepEqual(audit?.filter, { consumer: 'processor', until: begunAt })
    assert.deepEqual(await unended(), ['all operations that have begun have ended'])
  })

  it('given that a batch takes longer than its lock lasts, then the lock of another operation stays', async () => {
    const redis = new RedisClient({ url: redisUrl() })
    const key = `{test-lock:${environment.name}}:value`
    const read = () => redis.run(commands => commands.get(key))
    try {
      const { signal } = new AbortController()
      const tokens = new Set<string | null>()
      for (let times = 0; times < 2; times += 1)
        await runExclusively(redis, key, String(times), signal, async () => void tokens.add(await read()))
      assert.deepEqual([tokens.size, tokens.has(null), await read()], [2, false, null])
      await runExclusively(redis, key, 'late', signal, async () => {
        await redis.run(commands => commands.set(key, 'of another', 'PX', 60_000))
      })
      assert.equal(await read(), 'of another')
    } finally {
      await redis.run(commands => commands.unlink(key))
      redis.close()
    }
  })

  // Promise docs/failures.md#what-a-redrive-does | A redrive changes nothing without --yes, and applies each letter once.
  it('given a dry run, then it shows what it would do, and writes nothing', async () => {
    await consumer.deadLetters(4)
    await consumer.deadLetters(2, { quarantined: true })
    await consumer.deadLetters(1, { originalTopic: 'sluice.telemetry.readings.elsewhere' })
    await consumer.deadLetters(1, { originalPartition: 99 })
    await consumer.deadLetters(1, { originalOffset: 1_000_000 })
    await consumer.deadLetters(1, { consumer: 'gone' })
    await consumer.deadLetters(1, { omitted: ['value'] })
    const lengths = [await environment.readLength('readings'), await environment.readLength('dlq')]
    const { plan: shown, result } = await report('redrive', '--since', '1h', '--dry-run')
    assert.deepEqual(
      [result, shown.taken, shown.codes, shown.consumers, shown.topics],
      [null, 4, { rejected: 4 }, { processor: 4 }, { [environment.topic('readings')]: 4 }],
    )
    const apart = { 'unknown-topic': 1, 'no-such-partition': 1, 'another-log': 1, 'unknown-consumer': 1 }
    assert.deepEqual(shown.leftOut, { quarantined: 2, ...apart, incomplete: 1 })
    const { stdout } = await dlq('redrive', '--since', '1h', '--dry-run')
    assert.match(stdout, /^Would redrive 4 dead letters\.$/m)
    assert.match(stdout, /^rejected is permanent: /m)
    assert.deepEqual([await environment.readLength('readings'), await environment.readLength('dlq')], lengths)
    const nothing = await dlq('redrive', '--consumer', 'gone', '--yes')
    assert.deepEqual([nothing.status, /Nothing to redrive: see above/.test(nothing.stderr)], [1, true])
    const none = await dlq('redrive', '--entity', 'nobody', '--yes')
    assert.deepEqual([none.status, /^Nothing to redrive: no dead letter/m.test(none.stdout)], [0, true])
    assert.match((await dlq('redrive', '0@999', '2@17', '--yes')).stderr, /No dead letter 0@999, 2@17 in/)
  })

  it('given a plan that others change before the answer, then the new one is shown and asked about', async () => {
    await consumer.deadLetters(3)
    const [first] = (await report('list')).rows
    const stdin = Object.assign(new PassThrough(), { isTTY: true })
    const questions: string[] = []
    const answer = async (question: string) => {
      if (questions.push(question) === 1) await report('drop', first.at, '--yes')
      stdin.write('y\n')
    }
    const stderr = new Writable({
      write(chunk, _, done) {
        const [question] = /^Redrive .*\?/.exec(String(chunk)) ?? []
        if (question) void answer(question)
        done()
      },
    })
    const stdout = new PassThrough()
    const terminal = { stdin, stdout, stderr, environment: variables(), stacksDir: folder, folder }
    const stop = new AbortController().signal
    assert.equal(await run(['dlq', 'redrive', '--since', '1h'], { ...terminal, stop }), 0)
    assert.deepEqual(questions, ['Redrive 3 dead letters?', 'Redrive 2 dead letters?'])
    assert.match(
      String(stdout.read()),
      /^The plan has changed meanwhile:\nWould redrive 2[\s\S]*^Redriven: 2 dead/m,
    )
  })

  it('given a plan that another operator makes false, then what differs is left out, and said', async () => {
    await consumer.deadLetters(3)
    const [first] = (await report('list')).rows
    const config = readConfig(variables())
    const changed = new Environment(
      { config, functions: readFunctions(), isLocal: true, nowMs: Date.now, newId: randomUUID },
      'test',
    )
    try {
      const { signal: stop } = new AbortController()
      const common = { project: {} as never, stop }
      const request = { consumer: 'processor', at: [], again: false, wait: false }
      const planning = { ...common, nowMs: Date.now(), isCounted: true }
      const plan = await REDRIVE.plan(changed, request, planning)
      const agreed = toAgreement(REDRIVE, plan)
      await report('drop', first.at, '--yes')
      const openPublisher = () => openBulkPublisher(changed.connections)
      const running = { ...common, by: 'ada', id: 'op', openPublisher, showProgress: () => {} }
      const result = await carryOutPlan('dlq redrive', REDRIVE, changed, plan, running)
      assert.deepEqual(REDRIVE.describeResult(result, plan).slice(1), ['1 left out: handled before'])
      const later = await REDRIVE.plan(changed, request, planning)
      assert.deepEqual([agreed.letters, toAgreement(REDRIVE, later).letters], ['3', '0'])
      assert.equal(await environment.readLength('readings'), 3 + 2)
    } finally {
      await changed.close()
    }
  })

  // Promise docs/failures.md#what-to-watch | Open letters are counted from the table, and from the records behind it.
  // Promise docs/observability.md#dead-letters | Open dead letters are measured, also where there are none.
  it('when open dead letters are measured, then the result is right, and the next one continues there', async () => {
    const before = { ...process.env }
    Object.assign(process.env, variables(), { IS_LOCAL: 'true' })
    try {
      let times = 0
      const runRedriver = async () => {
        // A function is invoked only once with `IS_LOCAL`.
        times += 1
        const { handler } = await import(`../../functions/redriver/handler.ts?${times}`)
        const context = { getRemainingTimeInMillis: () => 60_000 } as Context
        const result = await handler({ time: new Date().toISOString() } as never, context)
        const { deadLetters } = result as { readonly deadLetters: Record<string, number> }
        const { open, quarantined, oldestSeconds, pending } = deadLetters
        assert.equal(pending, 0)
        return [open, quarantined, (oldestSeconds ?? 0) > 0]
      }
      assert.deepEqual(await runRedriver(), [0, 0, false])
      await consumer.deadLetters(3)
      await consumer.deadLetters(1, { quarantined: true })
      assert.deepEqual(await runRedriver(), [4, 1, true])
      assert.equal((await report('redrive', '--since', '1h', '--yes')).taken, 3)
      assert.deepEqual(await runRedriver(), [1, 1, true])
      assert.equal((await report('drop', '--since', '1h', '--yes')).taken, 1)
      assert.deepEqual(await runRedriver(), [0, 0, false])
    } finally {
      process.env = before
    }
  })

  // Promise docs/failures.md#operators | Dead letters are listed, shown, redriven and dropped.
  // Promise docs/failures.md#drop | A dropped letter is not listed, counted or redriven any more.
  it('when some are dropped, then the lists say so', async () => {
    await consumer.deadLetters(3)
    await environment.client.send(environment.topic('dlq'), [
      { value: '{}', partition: 1, headers: { ce_type: 'io.sluice.dead-letter.v1' } },
    ])
    const listed = await report('list')
    const [{ at, id }] = listed.rows
    const [, broken] = /^ {2}(\d+@\d+) /m.exec(listed.notes.join('\n')) ?? []
    const flat = await dlq('list', '--flat')
    const documents = flat.stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
    const topic = environment.topic('readings')
    for (const document of documents)
      assert.deepEqual(
        [document.original_topic, document.error_type, document.attempt],
        [topic, 'rejected', 1],
      )
    assert.equal(documents.length, 3)
    assert.match(flat.stderr, /1 unreadable/)
    assert.deepEqual(JSON.parse((await dlq('show', at, '--flat')).stdout), documents[0])
    // An id can begin like an option.
    const dropped = await report('drop', '--yes', '--', id, String(broken))
    assert.deepEqual([dropped.taken, dropped.codes], [2, { rejected: 1, broken: 1 }])
    const after = await report('list')
    assert.deepEqual([after.rows.length, after.notes.join('').includes('unreadable')], [2, false])
    assert.equal((await report('list', '--state', 'all', '--type', WARM)).rows.length, 3)
    assert.equal((await report('show', at)).rows[0].handled, 'dropped')
    assert.equal((await environment.audits())[0]?.action, 'dlq drop')
  })
})
