import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import type { MessageList } from '../../console/api/kafka/messages/message-list.ts'
import { TestBrowser, type Visit } from '../support/browser.ts'
import { type ServedConsole, servedConsole } from '../support/console.ts'
import { TestEnvironment } from '../support/environment.ts'

/** Messages of the large topic: a million with SLUICE_MANY_MESSAGES=1000000, which takes a minute. */
const MANY = Number(process.env.SLUICE_MANY_MESSAGES ?? 20_000)

describe('given a console beside Kafka', () => {
  let environment: TestEnvironment
  let served: ServedConsole
  let browser: TestBrowser
  const messages = (values: Record<string, string>) =>
    served.ask<MessageList>(`/kafka/messages?${new URLSearchParams(values)}`)
  before(async () => {
    const [made, launched] = await Promise.all([TestEnvironment.create(), TestBrowser.launch()])
    environment = made
    browser = launched
    served = await servedConsole({ env: environment.name })
  })

  after(async () => {
    await browser?.close()
    await served?.close()
    await environment?.close()
  })

  it('when messages are searched for a text, then the newest come first', async () => {
    const topic = environment.topic('alerts')
    const sent = Array.from({ length: 40 }, (_, index) => ({
      key: 'k',
      value: `{"site":"roof-${index % 4}"}`,
    }))
    await environment.client.send(topic, sent)
    const found = await messages({ topic, text: 'ROOF-2' })
    assert.deepEqual([found.endedBy, found.messages.length], ['end', 10])
    const offsets = found.messages.map(({ offset }) => offset)
    assert.deepEqual(
      offsets,
      offsets.toSorted((a, b) => b - a),
    )
  })

  it('when the topic is large, then the newest come at once, and a search says where it stopped', async t => {
    const topic = environment.topic('analytics')
    for (let at = 0; at < MANY; at += 5_000)
      await environment.client.send(
        topic,
        Array.from({ length: Math.min(5_000, MANY - at) }, (_, index) => {
          return { key: `k${at + index}`, value: `{"number":${at + index}}` }
        }),
      )
    const newest = await timed('the newest', t, () => messages({ topic }))
    assert.deepEqual([newest.held, newest.messages.length, newest.looked], [MANY, 50, 50])
    let [cursor, looked]: [string | null | undefined, number] = [undefined, 0]
    do {
      const values = { topic, text: 'nowhere', ...(cursor ? { cursor } : {}) }
      const found: MessageList = await timed('a search', t, () => messages(values))
      assert.equal(found.messages.length, 0)
      assert.ok(found.looked <= 100_000)
      assert.equal(found.endedBy, found.cursor === null ? 'end' : 'limit')
      looked += found.looked
      cursor = found.cursor
    } while (cursor !== null)
    assert.equal(looked, MANY)
  })

  async function requireGood(visit: Visit, name: string): Promise<void> {
    assert.deepEqual(await visit.obstacles(), [])
    assert.equal(await visit.isTooWide(), false, `${name} is too wide`)
  }

  it('when a message is opened, then it shows all that it says, and a text finds it', async () => {
    const topic = environment.topic('readings')
    await environment.client.send(topic, [{ key: 'k', value: '{"sensorId": "<b>roof</b>"}' }])
    const address = served.address(`/kafka/messages?topic=${topic}`)
    const visit = await browser.visit(address, { width: 1024, theme: 'dark' })
    const { page } = visit
    await page
      .getByRole('button', { name: /^Message/ })
      .first()
      .click()
    await page.getByText('"sensorId": "<b>roof</b>"').waitFor()
    await requireGood(visit, 'messages-1024-dark')
    await page.getByLabel('With the text').fill('<B>ROOF')
    await page.getByRole('button', { name: 'Show' }).click()
    await page.getByText('Searched').waitFor()
    assert.match(page.url(), /text=%3CB%3EROOF/)
    await page.getByRole('columnheader', { name: 'Content' }).waitFor()
    assert.equal(
      await page.getByRole('columnheader', { name: 'Event time' }).count(),
      0,
      'plain records have none',
    )
    await visit.close()
  })

  it('when the newest are looked at on a phone, then new ones arrive', async () => {
    const visit = await browser.visit(served.address('/kafka/messages'), { width: 360 })
    const { page } = visit
    await environment.client.send(environment.topic('readings'), [{ key: 'k', value: '{"late": 1}' }])
    await page.getByText('{"late": 1}').waitFor()
    await requireGood(visit, 'newest-360-light')
    await page.getByRole('combobox', { name: /^Partition/ }).selectOption('0')
    await page.getByRole('button', { name: 'Show' }).click()
    await page.waitForURL(/partition=0/)
    await visit.close()
  })
})

/** Tells how long it took; how fast it has to be depends on the machine. */
async function timed<T>(what: string, t: TestContext, ask: () => Promise<T>): Promise<T> {
  const startedMs = performance.now()
  const answer = await ask()
  t.diagnostic(`${what}: ${Math.round(performance.now() - startedMs)} ms`)
  return answer
}
