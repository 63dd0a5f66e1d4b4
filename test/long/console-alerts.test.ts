/** The console's pages about alerts, beside alerting and the view of what fires, on real servers. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { until } from '@sluice/test-kit/until'
import { environmentReading } from '#runtime/test/support/records'
import type { Answers } from '../../console/api/all-routes.ts'
import { alerting } from '../../lib/alerting/process.ts'
import { readRules } from '../../lib/alerting/rule-files.ts'
import { buildRuleSet } from '../../lib/alerting/rule-set.ts'
import { rulesActivated } from '../../lib/alerting/rules-activated.ts'
import { notifier } from '../../lib/notification/notifier.ts'
import { TestBrowser } from '../support/browser.ts'
import { type ServedConsole, servedConsole } from '../support/console.ts'
import { TestEnvironment } from '../support/environment.ts'
import { FAMILIES } from '../support/families.ts'
import { RunningConsumers } from '../support/running-consumers.ts'

const RULES = `rules:
  - { name: HOT, family: environment, metric: temperature, fireAbove: 40, severity: critical, labels: { team: ops } }
  - { name: WARM, family: environment, metric: temperature, fireAbove: 30, for: 1h, severity: warning }
`
const TRACE = '0af7651916cd43dd8448eb211c80319c'

describe('the console about alerts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-console-rules-'))
  let environment: TestEnvironment
  let consumers: RunningConsumers
  let served: ServedConsole
  let browser: TestBrowser

  before(async () => {
    writeFileSync(join(folder, 'weather.yaml'), RULES)
    ;[environment, browser] = await Promise.all([TestEnvironment.create(), TestBrowser.launch()])
    consumers = new RunningConsumers(environment, [alerting(FAMILIES, []), notifier({ routes: [] })])
    served = await servedConsole({ env: environment.name, variables: { RULES_DIR: folder } })
    const rules = buildRuleSet(readRules(FAMILIES, [{ file: 'weather.yaml', text: RULES }]))
    await consumers.append([rulesActivated(rules, 0, new Date().toISOString())])
    await publishReadings(['roof-1', 45], ['roof-2', 20], ['roof-3', 35])
  })

  after(async () => {
    rmSync(folder, { recursive: true })
    await Promise.all([consumers, served, environment, browser].map(open => open?.close()))
  })

  let sent = 0
  /** Appends current readings, and lets alerting and the view come to them. */
  async function publishReadings(...values: readonly (readonly [sensor: string, temperature: number])[]) {
    const extensions = { traceparent: `00-${TRACE}-b7ad6b7169203331-01` }
    await consumers.append(
      values.map(([sensor, temperature]) => {
        const time = new Date().toISOString()
        return environmentReading(`m${sent++}`, { sensor, temperature, time, extensions })
      }),
    )
    await consumers.catchUp('alerting', 'readings')
    await consumers.catchUp('notifier', 'alerts')
  }

  // Promise docs/alerts.md#in-the-console | Alerts can be found and silenced in the console.
  it('given a browser, then a person finds the alert, and silences it', async () => {
    const visit = await browser.visit(served.address('/alerts'), { width: 1024 })
    const { page } = visit
    const pending = page.getByRole('region', { name: 'Pending' })
    for (const sensor of ['roof-1', 'roof-3'])
      await pending.getByRole('row').filter({ hasText: 'WARM' }).filter({ hasText: sensor }).waitFor()
    await page.getByRole('link', { name: 'HOT', exact: true }).click()
    await page.getByText('The alert fired with this reading.').waitFor()
    await page.getByText('45 °C').first().waitFor()
    await page.getByText(TRACE).first().waitFor()
    await page.getByRole('heading', { name: 'Events' }).waitFor()
    assert.deepEqual(await visit.obstacles(), [])
    await page.getByRole('button', { name: 'Silence', exact: true }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Comment').fill('new sensors')
    await dialog.getByText('It mutes 1 firing alert of 1: HOT of').waitFor()
    assert.deepEqual(await visit.obstacles(), [])
    await dialog.getByRole('button', { name: 'Silence', exact: true }).click()
    await dialog.getByText(/^Silence .* mutes rule=HOT/).waitFor()
    await dialog.getByRole('button', { name: 'Close' }).click()
    await page.getByRole('navigation', { name: 'Pages of alerts' }).getByText('Silences').click()
    await page.getByRole('cell', { name: 'new sensors' }).waitFor()
    assert.deepEqual(await visit.obstacles(), [])
    // An answer that took long is kept for longer.
    await until('the alert is marked', async () => {
      const { rows } = await served.ask<Answers['/alerts/list']>('/alerts/list')
      return rows[0]?.silenced === 'silenced'
    })
    await page.getByRole('cell').getByRole('button', { name: 'End', exact: true }).click()
    await dialog.getByRole('button', { name: 'End', exact: true }).click()
    await page.getByText(/^No matching silences/).waitFor()
    await page.getByText(/^Silence .* has ended/).waitFor()
    const actions = (await environment.audits()).map(({ action }) => action)
    assert.deepEqual(actions.toSorted(), ['silence add', 'silence end'])
    await dialog.getByRole('button', { name: 'Close' }).click()
    await page.getByRole('navigation', { name: 'Pages of alerts' }).getByText('Rules').click()
    assert.deepEqual(await visit.obstacles(), [])
    await visit.close()
  })

  // Promise docs/notifications.md#silences
  it('given an end that clocks repeat or skip, then the dialog asks which instant is meant', async () => {
    const visit = await browser.visit(served.address('/alerts/silences'), { timeZone: 'Europe/Oslo' })
    const { page } = visit
    await page.getByRole('button', { name: 'Add a silence' }).click()
    const dialog = page.getByRole('dialog')
    const choice = dialog.getByLabel('Clocks change then')
    const add = dialog.getByRole('button', { name: 'Add a silence' })
    await dialog.getByLabel('Rule').fill('NOT_HOT\nNOT_*')
    await dialog.getByLabel('Comment').fill('clock change')
    await add.waitFor()
    const until = dialog.getByLabel('Until (your time)')
    await until.fill('2040-10-28T12:30')
    await choice.waitFor({ state: 'detached' })
    await until.fill('2040-03-25T02:30')
    assert.match((await choice.textContent()) ?? '', /01:30:00.*03:30:00/)
    await until.fill('2040-10-28T02:30')
    assert.equal(await dialog.getByLabel('For', { exact: true }).inputValue(), '')
    await dialog.getByText('until: must be an instant').waitFor()
    assert.deepEqual([await add.count(), await visit.obstacles()], [0, []])
    await choice.selectOption({ index: 2 })
    await add.click()
    await dialog.getByText(/^Silence .* mutes rule=NOT_HOT,NOT_\*/).waitFor()
    const { rows: silences } = await served.ask<Answers['/alerts/silences']>('/alerts/silences?state=all')
    assert.equal(silences[0]?.endsAt, '2040-10-28T01:30:00.000Z')
    await visit.close()
  })
})
