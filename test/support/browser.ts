/** Starts a real browser for tests of the console, at three widths, in light and dark mode. */

import { HOPELESS_MS } from '@sluice/test-kit/until'
import axe from 'axe-core'
import { type Browser, type BrowserContextOptions, type Page, chromium as playwright } from 'playwright-core'
import { extractedChromium } from './chromium.ts'

/** Widths of a phone, a small laptop, and a wide screen. */
export const WIDTHS = [360, 1024, 1920] as const

/**
 * Browser arguments. The package's own arguments are intended for Lambda. They run everything in one process, which ends when the
 * first page is closed. They also disable web security, although the tests check its effects.
 */
const ARGS = ['--no-sandbox', '--disable-gpu', '--font-render-hinting=none']

export interface Looking extends Pick<BrowserContextOptions, 'locale' | 'hasTouch'> {
  readonly width?: number
  readonly height?: number
  readonly theme?: 'light' | 'dark'
  /** Time zone of the person; if left out, one in which it is noon, so that no day ends while a test runs. */
  readonly timeZone?: string
}

/** An accessibility problem. */
interface Obstacle {
  readonly id: string
  readonly help: string
  /** Selectors of the affected elements, with their HTML. */
  readonly where: readonly string[]
}

export class TestBrowser {
  readonly #browser: Browser

  private constructor(browser: Browser) {
    this.#browser = browser
  }

  static async launch(): Promise<TestBrowser> {
    const { executablePath, env } = await extractedChromium()
    // In this locale, the language of the browser is `en-US@posix`, which `Intl` refuses.
    const options = {
      executablePath,
      env: { ...process.env, ...env, LC_ALL: 'C' },
      args: ARGS,
      headless: true,
    }
    return new TestBrowser(await playwright.launch(options))
  }

  /** Opens a page in a new session. `close` of the returned `Visit` throws the errors of the page. */
  async visit(
    address: string,
    { width = 1024, height = 900, theme = 'light', timeZone = findNoon(), ...others }: Looking = {},
  ): Promise<Visit> {
    const options: BrowserContextOptions = {
      viewport: { width, height },
      colorScheme: theme,
      reducedMotion: 'reduce',
      timezoneId: timeZone,
      ...others,
    }
    const context = await this.#browser.newContext(options)
    context.setDefaultTimeout(HOPELESS_MS)
    const page = await context.newPage()
    const visit = new Visit(page)
    await page.goto(address)
    return visit
  }

  close(): Promise<void> {
    return this.#browser.close()
  }
}

export class Visit {
  readonly page: Page
  readonly #faults: string[] = []

  constructor(page: Page) {
    this.page = page
    page.on('pageerror', error => this.#faults.push(String(error)))
    page.on('console', message => {
      // The browser logs unsuccessful responses itself. They are not errors of the page, which shows them.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        this.#faults.push(message.text())
    })
  }

  /** Returns the problems that axe finds on the page, and the marks that are too pale, which axe does not know. */
  async obstacles(): Promise<Obstacle[]> {
    // The page's content security policy does not apply to scripts that the test adds.
    await this.page.evaluate(axe.source)
    const pale = await this.page.evaluate(findPaleMarks)
    const found: Obstacle[] = await this.page.evaluate(async () => {
      // The column with the actions of each row has no heading, which a narrow screen would repeat in each row.
      // biome-ignore lint/suspicious/noExplicitAny: axe is in the page, not here
      const { violations } = await (globalThis as any).axe.run({
        rules: { 'empty-table-header': { enabled: false } },
      })
      return violations.map(
        ({ id, help, nodes }: Obstacle & { nodes: { target: string[]; html: string }[] }) => ({
          id,
          help,
          where: nodes.map(({ target, html }) => `${target.join(' ')} ${html}`),
        }),
      )
    })
    return pale.length === 0 ? found : [...found, { id: 'pale', help: 'marks need contrast', where: pale }]
  }

  /** Returns true if the page stays wider than the window, so that users have to scroll horizontally. Charts follow a new size later. */
  isTooWide(): Promise<boolean> {
    return this.page
      .waitForFunction('document.documentElement.scrollWidth <= window.innerWidth', undefined, {
        timeout: 60_000,
      })
      .then(
        () => false,
        (error: Error) => {
          // Another error, such as that of a page that is gone, does not show that anything is cut.
          if (error.name !== 'TimeoutError') throw error
          return true
        },
      )
  }

  /** Waits until every question of the page is answered. */
  async untilFilled(): Promise<void> {
    await this.page.locator('main h1').waitFor()
    await this.page.locator('main [aria-busy=true]:visible').first().waitFor({ state: 'detached' })
  }

  /** Closes the page. @throws Error if the browser's console contains an error or an error was not caught */
  async close(): Promise<void> {
    await this.page.context().close()
    if (this.#faults.length > 0) throw new Error(`The page has failed:\n${this.#faults.join('\n')}`)
  }
}

/** Returns a time zone in which it is noon, or up to an hour later. */
function findNoon(): string {
  const eastOfUtc = 12 - new Date().getUTCHours()
  // The signs of these zones are those of POSIX: they are positive in the west.
  return `Etc/GMT${eastOfUtc > 0 ? '-' : '+'}${Math.abs(eastOfUtc)}`
}

/**
 * Returns the dots, edges of badges and legends of charts, whose colors are those of their lines, with less contrast than 3 to 1, or 4.5 to
 * 1 where a chart writes on the color. Runs in the browser.
 */
function findPaleMarks(): string[] {
  // biome-ignore lint/suspicious/noExplicitAny: the types of the browser are not those of the tests
  const { document, getComputedStyle } = globalThis as any
  const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
  /** Returns the luminance of colors that are painted one over another. */
  const measure = (colors: readonly string[]) => {
    for (const color of colors) {
      context.fillStyle = color
      context.fillRect(0, 0, 1, 1)
    }
    const linear = [...context.getImageData(0, 0, 1, 1).data].map(value =>
      value <= 10 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4,
    )
    return [0.2126, 0.7152, 0.0722].reduce((sum, share, index) => sum + share * (linear[index] ?? 0), 0.05)
  }
  return [...document.querySelectorAll('.dot:not(.area), .severity, .badge')].flatMap(element => {
    const behind = ['white']
    for (let own = element.parentElement; own; own = own.parentElement)
      behind.splice(1, 0, getComputedStyle(own).backgroundColor)
    const [mark, ground] = [measure([...behind, getComputedStyle(element).color]), measure(behind)]
    const contrast = Math.max(mark, ground) / Math.min(mark, ground)
    return contrast < (element.matches('.swatch') ? 4.5 : 3) ? [`${contrast} ${element.outerHTML}`] : []
  })
}
