import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { Kafka, logLevel } from 'kafkajs'
import type { Page } from 'playwright-core'
import { freePort } from '../../localstack/services/ports.ts'
import { AlternatingSensors } from '../support/alternating-sensors.ts'
import { TestBrowser, WIDTHS } from '../support/browser.ts'
import { type ServedConsole, servedConsole } from '../support/console.ts'
import { TestEnvironment } from '../support/environment.ts'
import { brokers } from '../support/servers.ts'

/** Every area, and the pages below them. */
const PAGES = [
  '/',
  '/telemetry',
  '/alerts',
  '/failures',
  '/event',
  '/state',
  '/kafka',
  '/write',
  '/alerts/rules',
  '/alerts/silences',
  '/kafka/topics',
  '/kafka/messages',
  '/kafka/groups',
  '/kafka/schemas',
  '/nowhere',
]
const LOOKS = WIDTHS.flatMap(width => (['light', 'dark'] as const).map(theme => ({ width, theme })))

/** All pages in all looks take minutes: `npm test` looks at each area in one of them. */
const ALL = process.env.SLUICE_ALL_PAGES === '1'
const AREAS = 8

describe('the pages of the console', { timeout: 240_000 }, () => {
  let environment: TestEnvironment
  let served: ServedConsole
  let browser: TestBrowser
  let kafka: SeveredKafka

  before(async () => {
    kafka = await SeveredKafka.at(brokers())
    environment = await TestEnvironment.create()
    served = await servedConsole({ env: environment.name })
    Object.assign(served.environment, { kafka: async () => kafka.client })
    await environment.client.send(environment.topic('readings'), new AlternatingSensors(24).nextRound())
    // From now on, it looks at what flows.
    await served.ask('/overview')
    browser = await TestBrowser.launch()
  })

  after(async () => {
    kafka?.mend()
    await browser?.close()
    await served?.close()
    await environment?.close()
  })

  const visits = PAGES.slice(0, ALL ? PAGES.length : AREAS).flatMap((path, index) =>
    LOOKS.filter((_, look) => ALL || look === index % LOOKS.length).map(look => ({ path, ...look })),
  )
  for (const { path, width, theme } of visits)
    it(`given a screen of ${width} px in ${theme} colours, then ${path} has no obstacle and fits`, async () => {
      const visit = await browser.visit(served.address(path), { width, theme })
      await untilFilled(visit.page)
      assert.deepEqual(await visit.obstacles(), [])
      assert.equal(await visit.isTooWide(), false)
      await visit.close()
    })

  it('given a keyboard alone, then it leads to every area, and to the heading of the page', async () => {
    const visit = await browser.visit(served.address('/'))
    const { page } = visit
    await untilFilled(page)
    await page.keyboard.press('Tab')
    assert.equal(await focused(page), 'Skip to the content')
    const links = await page.locator('#areas a').allTextContents()
    assert.equal(links.length, AREAS)
    for (const name of links) {
      await page.keyboard.press('Tab')
      assert.equal(await focused(page), name)
    }
    await page.keyboard.press('Enter')
    await page.waitForURL('**/write')
    await page.waitForFunction('document.activeElement.tagName === "H1"')
    assert.match(await page.title(), /^Write · Sluice /)
    await visit.close()
  })

  it('given a phone, then a button opens the navigation, and Escape closes it', async () => {
    const visit = await browser.visit(served.address('/'), { width: 360 })
    const { page } = visit
    await untilFilled(page)
    const menu = page.getByRole('button', { name: 'Overview' })
    await menu.press('Enter')
    await page.getByRole('link', { name: 'Failures', exact: true }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('link', { name: 'Failures', exact: true }).waitFor({ state: 'hidden' })
    assert.equal(await menu.getAttribute('aria-expanded'), 'false')
    await visit.close()
  })

  it('given a consumer that is dead, then the overview says so, and what to do', async () => {
    const visit = await browser.visit(served.address('/'))
    const reason = `the consumer group sluice-alerting-${environment.name} has no members`
    const problem = visit.page.locator('.problem', { hasText: reason })
    await problem.waitFor()
    assert.match((await problem.textContent()) ?? '', /24 records pending.*Is the function deployed/)
    await visit.close()
  })

  it('given an open page, when Kafka goes away and comes back, then the page says so, and goes on', async () => {
    const visit = await browser.visit(served.address('/'))
    const { page } = visit
    await untilFilled(page)
    kafka.sever()
    const problem = page.locator('.problem', { hasText: 'Kafka does not answer' })
    await problem.waitFor()
    // Nothing jumps: the picture stays where it was.
    assert.ok(await page.getByRole('link', { name: 'alerting' }).first().isVisible())
    kafka.mend()
    await problem.waitFor({ state: 'detached' })
    await visit.close()
  })
})

/** Every question is answered, and nothing is on its way. */
async function untilFilled(page: Page): Promise<void> {
  await page.locator('h1').waitFor()
  await page.waitForFunction('document.querySelector("#content [aria-busy=true]") === null')
}

function focused(page: Page): Promise<string> {
  return page.evaluate('document.activeElement.textContent.trim()')
}

/** A client of the brokers whose connections can be cut, and refused, as if the brokers were away. */
class SeveredKafka {
  readonly client: Kafka
  readonly #sockets = new Set<Socket>()
  readonly #deadPort: number
  #isAway = false

  private constructor(addresses: readonly string[], deadPort: number) {
    this.#deadPort = deadPort
    this.client = new Kafka({
      brokers: [...addresses],
      logLevel: logLevel.NOTHING,
      // As that of the console.
      connectionTimeout: 3_000,
      requestTimeout: 10_000,
      retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 },
      socketFactory: ({ host, port, onConnect }) => {
        const socket = connect(this.#isAway ? this.#deadPort : port, host, onConnect)
        this.#sockets.add(socket)
        socket.once('close', () => this.#sockets.delete(socket))
        return socket
      },
    })
  }

  static async at(addresses: readonly string[]): Promise<SeveredKafka> {
    return new SeveredKafka(addresses, await freePort())
  }

  sever(): void {
    this.#isAway = true
    const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
    for (const socket of this.#sockets) socket.destroy(reset)
  }

  mend(): void {
    this.#isAway = false
  }
}
