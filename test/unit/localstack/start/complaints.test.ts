import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ComplaintReader } from '../../../../localstack/start/complaints.ts'
import { complaintLine } from '../../../../localstack/start/screen.ts'

describe('given the log of the functions', () => {
  it('when a function throws, then its name, the topic and every line of the reason are shown, without stacks', () => {
    const shown = shownOf(`
× Unhandled exception in handler 'alerting'.
× InvalidRules: the alert rules have 2 faults:
    rules/weather.yaml: HIGH_TEMP: severty: unknown key
      at load (file:///handler.js:299:256)
× msk  alerting ← sluice.telemetry.readings.local  5@0–48 0@0 failed (attempt 1, again in 200 ms): the rules have 2 faults:
    rules/weather.yaml: HIGH_TEMP: severty: unknown key
    rules/weather.yaml: HIGH_TEMP: severity: is missing
      at load (file:///handler.js:299:256)
(λ: processor) RequestId: 7  Duration: 1 ms  Billed Duration: 1 ms
    rules/weather.yaml: of somebody else`)
    assert.deepEqual(shown, [
      '✗ alerting: a batch of sluice.telemetry.readings.local failed (attempt 1): the rules have 2 faults:',
      '    rules/weather.yaml: HIGH_TEMP: severty: unknown key',
      '    rules/weather.yaml: HIGH_TEMP: severity: is missing',
    ])
  })

  it('when a scheduled run fails, then its name and the reason are shown', () => {
    const shown = shownOf(`
Successfully invoked scheduled function: [clock]
× Failed to execute scheduled function: [generator] Error: Error: the topic is gone`)
    assert.deepEqual(shown, ['✗ generator: its scheduled run failed: the topic is gone'])
  })

  it('when a function logs a warning, then that is shown with its details, and what it logs below that is not', () => {
    const shown = shownOf(`
{"level":"INFO","message":"done","service":"generator"}
{"level":"WARN","message":"cut off
{"level":"WARN","message":"records leave as failures","timestamp":"t","service":"processor","reason":"bad-time","code":"bad-time","entity":"/s e","place":"at f (x.js:1:2)","records":2}`)
    assert.deepEqual(shown, [
      '! processor: records leave as failures reason=bad-time place=at f (x.js:1:2) entity=/s e records=2',
    ])
  })

  it('when a function reports records itself, then its own warning is enough', () => {
    assert.deepEqual(
      shownOf('× msk  p ← t  0@4 failed (attempt 2, again in 400 ms): it reported t-0 from 4'),
      [],
    )
  })

  it('when all goes well, then nothing is shown', () => {
    const shown = shownOf(`
msk  processor ← t  group g ready (12 partitions)
msk  ready: 3 of 3 event sources have joined their groups
msk  orders ← orders  3@120–219 went through at attempt 5`)
    assert.deepEqual(shown, [])
  })
})

function shownOf(log: string): string[] {
  const reader = new ComplaintReader()
  const complaints = log.split('\n').map(line => reader.read(line))
  return complaints.flatMap(complaint => (complaint ? [complaintLine(complaint)] : []))
}
