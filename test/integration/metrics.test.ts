import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { until } from '@sluice/test-kit/until'
import type { Overview } from '../../console/api/overview/overview.ts'
import { type ServedConsole, servedConsole } from '../support/console.ts'
import type { TestEnvironment } from '../support/environment.ts'
import { markedEnvironment } from '../support/marked-environment.ts'
import { readScrape, type Series } from '../support/scrape.ts'

describe('metrics of an environment with alerts, failures and dead letters', () => {
  let environment: TestEnvironment
  let served: ServedConsole

  before(async () => {
    environment = await markedEnvironment()
    served = await servedConsole({ env: environment.name })
  })

  after(async () => {
    await served?.close()
    await environment?.close()
  })

  const scrape = async () => {
    const response = await fetch(new URL('/metrics', served.address()))
    assert.equal(response.status, 200)
    return readScrape(await response.text())
  }
  const find = (series: readonly Series[], name: string, labels: Readonly<Record<string, string>> = {}) =>
    series.filter(
      one =>
        one.name === `sluice_${name}` &&
        Object.entries(labels).every(([label, value]) => one.labels[label] === value),
    )

  async function untilKnown(): Promise<Overview> {
    let page = await served.ask<Overview>('/overview')
    await until('all parts of the overview are there', async () => {
      page = await served.ask<Overview>('/overview')
      return [page.consumers, page.firing, page.openDeadLetters].every(({ state }) => state === 'now')
    })
    return page
  }

  it('given its counts, then a scrape has those of the page and of the topics', async () => {
    const series = await scrape()
    const page = await untilKnown()
    for (const { function: consumer, topic, lag } of page.consumers.value ?? [])
      assert.deepEqual(
        find(series, 'consumer_lag_records', { consumer, topic }).map(({ value }) => value),
        lag === null ? [] : [lag],
        `${consumer} in ${topic}`,
      )
    const [letters] = find(series, 'dead_letters_open')
    assert.equal(letters?.value, page.openDeadLetters.value)
    assert.ok((letters?.value ?? 0) > 0)
    const [oldest] = find(series, 'dead_letters_oldest_seconds')
    assert.ok(oldest && oldest.value > 0 && oldest.value < 3_600)
    for (const { severity, count } of page.firing.value ?? [])
      assert.equal(find(series, 'alerts_firing', { severity })[0]?.value, count)
    assert.ok((page.firing.value ?? []).length > 0)
  })

  it('given the functions that have run, then their outcomes, outboxes and clocks are there, and only theirs', async () => {
    const series = await scrape()
    const topic = environment.topic('readings')
    const tally = await environment.tally('processor')
    const applied = Object.entries(tally).reduce(
      (sum, [name, count]) => sum + (name.startsWith('applied/') ? count : 0),
      0,
    )
    const labels = { consumer: 'processor', topic }
    assert.equal(find(series, 'records_total', { ...labels, outcome: 'applied' })[0]?.value, applied)
    assert.equal(find(series, 'outbox_entries', labels)[0]?.value, 0)
    const [decided] = find(series, 'last_decided_timestamp_seconds', labels)
    const agoSeconds = Date.now() / 1_000 - (decided?.value ?? 0)
    assert.ok(agoSeconds > 0 && agoSeconds < 3_600, `the last record was decided ${agoSeconds} s ago`)
    const counting = new Set(find(series, 'records_total').map(one => one.labels.consumer))
    assert.ok(counting.has('processor') && !counting.has('archiver'))
    assert.ok(find(series, 'consumer_stalled').length > counting.size)
    // The groups of functions that this process invokes have committed nothing, so every record is pending.
    const pending = find(series, 'partition_lag_seconds', labels).filter(({ value }) => value > 0)
    assert.ok(pending.length > 0 && pending.every(({ value }) => value < 3_600))
  })
})
