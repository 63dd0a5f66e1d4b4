/** Nothing that comes from Kafka acts in the page, and nothing secret is shown. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { SIGNALS, type Signal } from '../../lib/app/topics.ts'
import { TestBrowser, type Visit } from '../support/browser.ts'
import { type ServedConsole, servedConsole } from '../support/console.ts'
import { TestEnvironment } from '../support/environment.ts'
import { redisUrl } from '../support/servers.ts'
import { routesOf } from '../unit/console/access/support.ts'

/** Whatever a page that does not escape would run, or take into itself. */
const MARKUP = `"><img src=x onerror="globalThis.ran=1"><script>globalThis.ran=1</script><b id="injected">'</b>`
const SECRET = `s3cret-${randomUUID()}`

describe('the console, given records full of markup', { timeout: 120_000 }, () => {
  let environment: TestEnvironment
  let served: ServedConsole
  let browser: TestBrowser

  before(async () => {
    environment = await TestEnvironment.create()
    for (const signal of SIGNALS) await environment.client.send(environment.topic(signal), recordsOf(signal))
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
    let looked = 0
    for (const path of pagesOf(environment)) {
      await visit.page.goto(new URL(path, served.address()).href)
      await visit.page.locator('main h1').first().waitFor()
      await untilAnswered(visit)
      assert.equal(await visit.page.evaluate('globalThis.ran'), undefined, path)
      assert.equal(await visit.page.locator('#injected').count(), 0, path)
      looked += 1
    }
    assert.ok(looked >= 9)
    await visit.close()
  })

  it('given every question, then no answer shows a secret or an address with one', async () => {
    let answered = 0
    for (const path of routesOf(served.app)) {
      if (!path.startsWith('GET /api/') || path.endsWith('/live')) continue
      const answer = await served.request(path.replace('GET /api', '').replaceAll(/:\w+/g, 'x'))
      const text = await answer.text()
      assert.ok(!text.includes(SECRET), path)
      assert.equal(answer.headers.get('content-type')?.startsWith('text/html'), false, path)
      answered += 1
    }
    assert.ok(answered > 0)
  })

  function recordsOf(signal: Signal) {
    const headers = {
      ce_specversion: '1.0',
      ce_id: MARKUP,
      ce_source: `/environment/${encodeURIComponent(MARKUP)}`,
      ce_subject: MARKUP,
      ce_type: signal === 'readings' ? 'io.sluice.environment.reading.v1' : `io.sluice.${signal}.v1`,
      ce_time: new Date().toISOString(),
      'content-type': 'application/json',
      [MARKUP]: MARKUP,
    }
    const value = JSON.stringify({
      sensorId: MARKUP,
      temperature: 20,
      location: { site: MARKUP },
      [MARKUP]: MARKUP,
    })
    return [
      { key: MARKUP, headers, value },
      { key: MARKUP, headers: { [MARKUP]: MARKUP }, value: MARKUP },
    ]
  }
})

/** Each area, and the pages below it that show one thing, with markup in the address as well. */
function pagesOf(environment: TestEnvironment): string[] {
  const mark = encodeURIComponent(MARKUP)
  const topic = encodeURIComponent(environment.topic('readings'))
  return [
    '/',
    '/telemetry',
    `/telemetry?entity=${mark}%20${mark}`,
    '/alerts',
    `/alerts?alert=${mark}`,
    `/alerts/rules?rule=${mark}`,
    '/alerts/silences',
    '/failures',
    '/failures?letter=0:0',
    '/kafka',
    `/kafka/topics?topic=${topic}`,
    `/kafka/topics?topic=${mark}`,
    `/kafka/messages?topic=${topic}`,
    `/kafka/groups?group=${mark}`,
    '/kafka/schemas',
    `/state?consumer=processor&entity=${mark}`,
    `/event?id=${mark}`,
    '/write',
    `/${mark}`,
  ]
}

/** Waits until nothing on the page is being asked for. */
async function untilAnswered({ page }: Visit): Promise<void> {
  await page.waitForFunction(
    "document.querySelector('main') && !document.querySelector('main [aria-busy=true]')",
  )
}
