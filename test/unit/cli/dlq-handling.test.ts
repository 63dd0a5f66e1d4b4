import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type HandlingReport, handlingText, progressText } from '../../../cli/dlq/handling-text.ts'
import { resumeCommand } from '../../../lib/operations/dead-letters/request.ts'

const READINGS = 'sluice.telemetry.readings.local'

describe('what a redrive says', () => {
  const report: HandlingReport = {
    env: 'local',
    command: 'redrive',
    dryRun: true,
    operation: null,
    taken: 3,
    leftOut: { quarantined: 2 },
    codes: { rejected: 3 },
    consumers: { alerting: 3 },
    topics: { [READINGS]: 3 },
    consumersNow: [{ consumer: 'alerting', topic: READINGS, state: 'empty', pending: 0 }],
    failedAgain: null,
    sample: [],
    patched: true,
    stopped: null,
    elapsedMs: 1_500,
  }

  it('in a dry run: how many, of what, to where, what is left out, and that nothing was changed', () => {
    assert.deepEqual(handlingText(report).trim().split('\n'), [
      'Would redrive 3 dead letters, with the patch.',
      '  codes      rejected 3',
      '  consumers  alerting 3',
      '  to topics  readings 3',
      'Left out: 2, quarantined: operators have redriven them several times; specify each by its AT to redrive it again',
      'alerting on readings is not running (its group is empty): redriven records wait for it in the topic.',
      'Nothing was changed. Add --yes to redrive them.',
    ])
  })

  it('at its end: how many, in which time, and whether a consumer is behind', () => {
    const behind = [{ consumer: 'alerting', topic: READINGS, state: 'stable' as const, pending: 7 }]
    const text = handlingText({ ...report, dryRun: false, patched: false, consumersNow: behind })
    assert.match(text, /^Redriven: 3 dead letters, in 1\.5 s\.$/m)
    assert.match(text, /^alerting on readings still has 7 records to process before the redriven ones\.$/m)
    assert.doesNotMatch(text, /Nothing was changed/)
  })

  it('at its end: how many have failed again, with their new dead letters', () => {
    const letter = {
      ...{ at: '2@31', id: 'f', failedAt: '2026-03-02T08:00:00.000Z', code: 'rejected', class: 'permanent' },
      ...{
        consumer: 'alerting',
        attempt: 2,
        originalTopic: READINGS,
        originalPartition: 0,
        originalOffset: 7,
      },
      ...{ entity: '/a b', type: 'test', error: 'not today', quarantined: false, handled: null },
    }
    const end = (failedAgain: HandlingReport['failedAgain']) =>
      handlingText({ ...report, dryRun: false, patched: false, failedAgain, consumersNow: [] })
    assert.match(end({ count: 0, isDecided: true, letters: [] }), /^3 redriven, 0 failed again\.$/m)
    const some = end({ count: 2, isDecided: true, letters: [letter] })
    assert.match(some, /^3 redriven, 2 failed again\.$/m)
    assert.match(some, /^2@31 .* not today$/m)
    assert.match(
      some,
      /^Further records that failed again: 1\. They are retried first, or are in `sluice dlq list`\.$/m,
    )
    const open = end({ count: 0, isDecided: false, letters: [] })
    assert.match(open, /^3 redriven, 0 failed again so far\.\nThe outcome of some records is not known yet/m)
  })

  it('on its way: how far it is, how fast, and how long it will take', () => {
    const standing = { command: 'redrive', taken: 500, leftOut: 2, part: 0.25, elapsedMs: 2_000 } as const
    assert.equal(
      progressText(standing),
      '[=======>                      ]  25 %  500 redriven, 2 left out, 250/s, 6 s left',
    )
    assert.doesNotMatch(progressText({ ...standing, part: 0, elapsedMs: 0 }), /left$|NaN|Infinity/)
  })

  it('when it was stopped: the command that continues, quoted for a shell', () => {
    const options = { entity: "/a it's", consumer: 'alerting', again: true, patch: undefined } as const
    assert.equal(
      resumeCommand('redrive', 'op', ['2@17'], options),
      "sluice dlq redrive 2@17 --entity '/a it'\\''s' --consumer alerting --again --yes --resume op",
    )
  })
})
