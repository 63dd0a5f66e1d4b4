import assert from 'node:assert/strict'
import { channel } from 'node:diagnostics_channel'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { SENDING } from '#runtime/adapters/kafka/producer-ports.ts'
import { ForeignReadings } from '../../../../localstack/start/foreign-readings.ts'
import { hasSteppedBack, rememberStepBack } from '../../../../localstack/start/step-back.ts'
import { countOwnRecords, ownRecordsDir } from '../../../../scripts/own-records.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-foreign-'))
const stopCounting = countOwnRecords(() => [ownRecordsDir(folder)])
after(() => {
  stopCounting()
  rmSync(folder, { recursive: true })
})
const send = (records: number, topic = 'readings') => channel(SENDING).publish({ topic, records })

/** Steps: records of this project, records of others, failure of the servers, and whether the readings then step back. */
type Step = readonly [own: number, others: number, isEnough: boolean, fails?: boolean]

const CASES: Readonly<Record<string, readonly Step[]>> = {
  'nothing but records of this project': [
    [100, 0, false],
    [5_000, 0, false],
  ],
  'nine records of others, then the tenth': [
    [0, 9, false],
    [40, 0, false],
    [0, 1, true],
  ],
  'a request that failed, then nine records of others and the tenth': [
    [12, -12, false, true],
    [0, 9, false],
    [0, 1, true],
  ],
}

describe('given records in the topic of readings', () => {
  for (const [name, steps] of Object.entries(CASES))
    it(`given ${name}, then ten of others are enough`, () => {
      let end = 1_000
      send(7)
      const foreign = new ForeignReadings(folder)
      // Records of others that came before do not count.
      const look = () =>
        foreign.isEnough(
          new Map([
            ['readings', end],
            ['input', 30],
          ]),
        )
      // In the first looks, a batch of this project is being sent, and those of others came before.
      for (const sent of [false, true, true, true, true]) {
        assert.equal(look(), false)
        if (!sent) send(12)
        else if (end === 1_000) end += 12 + 50
      }
      for (const [own, others, isEnough, fails] of steps) {
        send(own)
        send(50, 'alerts')
        end += own + others
        if (fails) foreign.restart()
        for (let n = 0; fails && n < 5; n++) look()
        assert.equal(look(), isEnough)
      }
      foreign.close()
      send(1)
    })

  it('when they have stepped back, then later starts remember it until one with --fresh', () => {
    assert.equal(hasSteppedBack(folder, false), false)
    rememberStepBack(folder)
    assert.equal(hasSteppedBack(folder, false), true)
    assert.equal(hasSteppedBack(folder, true), false)
    assert.equal(hasSteppedBack(folder, false), false)
  })
})
