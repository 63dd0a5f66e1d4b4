import assert from 'node:assert/strict'
import { createReadStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readRules } from '../../../lib/alerting/rule-files.ts'
import { readRecording } from '../../../lib/operations/backtest/recording.ts'
import { readRecorded } from '../../../lib/operations/replay/recorded.ts'
import { RuleLog } from '../../../lib/operations/rule-log/rule-log.ts'

const EVENTS = join(import.meta.dirname, '..', '..', '..', 'events')

type SilenceAlert = readonly [entity: string, what: string, at: string]

interface Silence {
  readonly rule: object
  readonly fired: readonly SilenceAlert[]
  readonly resolved: readonly SilenceAlert[]
}

const manifest: { readonly streams: Record<string, { readonly silence?: Silence }> } = JSON.parse(
  readFileSync(join(EVENTS, 'manifest.json'), 'utf8'),
)
const silences = Object.entries(manifest.streams).flatMap(([file, { silence }]) =>
  silence ? [[file, silence] as const] : [],
)

test('there is a stream with a silence', () => assert.equal(silences.length, 1))

for (const [file, { rule, fired, resolved }] of silences)
  test(`${file}: given a rule about silence, then its alerts are as listed`, async () => {
    const path = join(EVENTS, file)
    const read = () => readRecorded(createReadStream(path), file)
    const readings = await readRecording({ name: file, isRepeatable: true, bytes: null, read })
    const startMs = readings[0]?.arrivedMs ?? 0
    const log = new RuleLog({ startMs })
    await log.activate(0, readRules([{ where: 'manifest.json', text: JSON.stringify({ rules: [rule] }) }]))
    await log.replay(readings, new AbortController().signal)
    const told = log.notifications.map(({ alert }): [string, SilenceAlert] =>
      alert.status === 'firing'
        ? ['fired', [alert.entity.subject ?? '', alert.rule, alert.startedAt]]
        : ['resolved', [alert.entity.subject ?? '', alert.reason, alert.endedAt]],
    )
    const of = (status: string) => told.flatMap(([own, what]) => (own === status ? [what] : [])).sort()
    assert.deepEqual({ fired: of('fired'), resolved: of('resolved') }, { fired, resolved })
  })
