/** Nothing that comes from Kafka acts in the page, and nothing secret is shown. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { redisUrl } from '@sluice/test-kit/servers'
import { TestBrowser, type Visit } from '../support/browser.ts'
import { type ServedConsole, servedConsole } from '../support/console.ts'
import type { TestEnvironment } from '../support/environment.ts'
import { MARKUP, markedEnvironment } from '../support/marked-environment.ts'
import { listRoutes } from '../unit/console/access/support.ts'

/** So many show what they are about: the others name it differently, or have nothing of it. */
const PAGES_WITH_MARKUP = 8

const SECRET = `s3cret-${randomUUID()}`

describe('the console, given an environment full of markup', () => {
  let environment: TestEnvironment
  let served: ServedConsole
  let browser: TestBrowser

  before(async () => {
    environment = await markedEnvironment()
    served = await servedConsole({
      env: environment.name,
      variables: {
        KAFKA_PASSWORD: SECRET,
        RECEIVER_SECRETS: JSON.stringify({ pager: { token: SECRET } }),
        OTEL_EXPORTER_OTLP_HEADERS: `authorization=${SECRET}`,
        // The server takes any password for a user that needs none.
        REDIS_URL: redisUrl().replace('redis://', `redis://default:${SECRET}@`),
      },
    })
    browser = await TestBrowser.launch()
  })

  after(async () => {
    await browser?.close()
    await served?.close()
    await environment?.close()
  })

  it('given every page, then the markup stays text: no script runs, and no element comes of it', async () => {
    const visit = await browser.visit(served.address('/'))
    const shown: string[] = []
    for (const path of listPages(environment)) {
      await visit.page.goto(new URL(path, served.address()).href)
      await untilAnswered(visit)
      assert.equal(await visit.page.evaluate('globalThis.ran'), undefined, path)
      assert.equal(await visit.page.locator('#injected').count(), 0, path)
      if ((await visit.page.locator('main').innerText()).includes(MARKUP)) shown.push(path)
    }
    assert.ok(shown.length >= PAGES_WITH_MARKUP, `only these show it: ${shown.join('\n')}`)
    await visit.close()
  })

  it('given every question, then no answer contains a secret or a page', async () => {
    let answered = 0
    for (const route of listRoutes(served.app)) {
      if (!route.startsWith('GET /api/')) continue
      const answer = await served.request(route.replace('GET /api', '').replaceAll(/:\w+/g, 'x'))
      assert.ok(!(await answer.text()).includes(SECRET), route)
      assert.doesNotMatch(answer.headers.get('content-type') ?? '', /html/, route)
      answered += 1
    }
    assert.ok(answered > 0)
  })
})

/** Each area, and the pages below it that show one thing, with markup in the address as well. */
function listPages(environment: TestEnvironment): string[] {
  const mark = encodeURIComponent(MARKUP)
  const entity = encodeURIComponent(`/environment/test-site ${MARKUP}`)
  const readings = encodeURIComponent(environment.topic('readings'))
  const dlq = encodeURIComponent(environment.topic('dlq'))
  return [
    '/',
    '/telemetry',
    `/telemetry?entity=${entity}`,
    '/alerts',
    `/alerts?alert=${mark}`,
    '/alerts/rules',
    `/alerts/rules?rule=HOT`,
    '/alerts/silences',
    '/failures',
    '/kafka',
    `/kafka?topic=${readings}`,
    `/kafka?topic=${mark}`,
    `/kafka/messages?topic=${readings}`,
    `/kafka/messages?topic=${dlq}`,
    `/kafka/groups?group=${mark}`,
    `/${mark}`,
  ]
}

/** Waits until a page is there, and nothing on it is being asked for. */
async function untilAnswered({ page }: Visit): Promise<void> {
  await page.locator('main h1').first().waitFor()
  await page.locator('main [aria-busy=true]:visible').first().waitFor({ state: 'detached' })
}
