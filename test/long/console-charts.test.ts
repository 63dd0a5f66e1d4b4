/** Charts of a day, a week and 30 days on the page of an entity, from a database, in a real browser. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { freePort } from '#local-servers/ports'
import { environmentReading } from '#runtime/test/support/records'
import type { Answers } from '../../console/api/all-routes.ts'
import type { EntityHistory } from '../../console/api/telemetry/entity-history.ts'
import { alerting } from '../../lib/alerting/process.ts'
import { buildRuleSet } from '../../lib/alerting/rule-set.ts'
import { rulesActivated } from '../../lib/alerting/rules-activated.ts'
import { createStatistics } from '../../lib/analytics/processor.ts'
import { SqliteStorage } from '../../lib/storage/adapters/sqlite.ts'
import { toRows } from '../../lib/storage/rows.ts'
import { TestBrowser } from '../support/browser.ts'
import { type ServedConsole, servedConsole } from '../support/console.ts'
import { TestEnvironment } from '../support/environment.ts'
import { FAMILIES } from '../support/families.ts'
import { RunningConsumers } from '../support/running-consumers.ts'
import { storedAlert, storedMinute } from '../support/stored-events.ts'
import { createRule } from '../unit/alerting/support.ts'

const [SOURCE, SUBJECT] = ['/environment/test-site', 'roof-1']
const ENTITY = `${SOURCE} ${SUBJECT}`
const [MINUTE_MS, HOUR_MS, DAY_MS] = [60_000, 3_600_000, 86_400_000]
/** Days before now in which the database has no minutes. */
const GAP = { fromDays: 20, toDays: 15 }

