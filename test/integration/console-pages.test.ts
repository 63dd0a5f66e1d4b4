import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { IS_WHOLE } from '@sluice/test-kit/sampled'
import { brokers } from '@sluice/test-kit/servers'
import type { Page } from 'playwright-core'
import { AlternatingSensors } from '../support/alternating-sensors.ts'
import { TestBrowser, WIDTHS } from '../support/browser.ts'
import { type ServedConsole, servedConsole } from '../support/console.ts'
import { AREAS, findThings, PAGES, type Things } from '../support/console-pages.ts'
import type { TestEnvironment } from '../support/environment.ts'
import { markedEnvironment } from '../support/marked-environment.ts'
import { SeveredKafka } from './severed-kafka.ts'

/** The layout depends on the width, and contrasts on the theme. */
const LOOKS = [
  ...WIDTHS.map(width => ({ width, theme: 'light' as const })),
  { width: WIDTHS[1], theme: 'dark' as const },
]

describe('the pages of the console', () => {
  let environment: TestEnvironment
  let served: ServedConsole
  let browser: TestBrowser
  let kafka: SeveredKafka
  let things: Things

  before(async () => {
    kafka = await SeveredKafka.at(brokers())
    environment = await markedEnvironment()
    served = await servedConsole({ env: environment.name })
    Object.assign(served.environment, { kafka: async () => kafka.client })
    await environment.client.send(environment.topic('readings'), new AlternatingSensors(24).nextRound())
    things = await findThings(environment, served)
    await commitTo(things)
    browser = await TestBrowser.launch()
  })

  after(async () => {
    kafka?.mend()
    await browser?.close()
    await served?.close()
    await environment?.close()
  })

  /** A group that has read everything and has no members now. */
  async function commitTo({ group: groupId, topic }: Things): Promise<void> {
    const ends = await environment.client.ends(topic)
    const partitions = ends.map((end, partition) => ({ partition, offset: String(end) }))
    const admin = kafka.client.admin()
    await admin.connect()
    await admin.setOffsets({ groupId, topic, partitions })
    await admin.disconnect()
  }

  // All pages in all looks take minutes, so a short run shows each area in one of them.
  const visits = PAGES.slice(0, IS_WHOLE ? PAGES.length : AREAS).flatMap((page, index) =>
    LOOKS.filter((_, look) => IS_WHOLE || look === index % LOOKS.length).map(look => ({ ...page, ...look })),
  )
  for (const { name, address, width, theme } of visits)
    it(`given a screen of ${width} px in ${theme} colours, then ${name}: no obstacle, and it fits`, async () => {
      const visit = await browser.visit(served.address(address(things)), { width, theme })
      await visit.untilFilled()
      assert.deepEqual(await visit.obstacles(), [])
      assert.equal(await visit.isTooWide(), false)
      await visit.close()
    })

  it('given a keyboard alone, then it leads to every area, and to the heading of the page', async () => {
    const visit = await browser.visit(served.address('/'))
    const { page } = visit
    await visit.untilFilled()
    await page.keyboard.press('Tab')
    assert.equal(await focused(page), 'Skip to the content')
    const links = await page.locator('#areas a').allTextContents()
    assert.equal(links.length, AREAS)
    for (const name of links) {
      await page.keyboard.press('Tab')
      assert.equal(await focused(page), name)
    }
    await page.keyboard.press('Enter')
    await page.waitForURL('**/tables')
    await page.locator('h1:focus').waitFor()
    assert.match(await page.title(), /^Tables · Sluice /)
    await visit.close()
  })

  it('given a list, when one of its things is opened, then the page begins at its top, with its name', async () => {
    const visit = await browser.visit(served.address(`/kafka?find=${environment.name}`), {
      height: 300,
    })
    const { page } = visit
    await visit.untilFilled()
    await page.getByRole('link', { name: things.topic, exact: true }).click()
    await page.locator('h1:focus').waitFor()
    assert.equal(await page.evaluate('scrollY'), 0)
    assert.equal(await page.title(), `${things.topic} · Kafka · Sluice ${environment.name}`)
    await visit.close()
  })

  it('given a console that restarts, when a page is opened meanwhile, then it says so, and continues', async () => {
    const visit = await browser.visit(served.address('/'))
    const { page } = visit
    await page.route('**/api/environment', route => route.abort())
    await page.reload()
    await page.locator('.problem', { hasText: 'The page retries automatically.' }).waitFor()
    await page.unroute('**/api/environment')
    await page.locator('h1').waitFor()
    await visit.close()
  })

  /** The filled overview on a phone, the button that opens its navigation, and a link in that. */
  async function onPhone() {
    const visit = await browser.visit(served.address('/'), { width: 360 })
    const { page } = visit
    await visit.untilFilled()
    const menu = page.getByRole('button', { name: 'Overview' })
    return { visit, page, menu, link: page.getByRole('link', { name: 'Failures', exact: true }) }
  }

  it('given a phone, then a button opens the navigation, and Escape closes it', async () => {
    const { visit, page, menu, link } = await onPhone()
    await menu.press('Enter')
    await link.waitFor()
    await page.keyboard.press('Escape')
    await link.waitFor({ state: 'hidden' })
    assert.equal(await menu.getAttribute('aria-expanded'), 'false')
    await visit.close()
  })

  it('given Escape in the moment in which the navigation opens, before it is painted, then it closes', async () => {
    const { visit, page, menu, link } = await onPhone()
    await Promise.all([page.evaluate(ESCAPE_WHEN_OPEN), menu.press('Enter')])
    await link.waitFor({ state: 'hidden' })
    await visit.close()
  })

  it('given an overview that has just been opened, then a chart without values has no axes', async () => {
    const visit = await browser.visit(served.address('/telemetry'))
    // A rate needs two answers, so the second one is kept back.
    let requests = 0
    await visit.page.route('**/api/overview*', route => (requests++ === 0 ? route.continue() : undefined))
    await visit.page.goto(served.address('/'))
    const rates = visit.page.locator('section', { hasText: 'Readings a second' })
    await rates.getByText('No values to show.').waitFor()
    assert.equal(await rates.locator('.uplot').count(), 0)
    await visit.close()
  })

  it('given a consumer that is dead, then the overview says so, and what to do', async () => {
    const visit = await browser.visit(served.address('/'))
    const problem = visit.page.locator('.problem', { hasText: 'consumer groups have no members' })
    await problem.waitFor()
    const text = (await problem.textContent()) ?? ''
    assert.match(text, /alerting.*: \d+ records pending.*Check that the function is deployed/)
    await visit.close()
  })

  it('given an open page, when Kafka goes away and comes back, then the page says so, and continues', async () => {
    const visit = await browser.visit(served.address('/'))
    const { page } = visit
    await visit.untilFilled()
    kafka.sever()
    const problem = page.locator('.problem', {
      hasText: /Kafka (at \S+ )?(does not answer|ended the connection)/,
    })
    await problem.waitFor()
    // Nothing jumps: the picture stays where it was.
    assert.ok(await page.getByRole('link', { name: 'alerting' }).first().isVisible())
    kafka.mend()
    await problem.waitFor({ state: 'detached' })
    await visit.close()
  })
})

/** Observers are called before the browser paints a change. */
const ESCAPE_WHEN_OPEN = `new Promise(resolve => {
  new MutationObserver((changes, observer) => {
    observer.disconnect()
    resolve(dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' })))
  }).observe(document.querySelector('#areas'), { attributeFilter: ['class'] })
})`

function focused(page: Page): Promise<string> {
  return page.evaluate('document.activeElement.textContent.trim()')
}
