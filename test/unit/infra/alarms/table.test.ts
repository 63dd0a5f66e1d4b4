import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { Value } from '../../../../infra/alarms/alarm.ts'
import { AWS_METRICS, OWN_METRICS } from '../../../../infra/alarms/metrics.ts'
import { alarmsOf } from '../../../../infra/alarms/resources.ts'
import { ALARM_KINDS, COUNTED_BY, WITHOUT_ALARM } from '../../../../infra/alarms/table.ts'
import { SCHEDULED_METRICS } from '../../../../lib/app/metrics.ts'
import { METRICS } from '../../../../packages/runtime/adapters/lambda/metric-names.ts'
import { deployed, SERVERLESS } from '../../../support/alarms.ts'
import { everythingWritten } from '../../../support/everything-written.ts'
import { PROJECT } from '../../../support/program.ts'

/** A metric that an alarm looks at: names of its dimensions in order, and the reason, if it asks for one. */
interface AlarmMetric {
  readonly namespace: string
  readonly name: string
  readonly dimensions: string
  readonly reason: string | undefined
}

function lookedAt(value: Value): AlarmMetric[] {
  if ('query' in value) {
    const { namespace, name, dimensions, where } = value.query
    return [{ namespace, name, dimensions: [...dimensions].sort().join(), reason: where.reason }]
  }
  const metrics = 'metrics' in value ? Object.values(value.metrics).map(one => one.metric) : [value.metric]
  return metrics.map(({ namespace, name, dimensions }) => ({
    namespace,
    name,
    dimensions: Object.keys(dimensions).sort().join(),
    reason: dimensions.reason,
  }))
}

const EVERYWHERE = [
  deployed(),
  deployed({ MSK_CLUSTER_ARN: SERVERLESS }),
  deployed({ REDIS_URL: 'rediss://cache.example:6379', CACHE_NODES: 'telemetry-001,telemetry-002' }),
].flatMap(alarmsOf)
const ALL = EVERYWHERE.flatMap(({ watched }) => lookedAt(watched.value))
const OWN = ALL.filter(({ namespace }) => namespace === 'Sluice')

describe('the table of alarms', () => {
  it('given all that the observer can write, then it is what the table of metrics says, with its units', async () => {
    const written = await everythingWritten()
    const names = new Map([...written].map(([key, { unit }]) => [key.split(' ')[0] as string, unit]))
    assert.deepEqual(
      Object.fromEntries([...names].sort()),
      Object.fromEntries(Object.entries(METRICS).sort()),
    )
  })

  it('given an alarm on a metric of a consumer, then the observer writes it, with these dimensions', async () => {
    const written = await everythingWritten()
    const looked = OWN.filter(({ name }) => Object.hasOwn(METRICS, name))
    assert.ok(looked.length > 50)
    for (const { name, dimensions, reason } of looked) {
      const found = [...written].filter(
        ([key]) => key.split(' ')[0] === name && (reason === undefined || key === `${name} ${reason}`),
      )
      const sets = found.flatMap(([, metric]) => metric.dimensions.map(namesOf))
      assert.ok(sets.includes(dimensions), `${name} ${reason ?? ''}: ${dimensions} is not among ${sets}`)
    }
  })

  it('given an alarm on a metric of a scheduled function, then that function writes it', () => {
    const looked = EVERYWHERE.flatMap(({ watched: { value } }) => ('metric' in value ? [value.metric] : []))
    const scheduled = looked.filter(({ name }) => Object.hasOwn(SCHEDULED_METRICS, name))
    assert.ok(scheduled.length > 0)
    for (const { name, dimensions } of scheduled)
      assert.equal(dimensions.service, SCHEDULED_METRICS[name as keyof typeof SCHEDULED_METRICS].by)
  })

  it('given an alarm on a metric of AWS, then the table of those has it, with these dimensions', () => {
    const looked = ALL.filter(({ namespace }) => namespace !== 'Sluice')
    assert.ok(looked.length > 50)
    const known: Record<string, Record<string, readonly (readonly string[])[]>> = AWS_METRICS
    for (const { namespace, name, dimensions } of looked) {
      const sets = known[namespace]?.[name]?.map(set => [...set].sort().join()) ?? []
      assert.ok(sets.includes(dimensions), `${namespace} ${name}: ${dimensions}`)
    }
  })

  it('given any metric of the functions, then it has an alarm, or a reason why it has none, and not both', () => {
    const watched = new Set<string>(OWN.map(({ name }) => name))
    for (const name of OWN_METRICS) assert.equal(watched.has(name), WITHOUT_ALARM[name] === undefined, name)
    assert.ok(Object.values(WITHOUT_ALARM).every(reason => reason.length > 10))
    assert.ok(OWN_METRICS.length > 35)
  })

  it('given any line at ERROR, then a metric with an alarm counts it, or a reason says why none does', () => {
    const watched = new Set<string>(OWN.map(({ name }) => name))
    for (const [kind, by] of Object.entries(COUNTED_BY))
      assert.ok(typeof by === 'string' ? watched.has(by) : by.because.length > 10, kind)
    assert.ok(Object.keys(COUNTED_BY).length > 5)
  })

  it('given the kinds of alarms, then there are at most 22, so that a newcomer on call can learn them', () => {
    assert.ok(Object.keys(ALARM_KINDS).length <= 22)
  })

  it('given any kind of alarm, then some deployment has one of it', () => {
    const kinds = new Set(EVERYWHERE.map(({ kind }) => kind))
    assert.deepEqual(
      Object.keys(ALARM_KINDS).filter(kind => !kinds.has(kind)),
      [],
    )
  })
})