describe('charts from a database in the console', () => {
  const startedMs = Date.now()
  let environment: TestEnvironment
  let consumers: RunningConsumers
  let folder: string
  let browser: TestBrowser
  const consoles: ServedConsole[] = []

  before(async () => {
    environment = await TestEnvironment.create()
    consumers = new RunningConsumers(environment, [createStatistics(FAMILIES), alerting(FAMILIES, [])])
    const rules = [createRule({ name: 'HOT', fireAbove: 40, severity: 'critical' })]
    const reading = environmentReading('r-1', { sensor: SUBJECT, temperature: 21 })
    await consumers.append([
      rulesActivated(buildRuleSet(rules), 0, new Date(startedMs - 20 * MINUTE_MS).toISOString()),
      { ...reading, time: new Date(startedMs - 10_000).toISOString() },
    ])
    for (const consumer of ['processor', 'alerting']) await consumers.catchUp(consumer, 'readings')
    folder = await mkdtemp(join(tmpdir(), 'console-charts-'))
    const storage = new SqliteStorage(join(folder, 'local.db'))
    await storage.write(toRows(FAMILIES, makeEvents()), 'replace')
    await storage.close()
    browser = await TestBrowser.launch()
  })

  after(async () => {
    for (const value of [browser, ...consoles, consumers, environment]) await value?.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** Returns the minutes of 30 days, one in each hour but each of the last day, and an alert of two days ago. */
  function makeEvents() {
    const thisMinute = Math.floor(startedMs / MINUTE_MS) * MINUTE_MS
    const entity = { source: SOURCE, subject: SUBJECT }
    const minutes = Array.from({ length: 30 * 1_440 - 60 }, (_, index) => index + 1).filter(ago => {
      const days = ago / 1_440
      const isInGap = days < GAP.fromDays && days > GAP.toDays
      return !isInGap && (ago < 1_440 || ago % 60 === 30)
    })
    const startedAt = new Date(startedMs - 2 * DAY_MS).toISOString()
    const endedAt = new Date(startedMs - 2 * DAY_MS + HOUR_MS).toISOString()
    return [
      ...minutes.map(ago => {
        const values = { minimum: 5, maximum: ago > 10 * 1_440 ? 35 : 30 }
        return storedMinute(1, 20, { startMs: thisMinute - ago * MINUTE_MS, entity, values })
      }),
      storedAlert('fired', 'a', { entity, startedAt }),
      storedAlert('resolved', 'a', { entity, startedAt, endedAt }),
    ]
  }

  async function serve(storageUrl?: string, isLocal = true): Promise<ServedConsole> {
    const variables = storageUrl === undefined ? {} : { STORAGE_URL: storageUrl }
    const served = await servedConsole({ env: environment.name, variables, isLocal })
    consoles.push(served)
    return served
  }
  const serveFile = () => serve(`sqlite:${join(folder, 'local.db')}`)
  const getPage = (range?: string) =>
    `/telemetry?${new URLSearchParams({ entity: ENTITY, ...(range ? { range } : {}) })}`
  const chart = (page: Page, of: string) =>
    page.getByRole('application', { name: new RegExp(`^temperature in the last ${of}`) })

  it('given minutes and hours, then each range has its points, and the alert where it was', async () => {
    const served = await serveFile()
    const ask = async (hours: number) => {
      const query = new URLSearchParams({ entities: ENTITY, hours: String(hours) })
      const { step, entities } = await served.ask<EntityHistory>(`/telemetry/stored?${query}`)
      return entities.map(own => ({ step, ...own }))
    }
    const [day] = await ask(24)
    assert.deepEqual([day?.step, day?.alerts], ['minute', []])
    assert.ok(Math.abs((day?.lines.temperature?.length ?? 0) - 1_440) <= 5)
    assert.deepEqual(Object.keys(day?.lines ?? {}), ['temperature'])
    const [week] = await ask(168)
    assert.deepEqual([week?.step, week?.alerts.map(({ rule }) => rule)], ['hour', ['HIGH_TEMP']])
    const [month] = await ask(720)
    const hours = month?.lines.temperature?.map(([ms]) => ms) ?? []
    const [least, most] = [
      startedMs - GAP.fromDays * DAY_MS + HOUR_MS,
      startedMs - GAP.toDays * DAY_MS - HOUR_MS,
    ]
    assert.equal(hours.filter(ms => ms > least && ms < most).length, 0)
    assert.ok(hours.length > 590 && hours.length < 610, `${hours.length}`)
    assert.equal((await served.request(`/telemetry/stored?entities=x&hours=5`)).status, 400)
    assert.equal((await served.request(`/telemetry/stored?entities=x%20y&hours=24`)).status, 404)
  })

  // Promise docs/readings.md#in-the-console
  it('given a choice, then the range stands in the address, and the chart has mean, band, legend, alert and threshold', async () => {
    const served = await serveFile()
    const visit = await browser.visit(served.address(getPage()))
    const { page } = visit
    await chart(page, 'hour: from 21 °C to 21 °C').waitFor()
    await page.getByLabel('Range').selectOption('Last week')
    await chart(page, 'week: from 5 °C to 30 °C; 1 threshold of rules, 1 alert').waitFor()
    assert.equal(new URL(page.url()).searchParams.get('range'), 'week')
    await page.getByRole('heading', { name: 'Metrics in the last week' }).waitFor()
    assert.deepEqual(await page.getByRole('list', { name: 'Legend' }).getByRole('listitem').allInnerTexts(), [
      'mean of each hour',
      'least to greatest',
      'threshold of a rule, critical',
      'alert firing, critical',
    ])
    assert.deepEqual(await visit.obstacles(), [])
    await page.getByLabel('Range').selectOption('Last day')
    await chart(page, 'day: from 5 °C to 30 °C; 1 threshold of rules, 0 alerts').waitFor()
    await page.getByText('mean of each minute').waitFor()
    await page.getByLabel('Range').selectOption('Last hour')
    await chart(page, 'hour').waitFor()
    assert.equal(new URL(page.url()).searchParams.has('range'), false)
    await visit.close()
  })

  it('given an address with a range and a gap, then nothing is drawn within the gap', async () => {
    const served = await serveFile()
    const visit = await browser.visit(served.address(getPage('30d')))
    const { page } = visit
    await chart(page, '30 days: from 5 °C to 35 °C').waitFor()
    assert.equal(await page.getByLabel('Range').inputValue(), '30d')
    const share = (days: number) => 1 - days / 30
    const isDrawn = (of: number) => page.evaluate(findBlue, of)
    assert.deepEqual(
      [await isDrawn(share(25)), await isDrawn(share(5))],
      [true, true],
      'line and band are drawn beside the gap',
    )
    for (const days of [19, 17.5, 16]) assert.equal(await isDrawn(share(days)), false, `${days} days ago`)
    assert.deepEqual(await visit.obstacles(), [])
    await page.setViewportSize({ width: 360, height: 800 })
    assert.equal(await visit.isTooWide(), false)
    await visit.close()
  })

  it('given a range that does not exist, then the page names those that do, and shows the last hour', async () => {
    const served = await serveFile()
    for (const range of ['fortnight', 'constructor', '24']) {
      const visit = await browser.visit(served.address(getPage(range)))
      const { page } = visit
      await page
        .getByRole('alert')
        .getByText(
          `There is no range "${range}": use 15m, hour, day, week, 30d. These are the charts of the last hour.`,
        )
        .waitFor()
      await chart(page, 'hour').waitFor()
      await page.getByLabel('Range').selectOption('Last day')
      await chart(page, 'day').waitFor()
      await visit.close()
    }
  })

  it('given no database, then the page says what would be needed, and shows the last hour', async () => {
    for (const [served, need] of [
      [await serve(), /need the function `storage` with a database: set STORAGE_URL/],
      [
        await serve('postgres://writer@db.example/sluice', false),
        /need a role that can only read the database: set STORAGE_READER_SECRET/,
      ],
    ] as const) {
      const { chartsNeed } = await served.ask<Answers['/environment']>('/environment')
      assert.match(`need ${chartsNeed}`, need)
      for (const range of [undefined, 'week']) {
        const visit = await browser.visit(served.address(getPage(range)))
        const { page } = visit
        await page.getByText(need).waitFor()
        await chart(page, 'hour: from 21 °C').waitFor()
        assert.deepEqual(await page.getByLabel('Range').getByRole('option').allInnerTexts(), [
          'Last 15 minutes',
          'Last hour',
        ])
        await visit.close()
      }
    }
  })

  it('given a database that is away, silent or empty, then the page says so, and shows the last hour', async t => {
    // It accepts connections, and never answers.
    const silent = createServer(socket => t.after(() => socket.destroy())).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    t.after(() => silent.close())
    const { port } = silent.address() as AddressInfo
    for (const [url, message] of [
      [`postgres://u:hidden@127.0.0.1:${port}/sluice`, /has not answered within 4 seconds/],
      [`postgres://u:hidden@127.0.0.1:${await freePort()}/sluice`, /the server does not answer/],
      [`sqlite:${join(folder, 'missing.db')}`, /`storage` has not created its tables yet/],
    ] as const) {
      const served = await serve(url)
      const visit = await browser.visit(served.address(getPage('day')))
      const { page } = visit
      await page.getByRole('alert').getByText(message).waitFor()
      const text = await page.getByRole('alert').getByText(message).innerText()
      assert.match(text, /These are the charts of the last hour\.$/)
      assert.doesNotMatch(text, /hidden/)
      await chart(page, 'hour: from 21 °C').waitFor()
      assert.equal(await page.getByLabel('Range').inputValue(), 'day')
      await visit.close()
    }
  })
})

/** Returns true if a chart has a bluish pixel, of its line or band, at a share of its width. Runs in the browser. */
function findBlue(share: number): boolean {
  // biome-ignore lint/suspicious/noExplicitAny: the types of the browser are not those of the tests
  const { document } = globalThis as any
  const canvas = document.querySelector('.uplot canvas')
  const [outer, inner] = [canvas, document.querySelector('.u-over')].map(value =>
    value.getBoundingClientRect(),
  )
  const scale = canvas.width / outer.width
  const x = Math.round((inner.left - outer.left + inner.width * share) * scale)
  const { data } = canvas
    .getContext('2d')
    .getImageData(x, 0, 1, Math.round((inner.bottom - outer.top) * scale) - 2)
  for (let at = 0; at < data.length; at += 4)
    if (data[at + 3] > 0 && data[at + 2] > data[at] + 40 && data[at + 2] > data[at + 1] + 20) return true
  return false
}
