/** A real browser that looks at the console, as a person would: at three widths, in light and dark. */
import axe from 'axe-core'
import { type Browser, type BrowserContextOptions, type Page, chromium as playwright } from 'playwright-core'
import { extractedChromium } from './chromium.ts'
import { HOPELESS_MS } from './until.ts'

/** A phone, a small laptop, and a wide screen. */
export const WIDTHS = [360, 1024, 1920] as const

/**
 * The package's own arguments are for Lambda: they run everything in one process, which ends with the first page that is closed, and
 * turn off the web's security, of which tests of a page must see the effects.
 */
const ARGS = ['--no-sandbox', '--disable-gpu', '--font-render-hinting=none']

export interface Looking {
  readonly width?: number
  readonly height?: number
  readonly theme?: 'light' | 'dark'
}

/** An obstacle for people that axe reports. */
export interface Obstacle {
  readonly id: string
  readonly impact: string
  readonly help: string
  /** Where, as selectors with the element's HTML. */
  readonly where: readonly string[]
}

export class TestBrowser {
  readonly #browser: Browser

  private constructor(browser: Browser) {
    this.#browser = browser
  }

  static async launch(): Promise<TestBrowser> {
    const { executablePath, env } = await extractedChromium()
    const options = { executablePath, env: { ...process.env, ...env }, args: ARGS, headless: true }
    return new TestBrowser(await playwright.launch(options))
  }

  /** A page of a session of its own. Whatever goes wrong in the page is thrown by `close` of `Visit`. */
  async visit(
    address: string,
    { width = 1024, height = 900, theme = 'light' }: Looking = {},
  ): Promise<Visit> {
    const options: BrowserContextOptions = {
      viewport: { width, height },
      colorScheme: theme,
      // Without it, the browser has that of a server without languages, which its own formatters refuse.
      locale: 'en-GB',
      reducedMotion: 'reduce',
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
      // The browser itself logs each unsuccessful answer; the page shows it.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        this.#faults.push(message.text())
    })
  }

  /** Serious and critical findings only. */
  async obstacles(): Promise<Obstacle[]> {
    // A policy of the page that forbids foreign scripts does not bind the one who tests it.
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

  /** Whether the whole page is wider than the window, so that a person has to scroll sideways to read. */
  isTooWide(): Promise<boolean> {
    return this.page.evaluate('document.documentElement.scrollWidth > window.innerWidth')
  }

  /** @throws for an error in the browser's console, or an uncaught one */
  async close(): Promise<void> {
    await this.page.context().close()
    if (this.#faults.length > 0) throw new Error(`The page has failed:\n${this.#faults.join('\n')}`)
  }
}
