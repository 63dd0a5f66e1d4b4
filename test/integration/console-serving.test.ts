import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { beginningAt, serveConsole } from '../../console/serve.ts'
import { freePort } from '../../localstack/services/ports.ts'
import { TestBrowser } from '../support/browser.ts'
import { Program } from '../support/program.ts'
import { jsonOf, localConsole, TOKEN } from '../unit/console/access/support.ts'

const ADDRESS = /^(http:\/\/127\.0\.0\.1:\d+)\/\?token=([0-9a-f]{32})$/m

describe('sluice console', { timeout: 60_000 }, () => {
  const running: Program[] = []
  const started = (args: readonly string[], env = {}) => {
    const program = new Program('cli/sluice.ts', ['console', ...args], { env })
    running.push(program)
    return program
  }
  after(async () => {
    for (const program of running) program.signal('SIGTERM')
    await Promise.all(running.map(({ ended }) => ended))
  })

  it('given a role, then its address opens the page, for a person of that role, until it is stopped', async () => {
    const program = started(['--role', 'viewer'], { CONSOLE_PORT: String(await freePort()), USER: 'ada' })
    await program.says(ADDRESS)
    const [, base = '', token = ''] = ADDRESS.exec(program.output) ?? []
    const opened = await fetch(`${base}/?token=${token}`, { redirect: 'manual' })
    const cookie = opened.headers.get('set-cookie')?.split(';')[0] ?? ''
    assert.match(await (await fetch(base, { headers: { cookie } })).text(), /<div id="console">/)
    const { person, isLocal } = await jsonOf(await fetch(`${base}/api/environment`, { headers: { cookie } }))
    assert.deepEqual([person, isLocal], [{ name: 'ada', role: 'viewer' }, true])

    const port = new URL(base).port
    const { code, output } = await started(['--port', port]).ended
    assert.equal(
      output,
      `Port ${port} is in use: \`npm start\` may serve a console there. Give another one: --port 8060\n`,
    )
    assert.equal(code, 1)

    program.signal('SIGINT')
    assert.equal((await program.ended).code, 130)
  })
})

describe('a browser that comes to the console', { timeout: 60_000 }, () => {
  let browser: TestBrowser
  let close: () => Promise<void>
  let base: string

  before(async () => {
    const served = await serveConsole(localConsole().app, 0)
    base = `http://127.0.0.1:${served.port}`
    browser = await TestBrowser.launch()
    close = served.close
  })

  after(async () => {
    await browser?.close()
    await close?.()
  })

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
    await visit.close()
  })

  it('given a link on a foreign site, then who is signed in sees the page, although no cookie came along', async () => {
    const foreign = createServer((_, response) => {
      response.setHeader('content-type', 'text/html')
      response.end(`<a href="${base}/alerts?state=firing">look</a>`)
    })
    await new Promise<void>(resolve => foreign.listen(0, '127.0.0.1', resolve))
    const elsewhere = `http://localhost:${(foreign.address() as AddressInfo).port}`
    const visit = await browser.visit(`${base}/?token=${TOKEN}`)
    await visit.page.waitForURL(`${base}/`)
    const asked: (number | undefined)[] = []
    visit.page.on('response', response => {
      if (response.url().includes('/alerts')) asked.push(response.status())
    })
    await visit.page.goto(elsewhere)
    await visit.page.getByText('look').click()
    await visit.page.waitForFunction("document.getElementById('console')")
    assert.equal(visit.page.url(), `${base}/alerts?state=firing`)
    assert.deepEqual(asked, [200, 200])
    await visit.close()
    foreign.close()
  })

  it('given a foreign page, then its script can neither ask nor change anything', async () => {
    const foreign = createServer((_, response) => response.end('<!doctype html><p>foreign</p>'))
    await new Promise<void>(resolve => foreign.listen(0, '127.0.0.1', resolve))
    const visit = await browser.visit(`${base}/?token=${TOKEN}`)
    await visit.page.waitForURL(`${base}/`)
    const statuses: number[] = []
    visit.page.on('response', response => {
      if (response.url().startsWith(`${base}/api`)) statuses.push(response.status())
    })
    // Of the same site, so that the cookie goes along.
    await visit.page.goto(`http://127.0.0.1:${(foreign.address() as AddressInfo).port}`)
    await visit.page.evaluate(async address => {
      const init = { mode: 'no-cors', credentials: 'include' } as const
      await fetch(address, init)
      await fetch(address, { ...init, method: 'POST', body: '{}' })
    }, `${base}/api/environment`)
    assert.deepEqual(statuses, [403, 403])
    await visit.page.context().close()
    foreign.close()
  })
})

describe('the address for Kafka', () => {
  it('given its root, then it leads to the pages about Kafka, and all others are as at the other address', async () => {
    const served = await serveConsole(beginningAt('/kafka', localConsole().app), 0)
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
