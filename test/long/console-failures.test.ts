/** Dead letters in the console on real servers: a person redrives exactly those that the plan has shown. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { TestBrowser } from '../support/browser.ts'
import { type ServedConsole, servedConsole } from '../support/console.ts'
import { TestEnvironment } from '../support/environment.ts'
import { FailingConsumer } from '../support/failing-consumer.ts'

describe('the failures of the console', () => {
  let environment: TestEnvironment
  let consumer: FailingConsumer
  let browser: TestBrowser
  let served: ServedConsole

  before(async () => {
    environment = await TestEnvironment.create()
    consumer = new FailingConsumer(environment)
    await consumer.deadLetters(6)
    const before = { attempt: 1, failedAt: '2026-03-01T11:00:00Z', errorType: 'rejected', error: 'no' }
    const history = [{ ...before, redrivenBy: 'ann' }]
    await consumer.deadLetters(1, { errorType: 'schema-violated', quarantined: true, attempt: 2, history })
    served = await servedConsole({ env: environment.name })
    browser = await TestBrowser.launch()
  })

  after(async () => {
    await browser?.close()
    await served?.close()
    consumer?.close()
    await environment?.close()
  })

  // Promise docs/failures.md#in-the-console | Letters can be chosen and redriven in the console, exactly if the command would redrive them.
  it('given dead letters, when a person redrives those of a code, and others come, then the page says that it is done', async () => {
    const visit = await browser.visit(served.address('/failures/list?code=rejected'), { width: 390 })
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
    await consumer.deadLetters(6)
    await dialog.getByRole('button', { name: 'Redrive all of these' }).click()
    await dialog.getByRole('status').getByText('Redriven: 6 dead letters').waitFor()
    assert.deepEqual([await visit.isTooWide(), await visit.obstacles()], [false, []])
    await page.getByRole('button', { name: 'Close' }).click()
    const [audit, ...others] = await environment.audits()
    assert.deepEqual([audit?.action, audit?.by, audit?.counts], ['dlq redrive', 'ada', { redriven: 6 }])
    assert.deepEqual(others, [])
    await page.goto(served.address('/failures'))
    await page.getByText('Codes: rejected 6, schema-violated 1; 1 of them quarantined').waitFor()
    const reasons = page.getByRole('row').filter({ hasText: 'not today' })
    await reasons.filter({ hasText: 'rejected' }).getByRole('link', { name: '6', exact: true }).click()
    await page.getByRole('button', { name: 'Filters (1)' }).click()
    const codes = page.getByLabel('Code').getByRole('option')
    await codes.filter({ hasText: 'schema-violated' }).waitFor({ state: 'attached' })
    assert.deepEqual(await codes.allInnerTexts(), ['any', 'rejected', 'schema-violated'])
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
})
