import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { TestBrowser, type Visit } from '../support/browser.ts'
import { type ServedConsole, servedConsole } from '../support/console.ts'
import { TestEnvironment } from '../support/environment.ts'

/** Folder for pictures of the pages, for inspection. */
const PICTURES = process.env.SLUICE_PICTURES

describe('given the pages of messages and of writing', () => {
  let environment: TestEnvironment
  let served: ServedConsole
  let browser: TestBrowser

  before(async () => {
    const [made, launched] = await Promise.all([TestEnvironment.create(), TestBrowser.launch()])
    environment = made
    browser = launched
    served = await servedConsole({ env: environment.name })
  })

  after(async () => {
    await browser?.close()
    await served?.close()
    await environment?.close()
  })

  async function requireGood(visit: Visit, name: string): Promise<void> {
    if (PICTURES) await visit.page.screenshot({ path: `${PICTURES}/${name}.png`, fullPage: true })
    assert.deepEqual(await visit.obstacles(), [])
    assert.equal(await visit.isTooWide(), false, `${name} is too wide`)
  }

  it('when a reading is written, then it leads to its message, which opens to all that it says', async () => {
    const visit = await browser.visit(served.address('/write'), { width: 1024, theme: 'dark' })
    const { page } = visit
    const field = page.getByLabel('Reading, as a CloudEvent in JSON')
    const example = JSON.parse(await field.inputValue())
    await field.fill(JSON.stringify({ ...example, data: { ...example.data, sensorId: '<b>roof</b>' } }))
    await requireGood(visit, 'write-1024-dark')
    await page.getByRole('button', { name: 'Publish' }).click()
    await page.getByText('Published to partition').waitFor()
    await page.getByRole('link', { name: 'Its message' }).click()
    await page.getByRole('heading', { name: 'Messages' }).waitFor()
    await page.getByText('"sensorId": "<b>roof</b>"').waitFor()
    await requireGood(visit, 'messages-1024-dark')
    await page.getByLabel('With the text').fill('<B>ROOF')
    await page.getByRole('button', { name: 'Show' }).click()
    await page.getByText('Searched').waitFor()
    assert.match(page.url(), /text=%3CB%3EROOF/)
    await page.getByRole('button', { name: 'Download' }).click()
    await page.getByText('Saved 1 message').waitFor()
    await visit.close()
  })

  it('when messages are watched on a phone, then new ones arrive live', async () => {
    const visit = await browser.visit(served.address('/kafka/messages?live=1'), { width: 360 })
    const { page } = visit
    await page.getByRole('switch', { name: 'Live' }).waitFor()
    await environment.client.send(environment.topic('readings'), [{ key: 'k', value: '{}' }])
    await page
      .getByRole('button', { name: /^Message/ })
      .first()
      .waitFor()
    await requireGood(visit, 'live-360-light')
    await page.getByRole('combobox', { name: /^Partition/ }).selectOption('0')
    const start = page.getByRole('combobox', { name: /^Begin with/ })
    await start.selectOption('Oldest')
    await start.selectOption('Newest')
    await page.getByRole('button', { name: 'Show' }).click()
    await page.waitForURL(/partition=0/)
    assert.match(page.url(), /live=1/)
    assert.ok(await page.getByRole('switch', { name: 'Live' }).isChecked())
    await visit.close()
  })
})
