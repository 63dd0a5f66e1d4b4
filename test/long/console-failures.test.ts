/** The failures of the console on real servers: the list, one dead letter, and operations that are begun, watched, stopped and resumed. */
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import type { DeadLettersAnswer } from '../../console/api/failures/dead-letters.ts'
import type { ShownDeadLetter } from '../../console/api/failures/one-dead-letter.ts'
import type { OperationAnswer } from '../../console/api/failures/operation-answer.ts'
import type { Plan } from '../../console/api/failures/plan.ts'
import { DeadLetterOperations } from '../../lib/operations/dead-letters/operations.ts'
import { Connections } from '../../packages/runtime/lambda/connections.ts'
import { TestBrowser } from '../support/browser.ts'
import { type ServedConsole, servedConsole } from '../support/console.ts'
import { TestEnvironment } from '../support/environment.ts'
import { FailingConsumer } from '../support/failing-consumer.ts'
import { until } from '../support/until.ts'

const LETTERS = 120

describe('the failures of the console', () => {
  let environment: TestEnvironment
  let consumer: FailingConsumer
  let browser: TestBrowser
  let served: ServedConsole[] = []

  before(async () => {
    browser = await TestBrowser.launch()
  })
  after(() => browser?.close())

  async function begin(): Promise<void> {
    environment = await TestEnvironment.create()
    consumer = new FailingConsumer(environment)
  }

  async function end(): Promise<void> {
    consumer?.close()
    await environment?.close()
  }

  afterEach(async () => {
    const consoles = served
    served = []
    await Promise.all(consoles.map(one => one.close()))
  })

  async function opened(options: Partial<Parameters<typeof servedConsole>[0]> = {}): Promise<ServedConsole> {
    const one = await servedConsole({ env: environment.name, ...options })
    served.push(one)
    return one
  }

  async function asked(one: ServedConsole, path: string, body: object): Promise<Response> {
    return one.request(`/failures${path}`, { method: 'POST', body: JSON.stringify(body) })
  }

  async function posted<T>(one: ServedConsole, path: string, body: object): Promise<T> {
    const response = await asked(one, path, body)
    const text = await response.text()
    assert.ok(response.ok, `${path}: ${response.status} ${text}`)
    return JSON.parse(text)
  }

  async function operation(
    one: ServedConsole,
    { id }: Pick<OperationAnswer, 'id'>,
  ): Promise<OperationAnswer> {
    return one.ask<OperationAnswer>(`/failures/operation?${new URLSearchParams({ id })}`)
  }

  async function ended(one: ServedConsole, begun: OperationAnswer): Promise<OperationAnswer> {
    await until('the operation has ended', async () => (await operation(one, begun)).state !== 'running')
    return operation(one, begun)
  }

  async function appliedOnce(letters: number): Promise<void> {
    consumer.fails = false
    await consumer.catchUp()
    assert.equal((await consumer.tally())['applied/counted'], letters)
  }

  const OF_PROCESSOR = { command: 'redrive', filter: { consumer: 'processor' } } as const

  describe('what they show', () => {
    before(async () => {
      await begin()
      await consumer.deadLetters(6)
      const before = { attempt: 1, failedAt: '2026-03-01T11:00:00Z', errorType: 'rejected', error: 'no' }
      const history = [{ ...before, redrivenBy: 'ann' }]
      await consumer.deadLetters(1, { errorType: 'schema-violated', quarantined: true, attempt: 2, history })
    })

    after(end)

    it('given dead letters, then they are counted and listed, and one is shown with all that is known', async () => {
      const console = await opened()
      const all = await console.ask<DeadLettersAnswer>('/failures')
      assert.deepEqual([all.total, all.quarantined, all.left], [7, 1, 0])
      assert.deepEqual(
        all.codes.map(({ name, count }) => [name, count]),
        [
          ['rejected', 6],
          ['schema-violated', 1],
        ],
      )
      assert.equal(
        all.times.counts.reduce((sum, count) => sum + count),
        7,
      )
      const narrowed = await console.ask<DeadLettersAnswer>('/failures?code=schema-violated&since=1h')
      const [line] = narrowed.letters
      assert.deepEqual([narrowed.total, line?.error], [1, 'not today'])

      const at = line?.at.replace('@', ':') ?? ''
      const letter = await console.ask<ShownDeadLetter>(`/failures/letter?at=${at}`)
      assert.deepEqual([letter.history[0]?.redrivenBy, letter.redrive.to.attempt], ['ann', 3])
      const bytes = await console.request(`/failures/letter/bytes?at=${at}&part=value`)
      assert.match(
        bytes.headers.get('content-disposition') ?? '',
        /^attachment; filename="letter-\d-\d\.value"$/,
      )
      assert.equal(await bytes.text(), String(Buffer.from(letter.value?.base64 ?? '', 'base64')))
      assert.equal((await console.request('/failures/letter?at=0:999')).status, 404)
      assert.equal((await console.request('/failures/letter?at=x')).status, 400)
    })

    it('given dead letters, when a person chooses and redrives two, then the page shows how far it is', async () => {
      const console = await opened()
      const { letters, total } = await console.ask<DeadLettersAnswer>('/failures')
      const [first, second] = letters.filter(({ quarantined }) => !quarantined)
      const visit = await browser.visit(console.address('/failures'), { width: 360 })
      const { page } = visit
      await page
        .getByRole('link', { name: /^\d@\d$/ })
        .first()
        .waitFor()
      assert.deepEqual([await visit.isTooWide(), await visit.obstacles()], [false, []])
      for (const one of [first, second])
        await page.getByRole('checkbox', { name: `Choose ${one?.at}` }).check()
      await page.getByRole('button', { name: 'Redrive 2 selected' }).click()
      await page.getByText('2 dead letters would be redriven').waitFor()
      assert.deepEqual(await visit.obstacles(), [])
      await page.getByRole('button', { name: 'Redrive 2', exact: true }).click()
      await page.getByRole('heading', { name: 'Redrive: finished' }).waitFor()
      await page.getByText('2 redriven, 0 failed again so far.').waitFor()
      assert.match(new URL(page.url()).pathname, /^\/failures\/operations$/)
      assert.deepEqual([await visit.isTooWide(), await visit.obstacles()], [false, []])
      await page.getByRole('link', { name: 'Dead letters', exact: true }).click()
      await page.getByText(`${total - 2} open dead letter`).waitFor()
      await page
        .getByRole('link', { name: /^\d@\d$/ })
        .first()
        .click()
      await page.getByRole('heading', { name: /^Dead letter \d@\d$/ }).waitFor()
      await page.getByRole('button', { name: 'Hex' }).first().click()
      await page.getByText('00000000').first().waitFor()
      assert.deepEqual([await visit.isTooWide(), await visit.obstacles()], [false, []])
      await visit.close()
    })

    it('given a console that cannot stream, then an operation is done in steps, within the calls of the page', async () => {
      await consumer.deadLetters(4)
      const console = await opened({ streams: false })
      const [{ at } = { at: '' }] = (await console.ask<DeadLettersAnswer>('/failures')).letters
      const done = await posted<OperationAnswer>(console, '/operations', { command: 'drop', ats: [at] })
      assert.deepEqual([done.state, done.taken], ['finished', 1])
      assert.equal(
        (await console.ask<DeadLettersAnswer>('/failures?state=handled')).letters[0]?.handled,
        'dropped',
      )
      for (const [body, status] of [
        [{ command: 'redrive', ats: [at], filter: { code: 'x' } }, 400],
        [{ command: 'redrive', again: true }, 400],
        [{ command: 'erase', ats: [at] }, 400],
      ] as const)
        assert.equal((await asked(console, '/operations', body)).status, status)
    })

    it('given a dead letter, when its event is changed, then it is redriven if it still fits its schema', async () => {
      const console = await opened()
      const { letters } = await console.ask<DeadLettersAnswer>('/failures?code=rejected')
      const at = letters[0]?.at ?? ''
      const request = { command: 'redrive', ats: [at] }
      for (const patch of ['{', '[]'])
        assert.equal((await asked(console, '/operations', { ...request, patch })).status, 400)
      const all = { command: 'redrive', filter: { code: 'rejected' }, patch: '{"time":null}' }
      assert.equal((await asked(console, '/operations', all)).status, 400)
      const visit = await browser.visit(console.address(`/failures?letter=${at.replace('@', ':')}`), {
        width: 390,
      })
      const { page } = visit
      await page.getByText('Change the event before it is redriven').click()
      const patch = page.getByLabel('Patch (JSON)')
      await patch.fill('{"data":{"temperature":"hot"}}')
      await page.getByRole('button', { name: 'Redrive with this patch' }).click()
      await page.getByText('The patched event would fail').waitFor()
      assert.deepEqual([await visit.isTooWide(), await visit.obstacles()], [false, []])
      await page.getByRole('button', { name: 'Cancel' }).click()
      await patch.fill('{"data":{"temperature":28.5}}')
      await page.getByRole('button', { name: 'Redrive with this patch' }).click()
      await page.getByRole('button', { name: 'Redrive 1', exact: true }).click()
      await page.getByRole('heading', { name: 'Redrive: finished' }).waitFor()
      const values = (await environment.read('readings')).map(({ value }) => String(value))
      assert.equal(values.filter(value => value.includes('28.5')).length, 1)
      const [audit] = (await environment.audits()).toReversed()
      assert.deepEqual(audit?.filter, { at, patch: 'yes' })
      await visit.close()
    })

    it('given an operation in steps, then each continues where the one before has ended, until all is done', async () => {
      const console = await opened({ streams: false })
      const { config, connections, consumers: readers } = console.environment
      const connect = () => new Connections(config, 'test')
      const operations = new DeadLetterOperations({ config, readers, shared: connections, connect })
      const { total: open } = await console.ask<DeadLettersAnswer>('/failures?code=rejected')
      const request = { command: 'redrive', ats: [], filter: { code: 'rejected' }, perSecond: 4 } as const
      const { id } = await operations.begin(request, 'ada')
      const taken: number[] = []
      for (let state = 'running'; state === 'running'; ) {
        const [pause, before] = [new AbortController(), await environment.lengthOf('readings')]
        const step = operations.run(await operations.claim(id, 'running'), 'ada', pause.signal)
        if (taken.length === 0)
          await until('one is redriven', async () => (await environment.lengthOf('readings')) > before)
        if (taken.length === 0) pause.abort()
        const ended = await step
        taken.push(ended.taken)
        state = ended.state
      }
      assert.ok((taken[0] ?? 0) > 0 && (taken[0] ?? 0) < open, `${taken}`)
      assert.deepEqual([taken.length, taken[1]], [2, open])
      assert.equal((await operation(console, { id })).state, 'finished')
    })
  })

  describe('what they do', () => {
    beforeEach(begin)
    afterEach(end)

    it('given a plan, then exactly that is redriven, and a viewer can only look at it', async () => {
      await consumer.deadLetters(4)
      await consumer.deadLetters(2, { quarantined: true })
      const [console, viewer] = [
        await opened(),
        await opened({ person: { name: 'eve', role: 'viewer' as const } }),
      ]
      const plan = await posted<Plan>(viewer, '/plan', OF_PROCESSOR)
      assert.deepEqual([plan.taken, plan.isWhole], [4, true])
      assert.deepEqual(
        plan.leftOut.map(({ reason, count }) => [reason, count]),
        [['quarantined', 2]],
      )
      assert.equal(plan.consumersNow[0]?.state, 'missing')
      assert.equal((await asked(viewer, '/operations', plan.request)).status, 403)
      assert.equal(await environment.lengthOf('readings'), 6)
      // A later dead letter is not part of the plan.
      await consumer.deadLetters(1)
      const done = await ended(console, await posted<OperationAnswer>(console, '/operations', plan.request))
      assert.deepEqual([done.state, done.taken, done.problem, done.part], ['finished', 4, null, 1])
      await until(
        'the list says so',
        async () => (await console.ask<DeadLettersAnswer>('/failures')).total === 3,
      )
      const [audit, ...others] = await environment.audits()
      assert.deepEqual([audit?.action, audit?.by, audit?.operation], ['dlq redrive', 'ada', done.id])
      assert.deepEqual([audit?.counts, others.length], [{ redriven: 4, quarantined: 2 }, 0])
      await appliedOnce(5 - 1)
    })

    it('given a redriven record that fails again, then the page names the new dead letter', async () => {
      await consumer.deadLetters(1)
      const console = await opened()
      await consumer.whileItRuns(async () => {
        const plan = () => posted<Plan>(console, '/plan', OF_PROCESSOR)
        await until('the consumer has read all', async () => (await plan()).consumersNow[0]?.pending === 0)
        const visit = await browser.visit(console.address('/failures'))
        const { page } = visit
        await page.getByRole('checkbox', { name: /^Choose \d@\d$/ }).check()
        await page.getByRole('button', { name: 'Redrive 1 selected' }).click()
        await page.getByText(/^rejected is permanent: /).waitFor()
        await page.getByRole('button', { name: 'Redrive 1', exact: true }).click()
        await page.getByText('1 redriven, 1 failed again.').waitFor()
        assert.deepEqual(await visit.obstacles(), [])
        const [open] = (await console.ask<DeadLettersAnswer>('/failures')).letters
        await page.getByRole('list', { name: 'New dead letters' }).getByRole('link').click()
        await page.getByRole('heading', { name: `Dead letter ${open?.at}` }).waitFor()
        await visit.close()
      })
    })

    it('given an operation that is stopped, and later interrupted, then it continues by its id to the end', async () => {
      await consumer.deadLetters(LETTERS)
      const first = await opened()
      const begun = await posted<OperationAnswer>(first, '/operations', { ...OF_PROCESSOR, perSecond: 40 })
      await until('some are redriven', async () => (await environment.lengthOf('readings')) > LETTERS)
      await posted(first, '/operation/stop', begun)
      const stopped = await ended(first, begun)
      assert.equal(stopped.state, 'stopped')
      assert.ok(stopped.taken > 0 && stopped.taken < LETTERS, `${stopped.taken}`)
      assert.equal((await environment.lengthOf('readings')) - LETTERS, stopped.taken)
      assert.match(
        stopped.resume ?? '',
        /^sluice dlq redrive --consumer processor --rate 40\/s --env t\w+ --yes --resume /,
      )
      assert.equal((await asked(first, '/operation/step', begun)).status, 409)

      await posted(first, '/operation/resume', begun)
      await until('it continues', async () => (await operation(first, begun)).taken > stopped.taken)
      assert.equal((await asked(first, '/operation/resume', begun)).status, 409)
      await first.close()
      served = []

      const second = await opened({ person: { name: 'bob', role: 'operator' as const } })
      const { taken } = await operation(second, begun)
      await posted(second, '/operation/resume', begun)
      const done = await ended(second, begun)
      assert.deepEqual([done.state, done.taken, done.leftOut], ['finished', LETTERS, []])
      assert.equal((await environment.lengthOf('readings')) - LETTERS, LETTERS)
      const all = await environment.audits()
      const stops = all.filter(({ action }) => action === 'dlq stop')
      assert.deepEqual(
        stops.map(({ by, filter }) => [by, filter.operation]),
        [['ada', begun.id]],
      )
      const trail = all.filter(({ action }) => action === 'dlq redrive')
      assert.deepEqual(
        trail.map(({ by }) => by).toSorted(),
        taken < LETTERS ? ['ada', 'ada', 'bob'] : ['ada', 'ada'],
      )
      assert.equal(
        trail.reduce((sum, { counts }) => sum + (counts.redriven ?? 0), 0),
        LETTERS,
      )
      await appliedOnce(LETTERS)
    })
  })
})
