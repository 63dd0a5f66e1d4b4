import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { Program } from '@sluice/test-kit/program'
import { Hono } from 'hono'
import { freePort } from '#local-servers/ports'
import type { ConsoleHono } from '../../console/http/person.ts'
import { redirectRoot, serveConsole } from '../../console/serve.ts'
import { userOfMachine } from '../../scripts/machine-user.ts'
import { TestBrowser } from '../support/browser.ts'
import { localConsole, readJson, TOKEN } from '../unit/console/access/support.ts'

const ADDRESS = /^(http:\/\/127\.0\.0\.1:\d+)\/\?token=([0-9a-f]{32})$/m

describe('sluice console', () => {
  const running: Program[] = []
  const startConsole = (args: readonly string[], env = {}) => {
    const program = new Program('cli/sluice.ts', ['console', ...args], { env })
    running.push(program)
    return program
  }
  after(async () => {
    for (const program of running) program.signal('SIGTERM')
    await Promise.all(running.map(({ ended }) => ended))
  })

  it('given a role, then its address opens the page, for a person of that role, until it is stopped', async () => {
    const kafkaUi = String(await freePort())
    const args = ['--role', 'viewer', '--kafka-ui-port', kafkaUi]
    const program = startConsole(args, { CONSOLE_PORT: String(await freePort()), USER: 'ada' })
    await program.says(new RegExp(`^http://127.0.0.1:${kafkaUi}/\\?token=`, 'm'))
    await program.says(ADDRESS)
    const [, base = '', token = ''] = ADDRESS.exec(program.output) ?? []
    const opened = await fetch(`${base}/?token=${token}`, { redirect: 'manual' })
    const cookie = opened.headers.get('set-cookie')?.split(';')[0] ?? ''
    assert.match(await (await fetch(base, { headers: { cookie } })).text(), /<div id="console">/)
    const { person, isLocal } = await readJson(
      await fetch(`${base}/api/environment`, { headers: { cookie } }),
    )
    assert.deepEqual([person, isLocal], [{ name: userOfMachine(), role: 'viewer' }, true])

    const second = await fetch(`http://127.0.0.1:${kafkaUi}/?token=${token}`, { redirect: 'manual' })
    assert.equal(second.headers.get('location'), `/kafka?token=${token}`)

    const port = new URL(base).port
    const { code, output } = await startConsole(['--port', port]).ended
    assert.equal(
      output,
      `Port ${port} is in use: \`npm start\` may serve a console there. Use another port, such as --port 8060\n`,
    )
    assert.equal(code, 1)

    program.signal('SIGINT')
    assert.equal((await program.ended).code, 0)
  })
})

describe('a browser that comes to the console', () => {
  const { app } = localConsole()
  const closing: (() => Promise<unknown>)[] = []
  let browser: TestBrowser
  let base: string
  /** Questions with the status of their answers. */
  let seen: string[]

  before(async () => {
    const watched = new Hono<ConsoleHono>().all('*', async ({ req, env }) => {
      const answer = await app.fetch(req.raw, env)
      seen.push(`${req.method} ${req.path} ${answer.status}`)
      return answer
    })
    const served = await serveConsole(watched, 0)
    closing.push(served.close)
    base = `http://127.0.0.1:${served.port}`
    browser = await TestBrowser.launch()
    closing.push(() => browser.close())
  })

  beforeEach(() => {
    seen = []
  })

  after(() => Promise.all(closing.map(close => close())))

  /** Serves a foreign page. @returns its local port */
  async function foreignPage(html: string): Promise<number> {
    const page = new Hono<ConsoleHono>().get('/', context => context.html(html))
    const served = await serveConsole(page, 0)
    closing.push(served.close)
    return served.port
  }

  it('given no token, then a person signs in by the keyboard, and is where they wanted to go', async () => {
    const visit = await browser.visit(`${base}/alerts?state=firing`, { width: 360 })
    assert.deepEqual(await visit.obstacles(), [])
    assert.equal(await visit.isTooWide(), false)
    await visit.page.keyboard.type('wrong')
    await visit.page.keyboard.press('Enter')
    await visit.page.getByRole('alert').waitFor()
    await visit.page.keyboard.type(TOKEN)
    await visit.page.keyboard.press('Enter')
    await visit.page.waitForURL(`${base}/alerts?state=firing`)
    await visit.page.locator('#console').waitFor({ state: 'attached' })
    await visit.close()
  })

  it('given a link on a foreign site, then who is signed in sees the page, although no cookie came along', async () => {
    const port = await foreignPage(`<a href="${base}/alerts?state=firing">look</a>`)
    const visit = await browser.visit(`${base}/?token=${TOKEN}`)
    await visit.page.goto(`http://localhost:${port}`)
    await visit.page.getByText('look').click()
    await visit.page.locator('#console').waitFor({ state: 'attached' })
    assert.equal(visit.page.url(), `${base}/alerts?state=firing`)
    assert.deepEqual(
      seen.filter(text => text.includes('/alerts')),
      ['GET /alerts 200', 'GET /alerts 200'],
    )
    await visit.close()
  })

  it('given a foreign page of the same site, then its script can neither ask nor change anything', async () => {
    const port = await foreignPage('<p>foreign</p>')
    const visit = await browser.visit(`${base}/?token=${TOKEN}`)
    await visit.page.goto(`http://127.0.0.1:${port}`)
    const outcomes = await visit.page.evaluate(async address => {
      const init = { mode: 'no-cors', credentials: 'include' } as const
      const outcome = (asked: Promise<Response>) => asked.then(({ type }) => type).catch(() => 'refused')
      return [await outcome(fetch(address, init)), await outcome(fetch(address, { ...init, method: 'POST' }))]
    }, `${base}/api/environment`)
    assert.deepEqual(outcomes, ['refused', 'refused'])
    assert.deepEqual(
      seen.filter(text => text.includes('/api')),
      ['GET /api/environment 403', 'POST /api/environment 403'],
    )
    await visit.page.context().close()
  })
})

describe('the address for Kafka', () => {
  it('given its root, then it leads to the pages about Kafka, and all others are as at the other address', async () => {
    const served = await serveConsole(redirectRoot('/kafka', localConsole().app), 0)
    const base = `http://localhost:${served.port}`
    const opened = await fetch(`${base}/?token=${TOKEN}`, { redirect: 'manual' })
    assert.equal(opened.headers.get('location'), `/kafka?token=${TOKEN}`)
    const headers = { authorization: `Bearer ${TOKEN}` }
    assert.equal((await fetch(base, { headers })).url, `${base}/kafka`)
    assert.equal((await fetch(`${base}/api/environment`, { headers })).status, 200)
    assert.equal((await fetch(`${base}/api/environment`)).status, 401)
    await served.close()
  })
})
