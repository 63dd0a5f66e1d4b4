/** The failures of the console on real servers: the list, one dead letter, and what a redrive does. */
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import type { Answers } from '../../console/api/all-routes.ts'
import type { HandledAnswer, Plan } from '../../console/api/failures/redrive-or-drop.ts'
import { TestBrowser } from '../support/browser.ts'
import { type ServedConsole, servedConsole } from '../support/console.ts'
import { TestEnvironment } from '../support/environment.ts'
import { FailingConsumer } from '../support/failing-consumer.ts'
import { until } from '../support/until.ts'

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
    return served.request(`/failures${path}`, { method: 'POST', body: JSON.stringify(body) })
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

  const OF_PROCESSOR = { command: 'redrive', conditions: { consumer: 'processor' } } as const

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
      await page.getByText('6 dead letters would be redriven').waitFor()
      await page.getByText(/^rejected is permanent: /).waitFor()
      assert.deepEqual(await visit.obstacles(), [])
      await page.getByRole('button', { name: 'Redrive 6', exact: true }).click()
      await page.getByRole('status').getByText('6 redriven.').waitFor()
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
      const done = await posted<HandledAnswer>(console, '/handle', { command: 'drop', ats: [at] })
      assert.deepEqual(done, { taken: 1, notes: [], isOver: true })
      assert.equal(
        (await console.ask<Answers['/failures']>('/failures?state=handled')).rows[0]?.handled,
        'dropped',
      )
      for (const [body, status] of [
        [{ command: 'redrive', ats: [at], conditions: { code: 'rejected' } }, 400],
        [{ command: 'redrive', conditions: { codes: 'rejected' } }, 400],
        [{ command: 'redrive', ats: [at, at] }, 400],
        [{ command: 'erase', ats: [at] }, 400],
      ] as const)
        assert.equal((await asked(console, '/handle', body)).status, status)
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
      assert.deepEqual(plan.leftOut, { quarantined: 2 })
      assert.equal((await asked(viewer, '/handle', plan.request)).status, 403)
      assert.equal(await environment.readLength('readings'), 6)
      // A later dead letter is not part of the plan.
      await consumer.deadLetters(1)
      const done = await posted<HandledAnswer>(console, '/handle', plan.request)
      assert.deepEqual([done.taken, done.isOver], [4, true])
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
