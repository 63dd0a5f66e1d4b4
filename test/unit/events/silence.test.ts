import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { instant } from '#runtime/consumer'
import { openSource } from '../../../control/recordings/replay/recording-file.ts'
import { readRecording } from '../../../control/trials/try-rules/recorded-readings.ts'
import { tryOnRecording } from '../../../control/trials/try-rules/try-rules.ts'
import { readRules } from '../../../lib/alerting/rule-files.ts'
import { FAMILIES, VOCABULARY } from '../../support/families.ts'

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
    const source = await openSource(file, { folder: EVENTS, stop: new AbortController().signal })
    const readings = await readRecording(FAMILIES, source)
    const rules = readRules(FAMILIES, [{ file: 'manifest.json', text: JSON.stringify({ rules: [rule] }) }])
    const settings = { ...VOCABULARY, env: 'test', idWindowMs: 3_600_000, futureToleranceMs: 300_000 }
    const trial = { rules, settings, entity: '' }
    const { alerts } = await tryOnRecording(readings, trial, new AbortController().signal)
    const getSubject = (entity: string) => entity.split(' ')[1]
    assert.deepEqual(
      alerts.map(alert => [getSubject(alert.entity), alert.rule.split('{')[0], instant(alert.fromMs)]).sort(),
      fired,
    )
    assert.deepEqual(
      alerts
        .flatMap(alert => (alert.toMs === null ? [] : [[getSubject(alert.entity), instant(alert.toMs)]]))
        .sort(),
      resolved.map(([entity, , at]) => [entity, at]),
    )
  })
