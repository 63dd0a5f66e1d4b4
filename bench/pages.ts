import process from 'node:process'
import { ForeignClient } from '@sluice/test-kit/foreign-client'
import { writeEvent } from '#runtime/cloudevents'
import { environmentReading } from '#runtime/test/support/records'
import type { Answers } from '../console/api/all-routes.ts'
import { alerting } from '../lib/alerting/process.ts'
import { buildRuleSet } from '../lib/alerting/rule-set.ts'
import { rulesActivated } from '../lib/alerting/rules-activated.ts'
import { createStatistics } from '../lib/analytics/processor.ts'
import type { Signal } from '../lib/app/naming/topic-table.ts'
import { notifier } from '../lib/notification/notifier.ts'
import { createTopics } from '../localstack/local-topics.ts'
import { TestBrowser } from '../test/support/browser.ts'
import { servedConsole } from '../test/support/console.ts'
import { PAGES } from '../test/support/console-pages.ts'
import { RunningConsumers } from '../test/support/running-consumers.ts'
import { createRule } from '../test/unit/alerting/support.ts'
import { aimed, type Figure } from './kit/figures.ts'
import { type Run, runBenchmark } from './kit/program.ts'
import { withServers } from './kit/servers.ts'
import { families, names } from './kit/vocabulary.ts'

// `npm run bench:pages`: the time from the address of a page of the console until a browser shows all of it, with 200,000 readings of
// 5,000 sensors in the last minutes, 500 of which are too hot.

const [SENSORS, HOT, ROUNDS, EVERY_MS] = [5_000, 500, 40, 6_000]
const GOAL = { atMost: 1_000 }
/** Pages about dead letters and tables, which the environment does not have. */
const OTHERS = ['a dead letter', 'a table', 'a table with windows', '/nowhere']

await runBenchmark({
  usage: 'npm run bench:pages -- [options]',
  rounds: 3,
  async *measure(run) {
    yield* await withServers(run.signal, async ({ broker, redisUrl }) => {
      Object.assign(process.env, { KAFKA_BROKERS: broker, REDIS_URL: redisUrl })
      await createTopics({ brokers: [broker], env: 'bench', names })
      await fill(run)
      return measurePages(run)
    })
  },
})

/** Appends the readings, and lets the consumers come to their end. */
async function fill(run: Run): Promise<void> {
  const client = await ForeignClient.connect()
  const topic = (signal: Signal) => names.topicName(signal, 'bench')
  const read = (signal: Signal) => client.read(topic(signal))
  const processes = [createStatistics(families), alerting(families, []), notifier({ routes: [] })]
  const consumers = new RunningConsumers({ name: 'bench', client, topic, read }, processes)
  const beganMs = Date.now() - ROUNDS * EVERY_MS
  const rules = buildRuleSet([createRule({ name: 'HOT', fireAbove: 40 })])
  for (const partition of (await client.ends(topic('readings'))).keys()) {
    const { value, headers } = writeEvent(rulesActivated(rules, partition, new Date(beganMs).toISOString()))
    await client.send(topic('readings'), [{ partition, value, headers: Object.fromEntries(headers) }])
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    run.signal.throwIfAborted()
    const time = new Date(beganMs + round * EVERY_MS).toISOString()
    const readings = Array.from({ length: SENSORS }, (_, sensor) => {
      const values = { sensor: `s-${sensor}`, temperature: (sensor < HOT ? 41 : 20) + (round % 7) / 10 }
      return { ...environmentReading(`${round}-${sensor}`, values), time }
    })
    await consumers.append(readings, ({ subject = '' }) => subject)
  }
  run.say('all readings are appended')
  for (const consumer of ['processor', 'alerting']) await consumers.catchUp(consumer, 'readings')
  await consumers.catchUp('notifier', 'alerts')
  run.say('all readings are applied')
  await consumers.close()
  await client.close()
}

async function measurePages(run: Run): Promise<Figure[]> {
  const [served, browser] = [await servedConsole({ env: 'bench' }), await TestBrowser.launch()]
  try {
    const { rows, more } = await served.ask<Answers['/alerts/list']>('/alerts/list')
    if (rows.length + more !== HOT) throw new Error(`${rows.length + more} alerts fire instead of ${HOT}`)
    const things = {
      ...{ entity: '/environment/test-site s-1', rule: 'HOT', alert: rows[0]?.id ?? '', letter: '' },
      ...{ topic: names.topicName('readings', 'bench'), group: names.groupName('processor', 'bench') },
    }
    const figures = new Map<string, number[]>()
    for (let round = 1; round <= run.rounds; round += 1)
      for (const { name, address } of PAGES.filter(page => !OTHERS.includes(page.name))) {
        run.signal.throwIfAborted()
        const visit = await browser.visit('about:blank')
        const startedMs = performance.now()
        await visit.page.goto(served.address(address(things)))
        await visit.untilFilled()
        figures.set(name, [...(figures.get(name) ?? []), Math.round(performance.now() - startedMs)])
        run.say(`round ${round}  ${name}  ${figures.get(name)?.at(-1)} ms`)
        await visit.close()
      }
    return [...figures].map(([name, rounds]) => aimed(`pages/${name}`, 'ms', GOAL, rounds))
  } finally {
    await browser.close()
    await served.close()
  }
}
