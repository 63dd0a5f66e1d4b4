/** Pages of the console in a browser: when they are filled, and what they hold. */
import type { CDPSession, Page } from 'playwright-core'
import type { TestBrowser, Visit } from '../../test/support/browser.ts'
import type { ConsoleServer } from './server.ts'

const VISITS = 5
const LOOKS = 5
const WITHIN_MS = 30_000
export interface Filled {
  readonly path: string
  /** Milliseconds from the request to the filled page, of each visit. */
  readonly times: readonly number[]
}

/** Visits the first page of every area several times, each time as a new person whose browser knows nothing of it. */
export async function filledPages(
  browser: TestBrowser,
  server: ConsoleServer,
  say: (line: string) => void,
): Promise<Filled[]> {
  const filled: Filled[] = []
  for (const path of await areas(browser, server)) {
    const times: number[] = []
    for (let visit = 0; visit < VISITS; visit += 1) times.push(await filledIn(browser, server.address(path)))
    say(`${path.padEnd(12)} ${times.map(ms => `${Math.round(ms)} ms`).join(', ')}`)
    filled.push({ path, times })
  }
  if (filled.length === 0) throw new Error('the console has no area')
  return filled
}

async function areas(browser: TestBrowser, server: ConsoleServer): Promise<string[]> {
  const visit = await browser.visit(server.address('/'))
  await untilFilled(visit.page)
  const paths: string[] = await visit.page.evaluate(
    '[...document.querySelectorAll("#areas a")].map(link => link.getAttribute("href"))',
  )
  await visit.close()
  return paths
}

async function filledIn(browser: TestBrowser, address: string): Promise<number> {
  const beganAtMs = performance.now()
  const visit = await browser.visit(address)
  await untilFilled(visit.page)
  const ms = performance.now() - beganAtMs
  await visit.close()
  return ms
}

/** There is a heading, every question is answered, and no part of it is on its way. */
async function untilFilled(page: Page): Promise<void> {
  await page.locator('h1').waitFor({ timeout: WITHIN_MS })
  const underWay = page.locator('[aria-busy=true], .loading').first()
  await underWay.waitFor({ state: 'detached', timeout: WITHIN_MS })
}

/** A page that stays open. */
export class OpenPage {
  readonly #visit: Visit
  readonly #devtools: CDPSession

  private constructor(visit: Visit, devtools: CDPSession) {
    this.#visit = visit
    this.#devtools = devtools
  }

  static async at(browser: TestBrowser, address: string): Promise<OpenPage> {
    const visit = await browser.visit(address, { width: 1280, height: 900 })
    const { page }: { page: Page } = visit
    await untilFilled(page)
    return new OpenPage(visit, await page.context().newCDPSession(page))
  }

  /** The bytes that its script holds after a collection of garbage: the least of several looks, some of which fall into an update. */
  async heap(): Promise<number> {
    const sizes: number[] = []
    for (let look = 0; look < LOOKS; look += 1) {
      await this.#devtools.send('HeapProfiler.collectGarbage')
      sizes.push((await this.#devtools.send('Runtime.getHeapUsage')).usedSize)
    }
    return Math.min(...sizes)
  }

  async picture(path: string): Promise<void> {
    await this.#visit.page.screenshot({ path })
  }

  /** @throws if the page has failed meanwhile */
  close(): Promise<void> {
    return this.#visit.close()
  }
}
