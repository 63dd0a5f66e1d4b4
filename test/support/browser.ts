/** Starts a real browser for tests of the console, at three widths, in light and dark mode. */
import axe from 'axe-core'
import { type Browser, type BrowserContextOptions, type Page, chromium as playwright } from 'playwright-core'
import { HOPELESS_MS } from '#local-servers/testing/until.ts'
import { extractedChromium } from './chromium.ts'

/** Widths of a phone, a small laptop, and a wide screen. */
export const WIDTHS = [360, 1024, 1920] as const

/**
 * Browser arguments. The package's own arguments are intended for Lambda. They run everything in one process, which ends when the
 * first page is closed. They also disable web security, although the tests check its effects.
 */
const ARGS = ['--no-sandbox', '--disable-gpu', '--font-render-hinting=none']

export interface Looking {
  readonly width?: number
  readonly height?: number
  readonly theme?: 'light' | 'dark'
  /** Time zone of the person, if it matters. */
  readonly timeZone?: string
}

/** An accessibility problem reported by axe. */
export interface Obstacle {
  readonly id: string
  readonly impact: string
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
    { width = 1024, height = 900, theme = 'light', timeZone }: Looking = {},
  ): Promise<Visit> {
    const options: BrowserContextOptions = {
      viewport: { width, height },
      colorScheme: theme,
      reducedMotion: 'reduce',
      ...(timeZone === undefined ? {} : { timezoneId: timeZone }),
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

  /** Returns the serious and critical problems that axe finds on the page. */
  async obstacles(): Promise<Obstacle[]> {
    // The page's content security policy does not apply to scripts that the test adds.
    await this.page.evaluate(axe.source)
    return this.page.evaluate(async () => {
      // biome-ignore lint/suspicious/noExplicitAny: axe is in the page, not here
      const { violations } = await (globalThis as any).axe.run()
      return violations
        .filter(({ impact }: Obstacle) => impact === 'serious' || impact === 'critical')
        .map(({ id, impact, help, nodes }: Obstacle & { nodes: { target: string[]; html: string }[] }) => ({
          id,
          impact,
          help,
          where: nodes.map(({ target, html }) => `${target.join(' ')} ${html}`),
        }))
    })
  }

  /** Returns true if the page stays wider than the window, so that users have to scroll horizontally. Charts follow a new size later. */
  isTooWide(): Promise<boolean> {
    return this.page
      .waitForFunction('document.documentElement.scrollWidth <= window.innerWidth', undefined, {
        timeout: 60_000,
      })
      .then(
        () => false,
        () => true,
      )
  }

  /** Closes the page. @throws Error if the browser's console contains an error or an error was not caught */
  async close(): Promise<void> {
    await this.page.context().close()
    if (this.#faults.length > 0) throw new Error(`The page has failed:\n${this.#faults.join('\n')}`)
  }
}
