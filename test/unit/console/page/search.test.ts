import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RefusedByServer } from '../../../../console/page/data/ask.ts'
import {
  type Ask,
  onlyExact,
  search,
  summaryText,
  unaskedText,
} from '../../../../console/page/search/looked-for.ts'

const ALERT = 'AbcdefghijklmnopqrstU1'
const AWAY = new RefusedByServer({ code: 'unavailable', message: 'Kafka does not answer.' })
const UNKNOWN = new RefusedByServer({ code: 'not-found', message: 'There is no alert.' })

const NOTHING = {
  '/telemetry/entities': { family: 'device', families: [], rows: [], matching: 0 },
  '/alerts/now': { alerts: [], total: 0 },
  '/alerts/one': UNKNOWN,
  '/journey': { journey: { roots: [] } },
  '/kafka/groups': { groups: [], more: 0 },
  '/kafka/topics': { topics: [], more: 0 },
}

/** A console that gives these answers by path, with or without a query, and notes what it is asked. */
function answering(answers: Readonly<Record<string, unknown>>) {
  const asked: string[] = []
  const ask: Ask = async <T>(path: string) => {
    asked.push(path)
    const known: Readonly<Record<string, unknown>> = { ...NOTHING, ...answers }
    const answer = known[path] ?? known[path.split('?')[0] ?? '']
    if (answer instanceof Error) throw answer
    return answer as T
  }
  return { ask, asked }
}

const rows = (...entities: string[]) => entities.map(entity => ({ entity }))
const entities = (...names: string[]) => ({ family: 'device', families: [], rows: rows(...names) })

describe('a search in the console', () => {
  it('given a text, then each kind is asked once, and alerts by id only where it can be one', async () => {
    const { ask, asked } = answering({})
    await search(ask, 'a b')
    assert.deepEqual(asked.toSorted(), [
      '/alerts/now?entity=a+b',
      '/journey?id=a+b',
      '/kafka/groups?find=a+b',
      '/kafka/topics?find=a+b',
      '/telemetry/entities?find=a+b',
    ])
    await search(ask, ALERT)
    assert.ok(asked.includes(`/alerts/one?id=${ALERT}`))
  })

  it('given names that hold the text, then those that are the text come first, whatever their case', async () => {
    const found = { ...entities('/device/a pump-10', '/device/b Pump-1'), matching: 2 }
    const [result] = await search(answering({ '/telemetry/entities': found }).ask, 'pump-1')
    assert.deepEqual(
      result?.found?.things.map(({ text, isExact }) => [text, isExact]),
      [
        ['Pump-1', true],
        ['pump-10', false],
      ],
    )
  })

  it('given entities of two families, then both are listed', async () => {
    const families = [
      { family: 'device', entities: 1 },
      { family: 'database', entities: 1 },
      { family: 'environment', entities: 0 },
    ]
    const { ask, asked } = answering({
      '/telemetry/entities': { ...entities('/device/a x'), families, matching: 1 },
      '/telemetry/entities?find=x&family=database': { ...entities('/database/a x'), matching: 1 },
    })
    const results = await search(ask, 'x')
    assert.deepEqual(
      results[0]?.found?.things.map(({ note }) => note),
      ['/device/a', '/database/a'],
    )
    assert.equal(asked.filter(path => path.startsWith('/telemetry')).length, 2)
    assert.equal(onlyExact(results), undefined)
    assert.equal(summaryText(results, 'x'), '2 matches for “x”.')
  })

  it('given one thing of this very name, then the search leads to it', async () => {
    const alert = { id: ALERT, rule: 'HOT', entity: '/device/a x' }
    const topics = { topics: [{ topic: 't.readings', signal: 'readings' }], more: 0 }
    const groups = { groups: [{ group: 'g.processor', function: 'processor' }], more: 0 }
    for (const [text, answers, href] of [
      [ALERT, { '/alerts/one': alert }, `/alerts?alert=${ALERT}`],
      ['readings', { '/kafka/topics': topics }, '/kafka/topics?topic=t.readings'],
      ['processor', { '/kafka/groups': groups }, '/kafka/groups?group=g.processor'],
      ['e-1', { '/journey': { journey: { roots: [{}] } } }, '/event?id=e-1'],
    ] as const)
      assert.equal(onlyExact(await search(answering(answers).ask, text)), href)
  })

  it('given alerts of an entity, then the search leads to the entity', async () => {
    const { ask } = answering({
      '/telemetry/entities': { ...entities('/device/a x'), matching: 1 },
      '/alerts/now': { alerts: [{ id: ALERT, rule: 'HOT', entity: '/device/a x' }], total: 1 },
    })
    assert.equal(onlyExact(await search(ask, 'x')), '/telemetry?entity=%2Fdevice%2Fa+x')
  })

  it('given matches that are not listed, or a part that is away, then it does not redirect', async () => {
    const one = entities('/device/a x')
    for (const answers of [
      { '/telemetry/entities': { ...one, matching: 2 } },
      { '/telemetry/entities': { ...one, matching: 1 }, '/kafka/topics': AWAY },
    ])
      assert.equal(onlyExact(await search(answering(answers).ask, 'x')), undefined)
  })

  it('given nothing, then one sentence says where it was looked for', async () => {
    const results = await search(answering({}).ask, ALERT)
    assert.equal(
      summaryText(results, ALERT),
      `Nothing matches “${ALERT}”: no entity, no firing alert, no event in the spans, no consumer group, no topic.`,
    )
    assert.equal(unaskedText(results), undefined)
  })

  it('given Kafka away, then the others answer, and the sentences claim nothing of what was not asked', async () => {
    const { ask } = answering({ '/kafka/groups': AWAY, '/kafka/topics': AWAY })
    const results = await search(ask, 'x')
    assert.equal(
      summaryText(results, 'x'),
      'Nothing matches “x”: no entity, no firing alert, no event in the spans.',
    )
    assert.equal(unaskedText(results), 'Not searched: consumer groups, topics. Kafka does not answer.')
  })
})
