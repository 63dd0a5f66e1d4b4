/** The console's page for SQL in a browser, with DuckDB in a child process. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { writeEvent } from '../../packages/runtime/cloudevents/writer.ts'
import { TestBrowser, type Visit } from '../support/browser.ts'
import { type ServedConsole, servedConsole } from '../support/console.ts'
import { TestEnvironment } from '../support/environment.ts'
import { environmentReading } from '../support/records.ts'

describe('the page for SQL', () => {
  let environment: TestEnvironment
  let served: ServedConsole
  let browser: TestBrowser
  let visit: Visit
  let page: Page

  before(async () => {
    environment = await TestEnvironment.create()
    const records = Array.from({ length: 1_200 }, (_, n) => {
      const { value, headers } = writeEvent(
        environmentReading(`r-${n}`, { sensor: `s-${n}`, temperature: n }),
      )
      return { key: `s-${n}`, value, headers: Object.fromEntries(headers) }
    })
    await environment.client.send(environment.topic('readings'), records)
    served = await servedConsole({ env: environment.name, person: { name: 'vera', role: 'operator' } })
    browser = await TestBrowser.launch()
    visit = await browser.visit(served.address('/sql'))
    page = visit.page
  })

  after(async () => {
    await visit?.close()
    await browser?.close()
    await served?.close()
    await environment?.close()
  })

  async function run(statements: string): Promise<void> {
    await page.getByLabel('Query', { exact: true }).last().fill(statements)
    await page.getByRole('button', { name: 'Run' }).click()
  }

  it('given an operator, when a query is run, then rows, their number and the time are shown', async () => {
    await run(`SELECT subject, temperature, traceparent FROM readings WHERE subject = 's-7'`)
    await page.getByText(/^1 row, in/).waitFor()
    const cells = await page.locator('main tbody td').allTextContents()
    assert.deepEqual(cells, ['s-7', '7', 'NULL'])
  })

  it('given more rows than are shown, then it says so', async () => {
    await run('SELECT id FROM readings')
    await page.getByText(/^The first 1,000 rows, in/).waitFor()
  })

  it('given a wrong query, then the message of DuckDB is shown', async () => {
    await run('SELECT temperatur FROM readings')
    await page
      .getByRole('alert')
      .getByText(/Binder Error: .*"temperatur" not found/)
      .waitFor()
  })

  it('given a query that runs long, when it is cancelled, then the page says so', async () => {
    await run('SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b')
    await page.getByText(/^Running: /).waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByText('The query was cancelled.').waitFor()
  })

  it('given the views, then each lists its columns', async () => {
    await page.getByText('dead_letters', { exact: true }).click()
    await page.locator('details[open]').getByText('offset', { exact: true }).waitFor()
  })
})
