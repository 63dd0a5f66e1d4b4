import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Alert } from '../../../../lib/alerting/alert.ts'
import { alertLine, eventLine } from '../../../../localstack/start/screen.ts'
import { alertFired } from '../../../support/records.ts'

const AT_MS = Date.parse('2026-03-01T12:00:00Z')
const EVENT = { id: '1', source: '/activity', type: 'io.sluice.activity.changed.v1', subject: 'band-02' }

const table: [name: string, event: Parameters<typeof eventLine>[0], line: string][] = [
  [
    'an event of an entity',
    {
      ...EVENT,
      data: { entity: { source: '/device/band' }, from: 'resting', to: 'cycling', lastedSeconds: 5 },
    },
    '12:00:00 ● activity.changed   band-02: from resting, to cycling, lastedSeconds 5',
  ],
  [
    'a type of another project, without a subject',
    { id: '1', source: '/frost', type: 'com.example.frost.began.v1', data: { lowest: -3 } },
    '12:00:00 ● com.example.frost.began.v1 /frost: lowest -3',
  ],
  ['no data', EVENT, '12:00:00 ● activity.changed   band-02'],
  ['data that is not an object', { ...EVENT, data: [1] }, '12:00:00 ● activity.changed   band-02: [1]'],
]
for (const [name, event, line] of table)
  it(`given ${name}, then its line is readable at a glance`, () => {
    assert.equal(eventLine(event, AT_MS), line)
  })

it('given the end of an alert, then its line has the value, or the reason where it is of no metric', () => {
  const { metric, family: _, ...fired } = alertFired('a').data as Alert & { metric: string }
  const ended = { ...fired, status: 'resolved', reason: 'ticks-returned' } as Alert
  const at = { timeMs: AT_MS }
  assert.match(alertLine({ ...ended, metric } as Alert, at), new RegExp(`: ${metric} is \\d`))
  assert.match(alertLine(ended, at), /: ticks-returned$/)
})
