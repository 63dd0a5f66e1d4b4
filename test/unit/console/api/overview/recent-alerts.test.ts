import assert from 'node:assert/strict'
import { it } from 'node:test'
import { logRecord } from '#runtime/test/support/records'
import { MemoryLogReader } from '#runtime/testing'
import { countFiring, readRecentAlerts } from '../../../../../console/api/overview/alerts-and-dead-letters.ts'
import type { ConsoleEnvironment } from '../../../../../console/environment.ts'
import { AlertSource } from '../../../../../control/questions/alert-source.ts'
import { alertSummary } from '../../../../../control/tables/alert-summary.ts'
import { fired, firstAlert, resolved } from '../../../../support/alerts.ts'
import { FAMILIES } from '../../../../support/families.ts'

const TODAY = firstAlert()
const OLD = firstAlert({ alertId: 'a-2', startedAt: '2025-03-01T12:00:00.000Z' })
const EVENTS = [fired(TODAY), resolved(TODAY), fired(OLD), resolved(OLD)]
const RECORDS = EVENTS.map((event, offset) => logRecord(offset, event, { topic: 'alerts' }))

it('given an alert of a year before, then it is first if it was written last, and only a longer topic is read again', async () => {
  let [end, reads] = [3, 0]
  const kept = new Map<string, Promise<unknown>>()
  const log = new MemoryLogReader(RECORDS)
  const environment = {
    config: {
      families: FAMILIES,
      env: 'e',
      names: { topicSize: () => ({ topic: 'alerts', partitions: 1 }) },
    },
    reader: { read: (event: unknown) => event },
    offsets: async () => ({ bounds: async () => [{ start: 0, end }], at: async () => [1] }),
    keep(name: string, create: () => Promise<unknown>) {
      kept.set(name, kept.get(name) ?? create())
      return kept.get(name)
    },
    log: async () => {
      reads += 1
      return log
    },
  } as unknown as ConsoleEnvironment
  const list = async () =>
    (await readRecentAlerts(environment)).map(({ id, state, changedAt }) => [id, state, changedAt, reads])
  const newest = (state: string, second: number, times: number) => [
    ['a-2', state, `2026-03-01T13:00:0${second}.000Z`, times],
    ['a-1', 'resolved', '2026-03-01T13:00:01.000Z', times],
  ]
  assert.deepEqual(await list(), newest('firing', 2, 1))
  assert.deepEqual(await list(), newest('firing', 2, 1))
  const since = Date.parse('2026-03-01T13:00:02Z')
  const lives = await new AlertSource(environment, { mostRecords: 9 }).lives(since)
  assert.deepEqual([lives.map(({ id }) => id), reads], [['a-2'], 1])
  end = 4
  assert.deepEqual(await list(), newest('resolved', 3, 2))
})

it('given a view behind its topic, then an alert that has just fired is counted, and one that has resolved is not', () => {
  const toAlert = (id: string, state: 'firing' | 'resolved', severity = 'warning') => ({
    ...alertSummary(FAMILIES, TODAY, null),
    ...{ id, state, severity },
  })
  const [view, newest] = [
    [toAlert('old', 'firing'), toAlert('ended', 'firing')],
    [toAlert('new', 'firing', 'critical'), toAlert('ended', 'resolved')],
  ]
  assert.deepEqual(countFiring(view, newest), [
    { severity: 'critical', count: 1 },
    { severity: 'warning', count: 1 },
  ])
})
