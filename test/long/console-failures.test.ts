/** The failures of the console on real servers: the list, one dead letter, and what a redrive does. */
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import type { Answers } from '../../console/api/all-routes.ts'
import type { ShownPlan, ShownResult } from '../../console/api/operations.ts'
import { TestBrowser } from '../support/browser.ts'
import { type ServedConsole, servedConsole } from '../support/console.ts'
import { TestEnvironment } from '../support/environment.ts'
import { FailingConsumer } from '../support/failing-consumer.ts'
import { until } from '../support/until.ts'

interface Counted {
  readonly taken: number
  readonly leftOut: object
}

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
    await Promise.all(consoles.map(served => served.close()))
  })

  async function opened(options: Partial<Parameters<typeof servedConsole>[0]> = {}): Promise<ServedConsole> {
    const one = await servedConsole({ env: environment.name, ...options })
    served.push(one)
    return one
  }

  async function asked(served: ServedConsole, path: string, body: object): Promise<Response> {
    return served.request(`/operations${path}`, { method: 'POST', body: JSON.stringify(body) })
  }

  async function posted<T>(served: ServedConsole, path: string, body: object): Promise<T> {
    const response = await asked(served, path, body)
    const text = await response.text()
    assert.ok(response.ok, `${path}: ${response.status} ${text}`)
    return JSON.parse(text)
  }

  async function appliedOnce(letters: number): Promise<void> {
    consumer.fails = false
    await consumer.catchUp()
    assert.equal((await consumer.tally())['applied/counted'], letters)
  }

  const OF_PROCESSOR = { action: 'dlq redrive', request: { consumer: 'processor' } }

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
      const all = await console.ask<Answers['/failures']>('/failures')
      assert.deepEqual(
        [all.rows.length, all.more, all.notes],
        [7, 0, ['Codes: rejected 6, schema-violated 1; 1 of them quarantined']],
      )
      const narrowed = await console.ask<Answers['/failures']>('/failures?code=schema-violated&since=1h')
      const [line] = narrowed.rows
      assert.deepEqual([narrowed.rows.length, line?.error], [1, 'not today'])

      const {
        rows: [letter],
      } = await console.ask<Answers['/failures/letter']>(`/failures/letter?at=${line?.at}`)
      assert.deepEqual([letter?.attempts[0]?.then, letter?.redriveTo.attempt], ['redriven by ann', 3])
      assert.equal((await console.request('/failures/letter?at=0@999')).status, 404)
    })

    it('given dead letters, when a person redrives those of a code, then the page says that it is done', async () => {
      const console = await opened()
      const visit = await browser.visit(console.address('/failures?code=rejected'), { width: 390 })
      const { page } = visit
      await page
        .getByRole('link', { name: /^\d@\d$/ })
        .first()
        .waitFor()
      assert.deepEqual([await visit.isTooWide(), await visit.obstacles()], [false, []])
      await page.getByRole('button', { name: 'Redrive all of these' }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByText('Would redrive 6 dead letters.').waitFor()
      await dialog.getByText(/^rejected is permanent: /).waitFor()
      assert.deepEqual(await visit.obstacles(), [])
      await dialog.getByRole('button', { name: 'Redrive all of these' }).click()
      await dialog.getByRole('status').getByText('Redriven: 6 dead letters').waitFor()
      assert.deepEqual([await visit.isTooWide(), await visit.obstacles()], [false, []])
      await page.getByRole('button', { name: 'Close' }).click()
      await page.goto(console.address('/failures'))
      await page.getByRole('cell', { name: 'schema-violated' }).waitFor()
      await page
        .getByRole('link', { name: /^\d@\d$/ })
        .first()
        .click()
      await page.getByRole('heading', { name: /^\d@\d$/ }).waitFor()
      await page.getByRole('switch', { name: 'Hexadecimal' }).first().check()
      await page.getByText('00000000').first().waitFor()
      assert.deepEqual([await visit.isTooWide(), await visit.obstacles()], [false, []])
      await visit.close()
    })

    it('given a dead letter that is dropped, then it is handled; a request that means too much is refused', async () => {
      const console = await opened()
      const [{ at } = { at: '' }] = (await console.ask<Answers['/failures']>('/failures')).rows
      const now = new Date().toISOString()
      const drop = { action: 'dlq drop', request: { at } }
      const done = await posted<ShownResult>(console, '/carry-out', { ...drop, at: now })
      assert.deepEqual([done.isOver, done.problem, (done.result as Counted).taken], [true, null, 1])
      assert.equal(
        (await console.ask<Answers['/failures']>('/failures?state=handled')).rows[0]?.handled,
        'dropped',
      )
      for (const [action, request, status] of [
        ['dlq redrive', { at, code: 'rejected' }, 400],
        ['dlq redrive', { codes: 'rejected' }, 400],
        ['dlq redrive', {}, 400],
        ['dlq erase', { at }, 404],
        ['dlq drop', { at: '0@999' }, 404],
      ] as const)
        assert.equal((await asked(console, '/carry-out', { action, request, at: now })).status, status)
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
      const { plan, request, at } = await posted<ShownPlan>(viewer, '/plan', OF_PROCESSOR)
      assert.deepEqual((plan as Counted).taken, 4)
      assert.deepEqual((plan as Counted).leftOut, { quarantined: 2 })
      const planned = { ...OF_PROCESSOR, request, at }
      assert.equal((await asked(viewer, '/carry-out', planned)).status, 403)
      assert.equal(await environment.readLength('readings'), 6)
      // A later dead letter is not part of the plan.
      await consumer.deadLetters(1)
      const done = await posted<ShownResult>(console, '/carry-out', planned)
      assert.deepEqual([(done.result as Counted).taken, done.isOver], [4, true])
      await until(
        'the list says so',
        async () => (await console.ask<Answers['/failures']>('/failures')).rows.length === 3,
      )
      const [audit, ...others] = await environment.audits()
      assert.deepEqual([audit?.action, audit?.by], ['dlq redrive', 'ada'])
      assert.deepEqual([audit?.counts, others.length], [{ redriven: 4, quarantined: 2 }, 0])
      await appliedOnce(5 - 1)
    })
  })
})
