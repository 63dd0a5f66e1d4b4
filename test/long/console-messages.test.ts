import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { TestBrowser, type Visit } from '../support/browser.ts'
import { type ServedConsole, servedConsole } from '../support/console.ts'
import { TestEnvironment } from '../support/environment.ts'

describe('given a console beside Kafka', () => {
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
    assert.deepEqual(await visit.obstacles(), [])
    assert.equal(await visit.isTooWide(), false, `${name} is too wide`)
  }

  it('when a message is opened, then it shows all that it says, and a text finds it', async () => {
    const topic = environment.topic('readings')
    await environment.client.send(topic, [
      { key: 'postgresql:pg-ledger', value: '{"sensorId": "<b>roof</b>"}' },
    ])
    const address = served.address(`/kafka/messages?topic=${topic}`)
    const visit = await browser.visit(address, { width: 1024, theme: 'dark' })
    const { page } = visit
    await page
      .getByRole('button', { name: /^Message/ })
      .first()
      .click()
    await page.locator('pre', { hasText: '"sensorId": "<b>roof</b>"' }).waitFor()
    await requireGood(visit, 'messages-1024-dark')
    const key = page.getByRole('cell', { name: 'postgresql:pg-ledger' }).locator('span')
    const { width = 0, height = 0 } = (await key.boundingBox()) ?? {}
    assert.ok(width > 5 * height, `the key stands on one line: ${width} by ${height} px`)
    await page.getByLabel('With the text').fill('<B>ROOF')
    await page.getByRole('button', { name: 'Show' }).click()
    await page.getByText('Searched').waitFor()
    assert.match(page.url(), /text=%3CB%3EROOF/)
    await page.getByRole('columnheader', { name: 'Content' }).waitFor()
    assert.equal(
      await page.getByRole('columnheader', { name: 'Event time' }).count(),
      0,
      'plain records have none',
    )
    await visit.close()
  })

  it('when the newest are looked at on a phone, then new ones arrive', async () => {
    const visit = await browser.visit(served.address('/kafka/messages'), { width: 360 })
    const { page } = visit
    await environment.client.send(environment.topic('readings'), [{ key: 'k', value: '{"late": 1}' }])
    const content = page.getByRole('cell', { name: '{"late": 1}' })
    await content.waitFor()
    await page
      .getByRole('button', { name: /^Message/ })
      .first()
      .click()
    await page.getByText('Record time').waitFor()
    const { x = 0, width = 361 } = (await content.boundingBox()) ?? {}
    assert.ok(x + width <= 360, `a card beside an open message ends at ${x + width} px`)
    await requireGood(visit, 'newest-360-light')
    await page.getByRole('button', { name: 'Filters', exact: true }).click()
    await page.getByRole('combobox', { name: /^Partition/ }).selectOption('0')
    await page.getByRole('button', { name: 'Show' }).click()
    await page.waitForURL(/partition=0/)
    await visit.close()
  })
})
