/** The pages of telemetry over an environment of which everything is known, on real servers and in a real browser. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { until } from '@sluice/test-kit/until'
import type { Event } from '#runtime/consumer'
import { environmentReading } from '#runtime/test/support/records'
import { createActivity } from '../../lib/activity/process.ts'
import { alerting } from '../../lib/alerting/process.ts'
import { buildRuleSet } from '../../lib/alerting/rule-set.ts'
import { rulesActivated } from '../../lib/alerting/rules-activated.ts'
import { createStatistics } from '../../lib/analytics/processor.ts'
import { notifier } from '../../lib/notification/notifier.ts'
import { TestBrowser } from '../support/browser.ts'
import { type ServedConsole, servedConsole } from '../support/console.ts'
import { deadLetterRecord } from '../support/dead-letters.ts'
import { TestEnvironment } from '../support/environment.ts'
import { FAMILIES } from '../support/families.ts'
import { RunningConsumers } from '../support/running-consumers.ts'
import { createRule } from '../unit/alerting/support.ts'

const ROOF = '/environment/test-site roof-1'
const DEVICE = '/device/watch d-1'
const RULES = [createRule({ name: 'HOT', fireAbove: 40, severity: 'critical' })]
const MINUTE_MS = 60_000

describe('telemetry in the console', () => {
  let environment: TestEnvironment
  let consumers: RunningConsumers
  let served: ServedConsole
  let browser: TestBrowser
  let sent = 0

  before(async () => {
    ;[environment, browser] = await Promise.all([TestEnvironment.create(), TestBrowser.launch()])
    consumers = new RunningConsumers(environment, [
      createStatistics(FAMILIES),
      createActivity(FAMILIES),
      alerting(FAMILIES, []),
      notifier({ routes: [] }),
    ])
    served = await servedConsole({ env: environment.name })
    const { value } = deadLetterRecord({ originalTopic: 'greenhouse', originalHeaders: [] })
    const headers = { 'content-type': 'application/cloudevents+json' }
    await environment.client.send(environment.topic('dlq'), [{ value, headers }])
    const set = buildRuleSet(RULES)
    const minutes = [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
    await processReadings([
      rulesActivated(set, 0, ago(20)),
      ...minutes.map(at => reading('roof-1', at === 5 ? 45 : 20 + at, ago(at))),
      ...minutes.map(at => reading('roof-10', 10, ago(at))),
      ...minutes.map(at => observed(at === 5 || at === 4 ? 'degraded' : 'ok', ago(at))),
      ...[3, 2, 1].map(at => reading('old-1', at, '2026-03-01T12:00:00Z', at)),
      moved('walking', ago(8)),
      moved('running', ago(6)),
    ])
  })

  after(async () => {
    const open = [served, consumers, environment, browser]
    await Promise.all(open.map(value => value?.close()))
  })

  const ago = (minutes: number) => new Date(Date.now() - minutes * MINUTE_MS).toISOString()

  function reading(sensor: string, temperature: number, time: string, plusMinutes = 0): Event {
    const later = new Date(Date.parse(time) + plusMinutes * MINUTE_MS).toISOString()
    const event = environmentReading(`r-${sent++}`, { sensor, temperature })
    return { ...event, time: later, data: { ...(event.data as object), tags: { source: '/sensor/room1' } } }
  }

  /** Returns a reading of a state and of no metric. */
  function observed(status: string, time: string): Event {
    const data = { sensorId: 'door-1', location: { site: 'yard', latitude: 52.5, longitude: 13.4 }, status }
    return {
      ...environmentReading(`o-${sent++}`),
      source: '/environment/yard',
      subject: 'door-1',
      time,
      data,
    }
  }

  function moved(doing: string, time: string): Event {
    const data = { deviceId: 'd-1', model: 'watch', x: 1, y: 2, z: 9, activity: doing }
    const type = 'io.sluice.device.motion.v1'
    const base = environmentReading(`m-${sent++}`)
    return { ...base, type, source: '/device/watch', subject: 'd-1', time, data }
  }

  /** Appends events to one partition, and lets the consumers come to them. */
  async function processReadings(events: readonly Event[]): Promise<void> {
    await consumers.append(events)
    for (const consumer of ['processor', 'activity', 'alerting'])
      await consumers.catchUp(consumer, 'readings')
    await consumers.catchUp('notifier', 'alerts')
  }

  it('given rows of the list, then they are on one chart, whose lines are hidden and shown, as the address says', async () => {
    const visit = await browser.visit(served.address('/telemetry?find=test-site'))
    const { page } = visit
    await page.getByRole('link', { name: 'environment: 3' }).waitFor()
    for (const name of ['roof-1', 'roof-10'])
      await page.getByRole('checkbox', { name: `Choose /environment/test-site ${name}`, exact: true }).check()
    await page.getByRole('link', { name: 'environment: 2' }).click()
    const chart = (of: string) => page.getByRole('application', { name: new RegExp(`^${of}`) })
    await chart('2 entities, temperature in the last 15 minutes: from 10 °C to 45 °C; .*1 alert').waitFor()
    assert.deepEqual(await visit.obstacles(), [])
    const line = page
      .getByRole('list', { name: 'Entities' })
      .getByRole('button', { name: 'roof-1', exact: true })
    await line.click()
    await chart('1 entity, temperature in the last 15 minutes: from 10 °C to 10 °C; .*0 alerts').waitFor()
    await page.reload()
    await chart('1 entity').waitFor()
    const { searchParams } = new URL(page.url())
    assert.deepEqual(
      ['family', 'entities', 'hidden'].map(name => searchParams.get(name)),
      ['environment', `${ROOF}\n${ROOF}0`, ROOF],
    )
    await line.press('Space')
    await chart('2 entities').waitFor()
    await page.getByLabel('Metric').selectOption('humidity')
    await page.getByLabel('Range').selectOption('Last hour')
    await chart('2 entities, humidity in the last hour').waitFor()
    await page.getByText('mean of each minute').waitFor()
    await page.setViewportSize({ width: 390, height: 844 })
    assert.equal(await visit.isTooWide(), false)
    const repeated = new URLSearchParams({
      family: 'environment',
      metric: 'temperature',
      of: '20',
      entities: [...Array<string>(12).fill(ROOF), `${ROOF}0`, DEVICE, `${ROOF}x`].join('\n'),
    })
    await page.goto(served.address(`/telemetry/chart?${repeated}`))
    for (const why of ['of another family', 'unknown to the processor']) await page.getByText(why).waitFor()
    await chart('4 entities').waitFor()
    await page.getByText('Left out: 16 more.').waitFor()
    await visit.close()
  })

  // Promise docs/readings.md#in-the-console | Entities and charts can be looked at in the console, charts of up to 30 days with a database; without its answer, the last hour is shown.
  it('given a browser, then one finds an entity, sees its charts, and its alert comes by itself', async () => {
    const visit = await browser.visit(served.address('/telemetry'))
    const { page } = visit
    await page.getByRole('link', { name: 'd-1 /device/watch' }).click()
    await page.getByText('running', { exact: true }).first().waitFor()
    await page.goto(served.address('/telemetry'))
    await page.getByLabel('Find').fill('roof-1')
    await page.getByRole('link', { name: 'roof-10' }).waitFor({ state: 'detached' })
    await page.getByRole('link', { name: 'roof-1 /environment/test-site' }).click()
    await page.getByRole('heading', { level: 1, name: 'roof-1' }).waitFor()
    await page
      .getByRole('application', { name: /temperature in the last hour: from 20 °C to 45 °C; 1 threshold/ })
      .waitFor()
    await page.getByRole('link', { name: '/sensor/room1' }).waitFor()
    // A record of an input without an entity, whose key is the sensor.
    await page.getByRole('cell', { name: 'roof-1 greenhouse' }).waitFor()
    await page.getByRole('link', { name: 'Redrive or drop its dead letters' }).waitFor()
    assert.deepEqual(await visit.obstacles(), [])
    const wide = page.viewportSize() ?? { width: 1280, height: 800 }
    await page.setViewportSize({ width: 390, height: 844 })
    assert.equal(await visit.isTooWide(), false, 'nothing is cut on a phone')
    assert.equal(await page.locator('th.wide').first().isVisible(), false, 'rows are short there')
    await page.setViewportSize(wide)
    await processReadings([reading('roof-1', 48, ago(0))])
    await page
      .getByRole('list', { name: 'Alerts of this entity' })
      .getByText(/firing/)
      .waitFor()
    await page.getByRole('list', { name: 'Alerts of this entity' }).getByRole('link').click()
    await page
      .getByRole('application', { name: /^temperature around the alert: \d+ minutes, threshold 40$/ })
      .waitFor()
    assert.deepEqual(await visit.obstacles(), [])
    await visit.close()
  })

  it('given a keyboard or a thumb, then a chart is read value by value and as a table, in English in a German browser', async () => {
    const address = served.address(`/telemetry?${new URLSearchParams({ entity: `${ROOF}0` })}`)
    const visit = await browser.visit(address, { locale: 'de-DE', hasTouch: true })
    const { page } = visit
    const card = page.locator('.card', { hasText: /^temperature/ })
    const readout = card.locator('.readout', { hasText: /^\d\d:\d\d:\d\d · 10 °C/ })
    for (const key of ['Home', 'ArrowRight']) await card.getByRole('application').press(key)
    await card.locator('[aria-live=polite]', { hasText: (await readout.textContent()) ?? '' }).waitFor()
    for (const key of ['Tab', 'Enter']) await page.keyboard.press(key)
    await card
      .getByRole('row', { name: /^\d\d:\d\d:\d\d 10 °C/ })
      .first()
      .waitFor()
    assert.deepEqual(await visit.obstacles(), [])
    await readout.waitFor({ state: 'detached' })
    await card.getByRole('application').tap()
    await readout.waitFor()
    await page.evaluate(RECORD_TEXTS)
    await page.setViewportSize({ width: 900, height: 900 })
    const texts = () => page.evaluate<string[]>('texts')
    await until('the axes are drawn', async () => (await texts()).some(text => /^\d\d:\d\d$/.test(text)))
    const numbers = (await texts()).filter(text => /^\d+\D\d\d?$/.test(text) && !text.includes(':'))
    assert.match([...new Set(numbers)].join(), /^\d+\.\d+(,\d+\.\d+)*$/)
    await visit.close()
  })

  it('given an entity with a state alone, then its value, its time line and its times are shown, and no metrics', async () => {
    await processReadings([observed('ok', ago(0))])
    const visit = await browser.visit(served.address('/telemetry?entity=/environment/yard%20door-1'))
    const { page } = visit
    const tile = page.locator('.tile').first()
    await tile.getByText('ok', { exact: true }).waitFor()
    assert.match(await tile.innerText(), /^status\s+ok since \S+ last reported \S+$/)
    await page.getByRole('heading', { name: /^States since/ }).waitFor()
    await page.getByRole('application', { name: /^status since \S+: ok .*, degraded 2 min \(\d/ }).waitFor()
    const legend = page.getByRole('list', { name: 'Values of status' }).getByRole('listitem')
    assert.match((await legend.allInnerTexts()).join(), /^ok \d.*\),degraded 2 min \(/)
    const row = page
      .getByRole('region', { name: 'time in each state' })
      .getByRole('row', { name: 'degraded' })
    assert.match(await row.innerText(), /^status\s+degraded\s+2 min \(\d.*%\)\s+2 min \(0\.1 %\)$/)
    await page
      .getByRole('region', { name: 'newest readings' })
      .getByRole('cell', { name: 'degraded' })
      .first()
      .waitFor()
    assert.equal(await page.getByText('has not reported any metrics').count(), 0)
    assert.deepEqual(await visit.obstacles(), [])
    await visit.close()
  })
})

/** Records the texts that charts draw from then on. */
const RECORD_TEXTS = `globalThis.texts = []
  const { fillText } = CanvasRenderingContext2D.prototype
  CanvasRenderingContext2D.prototype.fillText = function (...args) { texts.push(args[0]); fillText.apply(this, args) }`