describe('docs/runbook.md', () => {
  const page = readFileSync(join(PROJECT, 'docs', 'runbook.md'), 'utf8')
  const [, ...sections] = page.split(/^## /m)
  const byHeading = new Map(sections.map(section => [section.split('\n')[0] as string, section]))
  /** Headings that belong to no alarm: how to begin, and the night's steps for more than one of them. */
  const OTHERS = new Set([
    'First steps',
    'All alarms',
    'Causes',
    'A way into the network',
    'Raise the limit of Redis',
    'Block a producer',
    'Which broker is lost',
    'A new address of the cache',
    'Costs of alarms',
  ])

  it('given any kind of alarm, then it has a section: what it means, what to look at, and what to do', () => {
    for (const kind of Object.keys(ALARM_KINDS))
      assert.match(byHeading.get(kind) ?? '', /^\S+\n\n[^*].+\n\n\*\*Check:\*\*.+\n\n\*\*Do:\*\* \S/s, kind)
  })

  it('given a section, then it is of an alarm that there is', () => {
    const headings = [...byHeading.keys()].filter(heading => !OTHERS.has(heading))
    assert.deepEqual(headings.toSorted(), Object.keys(ALARM_KINDS).toSorted())
  })
})

describe('docs/observability.md', () => {
  const page = readFileSync(join(PROJECT, 'docs', 'observability.md'), 'utf8')
  const [, metrics = ''] = /^## Metrics$(.*?)^## /ms.exec(page) ?? []
  const rows = metrics.split('\n').filter(line => line.startsWith('- '))

  it('given any metric of the functions, then its line names its alarms, and no others', () => {
    // Names precede the reasons, which are in brackets, and the meaning.
    const namesIn = (row: string) =>
      [...(/^[^(:]*/.exec(row)?.[0] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name)
    assert.deepEqual(rows.flatMap(namesIn).toSorted(), OWN_METRICS.toSorted())
    for (const row of rows) {
      const names = namesIn(row)
      const alarms = EVERYWHERE.filter(({ watched }) =>
        lookedAt(watched.value).some(({ name }) => names.includes(name)),
      )
      const linked = [...row.matchAll(/\(runbook\.md#([a-z-]+)\)/g)].map(([, kind]) => kind)
      assert.deepEqual(new Set(linked), new Set(alarms.map(({ kind }) => kind)), row)
    }
  })
})

function namesOf(set: string): string {
  return set
    .split(' ')
    .map(pair => pair.split('=')[0])
    .sort()
    .join()
}
