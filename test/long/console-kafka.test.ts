/** The pages about Kafka: topics with their sizes, brokers, groups with their lag, subjects of the registry. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { brokers } from '@sluice/test-kit/servers'
import type { Answers } from '../../console/api/all-routes.ts'
import { TestBrowser } from '../support/browser.ts'
import { type ServedConsole, servedConsole } from '../support/console.ts'
import { type SubjectsRegistry, startSubjects } from '../support/subjects.ts'
import { TopicCommands } from '../support/topic-commands.ts'

describe('given the console, when Kafka is looked at', () => {
  let served: ServedConsole
  let commands: TopicCommands
  let registry: SubjectsRegistry
  let topic: string
  let group: string
  let browser: TestBrowser

  before(async () => {
    ;[commands, browser] = await Promise.all([TopicCommands.open(), TestBrowser.launch()])
    registry = await startSubjects({
      '/subjects': ['orders-value', 'z-late'],
      '/subjects/orders-value/versions': [1, 2, 3],
      '/subjects/z-late/versions': 'late',
    })
    served = await servedConsole({ env: commands.prefix, variables: { SCHEMA_REGISTRY_URL: registry.uri } })
    topic = await commands.topic('orders', 3, { 'retention.ms': '60000' })
    group = commands.named('readers')
    const hot = Array.from({ length: 120 }, () => ({ key: 'hot', value: 'x'.repeat(50), partition: 2 }))
    await commands.client.send(topic, [...hot, { key: 'cold', value: 'y', partition: 0 }])
    await commands.admin.setOffsets({ groupId: group, topic, partitions: [{ partition: 2, offset: '100' }] })
  })
  after(async () => {
    await browser?.close()
    await served?.close()
    await registry?.close()
    await commands?.close()
  })

  it('when a person creates a topic, then the dialog plans what is typed, and says what was done', async () => {
    const visit = await browser.visit(served.address('/kafka'), { width: 390 })
    const { page } = visit
    await page.getByRole('button', { name: 'Create a topic' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill(commands.named('typed'))
    await dialog.getByText(`Create topic ${commands.named('typed')}.`).waitFor()
    await dialog.getByLabel('Replication factor').fill('99')
    await dialog.getByText('replication factor 99 is larger than the number of brokers').waitFor()
    await dialog.getByLabel('Replication factor').fill('1')
    assert.deepEqual([await visit.isTooWide(), await visit.obstacles()], [false, []])
    await dialog.getByRole('button', { name: 'Create a topic' }).click()
    await dialog
      .getByRole('status')
      .getByText(`Created topic: ${commands.named('typed')}`)
      .waitFor()
    await visit.close()
  })

  // Promise docs/kafka.md#who-is-behind-and-by-how-much | The lag of a group is shown by partition and in total, in records and in time, and the distribution of a topic is judged.
  it('then a group has its lag by partition, with how long the oldest record waits', async () => {
    const { rows: groups } = await served.ask<Answers['/kafka/groups']>(`/kafka/groups?find=${group}`)
    assert.deepEqual(
      groups.map(group => [group.group, group.state, group.pending, group.topics]),
      [[group, 'no readers', 21, [topic]]],
    )
    const { rows } = await served.ask<Answers['/kafka/groups/one']>(`/kafka/groups/one?group=${group}`)
    const [answer] = rows
    assert.ok(answer)
    assert.deepEqual(
      answer.partitions.map(({ next, end, pending }) => [next, end, pending]),
      [
        [0, 1, 1],
        [0, 0, 0],
        [100, 120, 20],
      ],
    )
    assert.ok(answer.seconds !== null && answer.seconds > 0 && answer.seconds < 3_600, `${answer.seconds} s`)
  })

  // Promise docs/kafka.md#the-same-in-the-console | Topics, brokers, subjects, messages and groups can be looked at in the console, even if a registry is late.
  it('then a person goes from the topics to one and its group, and stumbles over nothing', async () => {
    const visit = await browser.visit(served.address('/kafka'), { width: 360 })
    const { page } = visit
    await page.getByRole('heading', { name: 'Topics' }).waitFor()
    await page.getByText(brokers()[0] as string).waitFor()
    // The registry is late with the versions of a subject. Topics and brokers are shown meanwhile.
    await page.getByRole('cell', { name: '1–3' }).waitFor()
    const late = page.getByRole('row').filter({ hasText: 'z-late' })
    await late.getByRole('cell', { name: 'not known' }).waitFor()
    assert.deepEqual(await visit.obstacles(), [])
    assert.equal(await visit.isTooWide(), false)
    // Other tests have topics, too.
    await page.goto(served.address(`/kafka?find=${topic.toUpperCase()}`))
    const listed = page.getByRole('row').filter({ hasText: topic })
    assert.match((await listed.textContent()) ?? '', /all in sync.*121.*\d+ (B|KiB)/)
    await page.getByRole('link', { name: topic }).click()
    await page.getByRole('heading', { name: topic }).waitFor()
    await page.getByText('skewed, skew 2.98').waitFor()
    await page.getByRole('row').filter({ hasText: 'retention.ms' }).getByText('1 min').waitFor()
    assert.deepEqual(await visit.obstacles(), [])
    assert.equal(await visit.isTooWide(), false)
    await page.getByRole('link', { name: group }).click()
    await page.getByText('The group has no members and 21 pending records').waitFor()
    assert.deepEqual(await visit.obstacles(), [])
    await visit.close()
  })
})
